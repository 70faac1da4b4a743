"""A group without an activity, which somebody takes back at the moment at which somebody else opens it."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.actions import NothingChosen
from lti_tool.mentoring.programmes.models import Cohort, Placement
from lti_tool.mentoring.programmes.scaling import scale_up, take_back
from tests.builder import World
from tests.composition.meanwhile import Meanwhile
from tests.composition.test_concurrent_transactions import differences
from tests.mentoring.programmes.test_scaling import choose, opened


@pytest.fixture
def waiting(world: World) -> Cohort:
    """A full-scale group that no activity has opened."""
    with world.acting() as db:
        made = scale_up(db, cohort_id=world.cohort_id, now=utcnow())
        db.flush()
        db.expunge(made)
    return made


@pytest.fixture
def content_id(world: World, waiting: Cohort) -> uuid.UUID:
    """The content of an activity for it, which a tutor has chosen and nobody has opened yet."""
    with world.acting() as db:
        return choose(db, world, waiting.id, world.tutor_id)


def take(world: World, waiting: Cohort) -> None:
    with world.acting() as db:
        take_back(db, cohort_id=waiting.id, programme_id=waiting.programme_id, now=utcnow())


def open_it(world: World, content_id: uuid.UUID) -> None:
    with world.acting() as db:
        opened(db, world, content_id)


def how_it_ended(world: World, waiting: Cohort) -> tuple[str, int]:
    """The group's status, and the number of its activities."""
    assert differences(world.services) == {}
    with world.services.database.reading() as db:
        activities = sa.select(sa.func.count()).where(Placement.cohort_id == waiting.id)
        return db.get_one(Cohort, waiting.id).status, db.scalar(activities) or 0


def test_a_group_is_taken_back_while_an_activity_opens_it(
    world: World, pausing: World, meanwhile: Meanwhile, waiting: Cohort, content_id: uuid.UUID
) -> None:
    def too_late() -> None:
        with pytest.raises(NotAllowed, match="group_opened"):
            take(world, waiting)

    meanwhile.run(lambda: open_it(pausing, content_id), too_late)
    assert how_it_ended(world, waiting) == ("draft", 1)


def test_an_activity_is_opened_while_its_group_is_taken_back(
    world: World, pausing: World, meanwhile: Meanwhile, waiting: Cohort, content_id: uuid.UUID
) -> None:
    """Its tutor is asked anew."""

    def too_late() -> None:
        with pytest.raises(NothingChosen):
            open_it(world, content_id)

    meanwhile.run(lambda: take(pausing, waiting), too_late)
    assert how_it_ended(world, waiting) == ("archived", 0)
