"""The token endpoint: forged, replayed, stale and foreign assertions, and the right one beside them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.server import RunningLms
from tests.demo.lms.tool import AGS, ALL_SCOPES, TestTool, public_jwk, reason_of


def test_a_right_assertion_gives_a_token_for_an_hour(tool: TestTool) -> None:
    answer = tool.ask_token().json()
    assert (answer["token_type"], answer["expires_in"], set(answer["scope"].split())) == (
        "Bearer",
        3600,
        set(ALL_SCOPES),
    )


def test_a_forged_signature_is_refused(tool: TestTool, other_key: rsa.RSAPrivateKey) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), key=other_key))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another.example/token"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": 4_000_000_000},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"jti": None},
        {"jti": 7},
        {"iss": "client-2"},
        {"iss": None},
        {"sub": "client-2"},
        {"sub": None},
        {"sub": ["client-1"]},
        {"nbf": 4_000_000_000},
    ],
    ids=lambda changes: "-".join(f"{name}={value}"[:16] for name, value in changes.items()),
)
def test_a_wrong_claim_is_refused(tool: TestTool, changes: dict[str, Any]) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(**changes)))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_an_assertion_for_the_issuer_and_others_is_refused(tool: TestTool) -> None:
    claims = tool.assertion_claims(aud=[tool.token_url, "https://another.example"])
    assert (
        tool.ask_token(tool.sign(claims)).json()["error_description"]
        == "The assertion is meant for others too."
    )


def test_a_replayed_jti_is_refused(tool: TestTool) -> None:
    assertion = tool.sign(tool.assertion_claims())
    tool.ask_token(assertion).raise_for_status()
    answer = tool.ask_token(assertion)
    assert (answer.status_code, answer.json()["error_description"]) == (400, "JWT ID is used before.")


def test_an_assertion_without_kid_is_refused(tool: TestTool) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), headers={}))
    assert (answer.status_code, answer.json()["error_description"]) == (400, "The assertion has no kid.")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_rsa_algorithm_is_refused(tool: TestTool, algorithm: str) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), algorithm=algorithm))
    assert answer.json()["error_description"] == "The assertion must be signed with RS256."


def test_the_public_key_as_a_shared_secret_is_refused(tool: TestTool) -> None:
    import hashlib
    import hmac
    from base64 import urlsafe_b64encode

    pem = tool.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _, payload, _ = tool.sign(tool.assertion_claims()).split(".")
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"key-1"}').rstrip(b"=").decode()
    signature = hmac.new(pem, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    answer = tool.ask_token(f"{header}.{payload}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}")
    assert answer.json()["error_description"] == "The assertion must be signed with RS256."


def test_an_unsigned_assertion_is_refused(tool: TestTool) -> None:
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), key=None, algorithm="none"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9.W10.x", "é.é.é"])
def test_rubbish_is_refused_without_a_crash(tool: TestTool, rubbish: str) -> None:
    answer = tool.ask_token(rubbish)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"client_assertion_type": "urn:other"}, "invalid_client"),
        ({"client_assertion": None}, "invalid_client"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_a_wrong_form_is_refused(tool: TestTool, changes: dict[str, str | None], error: str) -> None:
    answer = tool.ask_token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_scopes_are_narrowed_to_those_granted(tool: TestTool, lms: RunningLms) -> None:
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET scopes = ?", (f'["{AGS}score"]',))
    assert tool.ask_token().json()["scope"] == AGS + "score"


def test_a_tool_that_is_not_active_gets_no_token(tool: TestTool, lms: RunningLms) -> None:
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET state = 'pending'")
    assert tool.ask_token().json()["error"] == "invalid_client"


def test_a_rotated_key_is_found_by_one_refetch(tool: TestTool, other_key: rsa.RSAPrivateKey) -> None:
    tool.token()
    tool.server.clear()
    tool.server.expect_request("/jwks").respond_with_json({"keys": [public_jwk(other_key, "key-2")]})
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), key=other_key, headers={"kid": "key-2"}))
    assert answer.status_code == 200


def test_a_known_key_is_not_fetched_again(tool: TestTool, httpserver: HTTPServer) -> None:
    tool.token()
    tool.token()
    assert len([entry for entry in httpserver.log if entry[0].path == "/jwks"]) == 1


def test_an_unknown_kid_has_the_keys_fetched_once_more_and_is_refused(
    tool: TestTool, httpserver: HTTPServer
) -> None:
    tool.token()
    answer = tool.ask_token(tool.sign(tool.assertion_claims(), headers={"kid": "key-9"}))
    fetched = len([entry for entry in httpserver.log if entry[0].path == "/jwks"])
    assert (answer.status_code, answer.json()["error"], fetched) == (400, "invalid_client", 2)


@pytest.mark.parametrize(
    "body", ["not json", '{"keys": 7}', "[]", '{"keys": [7, {"kid": "key-1", "kty": "RSA"}]}']
)
def test_a_broken_key_set_is_refused_without_a_crash(tool: TestTool, body: str) -> None:
    tool.server.clear()
    tool.server.expect_request("/jwks").respond_with_data(body, content_type="application/json")
    answer = tool.ask_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_the_access_token_opens_a_service(tool: TestTool, lms: RunningLms) -> None:
    assert tool.call("GET", f"{lms.base_url}/services/1/lineitems").status_code == 200


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer", "Bearer "])
def test_a_service_needs_a_bearer_token(tool: TestTool, lms: RunningLms, header: str) -> None:
    answer = tool.call("GET", f"{lms.base_url}/services/1/lineitems", headers={"Authorization": header})
    assert (answer.status_code, reason_of(answer)) == (401, "missing_token")


def test_an_invented_token_is_refused(tool: TestTool, lms: RunningLms) -> None:
    answer = tool.call("GET", f"{lms.base_url}/services/1/lineitems", "invented")
    assert (answer.status_code, reason_of(answer)) == (401, "unknown_token")


def test_an_expired_token_is_refused(tool: TestTool, lms: RunningLms) -> None:
    token = tool.token()
    with lms.lms.store.transaction() as db:
        db.execute("UPDATE access_tokens SET expires_at = ?", (time.time() - 1,))
    answer = tool.call("GET", f"{lms.base_url}/services/1/lineitems", token)
    assert (answer.status_code, reason_of(answer)) == (401, "expired_token")
