"""What happened in one pair: dates, lengths, formats and states."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import Action, Relation
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants, who_left
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs.queries import TimelineLine, timeline
from lti_tool.mentoring.pairs.queries import pair as find_pair
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.services import reading
from lti_tool.web.tutor import pair_wording, wording
from lti_tool.web.tutor.grades import grades_of_cohort
from lti_tool.web.tutor.pair_page import panel_of

blueprint = Blueprint("history", __name__, url_prefix="/l/<launch_key>/cohort")


def cohort_of_pair(pair_id: uuid.UUID, **_arguments: Any) -> Relation:
    """How whoever asks stands to a pair's cohort; to none at all for a pair of another cohort than the launch's."""
    placement = current_placement()
    with reading() as db:
        found = find_pair(db, pair_id)
    if found is None or placement is None or found.cohort_id != placement.cohort_id:
        return Relation()
    return cohort_of_launch()


@blueprint.get("/pairs/<uuid:pair_id>")
@allows(Action.VIEW_PAIR_HISTORY, about=cohort_of_pair)
def pair(pair_id: uuid.UUID) -> ResponseReturnValue:
    """A pair: what it has done so far, and everything that happened, the latest first."""
    with reading() as db:
        found = find_pair(db, pair_id) or abort(404)
        people, left = participants(db, found.members), who_left(db, found.cohort_id, found.members)
        lines = timeline(db, pair_id)
        grades = grades_of_cohort(db, found.cohort_id)
        panel = panel_of(db, overview_of(db, found.cohort_id), grades, pair_id)
    return render_template(
        "tutor/pair.html",
        panel=panel,
        pair_words=pair_wording,
        mentor=card(people[found.mentor_id]),
        mentee=card(people[found.mentee_id]),
        lines=[(line, _sentence(line, people)) for line in lines],
        left=[card(people[member]) for member in found.members if member in left],
        course_title=g.launch.course.title,
    )


def _sentence(line: TimelineLine, people: Mapping[uuid.UUID, ParticipantRecord]) -> str:
    who = people.get(line.participant_id) if line.participant_id is not None else None
    return wording.timeline_sentence(line, who)
