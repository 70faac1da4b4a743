"""Access tokens: shared, encrypted, renewed, never another tenant's; and where service calls may go."""

import dataclasses
import datetime as dt
import io

import pytest
import requests
import sqlalchemy as sa
from pytest_httpserver import HTTPServer

from lti_tool.composition.services import make_services
from lti_tool.database import utcnow
from lti_tool.health_checks.findings import one_line
from lti_tool.identity.models import Course
from lti_tool.lti.ags import line_items
from lti_tool.lti.ags.line_items import LineItemsUnavailable, OwnLineItem
from lti_tool.lti.ags.models import READING_FAILED
from lti_tool.lti.ags.results import RESULT_SCOPE, ResultsUnreadable, read_results
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.models import AccessToken
from lti_tool.lti.nrps.roster import CONTAINER_TYPE
from lti_tool.lti.nrps.roster import SCOPE as ROSTER_SCOPE
from lti_tool.lti.platform_service import PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.lti.registration.models import Registration
from lti_tool.outbound.client import OutboundRequestError
from tests.builder.connected import connect

LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"


def service(connected) -> PlatformService:
    return PlatformService(connected.services, connected.world.registration_id)


def tokens_given(connected) -> int:
    return sum(1 for status, _, _ in connected.calls("/oauth/token") if status == 200)


def roster_url(connected) -> str:
    with connected.services.database.reading() as db:
        return db.get_one(Course, connected.world.course_id).roster_url


def test_a_token_is_given_for_a_signed_assertion(connected):
    assert len(service(connected).get_access_token([SCORE_SCOPE])) > 20


def test_a_token_is_shared_by_all_processes(connected):
    assert service(connected).get_access_token([SCORE_SCOPE]) == service(connected).get_access_token(
        [SCORE_SCOPE]
    )
    assert tokens_given(connected) == 1


def test_the_order_of_scopes_makes_no_other_token(connected):
    service(connected).get_access_token([SCORE_SCOPE, ROSTER_SCOPE])
    service(connected).get_access_token([ROSTER_SCOPE, SCORE_SCOPE])
    assert tokens_given(connected) == 1


def test_other_scopes_have_another_token(connected):
    one = service(connected).get_access_token([SCORE_SCOPE])
    assert service(connected).get_access_token([ROSTER_SCOPE]) != one


def test_a_token_is_not_stored_in_the_clear(connected):
    token = service(connected).get_access_token([SCORE_SCOPE])
    with connected.services.database.reading() as db:
        stored = db.scalars(sa.select(AccessToken.token)).one()
    assert token.encode() not in stored


def test_a_token_is_kept_for_less_than_it_is_valid(connected):
    service(connected).get_access_token([SCORE_SCOPE])
    with connected.services.database.reading() as db:
        ends = db.scalars(sa.select(AccessToken.expires_at)).one()
    assert dt.timedelta(minutes=58) < ends - utcnow() < dt.timedelta(minutes=59, seconds=1)


def test_an_expired_token_is_renewed(connected):
    old = service(connected).get_access_token([SCORE_SCOPE])
    with connected.services.database.transaction() as db:
        db.execute(sa.update(AccessToken).values(expires_at=utcnow()))
    assert service(connected).get_access_token([SCORE_SCOPE]) != old


def test_a_token_sealed_with_another_secret_key_is_renewed(connected):
    old = service(connected).get_access_token([SCORE_SCOPE])
    with connected.services.database.transaction() as db:
        db.execute(sa.update(AccessToken).values(token=b"sealed by somebody else"))
    assert service(connected).get_access_token([SCORE_SCOPE]) != old


def test_a_tenants_token_is_never_used_for_another(connected, httpserver):
    other = connect(connected.services, connected.lms, httpserver, name="two")
    assert service(connected).get_access_token([SCORE_SCOPE]) != service(other).get_access_token(
        [SCORE_SCOPE]
    )


def test_a_revoked_token_is_requested_again(connected):
    service(connected).get_access_token([ROSTER_SCOPE])
    with connected.lms.lms.store.transaction() as lms_db:
        lms_db.execute("DELETE FROM access_tokens")
    answer = service(connected).call("GET", roster_url(connected), [ROSTER_SCOPE], accept=CONTAINER_TYPE)
    assert answer.status == 200


def test_a_second_401_is_the_answer(connected, httpserver: HTTPServer):
    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/refuses").respond_with_data("no", 401)
    answer = service(connected).call("GET", httpserver.url_for("/refuses"), [ROSTER_SCOPE])
    assert (answer.status, tokens_given(connected)) == (401, 2)


def test_a_registration_that_the_platform_does_not_know_gets_no_token(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(client_id="nobody"))
    with pytest.raises(TokenRefused, match="invalid_client"):
        service(connected).get_access_token([SCORE_SCOPE])


def test_a_tool_that_cannot_read_its_own_key_gets_no_token(connected):
    connected.services.keys.ensure()
    config = dataclasses.replace(
        connected.services.config, secret_key="another secret key, just as long as needed"
    )
    calling = PlatformService(
        dataclasses.replace(connected.services, config=config), connected.world.registration_id
    )
    with pytest.raises(TokenRefused, match="cannot sign"):
        calling.get_access_token([SCORE_SCOPE])


def throttled_canvas(connected, monkeypatch) -> PlatformService:
    """Canvas, which says so with 403 (``RequestThrottle``), in the middle of what the tool asks it."""
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(platform_family="canvas"))
    asked = service(connected)
    asked.get_access_token([SCORE_SCOPE])
    answer = requests.Response()
    answer.status_code, answer.raw = 403, io.BytesIO(b"403 Forbidden (Rate Limit Exceeded)\n")
    monkeypatch.setattr(asked._requests_session, "request", lambda *_args, **_options: answer)
    return asked


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (lambda asked, _url: asked.get_access_token([ROSTER_SCOPE]), OutboundRequestError),
        (lambda asked, url: read_results(asked, url), ResultsUnreadable),
        (
            lambda asked, url: line_items.find(asked, url, OwnLineItem("a", "b", "c"), [LINE_ITEM_SCOPE]),
            LineItemsUnavailable,
        ),
    ],
    ids=["a token", "results", "line items"],
)
def test_a_canvas_that_is_asked_too_often_has_refused_nothing(connected, monkeypatch, ask, fault):
    asked = throttled_canvas(connected, monkeypatch)
    for scope in (RESULT_SCOPE, LINE_ITEM_SCOPE):
        asked._keep(scope, "a token from before", 3600)
    with pytest.raises(fault, match="Rate Limit Exceeded"):
        ask(asked, connected.line_item)
    assert asked._stored_token(RESULT_SCOPE) == "a token from before"


def test_an_audience_that_was_given_goes_into_the_assertion(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(token_audience="https://elsewhere.example/"))
    with pytest.raises(TokenRefused):
        service(connected).get_access_token([SCORE_SCOPE])


def test_a_token_endpoint_that_answers_nonsense_gives_no_token(connected, httpserver: HTTPServer):
    httpserver.expect_request("/token").respond_with_json({"access_token": "two words"})
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(auth_token_url=httpserver.url_for("/token")))
    with pytest.raises(TokenRefused, match="malformed"):
        service(connected).get_access_token([SCORE_SCOPE])


@pytest.mark.parametrize("description", ["", "every scope, one after the other: " + "x" * 600])
def test_what_to_do_about_a_refused_token_is_said_whole(connected, httpserver: HTTPServer, description):
    httpserver.expect_request("/token").respond_with_json(
        {"error": "invalid_scope", "error_description": description}, status=400
    )
    with connected.services.database.transaction() as db:
        db.execute(
            sa.update(Registration).values(
                auth_token_url=httpserver.url_for("/token"), platform_family="canvas"
            )
        )
    with pytest.raises(TokenRefused) as refused:
        service(connected).get_access_token([SCORE_SCOPE])
    said = one_line(f"{READING_FAILED}{refused.value}")
    assert "HTTP 400" in said
    assert "invalid_scope" in said
    assert said.endswith("switch on all LTI Advantage services of this tool’s developer key)")


def test_the_next_page_is_found_as_moodle_writes_it(connected, httpserver: HTTPServer):
    """``results.php`` of its grade service: typographic quotes, and an address as in HTML."""
    link = "</results?limit=1&amp;from=0>; rel=“first”, </results?limit=1&amp;from=1>; rel=“next”"
    httpserver.expect_request("/results").respond_with_data(
        "[]", headers={"Link": link.encode().decode("latin-1")}, content_type="application/json"
    )
    connected.has_services_at(httpserver.url_for("/"))
    answer = service(connected).call("GET", httpserver.url_for("/results"), [SCORE_SCOPE])
    assert answer.next_url == httpserver.url_for("/results?limit=1&from=1")


def test_the_next_page_keeps_its_capitals(connected, httpserver: HTTPServer):
    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/page").respond_with_data(
        "[]", headers={"Link": '</Page?Bookmark=AbCdEf>; rel="next"'}, content_type="application/json"
    )
    answer = service(connected).call("GET", httpserver.url_for("/page"), [ROSTER_SCOPE])
    assert answer.next_url == httpserver.url_for("/Page?Bookmark=AbCdEf")


def test_a_line_item_of_the_tools_own_is_made_replaced_and_deleted(connected):
    media = "application/vnd.ims.lis.v2.lineitem+json"
    items = f"{connected.lms.base_url}/services/1/lineitems?type_id={connected.registered.id}"
    calling = service(connected)
    body = b'{"label": "Mine", "scoreMaximum": 10}'
    made = calling.call("POST", items, [LINE_ITEM_SCOPE], accept=media, body=body, content_type=media)
    address = made.json()["id"]
    put = calling.call("PUT", address, [LINE_ITEM_SCOPE], accept=media, body=body, content_type=media)
    deleted = calling.call("DELETE", address, [LINE_ITEM_SCOPE])
    assert (made.status, put.status, deleted.status) == (201, 200, 204)


def test_pylti1p3s_own_services_work_on_it(connected):
    answer = service(connected).make_service_request(
        [ROSTER_SCOPE], roster_url(connected) + "?limit=1", accept=CONTAINER_TYPE
    )
    assert (len(answer["body"]["members"]), "from=" in answer["next_page_url"]) == (1, True)


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "https://127.0.0.1:1/", "https://10.0.0.1/", "file:///etc/passwd"],
)
def test_a_service_address_on_a_private_network_is_not_called(connected, address):
    if address.startswith("http"):
        connected.has_services_at(address)
    service(connected).get_access_token([ROSTER_SCOPE])
    guarded = make_services(dataclasses.replace(connected.services.config, allow_private_networks=False))
    calling = PlatformService(guarded, connected.world.registration_id)
    with pytest.raises(
        (OutboundRequestError, ServiceHostUnknown), match=r"not_https|private_address|not a host"
    ):
        calling.call("GET", address, [ROSTER_SCOPE])
    guarded.http.close()
    guarded.database.dispose()
