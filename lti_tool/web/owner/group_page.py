"""A group as an owner of its programme sees it who does not teach it: who takes part, who is with whom, who is done.

Neither a date nor a meeting, an objective or a word of a pair is read here. What an owner does about people and pairs
is done by the tutor's own forms.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes import scaling
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import Activity, current_activity, current_unplaced_cohort
from lti_tool.web.forms.bound import Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import LAUNCH, course_title, launch_url_for
from lti_tool.web.owner import figures, group_newcomers, group_people, waiting_group
from lti_tool.web.owner.partners import partners_for
from lti_tool.web.services import reading
from schemas.display import read_cohort_query, read_query
from schemas.scaling_form import TakeBackForm
from schemas.tutor_forms import PairForm, ReopenForm

SHOWN: Final = 100
"""How many pairs, and how many people, the page lists; the search finds the others."""

blueprint = Blueprint("group", __name__, url_prefix=LAUNCH)


def _activity() -> Activity:
    return current_activity() or abort(404)


@blueprint.get("/")
@allows(Action.VIEW_GROUP, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """Everybody of the group, and what can be done; of one that waits for its first activity, how it comes to one."""
    waiting = current_unplaced_cohort()
    if waiting is not None:
        return waiting_group.page(waiting)
    activity = _activity()
    cohort_id = activity.placement.cohort_id
    with reading() as db:
        record = figures.programme_record(db, activity.programme_id)
        cohorts = figures.cohorts_of(db, activity.programme_id, record.smallest_group)
        people = group_people.people_of_group(db, cohort_id)
        newcomers = group_newcomers.newcomers_of_group(db, cohort_id)
    search = read_cohort_query(request.args.to_dict())["q"]
    found = people.searched(search)
    return render_template(
        "owner/group.html",
        search=search,
        found=found,
        shown=SHOWN,
        programme=record,
        cohort=next(each for each in cohorts if each.id == cohort_id),
        is_draft=activity.is_draft,
        today=utcnow().date(),
        group=people,
        newcomers=newcomers,
        found_newcomers=newcomers.searched(search),
        choices=group_newcomers.choices(people, newcomers),
        pair_form=blank_form(PairForm(), id="pair-form", action=launch_url_for("pairing.pair")),
        done=flash_message(),
        course_title=course_title(),
    )


@blueprint.get("/partners")
@allows(Action.COMPARE_PARTNERS, about=cohort_of_launch)
def partners() -> ResponseReturnValue:
    """Whom to propose to the person of ``?partner_for=``, and what speaks for each."""
    wanted = read_query(request.args.to_dict())["partner_for"]
    group, context = _group()
    person = next((each for each in group.without_pair if each.person_id == wanted), None)
    if person is None:
        return redirect(launch_url_for("group.show"))
    with reading() as db:
        found = partners_for(db, _activity().placement.cohort_id, group, person)
    return render_template(
        "owner/group_partners.html", person=person, partners=found[:SHOWN], more=len(found) - SHOWN, **context
    )


@blueprint.post("/take-back")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def take_back() -> ResponseReturnValue:
    """Take the group back, which waits for its first activity."""
    waiting = current_unplaced_cohort()
    if waiting is None:
        raise NotAllowed("group_opened")

    def save(db: Session, _values: Values) -> None:
        scaling.take_back(db, cohort_id=waiting.id, programme_id=waiting.programme_id, now=utcnow())

    then = launch_url_for("owner.programme", programme_id=waiting.programme_id)
    return sent_form(TakeBackForm(), id="take-back").submit(save, then=then, done="group_taken_back")


@blueprint.get("/people/<uuid:participant_id>")
@allows(Action.VIEW_GROUP, about=cohort_of_launch)
def person(participant_id: uuid.UUID) -> ResponseReturnValue:
    """One person: whether their journey is complete, and what can be decided about it."""
    group, context = _group()
    found = next((each for each in group.people if each.id == participant_id), None) or abort(404)
    given = {"participant_id": str(participant_id)}
    return render_template(
        "owner/group_person.html",
        person=found,
        on_hold=group.on_hold,
        partners=[pair for pair in group.pairs if participant_id in (pair.mentor.id, pair.mentee.id)],
        form=blank_form(ReopenForm(), given, id="reopen", action=launch_url_for("cohort.reopen"))
        if found.completion == "completed" and found.taken_out_at is None
        else None,
        **context,
    )


@blueprint.get("/pairs/<uuid:pair_id>")
@allows(Action.VIEW_GROUP, about=cohort_of_launch)
def pair(pair_id: uuid.UUID) -> ResponseReturnValue:
    """One pair: who it is, and what can be done with it."""
    group, context = _group()
    found = next((each for each in group.pairs if each.id == pair_id), None) or abort(404)
    return render_template("owner/group_pair.html", pair=found, **context)


def _group() -> tuple[group_people.GroupPeople, dict[str, Any]]:
    """The people of the group, and what every page about one of them shows."""
    activity = _activity()
    with reading() as db:
        group = group_people.people_of_group(db, activity.placement.cohort_id)
        record = figures.programme_record(db, activity.programme_id)
        cohort = db.get_one(Cohort, activity.placement.cohort_id)
        shown = {"programme": record, "group_number": cohort.number}
    return group, {**shown, "done": flash_message(), "course_title": course_title()}
