"""The bounds at full size, every request real. On SQLite alone: counting has nothing to do with the database."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from lti_tool.lti.errors import TooManyLogins
from lti_tool.web.rate_limits import LIMITS
from tests.platform.platform import Browser, Platform
from tests.web.clients import ATTACKER, OFFICE, coming_from, launch, login

pytestmark = pytest.mark.sqlite_alone

NewBrowser = Callable[..., Browser]


def test_three_thousand_people_behind_one_address_are_not_refused(
    platform: Platform, new_browser: NewBrowser
) -> None:
    """All in the time that it takes here, much less than five minutes; the browser of each tenth keeps no cookie."""
    statuses: dict[int, int] = {}
    for number in range(3_000):
        without_cookies = number % 10 == 0
        browser = new_browser(cookies=not without_cookies)
        answer = launch(browser, platform, OFFICE, subject=f"person-{number}")
        if without_cookies:
            found = re.search(r'href="(/lti/continue/[^"]+)"', answer.text)
            assert found
            assert browser.get(found[1], **coming_from(OFFICE)).status_code == 200
            answer = browser.post(found[1], **coming_from(OFFICE))
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    assert statuses == {303: 3_000}


def test_a_flood_that_names_a_tenant_refuses_nobody_of_it_at_another_address(
    platform: Platform, other_tenant: Platform, new_browser: NewBrowser
) -> None:
    attacker = new_browser(cookies=False)
    for _ in range(LIMITS[TooManyLogins].amount):
        login(attacker, platform, ATTACKER)
    assert login(attacker, platform, ATTACKER).status_code == 429
    assert launch(new_browser(), platform, OFFICE).status_code == 303
    # Nor another tenant's people, where the flood comes from.
    assert launch(new_browser(), other_tenant, ATTACKER).status_code == 303
