"""What has expired is deleted: a verified launch must not wait in the database for ever."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import many_rows
from lti_tool.composition import housekeeping
from lti_tool.composition import transaction as composition
from lti_tool.composition.housekeeping import DeleteExpired, DeleteUsedNonces
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue, schedule
from lti_tool.jobs.kinds import JobKind
from lti_tool.jobs.models import Job
from lti_tool.lti import expiry
from lti_tool.lti.launch.models import LaunchHandoff, UsedNonce
from lti_tool.lti.models import Refusal
from lti_tool.moments import CLOCKS_DIFFER
from tests.jobs.kinds import WriteRows, ask, wait_until_ended


def delete_expired(services: Services, kind: type[JobKind] = DeleteExpired) -> dict[str, int]:
    """Run the job as the runner does; its result."""
    with composition.transaction(services, TOOL) as db:
        made = queue.enqueue(db, kind, {}, requested_by=TOOL)
    runner = make_job_runner(services, sweep_seconds=0.05)
    runner.start()
    wait_until_ended(services, made)
    runner.stop()
    with services.database.reading() as db:
        result = db.get_one(Job, made).result
    assert result is not None
    return result


def leave(services: Services, name: str, expires_at: dt.datetime) -> None:
    with services.database.transaction() as db:
        db.add(LaunchHandoff(token_hash=name, launch={}, expires_at=expires_at))


def test_a_handoff_long_over_is_deleted_and_one_that_waits_is_not(services: Services) -> None:
    leave(services, "over", utcnow() - dt.timedelta(days=2))
    leave(services, "waiting", utcnow() + dt.timedelta(minutes=2))
    assert delete_expired(services) == {"rows": 1, "jobs": 0}
    with services.database.reading() as db:
        assert db.scalars(sa.select(LaunchHandoff.token_hash)).all() == ["waiting"]


def test_many_are_deleted_some_at_a_time_each_time_in_a_transaction_of_its_own(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[int] = []
    transactions: list[Session] = []

    def delete_and_note(db: Session, now: dt.datetime) -> int:
        deleted.append(expiry.delete_expired_rows(db, now))
        transactions.append(db)
        return deleted[-1]

    monkeypatch.setattr(many_rows, "SOME_ROWS", 2)
    monkeypatch.setattr(housekeeping, "delete_expired_rows", delete_and_note)
    for number in range(5):
        leave(services, f"over {number}", utcnow() - dt.timedelta(days=2))
        refuse(services, f"old {number}", utcnow() - dt.timedelta(days=91))
    assert delete_expired(services) == {"rows": 10, "jobs": 0}
    assert deleted == [2, 2, 1, 2, 2, 1, 0]
    assert len(set(transactions)) == len(transactions)


def test_no_plan_of_the_database_deletes_more_than_some_at_a_time(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL, which has not counted a new table's rows, may choose to look for them once for each row."""
    monkeypatch.setattr(many_rows, "SOME_ROWS", 2)
    for number in range(5):
        refuse(services, f"old {number}", utcnow() - dt.timedelta(days=91))
    with services.database.transaction() as db:
        if services.database.engine.dialect.name == "postgresql":
            for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                db.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        assert expiry.delete_expired_rows(db, utcnow()) == 2


def refuse(services: Services, reason: str, at: dt.datetime) -> None:
    with services.database.transaction() as db:
        db.add(Refusal(aggregate=reason, step="login", reason=reason, reference="", at=at))


def test_a_refusal_of_long_ago_is_deleted_and_one_of_last_month_is_not(services: Services) -> None:
    refuse(services, "old", utcnow() - dt.timedelta(days=91))
    refuse(services, "recent", utcnow() - dt.timedelta(days=31))
    assert delete_expired(services) == {"rows": 1, "jobs": 0}
    with services.database.reading() as db:
        assert db.scalars(sa.select(Refusal.reason)).all() == ["recent"]


def test_a_job_that_was_done_long_ago_is_deleted(services: Services) -> None:
    made = ask(services, WriteRows, "a")
    with services.database.transaction() as db:
        job = db.get_one(Job, made)
        job.status, job.done_at = "done", utcnow() - dt.timedelta(days=2)
    assert delete_expired(services) == {"rows": 0, "jobs": 1}


def test_it_is_asked_for_every_hour(services: Services) -> None:
    now = utcnow()
    with services.database.transaction() as db:
        asked = [
            schedule.enqueue_due(db, [DeleteExpired], now + after * dt.timedelta(hours=1))
            for after in (0, 0.9, 1)
        ]
    assert asked == [["delete_expired"], [], ["delete_expired"]]


def test_used_nonces_go_as_soon_as_their_states_have_expired(services: Services) -> None:
    """With the five minutes by which machines' clocks may differ; some at a time."""
    over = utcnow() - CLOCKS_DIFFER
    with services.database.transaction() as db:
        for name, expires_at in (
            ("over", over - dt.timedelta(seconds=1)),
            ("perhaps not everywhere", over + dt.timedelta(minutes=1)),
            ("valid", utcnow() + dt.timedelta(minutes=9)),
        ):
            db.add(UsedNonce(nonce=name, expires_at=expires_at))
    assert delete_expired(services, DeleteUsedNonces) == {"nonces": 1}
    with services.database.reading() as db:
        assert set(db.scalars(sa.select(UsedNonce.nonce))) == {"perhaps not everywhere", "valid"}


def test_used_nonces_are_looked_for_every_five_minutes(services: Services) -> None:
    assert DeleteUsedNonces.every == dt.timedelta(minutes=5)
    assert DeleteUsedNonces in make_job_runner(services).kinds
