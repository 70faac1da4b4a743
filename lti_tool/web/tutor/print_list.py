"""The list of a group to be printed: every pair by name, and the people without one, on as few pages as it takes."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.overview.cohort import ParticipantLine
from lti_tool.mentoring.overview.queries import meetings_of, overview_of
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.services import reading
from lti_tool.web.tutor import cohort_wording, pair_wording
from lti_tool.web.tutor.cohort_view import table_of, view_of
from lti_tool.web.tutor.drawn_pairs import drawn_pairs
from lti_tool.web.tutor.grades import grades_of_cohort
from lti_tool.web.tutor.waiting_copies import waiting_copies
from schemas.display import read_cohort_query

blueprint = Blueprint("print_list", __name__, url_prefix="/l/<launch_key>/cohort/list")


@blueprint.get("/")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """Everybody, in the order of the alphabet."""
    placement = current_placement() or abort(404)
    query, now = read_cohort_query({"sort": "mentee"}), utcnow()
    with reading() as db:
        grades = grades_of_cohort(db, placement.cohort_id)
        overview = overview_of(db, placement.cohort_id)
        copies = waiting_copies(db, placement.cohort_id, g.launch.course_id)
        table = table_of(overview, grades, copies, query, now.date())
        meetings = meetings_of(db, [row.pair.id for row in table.found])
    return render_template(
        "tutor/print_list.html",
        view=view_of(overview, table, meetings, query, now, shown=None),
        listed_name=listed_name,
        rows=table.found,
        drawn=drawn_pairs(overview, [row.pair for row in table.found], meetings),
        now=now,
        pair_words=pair_wording,
        cohort_words=cohort_wording,
        course_title=g.launch.course.title,
    )


def listed_name(line: ParticipantLine) -> Markup:
    """A name as a list in the order of the alphabet has it: first what it stands under, in bold."""
    name = wording.person(line.card)
    rest = name.removesuffix(line.sorts_as).rstrip()
    if not rest or rest == name:
        return Markup("<b>{}</b>").format(name)
    return Markup("<b>{}</b>, {}").format(line.sorts_as, rest)
