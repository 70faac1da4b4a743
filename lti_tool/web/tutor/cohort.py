"""The tutor's page: who is here, who is with whom, how far each is; and what only a tutor decides.

It keeps itself up to date: the browser asks every three seconds with the ETag of what it shows, and is answered 304
until an event of the cohort, or a reading of its courses' rosters, changes it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.events.log import state_of_cohort
from lti_tool.identity.policy import Action
from lti_tool.lti.ags.grade_queries import Grade, state_of
from lti_tool.lti.nrps.read_roster_job import (
    RosterStatus,
    may_be_due,
    request_roster,
    request_rosters,
    roster_is_due,
    roster_status,
)
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.completion import actions as completion
from lti_tool.mentoring.enrolment import actions as enrolment
from lti_tool.mentoring.enrolment.queries import participant, participant_of_person
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.overview.queries import (
    CohortOverview,
    learner_in_cohorts_courses,
    overview_of,
)
from lti_tool.mentoring.pairs.actions import form_pair
from lti_tool.mentoring.programmes.actions import IsDuplicate, NothingChosen
from lti_tool.mentoring.programmes.queries import (
    PlacementRecord,
    courses_of_cohort,
    lock_cohort,
)
from lti_tool.mentoring.roles import Role
from lti_tool.translation import current_language
from lti_tool.web import grade_wording, new_choice
from lti_tool.web.access import allows, check, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for, polled
from lti_tool.web.services import current_principal, reading, transaction
from lti_tool.web.tutor import line_items
from lti_tool.web.tutor.grades import by_person, grades_of_cohort, state_of_cohorts_grades
from lti_tool.web.tutor.opening import choice_page, duplicate_page, open_activity
from schemas.display import read_query
from schemas.mentoring_forms import FormSchema, PairForm, ReopenForm, TutorValidationForm

blueprint = Blueprint("cohort", __name__, url_prefix="/l/<launch_key>/cohort")


def page(form: Form | None = None) -> ResponseReturnValue:
    """The whole page; with ``form``, one of its forms as it was sent, and what is wrong with it.

    The first tutor who opens the activity opens its cohort.
    """
    launch = g.launch
    try:
        placement = open_placement_here()
    except IsDuplicate as duplicate:
        return duplicate_page(duplicate.original)
    except NothingChosen:
        # Who is in the course is then known when they have chosen.
        _request_roster()
        return choice_page()
    chosen = new_choice.applied_here()
    placement = current_placement() or placement
    check(Action.VIEW_COHORT, cohort_of_launch())
    _request_roster()
    shown, roster, grades, etag = _overview(placement)
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    html = render_template(
        "tutor/cohort.html",
        overview=shown,
        roster=roster,
        grades=by_person(grades),
        grade_words=grade_wording,
        etag=etag,
        course_title=launch.course.title,
        line_item=line_items.notice(lms),
        chosen=chosen,
        unpublished_hint=lms.unpublished_hint.text
        if lms.unpublished_hint and not shown.participants
        else None,
        done=flash_message(),
        **_forms(shown, form),
    )
    return html, form.status if form is not None else 200


def _forms(shown: CohortOverview, sent: Form | None = None) -> dict[str, Any]:
    """The page's forms, of which the one that was sent, if any, is as it was sent."""
    reopen_forms = _reopen_forms(shown, sent)
    pair_form = None
    if (shown.free_mentors or shown.newcomers) and (shown.free_mentees or shown.newcomers):
        is_sent = sent is not None and isinstance(sent.schema, PairForm)
        action = launch_url_for("cohort.pair")
        chosen = _chosen_for_pair(shown)
        pair_form = sent if is_sent else blank_form(PairForm(), chosen, id="pair-form", action=action)
    on_page = [*([pair_form] if pair_form is not None else []), *reopen_forms.values()]
    typed = next((form for form in on_page if form is sent), on_page[0] if on_page else None)
    return {"form": sent, "typed_form": typed, "pair_form": pair_form, "reopen_forms": reopen_forms}


def _chosen_for_pair(shown: CohortOverview) -> dict[str, str]:
    """The person of ``?partner_for=`` in their place in the form, as long as they are free."""
    wanted = read_query(request.args.to_dict())["partner_for"]
    free = (*shown.free_mentors, *shown.free_mentees)
    return {f"{line.card.role}_id": str(line.person_id) for line in free if line.person_id == wanted}


def _reopen_forms(shown: CohortOverview, sent: Form | None) -> dict[uuid.UUID, Form]:
    """For each participant who has completed, the form that reopens the completion."""
    schema, action = ReopenForm(), launch_url_for("cohort.reopen")
    found = {}
    for line in shown.participants:
        if not (line.progress.criteria and line.progress.completed):
            continue
        prefix = f"reopen-{line.id}-"
        found[line.id] = (
            sent
            if sent is not None and sent.prefix == prefix
            else blank_form(
                schema,
                {"participant_id": str(line.id)},
                id=f"{prefix}form",
                action=action,
                prefix=prefix,
            )
        )
    return found


def open_placement_here() -> PlacementRecord:
    """What the activity of the launch opens; opened now when it is not yet.

    Raises :class:`IsDuplicate` and :class:`NothingChosen`.
    """
    placement = current_placement()
    if placement is not None:
        return placement
    with transaction() as db:
        return open_activity(db)


def _request_roster() -> None:
    """Have the roster read when it is due. The page shows what is known, and the rest by itself once it is read."""
    now = utcnow()
    if not may_be_due(g.launch.course, now):
        return
    with reading() as db:
        if not roster_is_due(db, g.launch.course_id, now):
            return
    with transaction() as db:
        request_roster(db, g.launch.course_id, current_principal())


def _overview(
    placement: PlacementRecord,
) -> tuple[CohortOverview, RosterStatus, Sequence[Grade], str]:
    """What the page shows, and its ETag."""
    with reading() as db:
        # The tag first: what happens in between is then shown, and asked for once more, instead of missed.
        grades = grades_of_cohort(db, placement.cohort_id)
        roster, etag = _version(db, placement, state_of(grades))
        return overview_of(db, placement.cohort_id), roster, grades, etag


def _version(db: Session, placement: PlacementRecord, graded: str) -> tuple[RosterStatus, str]:
    """The rosters of the cohort's courses, and the ETag. ``graded``: the state of its grades.

    It changes with every event of the cohort, with these rosters and grades, and with the language. Who has left shows
    in the rosters: somebody leaves by a reading alone, and whoever comes back makes one fewer who is gone.
    """
    cohort_id = placement.cohort_id
    roster = roster_status(db, courses_of_cohort(cohort_id))
    seed = f"{cohort_id} {state_of_cohort(db, cohort_id)} {roster} {graded} {current_language()}"
    return roster, f'"{hashlib.sha256(seed.encode()).hexdigest()[:20]}"'


def _placement() -> PlacementRecord:
    return current_placement() or abort(404)


@blueprint.get("/live")
@polled
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def live() -> ResponseReturnValue:
    """The part of the page that changes by itself; 304 when it has not."""
    placement = _placement()
    with reading() as db:
        roster, etag = _version(db, placement, state_of_cohorts_grades(db, placement.cohort_id))
    if request.headers.get("If-None-Match") == etag:
        return _tagged(Response(status=304), etag)
    with reading() as db:
        grades, shown = grades_of_cohort(db, placement.cohort_id), overview_of(db, placement.cohort_id)
    html = render_template(
        "tutor/_live.html",
        overview=shown,
        roster=roster,
        grades=by_person(grades),
        grade_words=grade_wording,
        etag=etag,
        **_forms(shown),
    )
    return _tagged(make_response(html), etag)


def _tagged(response: Response, etag: str) -> Response:
    response.headers["ETag"] = etag
    return response


@blueprint.post("/roster")
@allows(Action.READ_ROSTER_NOW, about=cohort_of_launch)
def read_roster_now() -> ResponseReturnValue:
    """Have the rosters of the cohort's courses read, however old they are."""
    courses, principal = courses_of_cohort(_placement().cohort_id), current_principal()

    def save(db: Session, _values: Values) -> None:
        request_rosters(db, set(db.scalars(courses)), principal)

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"))


@blueprint.post("/pairs")
@allows(Action.PAIR_PEOPLE, about=cohort_of_launch)
def pair() -> ResponseReturnValue:
    """Pair two people. Whoever has no role yet is invited with the one they get here."""
    cohort_id = _placement().cohort_id

    def save(db: Session, values: Values) -> None:
        # Before anybody is invited: two tutors who pair the same people would wait for each other.
        lock_cohort(db, cohort_id)
        mentor_id, mentee_id = (
            _enrolled(db, cohort_id, values[f"{role}_id"], role) for role in (Role.MENTOR, Role.MENTEE)
        )
        form_pair(db, cohort_id=cohort_id, mentor_id=mentor_id, mentee_id=mentee_id, now=utcnow())

    form = sent_form(PairForm(), id="pair-form")
    return form.submit(save, then=launch_url_for("home.home"), done="paired", show=page)


def _enrolled(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID, role: Role) -> uuid.UUID:
    """The enrolment of a person of the cohort's courses, who is invited in ``role`` where they have none yet."""
    found = participant_of_person(db, cohort_id, person_id)
    if found is not None:
        return found.id
    if learner_in_cohorts_courses(db, cohort_id, person_id) is None:
        raise NotAllowed("not_a_learner")
    return enrolment.invite(db, cohort_id=cohort_id, person_id=person_id, role=role, now=utcnow()).id


@blueprint.post("/validate")
@allows(Action.APPROVE_COMPLETION, about=cohort_of_launch)
def validate() -> ResponseReturnValue:
    """Approve what a participant did."""

    def save(db: Session, values: Values) -> None:
        participant_id = _participant(db, values["participant_id"])
        completion.validate_participant(db, participant_id=participant_id, now=utcnow())

    return sent_form(TutorValidationForm()).submit(save, then=launch_url_for("home.home"), done="validated")


@blueprint.post("/reopen")
@allows(Action.REOPEN_COMPLETION, about=cohort_of_launch)
def reopen() -> ResponseReturnValue:
    """Reopen a completion, and say why."""
    prefix = f"reopen-{request.form.get('participant_id', '')}-"
    form = sent_form(ReopenForm(), id=f"{prefix}form", prefix=prefix)

    def save(db: Session, values: Values) -> None:
        participant_id = _participant(db, values["participant_id"])
        completion.reopen(db, participant_id=participant_id, reason=values["reason"], now=utcnow())

    return form.submit(save, then=launch_url_for("home.home"), done="reopened", show=page)


def _participant(db: Session, participant_id: uuid.UUID) -> uuid.UUID:
    """A participant of the cohort; 404 for one of another cohort."""
    found = participant(db, participant_id)
    if found is None or found.cohort_id != _placement().cohort_id:
        abort(404)
    return found.id
