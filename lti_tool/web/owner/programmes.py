"""An owner's programmes: each with its groups in figures, its people's completion, its settings and an example.

What a pair does is shown in sums alone, and not even so where they are over few people.
"""

from __future__ import annotations

import uuid
from typing import Final

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.programmes.queries import latest_rule
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, cohort_of_launch, company_of_launch
from lti_tool.web.activity import current_activity
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.owner import figures, programme_lists, programme_people, settings_view
from lti_tool.web.owner.asked import programme_asked
from lti_tool.web.services import current_principal, reading
from lti_tool.web.tutor.preview import example_page
from schemas.display import read_people_query

PAGE_LENGTH: Final = 100
"""How many people one page names; the search finds the others."""

blueprint = Blueprint("owner", __name__, url_prefix="/l/<launch_key>/owner")


@blueprint.get("/")
@allows(Action.LIST_OWN_PROGRAMMES, about=company_of_launch)
def index() -> ResponseReturnValue:
    """The programmes that whoever asks owns."""
    return list_page()


def list_page(*, is_first: bool = False, may_take_part: bool = False) -> ResponseReturnValue:
    """The list. ``is_first``: it is the first page of the launch; ``may_take_part``: with a link to the roles."""
    principal = current_principal()
    if principal.organisation_id is None or principal.person_id is None:
        abort(404)
    with reading() as db:
        found = programme_lists.owned_by(db, principal.organisation_id, principal.person_id)
    return render_template(
        "owner/programmes.html",
        programmes=found,
        is_first=is_first,
        may_take_part=may_take_part,
        done=flash_message(),
        course_title=course_title(),
    )


@blueprint.get("/programmes/<uuid:programme_id>")
@allows(Action.VIEW_PROGRAMME, about=programme_asked)
def programme(programme_id: uuid.UUID) -> ResponseReturnValue:
    """A programme: its groups in figures, and the ways to everything else about it."""
    with reading() as db:
        record = figures.programme_record(db, programme_id)
        cohorts = figures.cohorts_of(db, programme_id, record.smallest_group)
    activity = current_activity()
    teaches_here = activity is not None and cohort_of_launch().teaches
    return render_template(
        "owner/programme.html",
        programme=record,
        cohorts=cohorts,
        today=utcnow().date(),
        open_here=activity.placement.cohort_id if activity is not None and teaches_here else None,
        done=flash_message(),
        course_title=course_title(),
    )


@blueprint.get("/programmes/<uuid:programme_id>/people")
@allows(Action.VIEW_PEOPLE_OF_PROGRAMME, about=programme_asked)
def people(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Who takes part, and whose journey is complete."""
    with reading() as db:
        record = figures.programme_record(db, programme_id)
        everybody = programme_people.people_of(db, programme_id)
        owns = programme_asked(programme_id).owns
        partners = programme_people.partners_of(db, programme_id, everybody) if owns else {}
    query = read_people_query(request.args.to_dict())
    search, page, state = query["q"], query["page"], query["state"]
    found = programme_people.matching(everybody, search, state)
    first = PAGE_LENGTH * (page - 1)

    def address(number: int = 1, state: str | None = state) -> str:
        asked = {name: value for name, value in (("q", search), ("state", state)) if value}
        if number > 1:
            asked["page"] = number
        return launch_url_for("owner.people", programme_id=programme_id, **asked)

    states = programme_people.count_states(everybody)
    return render_template(
        "owner/people.html",
        programme=record,
        people=found[first : first + PAGE_LENGTH],
        count=len(everybody),
        participants=sum(n for code, n in states if code not in programme_people.NOT_PARTICIPANTS),
        states=states,
        state=state,
        address=address,
        search=search,
        has_groups=len({line.group for line in everybody}) > 1,
        has_completed=any(line.completed_at for line in everybody),
        owns=owns,
        partners=partners,
        page=page,
        newer=address(page - 1) if page > 1 else None,
        older=address(page + 1) if len(found) > first + PAGE_LENGTH else None,
        course_title=course_title(),
    )


@blueprint.get("/programmes/<uuid:programme_id>/settings")
@allows(Action.READ_SETTINGS, about=programme_asked)
def settings(programme_id: uuid.UUID) -> ResponseReturnValue:
    """The goal, the rule, the dates and the other settings, to be read."""
    standing, is_here = programme_asked(programme_id), current_principal().programme_id == programme_id
    may_change = standing.owns and is_here
    activity = current_activity()
    with reading() as db:
        record = figures.programme_record(db, programme_id)
        cohorts = figures.cohorts_of(db, programme_id, record.smallest_group)
    here = activity.placement.cohort_id if activity is not None else None
    for_hr = standing.reads_for_hr and not (standing.owns or standing.teaches)
    return render_template(
        "owner/settings.html",
        programme=record,
        sections=settings_view.sections_of(record.settings, with_all=may_change, sees_results=not for_hr),
        frozen_since=next((each.started_at for each in cohorts if each.id == here), None),
        dates=[settings_view.dates_of(cohort) for cohort in cohorts],
        is_here=is_here,
        may_change=may_change,
        sees_names=standing.names_for_hr,
        for_hr=for_hr,
        owns=standing.owns,
        course_title=course_title(),
    )


@blueprint.get("/programmes/<uuid:programme_id>/example/<any(mentee, mentor):role>")
@allows(Action.VIEW_PROGRAMME, about=programme_asked)
def example(programme_id: uuid.UUID, role: str) -> ResponseReturnValue:
    """What a mentee or a mentor of the programme sees, with invented people; it changes nothing."""
    with reading() as db:
        rule = latest_rule(db, programme_id)
    back = _("Back to the programme"), launch_url_for("owner.programme", programme_id=programme_id)
    return example_page(role, rule, leads_back=back)
