"""From a pilot to full scale: what is taken over, what is not, and the groups that wait for an activity."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.queries import read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.programmes.models import Cohort, CohortKind, CohortStatus
from lti_tool.mentoring.programmes.placements import waiting_groups
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.scaling import (
    CARRIED_OVER,
    NOT_CARRIED_OVER,
    last_day,
    scale_up,
    take_back,
)
from lti_tool.mentoring.programmes.setting_up import SetUp
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web import wording as words
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_activity
from lti_tool.web.deep_linking.offer import waiting_name
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.owner import figures
from lti_tool.web.programmes import summaries, wording
from lti_tool.web.programmes.current import cohort_here, set_up_here
from lti_tool.web.services import current_principal, reading
from schemas.problem import N_, ShapeError
from schemas.scaling_form import ScaleForm, TakeBackForm

blueprint = Blueprint("scale", __name__, url_prefix="/l/<launch_key>/programme/scale")


@blueprint.get("")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """What making a full-scale group does, and those that were made and wait."""
    return _page()


def _page(form: Form | None = None) -> ResponseReturnValue:
    principal = current_principal()
    with reading() as db:
        present = set_up_here(db)
        cohort = db.get_one(Cohort, present.cohort_id)
        waiting = waiting_groups(db, present.organisation_id, principal.person_id or abort(403))
        smallest = present.settings.document["visibility"]["smallest_group"]
        pilot = next(
            each
            for each in figures.cohorts_of(db, present.programme_id, smallest)
            if each.id == present.cohort_id
        )
    form, done = form or _form(present, cohort), flash_message()
    html = render_template(
        "programmes/scale.html",
        form=form,
        title=wording.own(present.settings.document["title"]),
        can_scale=cohort.kind == CohortKind.PILOT and cohort.status != CohortStatus.DRAFT,
        pilot=pilot,
        carried_over=[
            (_title(section), text) for section in CARRIED_OVER if (text := _carried(section, present))
        ],
        not_carried_over=[_(_NOT_CARRIED[section]) for section in NOT_CARRIED_OVER],
        follow_up_days=(cohort.follow_up_on - cohort.ends_on).days,
        waiting=waiting,
        called=waiting_name(waiting[0].title) if waiting else "",
        programme_id=present.programme_id,
        own_words=wording,
        owns=cohort_of_launch().owns,
        done=done,
        is_made=done == words.word(words.DONE, "pilot_scaled"),
    )
    return html, form.status


def _form(present: SetUp, pilot: Cohort) -> Form:
    """The form with what it proposes: the pilot's name, and from the day after its end as long as the pilot."""
    first = max(utcnow().date(), pilot.ends_on + dt.timedelta(days=1))
    given = {
        "name": _("%(title)s, roll-out", title=wording.own(present.settings.document["title"])),
        "starts_on": first.isoformat(),
        "ends_on": last_day(first, like=pilot).isoformat(),
    }
    return blank_form(ScaleForm(utcnow().date()), given, id="scale", action=launch_url_for("scale.make"))


_NOT_CARRIED = {
    Section.DATES: N_("the pilot’s dates: this group has its own"),
}


def _title(section: Section) -> str:
    return _("Goal") if section is Section.GOAL else wording.said(wording.TITLES, section)


def _carried(section: Section, present: SetUp) -> str:
    """What a part of the pilot's settings says, in a line; empty where there is nothing to say of it."""
    if section is Section.RULE:
        return _rule(present)
    return summaries.summary(section, present.settings) or summaries.unsaid(section, started=True)


def _rule(present: SetUp) -> str:
    """The rule in force as a sentence; empty where this version of the tool cannot read it."""
    try:
        return sentence_for_tutor(read_rule(present.rule)) if present.rule else ""
    except ShapeError:
        return ""


@blueprint.post("")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def make() -> ResponseReturnValue:
    """Make one from the pilot of this activity."""
    cohort_id = cohort_here()

    def save(db: Session, values: Values) -> None:
        scale_up(db, cohort_id=cohort_id, now=utcnow(), language=current_language(), **values)

    form = sent_form(ScaleForm(utcnow().date()), id="scale")
    return form.submit(save, then=launch_url_for("scale.show"), done="pilot_scaled", show=_page)


@blueprint.post("/take-back")
@allows(Action.CLONE_COHORT, about=cohort_of_launch)
def take_group_back() -> ResponseReturnValue:
    """Take back a group of the same programme that waits for its first activity."""
    activity = current_activity() or abort(404)

    def save(db: Session, values: Values) -> None:
        take_back(db, cohort_id=values["group"], programme_id=activity.programme_id, now=utcnow())

    form = sent_form(TakeBackForm(), id="take-back")
    return form.submit(save, then=launch_url_for("scale.show"), done="group_taken_back")
