"""“See what others see”: a learner's page with invented people, for tutors and for whoever comes without a name."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.completion.queries import rule_from_text
from lti_tool.mentoring.journey import sample
from lti_tool.mentoring.programmes.queries import described_cohort
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_placement
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.learner.drawn_journey import drawn_journey
from lti_tool.web.services import current_principal, reading

blueprint = Blueprint("preview", __name__, url_prefix="/l/<launch_key>/preview")


@blueprint.get("/<any(mentee, mentor):role>")
@allows(Action.PREVIEW_PAGES)
def show(role: str) -> ResponseReturnValue:
    """What a mentee or a mentor sees; by the rule of this programme; it changes nothing."""
    placement = current_placement()
    if placement is None:
        return example_page(role, "")
    with reading() as db:
        described = described_cohort(db, placement.cohort_id)
    return example_page(role, described.rule, ends_on=described.cohort.ends_on)


def example_page(
    role: str, rule: str, *, ends_on: dt.date | None = None, leads_back: tuple[str, str] | None = None
) -> ResponseReturnValue:
    """A learner's page with invented people. ``rule``: the JSON of the rule it goes by; empty for the usual one.

    ``ends_on``: the last day of the group; where that has passed, or there is none, the example has two months left.
    ``leads_back``: the label and the address of the page to which it leads back; else to the first page of the launch.
    """
    teaches = current_principal().role == CourseRole.TUTOR
    home = _("Back to my group") if teaches else _("Back"), launch_url_for("home.home")
    today = utcnow().date()
    mine = sample.journey_for(
        role,
        learns=_("Write good prompts for an AI assistant"),
        teaches_back=_("Present a project to a committee"),
        today=today,
        rule=rule_from_text(rule) if rule else None,
    )
    pair = mine.pair()
    if ends_on is None or ends_on <= today:
        ends_on = today + dt.timedelta(days=60)
    return render_template(
        "learner/home.html",
        journey=mine,
        pair=pair,
        step=mine.step(pair),
        declined=None,
        undo=None,
        completes=False,
        waiting_people=0,
        now=utcnow(),
        drawn=drawn_journey(mine, pair, today=today, ends_on=ends_on),
        course_title=course_title(),
        done=None,
        may_change_role=True,
        is_elsewhere=False,
        grade_sentence="",
        reopened_sentence="",
        preview=True,
        leads_back=leads_back or home,
        # Of the same page for the other role.
        other_example=launch_url_for(
            str(request.endpoint),
            **{
                **{name: value for name, value in (request.view_args or {}).items() if name != "launch_key"},
                "role": "mentee" if role == "mentor" else "mentor",
            },
        ),
    )
