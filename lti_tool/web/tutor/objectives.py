"""The objectives of a group for which a pair accepts the tutor's word: the only ones whose titles a tutor sees."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action, Relation
from lti_tool.mentoring.enrolment.queries import participants
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.objectives.actions import confirm_as_tutor
from lti_tool.mentoring.objectives.queries import ObjectiveRecord, objective, objectives_for_tutor
from lti_tool.mentoring.objectives.refusals import dispute_claim_as_tutor
from lti_tool.mentoring.pairs.queries import pairs
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import opened_cohort_id
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor.history import cohort_of_pair
from schemas.form_schema import FormSchema

blueprint = Blueprint("tutor_objectives", __name__, url_prefix="/l/<launch_key>/cohort/objectives")


@dataclass(frozen=True)
class ObjectiveToConfirm:
    """One of them, with the two whose it is."""

    objective: ObjectiveRecord
    learner: PersonCard
    partner: PersonCard


@blueprint.get("")
@allows(Action.CONFIRM_OBJECTIVES, about=cohort_of_launch)
def index() -> ResponseReturnValue:
    """All of them: first what somebody says they have reached, then the others, then those that are reached."""
    with reading() as db:
        records = objectives_for_tutor(db, opened_cohort_id())
        found = pairs(db, {record.pair_id for record in records})
        people = participants(db, {member for record in records for member in found[record.pair_id].members})
    lines = []
    for record in records:
        pair = found[record.pair_id]
        ids = (
            (pair.mentee_id, pair.mentor_id)
            if record.direction == "mentee"
            else (pair.mentor_id, pair.mentee_id)
        )
        learner, partner = (card(people[member]) for member in ids)
        lines.append(ObjectiveToConfirm(record, learner, partner))
    order = {"claimed": 0, "reached": 2}
    lines.sort(key=lambda line: order.get(line.objective.status, 1))
    return render_template(
        "tutor/objectives.html", lines=lines, course_title=g.launch.course.title, done=flash_message()
    )


def cohort_of_objective(objective_id: uuid.UUID, **_arguments: Any) -> Relation:
    """How whoever asks stands to an objective's cohort; to none at all for one of another cohort than the launch's."""
    with reading() as db:
        found = objective(db, objective_id)
    return cohort_of_pair(found.pair_id) if found is not None else Relation()


@blueprint.post("/<uuid:objective_id>")
@allows(Action.CONFIRM_OBJECTIVES, about=cohort_of_objective)
def confirm(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Say that one is reached."""
    cohort_id = opened_cohort_id()

    def save(db: Session, _values: Values) -> None:
        confirm_as_tutor(db, objective_id=objective_id, cohort_id=cohort_id, now=utcnow())

    return sent_form(FormSchema()).submit(
        save, then=launch_url_for("tutor_objectives.index"), done="objective_confirmed_by_tutor"
    )


@blueprint.post("/<uuid:objective_id>/not-yet")
@allows(Action.CONFIRM_OBJECTIVES, about=cohort_of_objective)
def not_yet(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Say that one is not reached yet, which somebody says they have reached."""
    cohort_id = opened_cohort_id()

    def save(db: Session, _values: Values) -> None:
        dispute_claim_as_tutor(db, objective_id=objective_id, cohort_id=cohort_id, now=utcnow())

    return sent_form(FormSchema()).submit(
        save, then=launch_url_for("tutor_objectives.index"), done="objective_not_yet_by_tutor"
    )
