"""The tables of forms, added to a database that is in use."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from flask import Flask

from lti_tool.app import create_app
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import Database
from lti_tool.lti.forms.models import FormSubmission
from lti_tool.migrations import _alembic, migrate
from tests.migrations.first_version import NOTES
from tests.migrations.revisions import revision_before

TABLES = {"form_submission", "kept_form"}


def before_forms(database: Database) -> str:
    """The revision to which the tables are added."""
    return revision_before(database, "0008")


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has, but those of the migration and of its own bookkeeping."""
    names = set(sa.inspect(database.engine).get_table_names()) - TABLES - {"alembic_version"}
    with database.reading() as db:
        return {name: db.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names}


def test_the_upgrade_adds_two_empty_tables_and_keeps_every_row(first_version):
    migrate(first_version, before_forms(first_version))
    before = rows(first_version)
    assert before["person"] > 0
    migrate(first_version, "0008")
    assert rows(first_version) == before
    assert set(sa.inspect(first_version.engine).get_table_names()) >= TABLES


def test_the_downgrade_takes_them_away_again(first_version):
    migrate(first_version, "0008")
    before = rows(first_version)
    command.downgrade(_alembic(first_version), before_forms(first_version))
    assert rows(first_version) == before
    assert not TABLES & set(sa.inspect(first_version.engine).get_table_names())


@pytest.fixture
def app(first_version: Database, config: Config) -> Iterator[Flask]:
    """The application on a database of the first version."""
    services = make_services(config)
    prepare_to_serve(services)
    yield create_app(config, services)
    services.http.close()
    services.database.dispose()


def test_a_session_of_before_sends_a_form(app):
    services: Services = app.extensions["tandem"]
    home = f"/l/{NOTES['sessions']['paul']}.{NOTES['session_secret']}/"
    client = app.test_client()
    page = client.get(f"{home}objectives").text
    fields = dict(re.findall(r'name="(csrf_token|form_key)" value="([^"]+)"', page))
    answer = client.post(
        f"{home}objectives", data={**fields, "title": "Lire un bilan", "direction": "mentor"}
    )
    assert answer.status_code == 302, answer.text
    with services.database.reading() as db:
        assert db.scalars(sa.select(FormSubmission.message)).all() == ["objective_proposed"]
