"""What a test asks for by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from lti_tool.composition.services import Services
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from tests.builder.build import Builder
from tests.builder.connected import Connected, KeptConnection, connect
from tests.builder.situations import KEPT_SITUATIONS
from tests.builder.snapshot import Snapshot, is_empty
from tests.builder.world import World


@pytest.fixture(autouse=True, scope="session")
def shared_situations(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A situation that one process of this run has built is copied by the others."""
    own = tmp_path_factory.getbasetemp()
    KEPT_SITUATIONS.folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def build(services: Services) -> Builder:
    """The builder of test data, in an empty database."""
    return Builder(services)


@pytest.fixture(scope="session")
def built_worlds() -> dict[str, tuple[World, Snapshot]]:
    """The world of each kind of database, as a test built it last in an empty one."""
    return {}


@pytest.fixture
def world(build: Builder, built_worlds: dict[str, tuple[World, Snapshot]]) -> World:
    """A world under the demo template: the agreement and one confirmed session complete it."""
    database = build.services.database
    kind = database.engine.dialect.name
    if not is_empty(database):
        return build.world()
    if kind not in built_worlds or not built_worlds[kind][1].is_fresh:
        built = build.world()
        built_worlds[kind] = (built, Snapshot.of(database))
        return built
    built, snapshot = built_worlds[kind]
    snapshot.restore(database)
    return built.by(build)


@pytest.fixture
def lms(tmp_path: Path) -> Iterator[RunningLms]:
    """A strict LMS with Moodle's rules."""
    with RunningLms(LmsSettings(data_dir=tmp_path / "lms", port=0)) as running:
        yield running


@pytest.fixture
def canvas(tmp_path: Path) -> Iterator[RunningLms]:
    """A strict LMS with Canvas's rules."""
    settings = LmsSettings(
        data_dir=tmp_path / "canvas", port=0, grade_rules="canvas", product_family_code="canvas"
    )
    with RunningLms(settings) as running:
        yield running


@pytest.fixture(scope="session")
def kept_connections() -> dict[tuple[str, str, str], KeptConnection]:
    """What each kind of database held with an LMS of each kind, as a test connected them last."""
    return {}


@pytest.fixture
def connected(
    services: Services,
    lms: RunningLms,
    httpserver: HTTPServer,
    kept_connections: dict[tuple[str, str, str], KeptConnection],
) -> Connected:
    """The tool and the LMS with Moodle's rules."""
    database = services.database
    key = (database.engine.dialect.name, lms.settings.grade_rules, lms.settings.product_family_code)
    if not is_empty(database):
        return connect(services, lms, httpserver)
    if key not in kept_connections or not kept_connections[key].snapshot.is_fresh:
        connected = connect(services, lms, httpserver)
        kept_connections[key] = KeptConnection.of(connected)
        return connected
    return kept_connections[key].connect(services, lms, httpserver)
