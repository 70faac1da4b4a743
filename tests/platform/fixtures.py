"""Fixtures for launching: a platform that may lie, and browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from lti_tool.composition.services import Services
from tests.platform.keys import key
from tests.platform.keyset_server import KeysetServer
from tests.platform.platform import Browser, Platform


@pytest.fixture(scope="session")
def keysets() -> Iterator[KeysetServer]:
    """A server for the key sets of every platform of this process."""
    with KeysetServer() as server:
        yield server


@pytest.fixture
def platform(keysets: KeysetServer, services: Services) -> Platform:
    """A registered platform with one approved deployment."""
    platform = Platform(keysets)
    platform.register(services.database)
    return platform


@pytest.fixture
def other_tenant(keysets: KeysetServer, services: Services) -> Platform:
    """A second registration of the same issuer, with a deployment of its own."""
    tenant = Platform(keysets, client_id="client-2", deployment_id="deployment-2", key=key(owner="tenant"))
    tenant.register(services.database)
    return tenant


@pytest.fixture
def other_platform(keysets: KeysetServer, services: Services) -> Platform:
    """A platform of another issuer."""
    other = Platform(
        keysets,
        issuer="https://other.example",
        client_id="client-3",
        key=key("key-3", owner="other platform"),
    )
    other.register(services.database)
    return other


@pytest.fixture
def new_browser(app: Flask) -> Callable[..., Browser]:
    """Makes browsers: ``new_browser(cookies=False)`` for one that refuses every cookie."""

    def make(*, cookies: bool = True) -> Browser:
        return Browser(app, cookies=cookies)

    return make


@pytest.fixture
def browser(new_browser: Callable[..., Browser]) -> Browser:
    """Somebody's browser."""
    return new_browser()
