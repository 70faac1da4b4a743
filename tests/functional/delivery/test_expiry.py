"""The worker also forgets what is over: a verified launch must not wait in the database for ever."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.delivery import Worker
from lti_tool.lti.models import LaunchHandoff, Refusal
from lti_tool.tool import Tool


def leave(tool: Tool, name: str, expires_at: dt.datetime) -> None:
    with tool.database.transaction() as db:
        db.add(LaunchHandoff(token_hash=name, launch={}, expires_at=expires_at))


def test_a_handoff_long_over_is_forgotten_and_one_that_waits_is_not(tool: Tool) -> None:
    leave(tool, "over", utcnow() - dt.timedelta(days=2))
    leave(tool, "waiting", utcnow() + dt.timedelta(minutes=2))
    assert Worker(tool).forget_expired() == 1
    with tool.database.reading() as db:
        assert db.scalars(sa.select(LaunchHandoff.token_hash)).all() == ["waiting"]


def refuse(tool: Tool, reason: str, at: dt.datetime) -> None:
    with tool.database.transaction() as db:
        db.add(Refusal(step="login", reason=reason, reference="", at=at))


def test_a_refusal_of_long_ago_is_forgotten_and_one_of_last_month_is_not(tool: Tool) -> None:
    refuse(tool, "old", utcnow() - dt.timedelta(days=91))
    refuse(tool, "recent", utcnow() - dt.timedelta(days=31))
    assert Worker(tool).forget_expired() == 1
    with tool.database.reading() as db:
        assert db.scalars(sa.select(Refusal.reason)).all() == ["recent"]
