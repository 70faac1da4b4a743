"""Grades on the tutor's page: where each is, reading the gradebook now, and sending one again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import TOOL
from lti_tool.lti.ags.grade_queries import Grade, grades_of, state_of_grades
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.ags.read_results_job import READ_AGAIN_AFTER, read_since, request_results
from lti_tool.lti.ags.resending import request_resending
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participant
from lti_tool.mentoring.overview.actions import ask_again, leave_as_it_is
from lti_tool.mentoring.overview.inbox import GradeQuestion, LineKind
from lti_tool.mentoring.programmes.queries import links_of_cohort
from lti_tool.web import grade_wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading, transaction
from schemas.form_schema import FormSchema
from schemas.tutor_forms import ResendGradeForm

blueprint = Blueprint("grades", __name__, url_prefix="/l/<launch_key>/cohort/grades")


def grades_of_cohort(db: Session, cohort_id: uuid.UUID) -> Sequence[Grade]:
    """The grades in the line items of a cohort's activities, in one statement."""
    return grades_of(db, g.launch.registration.id, links_of_cohort(cohort_id))


def state_of_cohorts_grades(db: Session, cohort_id: uuid.UUID) -> str:
    """What changes with these grades."""
    return state_of_grades(db, g.launch.registration.id, links_of_cohort(cohort_id))


def request_stale(grades: Sequence[Grade]) -> None:
    """Have the column of the present activity read where what is known of its grades is old: a course may have been
    reset, or a grade deleted. What is found shows on the page by itself.
    """
    link = g.launch.resource_link
    since = utcnow() - READ_AGAIN_AFTER
    if link is None or not any(
        grade.line_item_url == link.line_item_url and grade.is_stale(since) for grade in grades
    ):
        return
    with reading() as db:
        if read_since(db, link.id, since):
            return
    with transaction() as db:
        request_results(db, link.id, TOOL)


def by_person(grades: Sequence[Grade]) -> Mapping[uuid.UUID, Sequence[Grade]]:
    """Those of which there is something to say."""
    found: dict[uuid.UUID, list[Grade]] = defaultdict(list)
    for grade in grades:
        if grade.is_shown:
            found[grade.person_id].append(grade)
    return found


_QUESTIONS: Final = {
    GradeStatus.REFUSED: LineKind.GRADE_MISSING,
    GradeStatus.NOT_SHOWN: LineKind.GRADE_MISSING,
    GradeStatus.REMOVED: LineKind.GRADE_REMOVED,
    GradeStatus.SOMEBODY_ELSES: LineKind.GRADE_OVERRIDDEN,
}


_FINAL: Final = (ScoreRefusal.COURSE_ENDED, ScoreRefusal.NO_ATTEMPT_LEFT, ScoreRefusal.LINE_ITEM_GONE)
"""What sending a grade once more does not change."""

Left = Collection[tuple[uuid.UUID, str, dt.datetime]]
"""What was left as it is: :attr:`lti_tool.mentoring.overview.cohort.CohortOverview.left_as_they_are`."""


def questions_of(grades: Sequence[Grade], left: Left = ()) -> list[GradeQuestion]:
    """Those about which the tutor decides, one for each person, without those that were left as they are."""
    found: dict[uuid.UUID, GradeQuestion] = {}
    for grade in grades:
        kind = _QUESTIONS.get(grade.status)
        if kind is None or grade.wanted is None or grade.person_id in found:
            continue
        if (grade.person_id, str(kind), grade.changed_at) in left:
            continue
        found[grade.person_id] = GradeQuestion(
            grade.person_id,
            kind,
            grade.changed_at,
            grade_wording.for_tutor(grade),
            grade.refusal not in _FINAL,
        )
    return list(found.values())


@blueprint.post("/read")
@allows(Action.RESEND_GRADES, about=cohort_of_launch)
def read_now() -> ResponseReturnValue:
    """Have the gradebook columns of the cohort's activities read; what is missing is sent again."""
    links, principal = links_of_cohort(_cohort_id()), current_principal()

    def save(db: Session, _values: Values) -> None:
        for link_id in sorted(db.scalars(links)):
            request_results(db, link_id, principal)

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"), done="gradebook_read")


@blueprint.post("/send")
@allows(Action.RESEND_GRADES, about=cohort_of_launch)
def send() -> ResponseReturnValue:
    """Send the grade of one participant again, however often it was deleted or refused."""
    cohort_id, principal = _cohort_id(), current_principal()

    def save(db: Session, values: Values) -> None:
        found = _participant(db, cohort_id, values["participant_id"])
        request_resending(db, links_of_cohort(cohort_id), principal, person_id=found.person_id)

    return sent_form(ResendGradeForm()).submit(save, then=launch_url_for("home.home"), done="grade_resent")


@blueprint.post("/leave")
@allows(Action.RESEND_GRADES, about=cohort_of_launch)
def leave() -> ResponseReturnValue:
    """Leave what the gradebook shows for one participant as it is."""
    cohort_id = _cohort_id()

    def save(db: Session, values: Values) -> None:
        found = _participant(db, cohort_id, values["participant_id"])
        for question in questions_of(grades_of_cohort(db, cohort_id)):
            if question.person_id == found.person_id:
                leave_as_it_is(
                    db,
                    participant_id=found.id,
                    kind=str(question.kind),
                    fact_at=question.since,
                    now=utcnow(),
                )

    then = launch_url_for("home.home", left=request.form.get("participant_id", "")[:36])
    return sent_form(ResendGradeForm()).submit(save, then=then, done="grade_left")


@blueprint.post("/ask")
@allows(Action.RESEND_GRADES, about=cohort_of_launch)
def ask() -> ResponseReturnValue:
    """Ask again about a grade that was left as it is."""
    cohort_id = _cohort_id()

    def save(db: Session, values: Values) -> None:
        ask_again(db, participant_id=_participant(db, cohort_id, values["participant_id"]).id)

    return sent_form(ResendGradeForm()).submit(save, then=launch_url_for("home.home"), done="grade_asked")


def _participant(db: Session, cohort_id: uuid.UUID, participant_id: uuid.UUID) -> ParticipantRecord:
    """A participant of the cohort; 404 for one of another cohort."""
    found = participant(db, participant_id)
    if found is None or found.cohort_id != cohort_id:
        abort(404)
    return found


def _cohort_id() -> uuid.UUID:
    placement = current_placement() or abort(404)
    return placement.cohort_id
