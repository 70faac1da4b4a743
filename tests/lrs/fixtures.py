"""Fixtures: one Ralph and one strict LRS for a whole test run (for each worker under pytest-xdist)."""

import shutil
from collections.abc import Iterator

import pytest

from tests.lrs.processes import RunningLRS, node_is_ready, start_ralph, start_strict_lrs

NO_NODE = "Node.js is not installed: apt install nodejs npm"
NO_PACKAGES = "the packages of tests/node are not installed: run `make node`"


@pytest.fixture(scope="session")
def ralph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLRS]:
    """Ralph, empty at the start of the run: lenient, 204 to a repeat, no voided statements, no /about."""
    lrs = start_ralph(tmp_path_factory.mktemp("ralph"))
    yield lrs
    lrs.stop()


@pytest.fixture(scope="session")
def node() -> None:
    """Needs Node and the packages of tests/node; the only thing whose absence skips a test."""
    if not node_is_ready():
        pytest.skip(NO_PACKAGES if shutil.which("node") else NO_NODE)


@pytest.fixture(scope="session")
def strict_lrs(node: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLRS]:
    """Learning Locker's xapi-statements, empty at the start of the run: everything is validated."""
    lrs = start_strict_lrs(tmp_path_factory.mktemp("strict-lrs"))
    yield lrs
    lrs.stop()
