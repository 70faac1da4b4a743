"""Writing, sharing and deleting what one changed; who may read it, and what the log keeps of it."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.mentoring.reflections.actions import remove_reflection, share_reflection, write_reflection
from lti_tool.mentoring.reflections.queries import reflections_for
from tests.builder import World
from tests.mentoring.checks import LATER, event_names, refused

WORDS = "I ask before I answer"


def write(db: Session, world: World, *, shared: bool = False) -> tuple[uuid.UUID, uuid.UUID]:
    """The mentee's reflection: the pair's id, and its own."""
    pair_id = world.pair(db).id
    made = write_reflection(db, pair_id=pair_id, by=world.mentee_id, words=WORDS, shared=shared, now=LATER)
    return pair_id, made.id


def readable(db: Session, pair_id: uuid.UUID, reader_id: uuid.UUID) -> list[str | None]:
    return [line.words for line in reflections_for(db, pair_id, reader_id)]


@pytest.mark.parametrize("shared", [False, True])
def test_its_author_reads_it_and_the_partner_where_it_is_shared(world: World, shared: bool) -> None:
    with world.transaction() as db:
        pair_id, _ = write(db, world, shared=shared)
        assert readable(db, pair_id, world.mentee_id) == [WORDS]
        assert readable(db, pair_id, world.mentor_id) == ([WORDS] if shared else [])


def test_its_author_alone_shares_it_and_deletes_it(world: World) -> None:
    with world.transaction() as db:
        pair_id, reflection_id = write(db, world)
        which = {"pair_id": pair_id, "reflection_id": reflection_id, "now": LATER}
        refused("reflection_gone", lambda: share_reflection(db, by=world.mentor_id, **which))  # type: ignore[arg-type]
        remove_reflection(db, by=world.mentor_id, **which)  # type: ignore[arg-type]
        assert readable(db, pair_id, world.mentee_id) == [WORDS]
        for _time in range(2):
            share_reflection(db, by=world.mentee_id, **which)  # type: ignore[arg-type]
        assert readable(db, pair_id, world.mentor_id) == [WORDS]
        for _time in range(2):
            remove_reflection(db, by=world.mentee_id, **which)  # type: ignore[arg-type]
        assert readable(db, pair_id, world.mentee_id) == []
        assert event_names(db)[-3:] == ["ReflectionWritten", "ReflectionShared", "ReflectionRemoved"]


def test_the_log_has_none_of_its_words(world: World) -> None:
    with world.transaction() as db:
        write(db, world)
        details = db.scalars(sa.select(EventRow.details).where(EventRow.kind == "ReflectionWritten")).one()
        assert set(details) == {"reflection_id", "shared"}
