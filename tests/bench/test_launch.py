"""The measure of launches is of people who come back, as its words have it."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contenders import fill, subject
from bench.driving import SERVICES
from lti_tool.composition.services import Services
from lti_tool.web.launch import opening_session
from tests.platform.keyset_server import KeysetServer
from tests.platform.platform import Browser, Platform


def launch(platform: Platform, browser: Browser, number: int) -> None:
    """Have a person of the bench launch."""
    login = platform.begin(browser)
    name = subject(number)
    token = platform.token(login.nonce, sub=name, name=f"Person {name}", **SERVICES)
    assert browser.launch(login.state, token).status_code == 303


def test_launches_after_the_first_tell_nothing_new(
    services: Services, keysets: KeysetServer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(keysets)
    fill(services.database, platform, 3)
    # The first one names the services of the course and of its activity.
    launch(platform, browser, 0)
    written: list[Any] = []
    monkeypatch.setattr(opening_session, "persist_launch", lambda *args, **_more: written.append(args))
    for number in (0, 1, 2):
        launch(platform, browser, number)
    assert written == []
