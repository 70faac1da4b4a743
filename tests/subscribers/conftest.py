"""A signed pair."""

from __future__ import annotations

import uuid

import pytest

from lti_tool.database import utcnow
from tests.world import World


@pytest.fixture
def pair(world: World) -> uuid.UUID:
    """A pair that has signed; no statement and no score was made of it."""
    with world.transaction() as db:
        return world.pair(db, now=utcnow()).id
