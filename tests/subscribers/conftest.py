"""A signed pair."""

from __future__ import annotations

import uuid

import pytest

from tests.builder import World


@pytest.fixture
def pair(world: World) -> uuid.UUID:
    """A pair that has signed, and how far that brought them; no statement and no score was made of it."""
    with world.build.without_statements():
        return world.pair().id
