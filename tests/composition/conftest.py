"""What tests of several transactions share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy.orm import Session

from lti_tool.composition.services import make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.config import Config
from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from tests.builder import World
from tests.composition.meanwhile import Meanwhile


@pytest.fixture
def meanwhile() -> Meanwhile:
    return Meanwhile()


class PausingSubscriber:
    """The last subscriber: the transaction stays open when all consequences are written."""

    name = "pausing"

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        self._pause()

    def projection(self, db: Session, others: Projections) -> Projection | None:
        return None


@pytest.fixture
def pausing(world: World, config: Config, meanwhile: Meanwhile) -> Iterator[World]:
    """The same world, where every transaction pauses just before its commit."""
    pausing = PausingSubscriber(meanwhile.pause)
    services = make_services(config, [*SUBSCRIBERS, lambda _config: pausing])
    yield world.on(services)
    services.http.close()
    services.database.dispose()
