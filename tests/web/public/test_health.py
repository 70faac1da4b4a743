"""``/healthz`` and ``/readyz``: what a load balancer asks before it sends people here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lti_tool.app import create_app
from lti_tool.composition.services import make_services
from lti_tool.config import Config


def client_of(config: Config, database_url: str) -> Iterator[FlaskClient]:
    services = make_services(dataclasses.replace(config, database_url=database_url))
    yield create_app(services.config, services).test_client()
    services.http.close()
    services.database.dispose()


@pytest.fixture
def unmigrated(config: Config, empty_database_url: str) -> Iterator[FlaskClient]:
    """The tool on a database that nobody has migrated."""
    yield from client_of(config, empty_database_url)


@pytest.fixture
def cut_off(config: Config, tmp_path: Path) -> Iterator[FlaskClient]:
    """The tool on a database that does not answer."""
    yield from client_of(config, f"sqlite:///{tmp_path / 'nowhere' / 'tandem.db'}")


def test_healthz_answers_in_a_process_that_serves(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_healthz_answers_without_a_database(cut_off):
    assert cut_off.get("/healthz").status_code == 200


def test_a_migrated_database_is_ready(client):
    assert client.get("/readyz").json == {"status": "ok", "database": "ok"}


def test_a_database_that_is_not_migrated_is_not_ready(unmigrated):
    answer = unmigrated.get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "needs `tandem migrate`")


def test_a_database_that_does_not_answer_is_not_ready(cut_off):
    answer = cut_off.get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "unreachable")


def test_a_page_that_needs_the_database_fails_in_words(cut_off):
    answer = cut_off.get("/setup?invite=x", headers={"Accept-Language": "fr"})
    assert answer.status_code == 500
    assert "Un incident s’est produit de notre côté" in answer.text
