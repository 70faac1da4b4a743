"""What has expired is deleted: a verified launch must not wait in the database for ever."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from lti_tool.composition.channels import delete_expired
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.launch.models import LaunchHandoff
from lti_tool.lti.models import Refusal


def leave(services: Services, name: str, expires_at: dt.datetime) -> None:
    with services.database.transaction() as db:
        db.add(LaunchHandoff(token_hash=name, launch={}, expires_at=expires_at))


def test_a_handoff_long_over_is_deleted_and_one_that_waits_is_not(services: Services) -> None:
    leave(services, "over", utcnow() - dt.timedelta(days=2))
    leave(services, "waiting", utcnow() + dt.timedelta(minutes=2))
    assert delete_expired(services) == 1
    with services.database.reading() as db:
        assert db.scalars(sa.select(LaunchHandoff.token_hash)).all() == ["waiting"]


def refuse(services: Services, reason: str, at: dt.datetime) -> None:
    with services.database.transaction() as db:
        db.add(Refusal(step="login", reason=reason, reference="", at=at))


def test_a_refusal_of_long_ago_is_deleted_and_one_of_last_month_is_not(services: Services) -> None:
    refuse(services, "old", utcnow() - dt.timedelta(days=91))
    refuse(services, "recent", utcnow() - dt.timedelta(days=31))
    assert delete_expired(services) == 1
    with services.database.reading() as db:
        assert db.scalars(sa.select(Refusal.reason)).all() == ["recent"]
