"""A signed pair."""

from __future__ import annotations

import uuid

import pytest

from lti_tool.composition.projections import rebuild_projections
from lti_tool.database import utcnow
from tests.world import World


@pytest.fixture
def pair(world: World) -> uuid.UUID:
    """A pair that has signed, and how far that brought them; no statement and no score was made of it."""
    with world.transaction() as db:
        pair_id = world.pair(db, now=utcnow()).id
    rebuild_projections(world.services)
    return pair_id
