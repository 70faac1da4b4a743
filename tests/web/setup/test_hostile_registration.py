"""Registrations that must be refused, each with its recorded reason, and with nothing stored."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from werkzeug import Response

from lti_tool.composition import transaction as composition
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.models import Refusal
from lti_tool.lti.registration.invitations import (
    RESERVED_FOR,
    InvitationBusy,
    open_invitation,
    reserve,
)
from lti_tool.lti.registration.models import Invitation, Registration
from lti_tool.lti.registration.registrations import NewRegistration, add
from tests.web.setup.conftest import (
    PLATFORM_CLAIM,
    TOOL_CLAIM,
    Administrator,
    FakePlatform,
    follow_to_the_end,
)

ELSEWHERE = "http://evil.example.org"


def reason(administrator: Administrator) -> str:
    [(step, recorded)] = administrator.reasons()
    assert step == "registration"
    return recorded


# The configuration's address


@pytest.mark.parametrize(
    ("address", "recorded"),
    [
        ("http://lms.example.org/configuration", "configuration_address_forbidden"),
        ("https://localhost/configuration", "configuration_address_forbidden"),
        ("https://127.0.0.1:5001/configuration", "configuration_address_forbidden"),
        ("https://169.254.169.254/latest/meta-data", "configuration_address_forbidden"),
        ("https://[::1]/configuration", "configuration_address_forbidden"),
        ("https://[::ffff:10.0.0.1]/configuration", "configuration_address_forbidden"),
        ("https://2130706433/configuration", "configuration_address_forbidden"),
        ("https://0/configuration", "configuration_address_forbidden"),
        ("file:///etc/passwd", "registration_request_malformed"),
        ("gopher://lms.example.org/", "registration_request_malformed"),
        ("https://lms.example.org\\@127.0.0.1/", "registration_request_malformed"),
        ("https://user:secret@lms.example.org/", "registration_request_malformed"),
        ("https://lms.example.org:99999/", "registration_request_malformed"),
        ("https://lms;script-src/", "registration_request_malformed"),
        ("not an address", "registration_request_malformed"),
    ],
)
def test_a_configuration_is_not_fetched_from(production: Administrator, address: str, recorded: str) -> None:
    assert production.open(address).status_code == 400
    assert reason(production) == recorded


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("http://lms.example.org/configuration", "Give your platform an https:// address first"),
        ("https://10.0.0.1/configuration", "TANDEM_ALLOWED_HOSTS"),
    ],
)
def test_only_an_address_that_a_setting_can_allow_is_answered_with_the_setting(
    production: Administrator, address: str, advice: str
) -> None:
    page = production.open(address).text
    given = [
        said
        for said in ("Give your platform an https:// address first", "TANDEM_ALLOWED_HOSTS")
        if said in page
    ]
    assert given == [advice]


def test_a_name_that_resolves_to_this_machine_is_refused(
    production: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_as(monkeypatch, "127.0.0.1")
    production.open("https://lms.example.org/configuration")
    assert reason(production) == "configuration_address_forbidden"


def test_a_name_that_turns_private_between_two_requests_is_refused(
    production: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_as(monkeypatch, "0.0.0.0", "10.0.0.1")
    production.open("https://lms.example.org/configuration")
    production.open("https://lms.example.org/configuration")
    assert [recorded for _, recorded in production.reasons()] == ["configuration_address_forbidden"] * 2


def test_a_redirect_of_the_configuration_is_not_followed(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.server.expect_request("/moved").respond_with_response(
        Response(status=302, headers={"Location": platform.configuration_url})
    )
    assert administrator.open(f"{platform.origin}/moved").status_code == 400
    assert reason(administrator) == "configuration_redirects"


# What the configuration says


@pytest.mark.parametrize(
    "name", ["issuer", "registration_endpoint", "jwks_uri", "token_endpoint", "authorization_server"]
)
def test_a_configuration_may_not_name_another_host(
    administrator: Administrator, platform: FakePlatform, name: str
) -> None:
    platform.configuration[name] = f"{ELSEWHERE}/{name}"
    assert administrator.open(platform.configuration_url).status_code == 400
    assert reason(administrator) == "configuration_of_another_host"


def test_another_port_is_another_host(administrator: Administrator, platform: FakePlatform) -> None:
    platform.configuration["jwks_uri"] = "http://localhost:1/jwks"
    administrator.open(platform.configuration_url)
    assert reason(administrator) == "configuration_of_another_host"


def test_the_issuer_of_a_hosted_family_is_not_enough_to_join_it(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration |= {
        "issuer": "https://canvas.instructure.com",
        "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
    }
    administrator.open(platform.configuration_url)
    assert reason(administrator) == "configuration_of_another_host"


def test_what_the_page_showed_is_checked_again_when_the_button_is_pressed(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    platform.configuration["registration_endpoint"] = f"{ELSEWHERE}/register"
    administrator.press(page)
    assert reason(administrator) == "configuration_of_another_host"
    assert platform.registrations() == []


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": None},
        {"issuer": 7},
        {"issuer": "lms"},
        {"jwks_uri": "javascript:alert(1)"},
        {"token_endpoint": ["a"]},
        {"authorization_endpoint": ""},
        {"registration_endpoint": "file:///etc/passwd"},
        {PLATFORM_CLAIM: "moodle"},
        {PLATFORM_CLAIM: {"product_family_code": "x" * 51}},
    ],
)
def test_a_malformed_configuration_is_refused(
    administrator: Administrator, platform: FakePlatform, change: dict[str, Any]
) -> None:
    platform.configuration |= change
    assert administrator.open(platform.configuration_url).status_code == 400
    assert reason(administrator) == "configuration_malformed"


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[1"])
def test_a_configuration_that_is_not_json_is_refused(
    administrator: Administrator, platform: FakePlatform, body: bytes
) -> None:
    platform.server.expect_request("/other").respond_with_data(body)
    administrator.open(f"{platform.origin}/other")
    assert reason(administrator) == "configuration_unreadable"


@pytest.mark.parametrize("body", ["[]", "null", "7", '"x"'])
def test_a_configuration_that_is_no_object_is_refused(
    administrator: Administrator, platform: FakePlatform, body: str
) -> None:
    platform.server.expect_request("/other").respond_with_data(body)
    administrator.open(f"{platform.origin}/other")
    assert reason(administrator) == "configuration_malformed"


def test_a_configuration_of_ten_megabytes_is_cut(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration["padding"] = "x" * 10_000_000
    administrator.open(platform.configuration_url)
    assert reason(administrator) == "configuration_too_large"


def test_a_configuration_that_drips_keeps_no_page_and_is_cut_by_the_job(administrator: Administrator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_drip, args=(listener,), daemon=True).start()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        page = administrator.open(f"http://{host}/configuration")
        assert (page.status_code, time.monotonic() - started < 2) == (200, True)
        assert f"Connect {host}" in page.text
        started = time.monotonic()
        answer = administrator.press(page)
        assert (answer.status_code, time.monotonic() - started < 2) == (303, True)
        ended = follow_to_the_end(administrator, answer)
    assert "could not be read" in ended.text
    assert reason(administrator) == "configuration_too_slow"


# The invitation


@pytest.mark.parametrize("invite", ["unknown", "\x00", "é", "%00", "x" * 100])
def test_an_unknown_invitation_is_gone(
    administrator: Administrator, platform: FakePlatform, invite: str
) -> None:
    assert administrator.open(platform.configuration_url, invite=invite).status_code == 410
    assert reason(administrator) == "invitation_unknown"


def test_a_used_invitation_is_gone(administrator: Administrator, platform: FakePlatform) -> None:
    administrator.connect(platform.configuration_url)
    assert administrator.open(platform.configuration_url).status_code == 410
    assert reason(administrator) == "invitation_used"


def test_a_used_invitation_does_not_register_a_second_time(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    administrator.press(page)
    platform.answer = {"client_id": "second"}
    again = administrator.press(page)
    assert (again.status_code, "Your platform is connected" in again.text) == (200, True)
    assert len(platform.registrations()) == 1


def test_a_used_invitation_is_refused_in_another_browser(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    administrator.press(page)
    assert administrator.in_another_browser().press(page).status_code == 410
    assert reason(administrator) == "invitation_used"
    assert len(platform.registrations()) == 1


def test_a_form_sent_again_after_a_failure_shows_it_again_and_asks_nobody(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer_status = 500
    page = administrator.open(platform.configuration_url)
    answers = [administrator.press(page) for _ in range(2)]
    assert ["Only half of the work is done" in answer.text for answer in answers] == [True, True]
    assert len(platform.registrations()) == 1
    assert reason(administrator) == "platform_answer_unreadable"


def test_an_expired_invitation_is_gone(administrator: Administrator, platform: FakePlatform) -> None:
    with administrator.services.database.transaction() as db:
        db.execute(sa.update(Invitation).values(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    assert administrator.open(platform.configuration_url).status_code == 410
    assert reason(administrator) == "invitation_expired"


def test_nothing_is_fetched_without_a_good_invitation(
    administrator: Administrator, platform: FakePlatform
) -> None:
    administrator.open(platform.configuration_url, invite="unknown")
    assert platform.received == []


def test_an_invitation_spent_meanwhile_stores_no_registration(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    platform.meanwhile = lambda: _spend_invitations(administrator)
    assert administrator.press(page).status_code == 503
    assert reason(administrator) == "registration_not_stored"
    assert administrator.registrations() == []


# The request


@pytest.mark.parametrize("missing", ["openid_configuration", "invite"])
def test_a_parameter_that_is_missing_is_refused(
    administrator: Administrator, platform: FakePlatform, missing: str
) -> None:
    assert administrator.open(platform.configuration_url, **{missing: None}).status_code == 400
    assert reason(administrator) == "registration_request_malformed"


@pytest.mark.parametrize("token", ["two\r\nX-Injected: 1", "with space", "é", "x" * 8001])
def test_a_token_that_is_no_bearer_token_is_refused(
    administrator: Administrator, platform: FakePlatform, token: str
) -> None:
    assert administrator.open(platform.configuration_url, registration_token=token).status_code == 400
    assert reason(administrator) == "registration_request_malformed"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": ELSEWHERE},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:5001"},
    ],
)
def test_a_form_of_another_site_is_refused(
    administrator: Administrator, platform: FakePlatform, headers: dict[str, str]
) -> None:
    page = administrator.open(platform.configuration_url)
    assert administrator.press(page, **headers).status_code == 403
    assert reason(administrator) == "registration_from_elsewhere"
    assert platform.registrations() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://127.0.0.1:5000"},
        {},
    ],
)
def test_the_pages_own_form_is_taken(
    administrator: Administrator, platform: FakePlatform, headers: dict[str, str]
) -> None:
    page = administrator.open(platform.configuration_url)
    assert administrator.press(page, **headers).status_code == 200


# The platform's answer


def test_a_platform_that_refuses_is_a_refusal(administrator: Administrator, platform: FakePlatform) -> None:
    platform.answer_status = 401
    assert administrator.connect(platform.configuration_url).status_code == 400
    assert reason(administrator) == "platform_refused_tool"
    assert not administrator.invitation_used()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        {"client_id": ""},
        {"client_id": None},
        {"client_id": True},
        {"client_id": "x" * 256},
        {"client_id": "nul\x00"},
        {"client_id": ["one"]},
        {"client_id": "one", TOOL_CLAIM: {"deployment_id": ""}},
        {"client_id": "one", TOOL_CLAIM: {"deployment_id": {"id": 1}}},
    ],
)
def test_an_answer_that_cannot_be_read_stores_nothing(
    administrator: Administrator, platform: FakePlatform, answer: Any
) -> None:
    platform.answer = answer
    page = administrator.connect(platform.configuration_url)
    assert page.status_code == 400
    assert reason(administrator) == "platform_answer_unreadable"
    assert administrator.registrations() == []


def test_the_administrator_reads_that_the_platform_may_have_the_tool(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer_status = 500
    assert "Only half of the work is done" in administrator.connect(platform.configuration_url).text


def test_a_registration_that_cannot_be_stored_is_reported_and_leaves_the_invitation_open(
    administrator: Administrator, platform: FakePlatform, lost_table: Callable[[str], None]
) -> None:
    page = administrator.open(platform.configuration_url)
    platform.meanwhile = lambda: lost_table("deployment")
    answer = administrator.press(page)
    assert (answer.status_code, "Only half of the work is done" in answer.text) == (503, True)
    assert reason(administrator) == "registration_not_stored"
    assert not administrator.invitation_used()


def test_registering_again_changes_nothing_of_what_is_there(
    administrator: Administrator, platform: FakePlatform, another_invitation: Callable[[], str]
) -> None:
    administrator.connect(platform.configuration_url)
    platform.configuration["token_endpoint"] = f"{platform.origin}/stolen"
    platform.answer[TOOL_CLAIM]["deployment_id"] = "8"
    administrator.invite = another_invitation()
    assert administrator.connect(platform.configuration_url).status_code == 409
    [stored] = administrator.registrations()
    assert stored.auth_token_url == f"{platform.origin}/mod/lti/token.php"


def test_registering_again_is_recorded(
    administrator: Administrator, platform: FakePlatform, another_invitation: Callable[[], str]
) -> None:
    administrator.connect(platform.configuration_url)
    administrator.invite = another_invitation()
    administrator.connect(platform.configuration_url)
    assert reason(administrator) == "already_registered"


def test_another_platform_with_the_same_issuer_and_client_id_is_refused_and_told_what_to_do(
    administrator: Administrator, platform: FakePlatform, another_invitation: Callable[[], str]
) -> None:
    administrator.connect(platform.configuration_url)
    with administrator.services.database.transaction() as db:
        elsewhere = "https://canvas.first.example/api/lti/authorize_redirect"
        db.execute(sa.update(Registration).values(auth_login_url=elsewhere))
    administrator.invite = another_invitation()
    answer = administrator.connect(platform.configuration_url)
    assert (answer.status_code, "lti_iss" in answer.text) == (409, True)
    assert reason(administrator) == "identity_taken"
    assert len(administrator.registrations()) == 1


def test_a_second_tool_of_the_same_platform_stands_beside_the_first(
    administrator: Administrator, platform: FakePlatform, another_invitation: Callable[[], str]
) -> None:
    administrator.connect(platform.configuration_url)
    platform.answer = {"client_id": "second", TOOL_CLAIM: {"deployment_id": "8"}}
    administrator.invite = another_invitation()
    administrator.connect(platform.configuration_url)
    assert {stored.client_id for stored in administrator.registrations()} == {"qNp4o8Z3hDr2aXk", "second"}


@pytest.mark.parametrize("secret", ["10.0.0.1", "Traceback", "marshmallow", "registration_endpoint"])
def test_a_refusal_shows_no_internals(
    administrator: Administrator, platform: FakePlatform, secret: str
) -> None:
    platform.configuration["registration_endpoint"] = "http://10.0.0.1/register"
    assert secret not in administrator.open(platform.configuration_url).text


@pytest.mark.parametrize("path", ["/missing", "/moved", "/closed"])
def test_the_audit_holds_no_token_of_the_platform(
    administrator: Administrator, platform: FakePlatform, path: str
) -> None:
    platform.server.expect_request("/moved").respond_with_response(
        Response(status=302, headers={"Location": platform.configuration_url})
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    origin = closed if path == "/closed" else platform.origin
    administrator.open(f"{origin}{path}?registration_token=secret-of-the-platform")
    with administrator.services.database.reading() as db:
        [detail] = db.scalars(sa.select(Refusal.detail))
    assert path in detail
    assert "secret" not in detail


def test_of_six_requests_with_one_invitation_one_may_ask_the_platform(administrator: Administrator) -> None:
    database = administrator.services.database
    with database.reading() as db:
        invitation_id = open_invitation(db, administrator.invite).id

    def try_to_reserve(_number: int) -> bool:
        try:
            with database.transaction() as db:
                reserve(db, invitation_id)
        except InvitationBusy:
            return False
        return True

    with ThreadPoolExecutor(6) as requests:
        assert sum(requests.map(try_to_reserve, range(6))) == 1


def test_a_platform_is_not_asked_while_another_request_asks_it(
    administrator: Administrator, platform: FakePlatform
) -> None:
    page = administrator.open(platform.configuration_url)
    with administrator.services.database.transaction() as db:
        reserve(db, open_invitation(db, administrator.invite).id)
    answer = administrator.press(page)
    assert (answer.status_code, "is being connected right now" in answer.text) == (409, True)
    assert platform.registrations() == []


def test_an_invitation_can_be_used_at_once_after_a_clear_no(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer_status = 400
    administrator.connect(platform.configuration_url)
    platform.answer_status = 200
    assert administrator.connect(platform.configuration_url).status_code == 200


def test_an_invitation_waits_a_minute_where_the_platform_may_have_the_tool(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.answer_status = 500
    administrator.connect(platform.configuration_url)
    platform.answer_status = 200
    assert administrator.connect(platform.configuration_url).status_code == 409
    with time_machine.travel(dt.datetime.now(dt.UTC) + RESERVED_FOR + dt.timedelta(seconds=1)):
        assert administrator.connect(platform.configuration_url).status_code == 200


def _spend_invitations(administrator: Administrator) -> None:
    with administrator.services.database.transaction() as db:
        db.execute(sa.update(Invitation).values(used_at=dt.datetime.now(dt.UTC)))


def _resolve_as(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    left = list(answers)

    def getaddrinfo(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr("lti_tool.outbound.client.socket.getaddrinfo", getaddrinfo)


def _drip(listener: socket.socket) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            try:
                peer.sendall(b" ")
            except OSError:
                return
            time.sleep(0.2)


# One tenant and another one's tokens


VICTIM = "https://victim.example"


def _register_victim(administrator: Administrator, client_id: str) -> None:
    with composition.transaction(administrator.services, OPERATOR) as db:
        add(
            db,
            NewRegistration(
                issuer=VICTIM,
                client_id=client_id,
                auth_login_url=f"{VICTIM}/auth",
                auth_token_url=f"{VICTIM}/token",
                jwks_url=f"{VICTIM}/jwks",
            ),
        )


@pytest.mark.parametrize("name", ["token_endpoint", "authorization_server"])
def test_a_platform_that_names_anothers_token_endpoint_is_not_registered(
    administrator: Administrator, platform: FakePlatform, name: str
) -> None:
    """With the other's public client id in its answer, the tool would ask the other for tokens, or sign for it."""
    _register_victim(administrator, platform.answer["client_id"])
    platform.configuration[name] = f"{VICTIM}/token"
    administrator.open(platform.configuration_url)
    assert reason(administrator) == "configuration_of_another_host"
    assert [registration.issuer for registration in administrator.registrations()] == [VICTIM]


def test_a_bare_host_as_authorization_server_must_be_its_own(
    administrator: Administrator, platform: FakePlatform
) -> None:
    platform.configuration["authorization_server"] = "victim.example"
    administrator.open(platform.configuration_url)
    assert reason(administrator) == "configuration_of_another_host"


def test_an_audience_that_another_registration_has_is_refused_at_the_end_too(
    administrator: Administrator, platform: FakePlatform
) -> None:
    """Registered by hand meanwhile, with this platform's token endpoint and the client id that it gives us."""
    with composition.transaction(administrator.services, OPERATOR) as db:
        add(
            db,
            NewRegistration(
                issuer="https://other.example",
                client_id=platform.answer["client_id"],
                auth_login_url="https://other.example/auth",
                auth_token_url=platform.configuration["token_endpoint"],
                jwks_url="https://other.example/jwks",
            ),
        )
    administrator.connect(platform.configuration_url)
    assert reason(administrator) == "registration_not_stored"
    assert len(administrator.registrations()) == 1
