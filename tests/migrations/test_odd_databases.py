"""Databases of the first version that are not as its own tests had them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import Database
from lti_tool.identity.models import Membership, Organisation, Person
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.migrations import migrate
from tests.migrations.first_version import fill

Start = Callable[[], Services]


@pytest.fixture
def start(first_version: Database, config: Config) -> Iterator[Start]:
    """Bring the database up to date, once a test has changed it."""
    services = make_services(config)

    def bring_up_to_date() -> Services:
        prepare_to_serve(services)
        return services

    yield bring_up_to_date
    services.http.close()
    services.database.dispose()


def execute(database: Database, statement: str, **parameters: Any) -> None:
    with database.transaction() as db:
        changed = db.execute(sa.text(statement), parameters)
        assert changed.rowcount  # type: ignore[attr-defined]


def test_companies_that_share_a_registration_are_kept_apart(first_version: Database, start: Start) -> None:
    execute(first_version, "UPDATE deployment SET status = 'approved' WHERE deployment_id = 'tenant-b'")
    with start().database.reading() as db:
        names = db.execute(
            sa.select(Deployment.deployment_id, Organisation.name)
            .join(Organisation, Organisation.id == Deployment.organisation_id)
            .join(Registration, Registration.id == Deployment.registration_id)
            .where(Registration.issuer == "https://canvas.instructure.com")
        ).all()
    assert len(names) == 2
    assert {name for _, name in names} == {"canvas.instructure.com", "canvas.instructure.com (2)"}


def test_hosts_that_a_vendors_registration_has_named_still_get_tokens(
    first_version: Database, start: Start
) -> None:
    execute(
        first_version,
        "UPDATE registration SET jwks_url = 'https://sso.canvaslms.com/api/lti/security/jwks'"
        " WHERE issuer = 'https://lms.example'",
    )
    execute(
        first_version,
        "UPDATE course SET roster_url = 'https://school.instructure.com/api/lti/courses/1/names_and_roles'"
        " WHERE deployment_id = (SELECT id FROM deployment WHERE deployment_id = '1')",
    )
    with start().database.reading() as db:
        hosts = db.scalars(
            sa.select(Registration.service_hosts).where(Registration.issuer == "https://lms.example")
        ).one()
    assert "school.instructure.com" in hosts


def test_an_event_recorded_by_a_clock_that_was_behind_stays_in_its_place(
    first_version: Database, start: Start
) -> None:
    """A signature was recorded after its pair was formed, whatever the clock of its process said."""
    execute(first_version, "UPDATE fact SET at = '2020-01-01 00:00:00+00:00' WHERE kind = 'AgreementSigned'")
    services = start()
    assert [each.name for each in check_projections(services) if not each.identical] == []
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(PairCounters))


def test_a_launch_is_known_in_a_course_whose_roster_was_never_read(
    first_version: Database, start: Start
) -> None:
    """Nothing but the person's own launch can have written the membership."""
    execute(first_version, "UPDATE course SET roster_read_at = NULL")
    execute(first_version, "DELETE FROM launch_session")
    with start().database.reading() as db:
        found = db.execute(
            sa.select(Person.name, Membership.launched_at, Membership.listed_at).join(
                Person, Person.id == Membership.person_id
            )
        ).all()
    assert any(launched_at for _, launched_at, _ in found)
    assert not any(listed_at for _, _, listed_at in found)


def test_references_that_were_broken_before_are_named(tmp_path: Path) -> None:
    """SQLite's own shell does not check references."""
    path = tmp_path / "tandem.db"
    database = Database(f"sqlite:///{path}")
    fill(database)
    database.dispose()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM person")
    connection.commit()
    connection.close()
    with pytest.raises(RuntimeError, match="refers to rows that do not exist"):
        migrate(database)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert connection.execute("SELECT count(*) FROM fact").fetchone()[0]
    connection.close()
    database.dispose()
