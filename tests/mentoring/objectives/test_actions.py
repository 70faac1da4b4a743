"""Setting an objective, claiming, confirming and removing it."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from lti_tool.mentoring.objectives.actions import (
    agree_objective,
    claim_objective,
    confirm_objective,
    withdraw_objective,
)
from lti_tool.mentoring.objectives.models import Objective
from tests.builder import World
from tests.mentoring.checks import LATER, event_names, refused


def agree(db: Session, pair_id: uuid.UUID, by: uuid.UUID, direction: str = "mentee") -> Objective:
    return agree_objective(
        db,
        pair_id=pair_id,
        by=by,
        title="Write good prompts",
        direction=direction,
        tag="skills",
        required=True,
        now=LATER,
    )


@pytest.mark.parametrize(
    ("direction", "learner", "helper"), [("mentee", "mentee", "mentor"), ("mentor", "mentor", "mentee")]
)
def test_an_objective_is_claimed_by_who_learns_and_reached_when_the_partner_confirms(
    world: World, direction: str, learner: str, helper: str
) -> None:
    with world.transaction() as db:
        people = {"mentor": world.mentor_id, "mentee": world.mentee_id}
        objective = agree(db, world.pair(db).id, people[helper], direction)
        refused(
            "not_your_objective",
            lambda: claim_objective(db, objective_id=objective.id, by=people[helper], now=LATER),
        )
        claim_objective(db, objective_id=objective.id, by=people[learner], now=LATER)
        refused(
            "own_objective",
            lambda: confirm_objective(db, objective_id=objective.id, by=people[learner], now=LATER),
        )
        confirm_objective(db, objective_id=objective.id, by=people[helper], now=LATER)
        assert (objective.status, objective.evidence) == ("reached", "partner")


def test_a_reached_objective_is_not_withdrawn(world: World) -> None:
    with world.transaction() as db:
        objective = agree(db, world.pair(db).id, world.mentor_id)
        confirm_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER)
        refused(
            "objective_over",
            lambda: withdraw_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER),
        )


def test_a_withdrawn_objective_is_kept_with_its_event(world: World) -> None:
    with world.transaction() as db:
        objective = agree(db, world.pair(db).id, world.mentor_id)
        withdraw_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        assert objective.status == "withdrawn"
        assert event_names(db)[-1] == "ObjectiveWithdrawn"
