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
from lti_tool.mentoring.programmes.scaling import last_day, scale_up
from lti_tool.mentoring.programmes.setting_up import SetUp
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.owner import figures
from lti_tool.web.programmes import summaries, wording
from lti_tool.web.programmes.current import cohort_here, set_up_here
from lti_tool.web.services import current_principal, reading
from schemas.problem import ShapeError
from schemas.scaling_form import ScaleForm

blueprint = Blueprint("scale", __name__, url_prefix="/l/<launch_key>/programme/scale")

TAKEN_OVER = (
    Section.GOAL,
    Section.SKILLS,
    Section.OBJECTIVES,
    Section.FORMATS,
    Section.RHYTHM,
    Section.KPIS,
    Section.QUESTIONNAIRES,
    Section.VISIBILITY,
)
"""The parts of the settings that the page names. The rule is said as a sentence."""


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
    form = form or _form(present, cohort)
    html = render_template(
        "programmes/scale.html",
        form=form,
        title=wording.own(present.settings.document["title"]),
        can_scale=cohort.kind == CohortKind.PILOT and cohort.status != CohortStatus.DRAFT,
        pilot=pilot,
        taken_over=[
            (_("Goal") if section is Section.GOAL else wording.said(wording.TITLES, section), text)
            for section in TAKEN_OVER
            if (text := summaries.summary(section, present.settings))
        ],
        follow_up_days=(cohort.follow_up_on - cohort.ends_on).days,
        rule=_rule(present),
        waiting=waiting,
        own_words=wording,
        owns=cohort_of_launch().owns,
        done=flash_message(),
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
