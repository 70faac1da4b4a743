"""What every test can ask for: a tool with a real database of its own, its application and a client."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import Database
from lti_tool.translation import set_language

pytest_plugins = [
    "tests.memory",
    "tests.databases",
    "tests.made_once",
    "tests.skips",
    "tests.commands.running",
    "tests.lrs.fixtures",
    "tests.platform.fixtures",
    "tests.migrations.first_version",
    "tests.builder.fixtures",
    "tests.web.deep_linking.picking",
    "tests.web.visiting",
]

DAY = 86_400
NEARLY_MIDNIGHT = 10
"""How many seconds before midnight, UTC, the tests wait for it."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what was imported and collected: that took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


PLAIN_RENDERER = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback
)
"""structlog's own formatter of exceptions writes the variables of every frame, which takes seconds for each."""


@pytest.fixture(autouse=True)
def fresh_logging() -> None:
    """No test logs the way that another one has set up."""
    structlog.reset_defaults()
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN_RENDERER])


@pytest.fixture(autouse=True)
def fresh_language() -> None:
    """No test reads in the language of the last page that another one has asked for."""
    set_language("en")


@pytest.fixture(autouse=True)
def one_day() -> None:
    """No test begins just before midnight: what it writes on one day it would look for on the next."""
    left = DAY - time.time() % DAY
    if left < NEARLY_MIDNIGHT:
        time.sleep(left)


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """Settings of a tool at http://127.0.0.1:5000 that may call this machine."""
    return Config(
        base_url="http://127.0.0.1:5000",
        data_dir=tmp_path,
        database_url=database_url,
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
    )


@pytest.fixture
def services(config: Config, kept_databases: dict[str, Database]) -> Iterator[Services]:
    """A wired tool on a migrated database."""
    database = kept_databases.get(config.database_url) or Database(config.database_url)
    services = make_services(config, database=database)
    yield services
    # A reading of a key set behind a launch gives its connection back to the engine, which then can close it; a job
    # that was still running would write into the next test's database, and give back connections that nobody closes.
    give_up = time.monotonic() + 2.0
    while services.platform_keys.running and time.monotonic() < give_up:
        time.sleep(0.01)
    give_up = time.monotonic() + 10.0
    while time.monotonic() < give_up and any(
        thread.name.startswith("job-") for thread in threading.enumerate()
    ):
        time.sleep(0.01)
    services.http.close()
    services.guarded.close()
    if database.is_sqlite:
        database.dispose()  # the next test has another file; a server's connections know its tables, and stay


@pytest.fixture
def app(
    config: Config,
    services: Services,
    complete_applications: list[Flask],
) -> Flask:
    """The web application."""
    from lti_tool.app import create_app
    from tests.registered_blueprints import create_app_like

    if not complete_applications:
        complete_applications.append(create_app(config, services))
    application = create_app_like(complete_applications[0], config, services)
    vars(application)["jinja_env"] = complete_applications[0].jinja_env
    return application


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen, for the application."""
    return app.test_client()
