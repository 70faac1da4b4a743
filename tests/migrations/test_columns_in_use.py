"""Later migrations drop and change columns that are in use: what they hold is kept, or begins anew where it must."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lti_tool.database import Database, utcnow
from lti_tool.identity.models import Course
from lti_tool.lti import refusal_log
from lti_tool.lti.errors import StateUnknown
from lti_tool.lti.launch.models import LaunchHandoff
from lti_tool.lti.models import Refusal
from lti_tool.lti.nrps.read_roster_job import due_rosters
from lti_tool.lti.registration.invitations import InvitationBusy, invite, reserve
from lti_tool.lti.registration.models import Invitation, Registration, RegistrationAttempt
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.messaging.models import Delivery, DeliveryBody
from lti_tool.migrations import _alembic, migrate

BEFORE = "0003"
"""The revision whose data the tests fill in."""
AT = dt.datetime(2026, 11, 12, 8, 30, tzinfo=dt.UTC)
GONE = {"login_state"}
"""Tables that are dropped on purpose."""
RENAMED = {("course", "roster_claimed_until")}
"""Columns that begin empty under another name."""
CONVERTED = {("mentoring_session", "format")}
"""Columns whose values become others; the tests of the migration that does it say which."""


def reflected(database: Database) -> dict[str, sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(database.engine)
    return {name: table for name, table in metadata.tables.items() if name != "alembic_version"}


def rows_of(database: Database, table: str) -> list[dict[str, object]]:
    """The rows of a table as it is now, in the order of its primary key."""
    found = reflected(database)[table]
    with database.reading() as db:
        return [dict(row) for row in db.execute(sa.select(found).order_by(*found.primary_key)).mappings()]


def content(database: Database, columns: dict[str, list[str]]) -> dict[str, list[tuple[str, ...]]]:
    """The rows of some columns of each table, as text, in the same order whatever the columns are."""
    tables = reflected(database)
    found = {}
    with database.reading() as db:
        for name, chosen in columns.items():
            rows = db.execute(sa.select(*(sa.cast(tables[name].c[each], sa.Text) for each in chosen)))
            found[name] = sorted(tuple(str(value) for value in row) for row in rows)
    return found


def insert(database: Database, table: str, **values: Any) -> None:
    target = reflected(database)[table]
    for column in target.columns:
        if isinstance(column.type, sa.CHAR):
            column.type = sa.Uuid()
    with database.transaction() as db:
        db.execute(sa.insert(target).values(**values))


def refuse(database: Database, number: int) -> None:
    """One of several refusals of the same hour, step and reason, each a row of its own at this revision."""
    insert(
        database,
        "refusal",
        id=uuid.UUID(int=number),
        at=AT + dt.timedelta(minutes=number),
        step="login",
        reason="state_unknown",
        detail=f"the {number}th",
        reference=f"reference-{number}",
    )


@pytest.fixture
def filled(first_version_at: Callable[..., Database]) -> Database:
    """A database at 0003 with something in every column that a later migration drops or changes."""
    database = first_version_at(BEFORE)
    with database.transaction() as db:
        db.execute(
            sa.text(
                "UPDATE course SET roster_claimed_until = :until, roster_url = 'https://lms.example/roster'"
            ),
            {"until": (utcnow() + dt.timedelta(minutes=4)).replace(tzinfo=None)},
        )
        assert db.scalar(sa.text("SELECT count(*) FROM course WHERE roster_claimed_until IS NOT NULL"))
        assert db.scalar(sa.text("SELECT count(*) FROM login_state"))
        assert db.scalar(sa.text("SELECT count(*) FROM completion_record"))
        assert db.scalar(sa.text("SELECT count(*) FROM launch_handoff"))
        assert {row.kind for row in db.execute(sa.text("SELECT kind FROM delivery"))} == {
            "statement",
            "score",
        }
    for number in range(1, 4):
        refuse(database, number)
    return database


def test_every_value_of_every_column_that_stays_is_kept(filled: Database) -> None:
    before = reflected(filled)
    columns = {
        name: sorted(
            column.name for column in table.columns if (name, column.name) not in RENAMED | CONVERTED
        )
        for name, table in before.items()
        if name not in GONE
    }
    kept = content(filled, columns)
    assert sum(map(len, kept.values())) > 100
    migrate(filled)
    assert content(filled, columns) == kept
    assert not GONE & set(reflected(filled))


def test_a_claim_of_a_roster_does_not_become_a_pause(filled: Database) -> None:
    """Nobody holds the claim any more: the roster is read at the next occasion, not when the claim would have ended."""
    with filled.transaction() as db:
        db.execute(sa.text("UPDATE course SET roster_read_at = NULL"))
    migrate(filled)
    assert "roster_claimed_until" not in reflected(filled)["course"].c
    with filled.reading() as db:
        courses = set(db.scalars(sa.select(Course.id)))
        assert db.scalars(sa.select(Course.roster_paused_until).distinct()).all() == [None]
        assert set(db.scalars(due_rosters(utcnow()))) == courses


def test_refusals_become_counts_of_one_and_new_ones_are_counted_beside_them(filled: Database) -> None:
    migrate(filled)
    with filled.reading() as db:
        rows = db.scalars(sa.select(Refusal).where(Refusal.detail.endswith("th")).order_by(Refusal.at)).all()
    assert [(row.count, row.first_at, row.detail) for row in rows] == [
        (1, AT + dt.timedelta(minutes=number), f"the {number}th") for number in range(1, 4)
    ]
    for number in range(2):
        refusal_log.record(filled, StateUnknown(), reference=f"new-{number}")
    with filled.reading() as db:
        assert sum(db.scalars(sa.select(Refusal.count).where(Refusal.reason == "state_unknown"))) == 5


def test_one_statement_may_go_to_several_receivers_afterwards(filled: Database) -> None:
    migrate(filled)
    with filled.transaction() as db:
        first = db.scalars(sa.select(Delivery).where(Delivery.kind == "statement")).first()
        assert first is not None
        values = {column.key: getattr(first, column.key) for column in sa.inspect(Delivery).column_attrs}
        copy = Delivery(**{**values, "id": None, "receiver": str(uuid.uuid4())})
        db.add(copy)
        db.flush()
        db.add(DeliveryBody(delivery_id=copy.id, key=copy.key, receiver=copy.receiver, body=b"{}"))


def test_what_is_new_begins_with_what_was_true_before(filled: Database) -> None:
    migrate(filled)
    with filled.reading() as db:
        assert db.scalars(sa.select(Delivery.failures).distinct()).all() == [0]
        assert db.scalars(sa.select(CompletionRecord.milestone).distinct()).all() == [0]
        assert db.scalars(sa.select(Registration.actor_account).distinct()).all() == ["opaque"]
        assert db.scalars(sa.select(LaunchHandoff.launch_session_id).distinct()).all() == [None]
        assert {(row.reserved_until, row.reserved_by) for row in db.scalars(sa.select(Invitation))} <= {
            (None, None)
        }
        assert db.scalars(sa.select(RegistrationAttempt)).all() == []


def test_a_reservation_of_before_attempts_ends_by_itself(filled: Database) -> None:
    migrate(filled, "0009")
    insert(
        filled,
        "invitation",
        id=uuid.UUID(int=9),
        token_hash="0" * 64,
        created_at=utcnow(),
        expires_at=utcnow() + dt.timedelta(days=1),
        reserved_until=utcnow() + dt.timedelta(minutes=1),
    )
    migrate(filled)
    with pytest.raises(InvitationBusy), filled.transaction() as db:
        reserve(db, uuid.UUID(int=9), uuid.uuid4())
    with filled.transaction() as db:
        db.execute(sa.update(Invitation).values(reserved_until=utcnow() - dt.timedelta(seconds=1)))
        reserve(db, uuid.UUID(int=9), uuid.uuid4())


def test_a_downgrade_keeps_an_invitation_that_an_attempt_has_reserved(filled: Database) -> None:
    migrate(filled)
    with filled.transaction() as db:
        invitation, _ = invite(db)
        reserve(db, invitation.id, uuid.uuid4())
        db.add(
            RegistrationAttempt(
                id=uuid.uuid4(),
                secret_hash="0" * 64,
                invitation_id=invitation.id,
                platform_origin="https://lms.example",
                request=b"encrypted",
                language="en",
                reference="0a1b2c3d",
                expires_at=utcnow(),
            )
        )
    command.downgrade(_alembic(filled), "0009")
    assert "registration_attempt" not in reflected(filled)
    with filled.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM invitation WHERE reserved_until IS NOT NULL")) == 1


def test_a_launch_that_waited_for_its_tab_still_does(filled: Database) -> None:
    migrate(filled)
    with filled.reading() as db:
        waiting = db.scalars(sa.select(LaunchHandoff)).all()
    assert [(row.used_at, row.launch["subject"]) for row in waiting] == [(None, "marc")]
