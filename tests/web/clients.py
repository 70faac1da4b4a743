"""Requests of many clients, as the proxy in front of the tool passes them on, and how many of them were counted."""

from __future__ import annotations

import re
import uuid

from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.lti.errors import TooManyRequests
from lti_tool.web.rate_limits import LIMITS, WITHOUT_REGISTRATION, RateLimits
from tests.platform.platform import Browser, Platform

OFFICE, HOME, ATTACKER = "203.0.113.9", "198.51.100.7", "192.0.2.66"
"""Addresses of clients, as the proxy on this machine names them."""


def coming_from(client: str) -> dict[str, dict[str, str]]:
    """The options of a request that the proxy passes on for this client."""
    return {"headers": {"X-Forwarded-For": client}}


def login(browser: Browser, platform: Platform, client: str, **changes: str) -> TestResponse:
    parameters = platform.login_parameters(**changes)
    return browser.get("/lti/login", query_string=parameters, **coming_from(client))


def launch(browser: Browser, platform: Platform, client: str, *, subject: str = "person-1") -> TestResponse:
    """A login and a launch of one person."""
    begun = login(browser, platform, client)
    assert begun.status_code == 302, begun.text
    state, nonce = (
        re.search(rf"[?&]{name}=([^&]+)", begun.headers["Location"]) for name in ("state", "nonce")
    )
    assert state
    assert nonce
    form = {"state": state[1], "id_token": platform.token(nonce[1], sub=subject)}
    return browser.post("/lti/launch", data=form, **coming_from(client))


def limits_of(app: Flask) -> RateLimits:
    found: RateLimits = app.extensions["tandem_rate_limits"]
    return found


def use_up(
    app: Flask, refusal: type[TooManyRequests], client: str, registration: uuid.UUID | None = None
) -> None:
    """Count as many requests as are let in, as the requests themselves would be."""
    items = WITHOUT_REGISTRATION if registration is None and refusal in WITHOUT_REGISTRATION else LIMITS
    counted = (client,) if registration is None else (client, registration.hex)
    for _ in range(items[refusal].amount):
        assert limits_of(app).hit(items[refusal], *counted) is None


def counted(app: Flask, refusal: type[TooManyRequests], *key: str) -> int:
    item = LIMITS[refusal]
    return limits_of(app)._own.storage.get(item.key_for(*key))


def use_up_rest(app: Flask, refusal: type[TooManyRequests], client: str, registration: uuid.UUID) -> None:
    while limits_of(app).hit(LIMITS[refusal], client, registration.hex) is None:
        pass
