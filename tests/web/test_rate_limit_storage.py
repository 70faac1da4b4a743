"""Counters in memory, and in a Redis that answers, is away, or never answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from limits import RateLimitItemPerMinute
from structlog.testing import capture_logs

from lti_tool.app import create_app
from lti_tool.composition.services import Services
from lti_tool.config import Config
from lti_tool.lti.errors import TooManyLogins
from lti_tool.web import rate_limit_storage, rate_limits
from lti_tool.web.rate_limit_storage import BoundedMemoryStorage
from lti_tool.web.rate_limits import LIMITS, RateLimits
from tests.platform.platform import Browser, Platform
from tests.redis_server import RedisServer
from tests.requirements import needs_redis
from tests.web.clients import ATTACKER, HOME, launch, limits_of, login

THREE = RateLimitItemPerMinute(3)


def hits(limits: RateLimits, *counted: str, count: int = 4) -> list[bool]:
    """Whether each of so many requests in a row was let in."""
    return [limits.hit(THREE, *counted) is None for _ in range(count)]


# Memory


def test_a_window_lets_in_so_many_and_says_how_long_to_wait() -> None:
    limits = RateLimits()
    assert hits(limits, "a") == [True, True, True, False]
    wait = limits.hit(THREE, "a")
    assert wait is not None
    assert 55 <= wait <= 60
    assert hits(limits, "b", count=1) == [True]


def test_a_window_ends_after_a_minute() -> None:
    limits, now = RateLimits(), time.time()
    with time_machine.travel(now, tick=False):
        hits(limits, "a")
    with time_machine.travel(now + 59, tick=False):
        assert hits(limits, "a", count=1) == [False]
    with time_machine.travel(now + 61, tick=False):
        assert hits(limits, "a") == [True, True, True, False]


def test_a_clock_that_is_put_back_prolongs_no_window() -> None:
    limits, now = RateLimits(), time.time()
    with time_machine.travel(now, tick=False):
        hits(limits, "a")
    with time_machine.travel(now - 3600, tick=False):
        assert hits(limits, "a", count=1) == [True]


def test_counters_that_are_over_are_forgotten() -> None:
    storage, now = BoundedMemoryStorage(), time.time()
    with time_machine.travel(now, tick=False):
        for number in range(1000):
            storage.incr(str(number), 60)
    with time_machine.travel(now + 61, tick=False):
        storage.incr("later", 60)
    assert len(storage) == 1


def test_there_is_never_more_than_a_bound_of_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit_storage, "MOST_COUNTERS", 100)
    storage = BoundedMemoryStorage()
    for number in range(1000):
        storage.incr(str(number), 60)
    assert len(storage) == 100
    # The oldest have gone, the latest are there.
    assert (storage.get("0"), storage.get("999")) == (0, 1)


# A Redis that does not answer


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        yield int(server.getsockname()[1])


@pytest.fixture(params=["closed_port", "silent_port"])
def away(request: pytest.FixtureRequest) -> str:
    return f"redis://127.0.0.1:{request.getfixturevalue(request.param)}"


def test_a_redis_that_is_away_is_replaced_by_memory_and_the_log_says_so_once(away: str) -> None:
    limits = RateLimits(away)
    with capture_logs() as logged:
        assert hits(limits, "a") == [True, True, True, False]
    assert [line["event"] for line in logged] == ["Redis does not answer: each process counts for itself"]


def test_a_redis_that_is_away_is_left_alone_for_a_while(away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, asked = RateLimits(away), []
    assert limits._shared is not None
    hit = limits._shared.hit
    monkeypatch.setattr(limits._shared, "hit", lambda *given: asked.append(given) or hit(*given))
    hits(limits, "a", count=50)
    assert len(asked) == 1
    limits._ask_redis_at = 0.0
    with capture_logs() as logged:
        hits(limits, "a", count=50)
    assert (len(asked), logged) == (2, [])


def app_with(config: Config, services: Services, redis_url: str) -> Flask:
    return create_app(replace(config, redis_url=redis_url), services)


def test_launches_go_on_while_redis_is_away(
    config: Config, services: Services, platform: Platform, away: str
) -> None:
    app = app_with(config, services, away)
    assert launch(Browser(app), platform, HOME).status_code == 303


# A Redis that answers


@pytest.fixture
def redis_url(closed_port: int, tmp_path: Path) -> Iterator[str]:
    """A Redis of this test's own."""
    with RedisServer(closed_port, tmp_path):
        yield f"redis://127.0.0.1:{closed_port}/0"


@needs_redis
def test_two_processes_count_together_in_one_redis(
    config: Config, services: Services, platform: Platform, redis_url: str
) -> None:
    """Two applications share nothing but the database and the Redis."""
    one, other = (app_with(config, services, redis_url) for _ in range(2))
    item = LIMITS[TooManyLogins]
    limits_of(one)._shared.storage.incr(  # type: ignore[union-attr]
        item.key_for(ATTACKER, platform.registration_id.hex), 60, item.amount - 1
    )
    assert login(Browser(one), platform, ATTACKER).status_code == 302
    refused = login(Browser(other), platform, ATTACKER)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert launch(Browser(other), platform, HOME).status_code == 303


@needs_redis
def test_counters_in_redis_end_with_their_window(redis_url: str) -> None:
    limits = RateLimits(redis_url)
    hits(limits, "a")
    assert limits._shared is not None
    left = limits._shared.storage.get_expiry(THREE.key_for("a")) - time.time()
    assert 0 < left <= 60


@needs_redis
def test_a_redis_that_comes_back_is_used_again(
    closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "RETRY_REDIS_AFTER", 0.0)
    limits = RateLimits(f"redis://127.0.0.1:{closed_port}")
    with capture_logs() as logged:
        hits(limits, "a", count=3)
        with RedisServer(closed_port, tmp_path) as server:
            assert hits(limits, "a") == [True, True, True, False]
            server.stop()
            assert hits(limits, "b", count=1) == [True]
    assert [line["event"].partition(":")[0] for line in logged] == [
        "Redis does not answer",
        "Redis answers again",
        "Redis does not answer",
    ]
