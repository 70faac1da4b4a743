"""Setting, changing and removing a record store is an event of every organisation whose statements it concerns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity import organisations
from lti_tool.identity.models import Organisation
from tests.builder import add_registration
from tests.commands.running import Run

SECRETS = ("sécret", "someone")


@pytest.fixture
def lrs(run: Run) -> Run:
    """Run a command of ``tandem lrs``."""
    return lambda *words: run("lrs", *words)


@pytest.fixture
def set_store(lrs: Run, tmp_path: Path) -> Run:
    """``tandem lrs set``, at an address where none answers."""
    password = tmp_path / "password.txt"
    password.write_text("sécret\n", encoding="utf-8")
    credentials = ("--username", "someone", "--password-file", str(password))
    return lambda path, *words: lrs("set", "--endpoint", f"http://127.0.0.1:9/{path}", *credentials, *words)


@pytest.fixture
def companies(services: Services) -> tuple[str, str]:
    with services.database.transaction() as db:
        return tuple(organisations.add(db, name).name for name in ("First", "Second"))  # type: ignore[return-value]


def recorded(services: Services) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Kind, organisation, who acted and details, without the store's id."""
    with services.database.reading() as db:
        rows = db.execute(
            sa.select(EventRow, Organisation.name)
            .join(Organisation, Organisation.id == EventRow.organisation_id)
            .where(EventRow.kind.startswith("RecordStore"))
            .order_by(EventRow.sequence)
        ).all()
        audited = set(db.scalars(sa.select(AuditEntry.event_id)))
    assert {row.id for row, _ in rows} <= audited
    assert not any(
        secret in json.dumps(row.details, ensure_ascii=False) for row, _ in rows for secret in SECRETS
    )
    return [
        (
            row.kind,
            name,
            row.acted_by_kind,
            {key: value for key, value in row.details.items() if key != "record_store_id"},
        )
        for row, name in rows
    ]


def details(path: str, **others: object) -> dict[str, Any]:
    return {
        "store_name": "primary",
        "endpoint": f"http://127.0.0.1:9/{path}",
        "of_installation": False,
        "registration_id": None,
        **others,
    }


def test_an_organisations_store_is_recorded_from_its_setting_to_its_removal(
    services: Services, lrs: Run, set_store: Run, companies: tuple[str, str]
) -> None:
    for path in ("one", "two"):
        assert set_store(path, "--organisation", "First").exit_code == 0
    assert lrs("remove", "primary", "--organisation", "First", "--yes").exit_code == 0
    assert recorded(services) == [
        ("RecordStoreSet", "First", "operator", details("one")),
        (
            "RecordStoreChanged",
            "First",
            "operator",
            details("two", former_endpoint="http://127.0.0.1:9/one"),
        ),
        ("RecordStoreRemoved", "First", "operator", details("two")),
    ]


def test_the_installations_store_is_recorded_for_those_that_have_none_of_their_own(
    services: Services, lrs: Run, set_store: Run, companies: tuple[str, str]
) -> None:
    set_store("own", "--organisation", "Second")
    set_store("everybodys")
    set_store("copies", "--name", "copy")
    lrs("remove", "copy", "--yes")
    assert [(kind, name, values["endpoint"]) for kind, name, _, values in recorded(services)] == [
        ("RecordStoreSet", "Second", "http://127.0.0.1:9/own"),
        ("RecordStoreSet", "First", "http://127.0.0.1:9/everybodys"),
        ("RecordStoreSet", "First", "http://127.0.0.1:9/copies"),
        ("RecordStoreRemoved", "First", "http://127.0.0.1:9/copies"),
    ]
    assert recorded(services)[1][3]["of_installation"] is True


def test_the_installations_store_does_not_concern_who_has_one_for_a_platform_alone(
    services: Services, set_store: Run, companies: tuple[str, str]
) -> None:
    with services.database.transaction() as db:
        registration, _ = add_registration(db, organisations.find(db, "Second"))
        registration_id = str(registration.id)
    set_store("own", "--registration", registration_id)
    set_store("everybodys")
    assert [(name, values["endpoint"]) for _, name, _, values in recorded(services)] == [
        ("Second", "http://127.0.0.1:9/own"),
        ("First", "http://127.0.0.1:9/everybodys"),
    ]


def test_what_is_refused_leaves_no_event(
    services: Services, lrs: Run, set_store: Run, companies: tuple[str, str]
) -> None:
    assert set_store("copies", "--name", "copy", "--organisation", "First").exit_code == 1
    assert lrs("remove", "primary", "--organisation", "First").exit_code == 2
    assert recorded(services) == []


def test_a_replay_reads_these_events(
    services: Services, run: Run, lrs: Run, set_store: Run, companies: tuple[str, str]
) -> None:
    for path in ("one", "two"):
        set_store(path, "--organisation", "First")
    lrs("remove", "primary", "--organisation", "First", "--yes")
    answer = run("events", "replay", "--check", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["identical"]) == (0, True)
