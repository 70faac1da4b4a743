"""How many requests one client and one registration may send, on real requests."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.lti import refusal_log
from lti_tool.lti.errors import (
    TooManyConfirmations,
    TooManyLaunches,
    TooManyLogins,
    TooManyRegistrationRequests,
    TooManyRequests,
    TooManyUnknownPages,
    TooManyVerifiedLaunches,
)
from lti_tool.lti.launch.models import UsedNonce
from lti_tool.lti.models import Refusal
from lti_tool.web.rate_limits import LIMITS
from tests.certification.verdicts import refusals
from tests.platform.platform import TOOL, Browser, Platform
from tests.sql_counter import counting
from tests.web.clients import (
    ATTACKER,
    HOME,
    OFFICE,
    coming_from,
    counted,
    launch,
    limits_of,
    login,
    use_up,
    use_up_rest,
)

NewBrowser = Callable[..., Browser]


def test_forged_launches_that_name_a_tenant_refuse_nobody_of_it_at_another_address(
    app: Flask, services: Services, platform: Platform, browser: Browser
) -> None:
    begun = platform.begin(browser)
    forged = platform.token(begun.nonce)[:-6] + "AAAAAA"
    for _ in range(20):
        form = {"state": begun.state, "id_token": forged}
        assert browser.post("/lti/launch", data=form, **coming_from(ATTACKER)).status_code == 403
    use_up_rest(app, TooManyLaunches, ATTACKER, platform.registration_id)
    assert browser.post("/lti/launch", data=form, **coming_from(ATTACKER)).status_code == 429
    assert counted(app, TooManyVerifiedLaunches, platform.registration_id.hex) == 0
    assert launch(browser, platform, OFFICE).status_code == 303
    assert counted(app, TooManyVerifiedLaunches, platform.registration_id.hex) == 1


ANONYMOUS: dict[str, tuple[type[TooManyRequests], bool, Callable[[Browser, Platform, str], TestResponse]]] = {
    "a login": (TooManyLogins, True, login),
    "a login by POST": (
        TooManyLogins,
        True,
        lambda browser, platform, client: browser.post(
            "/lti/login", data=platform.login_parameters(), **coming_from(client)
        ),
    ),
    "a login without parameters": (
        TooManyLogins,
        False,
        lambda browser, platform, client: browser.get("/lti/login", **coming_from(client)),
    ),
    "a login of an unknown issuer": (
        TooManyLogins,
        False,
        lambda browser, platform, client: login(browser, platform, client, iss="https://nobody.example"),
    ),
    "a launch without a token": (
        TooManyLaunches,
        False,
        lambda browser, platform, client: browser.post("/lti/launch", **coming_from(client)),
    ),
    "a launch with a made-up state": (
        TooManyLaunches,
        False,
        lambda browser, platform, client: browser.post(
            "/lti/launch",
            data={"state": str(uuid.uuid4()), "id_token": "a.b.c"},
            **coming_from(client),
        ),
    ),
    "a launch that is too large": (
        TooManyLaunches,
        False,
        lambda browser, platform, client: browser.post(
            "/lti/launch", data={"state": "x" * 600_000}, **coming_from(client)
        ),
    ),
    "a new tab": (
        TooManyConfirmations,
        False,
        lambda browser, platform, client: browser.get("/lti/continue/made-up", **coming_from(client)),
    ),
    "a confirmation": (
        TooManyConfirmations,
        False,
        lambda browser, platform, client: browser.post("/lti/continue/made-up", **coming_from(client)),
    ),
    "a proof that the platform kept": (
        TooManyConfirmations,
        False,
        lambda browser, platform, client: browser.post(
            "/lti/continue/made-up/stored-proof", **coming_from(client)
        ),
    ),
    "an invitation": (
        TooManyRegistrationRequests,
        False,
        lambda browser, platform, client: browser.get("/setup?invite=made-up", **coming_from(client)),
    ),
    "a registration": (
        TooManyRegistrationRequests,
        False,
        lambda browser, platform, client: browser.get("/lti/register", **coming_from(client)),
    ),
    "a registration by POST": (
        TooManyRegistrationRequests,
        False,
        lambda browser, platform, client: browser.post("/lti/register", **coming_from(client)),
    ),
    "a page of nobody": (
        TooManyUnknownPages,
        False,
        lambda browser, platform, client: browser.get(f"/l/{uuid.uuid4()}/", **coming_from(client)),
    ),
}
"""What anybody may send: how too many are refused, and whether it is for a registration."""


@pytest.fixture(params=ANONYMOUS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def flood(app: Flask, platform: Platform, browser: Browser, kind: str) -> Callable[[str], TestResponse]:
    """Use up what one address may send of a kind; what sends one more."""
    refusal, is_named, send = ANONYMOUS[kind]
    use_up(app, refusal, ATTACKER, platform.registration_id if is_named else None)
    return lambda client: send(browser, platform, client)


def test_too_many_are_refused_until_the_window_ends(
    app: Flask, platform: Platform, browser: Browser, kind: str
) -> None:
    send = flood(app, platform, browser, kind)
    refused = send(ATTACKER)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=61)):
        assert send(ATTACKER).status_code != 429


def test_too_many_of_one_address_are_not_too_many_of_another(
    app: Flask, platform: Platform, browser: Browser, kind: str
) -> None:
    send = flood(app, platform, browser, kind)
    assert send(ATTACKER).status_code == 429
    assert send(HOME).status_code != 429


def test_a_flood_writes_one_row_and_every_refusal_is_counted(
    app: Flask,
    services: Services,
    platform: Platform,
    browser: Browser,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = flood(app, platform, browser, kind)
    refusal = ANONYMOUS[kind][0]
    with counting(services.database) as counter, capture_logs() as logged:
        pages = {reference(send(ATTACKER)) for _ in range(100)}
    written = [statement for statement in counter.statements if not statement.startswith("SELECT")]
    assert len(written) == 1, counter
    assert [line["client"] for line in logged if line["event"] == "refused"] == [ATTACKER]
    [row] = refusals(services)
    assert (row.step, row.reason, row.count) == (refusal.step, refusal.reason, 1)
    # All pages of those seconds show the reference that the log and the row have.
    assert pages == {row.reference}
    monkeypatch.setattr(refusal_log, "WRITTEN_EVERY", 0.0)
    send(ATTACKER)
    [row] = refusals(services)
    assert row.count == 101
    assert ATTACKER not in (row.detail, row.issuer, row.client_id)


def reference(refused: TestResponse) -> str:
    assert refused.status_code == 429
    found = re.search(r'class="reference">([0-9a-f]+)<', refused.text)
    assert found, refused.text
    return found[1]


def test_what_a_flood_left_to_write_is_written_by_the_next_login_of_anybody(
    app: Flask, services: Services, platform: Platform, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = flood(app, platform, browser, "an invitation")
    monkeypatch.setattr(refusal_log, "WRITTEN_EVERY", 10.0)
    for _ in range(5):
        send(ATTACKER)
    login(browser, platform, HOME)
    assert [row.count for row in refusals(services)] == [1]
    frequent = services.frequent_refusals
    assert frequent._due_at is not None
    frequent._due_at -= 10.0
    login(browser, platform, HOME)
    assert [row.count for row in refusals(services)] == [5]


def test_what_a_flood_left_to_write_is_written_when_the_process_ends(
    app: Flask, services: Services, platform: Platform, browser: Browser
) -> None:
    send = flood(app, platform, browser, "a login")
    for _ in range(5):
        send(ATTACKER)
    services.frequent_refusals.write_all()
    [row] = refusals(services)
    assert (row.count, row.issuer, row.client_id) == (5, platform.issuer, platform.client_id)


def test_a_database_that_is_down_refuses_in_the_same_words(
    app: Flask, platform: Platform, browser: Browser, lost_table: Callable[[str], None]
) -> None:
    lost_table("refusal")
    assert reference(flood(app, platform, browser, "a login")(ATTACKER))


WORDS = {
    "en": ("Too many requests", "Wait a minute", "from your course"),
    "fr": ("Trop de demandes", "Patientez une minute", "depuis votre cours"),
}


@pytest.mark.parametrize("language", WORDS)
def test_the_page_says_in_the_person_s_language_what_happened_and_what_to_do(
    app: Flask, platform: Platform, browser: Browser, language: str
) -> None:
    use_up(app, TooManyLogins, OFFICE, platform.registration_id)
    page = browser.get(
        "/lti/login",
        query_string=platform.login_parameters(),
        headers={"X-Forwarded-For": OFFICE, "Accept-Language": language},
    )
    assert page.status_code == 429
    assert [words for words in WORDS[language] if words not in page.text] == []


def test_an_administrator_is_not_sent_to_a_course(app: Flask, platform: Platform, browser: Browser) -> None:
    page = flood(app, platform, browser, "an invitation")(ATTACKER)
    assert WORDS["en"][0] in page.text
    assert WORDS["en"][2] not in page.text


def test_the_refusal_of_a_launch_is_shown_in_the_platform_s_frame(
    app: Flask, platform: Platform, browser: Browser
) -> None:
    policy = flood(app, platform, browser, "a login")(ATTACKER).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' *" in policy


# What a signature has proved


@pytest.fixture
def too_many_verified(app: Flask, platform: Platform, browser: Browser) -> Iterator[None]:
    """As many launches of the registration as are let in, the last one real."""
    item = LIMITS[TooManyVerifiedLaunches]
    for _ in range(item.amount):
        assert limits_of(app).hit(item, platform.registration_id.hex) is None
    assert launch(browser, platform, HOME).status_code == 303
    return


@pytest.mark.usefixtures("too_many_verified")
def test_verified_launches_count_against_their_registration_at_whatever_address(
    services: Services, platform: Platform, other_tenant: Platform, new_browser: NewBrowser
) -> None:
    refused = launch(new_browser(), platform, OFFICE)
    assert refused.status_code == 429
    [row] = refusals(services)
    assert (row.reason, row.client_id) == ("too_many_verified_launches", platform.client_id)
    assert launch(new_browser(), other_tenant, OFFICE).status_code == 303


@pytest.mark.usefixtures("too_many_verified")
def test_a_verified_launch_that_was_refused_for_their_number_uses_its_state_up(
    app: Flask, services: Services, platform: Platform, browser: Browser
) -> None:
    begun = platform.begin(browser)
    token = platform.token(begun.nonce)
    with services.database.reading() as db:
        used = db.scalar(sa.select(sa.func.count()).select_from(UsedNonce))
    for _ in range(2):
        assert browser.launch(begun.state, token).status_code == 429
        with services.database.reading() as db:
            assert db.scalar(sa.select(sa.func.count()).select_from(UsedNonce)) == (used or 0) + 1
    limits_of(app)._exhausted.clear()
    assert browser.launch(begun.state, token).status_code == 403


@pytest.mark.parametrize("is_malformed", [False, True])
def test_a_launch_too_many_of_its_browser_uses_its_state_up_and_repeated_writes_nothing(
    app: Flask, services: Services, platform: Platform, browser: Browser, is_malformed: bool
) -> None:
    begun = platform.begin(browser)
    token = platform.token(begun.nonce)
    use_up(app, TooManyLaunches, ATTACKER, None if is_malformed else platform.registration_id)
    form = {"state": begun.state} if is_malformed else {"state": begun.state, "id_token": token}
    assert browser.post("/lti/launch", data=form, **coming_from(ATTACKER)).status_code == 429
    with counting(services.database) as counter:
        for _ in range(9):
            assert browser.post("/lti/launch", data=form, **coming_from(ATTACKER)).status_code == 429
    assert [statement for statement in counter.statements if not statement.startswith("SELECT")] == []
    refused = browser.post("/lti/launch", data={"state": begun.state, "id_token": token}, **coming_from(HOME))
    assert refused.status_code == 403
    assert refusals(services)[-1].reason == "state_used"


def test_a_launch_that_is_repeated_counts_once(app: Flask, platform: Platform, browser: Browser) -> None:
    begun = platform.begin(browser)
    token = platform.token(begun.nonce)
    statuses = [browser.launch(begun.state, token).status_code for _ in range(10)]
    assert statuses == [303] + [403] * 9
    assert counted(app, TooManyVerifiedLaunches, platform.registration_id.hex) == 1


def test_a_launch_in_a_new_tab_counts_once(app: Flask, platform: Platform, new_browser: NewBrowser) -> None:
    browser = new_browser(cookies=False)
    found = re.search(r'href="(/lti/continue/[^"]+)"', launch(browser, platform, HOME).text)
    assert found
    assert browser.post(found[1]).status_code == 303
    assert counted(app, TooManyVerifiedLaunches, platform.registration_id.hex) == 1


# Whose request it is


def test_a_header_that_the_client_wrote_itself_changes_nothing(
    app: Flask, platform: Platform, browser: Browser
) -> None:
    """The proxy adds the true address at the end."""
    use_up(app, TooManyLogins, ATTACKER, platform.registration_id)
    for made_up in (OFFICE, "127.0.0.1", f"{OFFICE}, 127.0.0.1", "nonsense"):
        assert login(browser, platform, f"{made_up}, {ATTACKER}").status_code == 429


def test_a_header_without_a_trusted_proxy_changes_nothing(app: Flask, platform: Platform) -> None:
    use_up(app, TooManyLogins, ATTACKER, platform.registration_id)
    client = app.test_client()
    answer = client.get(
        "/lti/login",
        query_string=platform.login_parameters(),
        base_url=TOOL,
        environ_base={"REMOTE_ADDR": ATTACKER},
        **coming_from(HOME),
    )
    assert answer.status_code == 429


def test_the_addresses_of_one_ipv6_network_are_one_client(
    app: Flask, platform: Platform, browser: Browser
) -> None:
    use_up(app, TooManyLogins, "2001:db8:1:2::/64", platform.registration_id)
    assert login(browser, platform, "2001:db8:1:2:3:4:5:6").status_code == 429
    assert login(browser, platform, "2001:db8:1:3:3:4:5:6").status_code == 302


def test_no_table_grows_with_anonymous_requests(
    services: Services, platform: Platform, new_browser: NewBrowser
) -> None:
    """But for the hour's row of each reason."""
    for _turn in range(3):
        for _refusal, _named, send in ANONYMOUS.values():
            send(new_browser(cookies=False), platform, ATTACKER)
    with services.database.reading() as db:
        hours = db.scalars(sa.select(Refusal.first_at)).all()
        reasons = db.scalars(sa.select(Refusal.reason).distinct()).all()
    assert len(hours) <= 2 * len(reasons)  # the hour may have changed meanwhile
