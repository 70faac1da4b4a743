"""The signature: RS256 alone, by a key from the registration's own key set."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.launch import keysets
from lti_tool.lti.launch.models import PlatformKey
from tests.certification.verdicts import assert_refused, opened
from tests.platform.keys import base64url, key, token
from tests.platform.platform import ABSENT, Browser, Platform


def test_an_unmodified_launch_is_let_in(services: Services, platform: Platform, browser: Browser) -> None:
    assert opened(services, platform.launch(browser))


REFUSED: dict[str, tuple[dict[str, Any], str, int]] = {
    "no algorithm at all": ({"algorithm": "none"}, "algorithm_not_allowed", 400),
    "the algorithm None in capitals": ({"header": {"alg": "NONE"}}, "algorithm_not_allowed", 400),
    "HS256 with the public key as secret": ({"algorithm": "HS256"}, "algorithm_not_allowed", 400),
    "RS512": ({"algorithm": "RS512"}, "algorithm_not_allowed", 400),
    "RS384": ({"algorithm": "RS384"}, "algorithm_not_allowed", 400),
    "an algorithm that is missing": ({"header": {"alg": ABSENT}}, "algorithm_not_allowed", 400),
    "an algorithm that is a list": ({"header": {"alg": ["RS256"]}}, "algorithm_not_allowed", 400),
    "a critical header": ({"header": {"crit": ["b64"], "b64": False}}, "algorithm_not_allowed", 400),
    "no kid": ({"header": {"kid": ABSENT}}, "kid_missing", 400),
    "an empty kid": ({"header": {"kid": ""}}, "kid_missing", 400),
    "a kid that is a number": ({"header": {"kid": 1}}, "token_malformed", 400),
    "a kid with a NUL": ({"header": {"kid": "key-1\x00"}}, "token_malformed", 400),
    "a kid of 256 characters": ({"header": {"kid": "k" * 256}}, "token_malformed", 400),
    "an unknown kid": ({"header": {"kid": "key-9"}}, "kid_unknown", 403),
    "the right kid and the wrong key": ({"signing": key(owner="forger")}, "signature_wrong", 403),
}


@pytest.mark.parametrize(("changes", "reason", "status"), REFUSED.values(), ids=list(REFUSED))
def test_a_token_is_refused_with(
    services: Services,
    platform: Platform,
    browser: Browser,
    changes: dict[str, Any],
    reason: str,
    status: int,
) -> None:
    assert_refused(services, platform.launch(browser, **changes), reason, status=status)


def _header(platform: Platform) -> dict[str, str]:
    return {"alg": "RS256", "kid": platform.key.kid}


def _pad(token: str) -> str:
    head, rest = token.split(".", 1)
    return f"{head}=.{rest}"


def _without_signature(token: str) -> str:
    return token.rsplit(".", 1)[0] + "."


def _cut(token: str) -> str:
    return token[:-20]


MANGLED = {
    "is empty but for its dots": lambda token: "..",
    "has two parts": lambda token: token.rsplit(".", 1)[0],
    "has four parts": lambda token: f"{token}.x",
    "is encrypted": lambda token: "a.b.c.d.e",
    "is no base64": lambda token: "ä" + token,
    "is padded": _pad,
    "has blanks in it": lambda token: token[:5] + " " + token[5:],
    "has a header that is a list": lambda token: f"{base64url(b'[]')}.{token.split('.', 1)[1]}",
    "has a header that is no JSON": lambda token: f"{base64url(b'{')}.{token.split('.', 1)[1]}",
    "has a header that is no text": lambda token: f"{base64url(bytes([255, 254]))}.{token.split('.', 1)[1]}",
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=list(MANGLED))
def test_a_mangled_token_is_malformed(
    services: Services, platform: Platform, browser: Browser, mangle: Any
) -> None:
    login = platform.begin(browser)
    response = browser.launch(login.state, mangle(platform.token(login.nonce)))
    assert_refused(services, response, "token_malformed", status=400)


PAYLOADS = {
    "text": b'"text"',
    "a list": b"[]",
    "nothing": b"null",
    "no JSON": b"{",
    "100,000 brackets": b"[" * 100_000,
    "a number too long to write": b'{"exp": ' + b"9" * 5_000 + b"}",
    "an expiry that is not a number": b'{"exp": NaN}',
    "an infinite expiry": b'{"exp": Infinity}',
    "a time before all others": b'{"iat": -Infinity}',
    "a number beyond all others": b'{"settings": {"data": 1e999}}',
    "nested deeper than it could be kept": b'{"settings": ' + b"[" * 900 + b"]" * 900 + b"}",
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
def test_a_signed_payload_is_malformed_that_is(
    services: Services, platform: Platform, browser: Browser, payload: bytes
) -> None:
    login = platform.begin(browser)
    response = browser.launch(login.state, token(_header(platform), payload, platform.key))
    assert_refused(services, response, "token_malformed", status=400)


@pytest.mark.parametrize("mangle", [_without_signature, _cut], ids=["without a signature", "cut short"])
def test_the_signature_is_wrong_of_a_token(
    services: Services, platform: Platform, browser: Browser, mangle: Any
) -> None:
    login = platform.begin(browser)
    response = browser.launch(login.state, mangle(platform.token(login.nonce)))
    assert_refused(services, response, "signature_wrong")


def test_a_payload_changed_after_signing_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    login = platform.begin(browser)
    header, _payload, signature = platform.token(login.nonce).split(".")
    payload = platform.token(login.nonce, sub="person-2").split(".")[1]
    assert_refused(
        services, browser.launch(login.state, f"{header}.{payload}.{signature}"), "signature_wrong"
    )


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_key_set_that_the_token_names_is_never_read(
    services: Services, platform: Platform, other_platform: Platform, browser: Browser, name: str
) -> None:
    elsewhere = f"{platform.keysets.url}{other_platform._keyset_path}"
    header = {name: elsewhere, "kid": other_platform.key.kid}
    response = platform.launch(browser, header=header, signing=other_platform.key)
    assert_refused(services, response, "kid_unknown")
    assert other_platform.keyset_reads == 0


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_true_token_is_let_in_whatever_key_set_it_names(
    services: Services, platform: Platform, browser: Browser, name: str
) -> None:
    response = platform.launch(browser, header={name: "https://evil.example/jwks"})
    assert opened(services, response)


def test_a_key_inside_the_token_is_not_used(services: Services, platform: Platform, browser: Browser) -> None:
    forger = key(owner="forger")
    response = platform.launch(browser, header={"jwk": forger.jwk}, signing=forger)
    assert_refused(services, response, "signature_wrong")


def test_the_key_set_is_read_once_for_many_launches(platform: Platform, browser: Browser) -> None:
    for _ in range(3):
        platform.launch(browser)
    assert platform.keyset_reads == 1


def test_first_launches_at_once_read_the_key_set_once_and_all_get_in(
    platform: Platform, new_browser: Callable[..., Browser]
) -> None:
    browsers = [new_browser() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda browser: platform.launch(browser).status_code, browsers))
    assert (statuses, platform.keyset_reads) == ([303] * 6, 1)


def test_an_unknown_kid_makes_the_key_set_be_read_once(platform: Platform, browser: Browser) -> None:
    platform.launch(browser)
    platform.launch(browser, header={"kid": "key-9"})
    assert platform.keyset_reads == 2


def test_unknown_kids_in_a_row_do_not_make_the_tool_hammer_the_platform(
    platform: Platform, browser: Browser
) -> None:
    for number in range(4):
        platform.launch(browser, header={"kid": f"key-{number}0"})
    assert platform.keyset_reads == 1


def test_a_new_key_is_found_at_its_first_launch(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    new = key("key-2")
    platform.publish(new, platform.key)
    assert opened(services, platform.launch(browser, header={"kid": "key-2"}, signing=new))


def test_the_old_key_serves_while_the_platform_publishes_both(
    services: Services, platform: Platform, browser: Browser
) -> None:
    new = key("key-2")
    platform.publish(new, platform.key)
    platform.launch(browser, header={"kid": "key-2"}, signing=new)
    assert opened(services, platform.launch(browser))


def test_a_withdrawn_key_is_not_used_once_the_key_set_is_read_again(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    new = key("key-2")
    platform.publish(new)
    platform.launch(browser, header={"kid": "key-2"}, signing=new)
    assert_refused(services, platform.launch(browser), "kid_unknown")


def _age_keys(services: Services) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(PlatformKey).values(fetched_at=utcnow() - keysets.FRESH_FOR))
    services.platform_keys.clear_cache()


def test_a_key_is_looked_up_anew_after_a_day(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    _age_keys(services)
    platform.publish(key("key-2"))
    assert_refused(services, platform.launch(browser), "kid_unknown")


def test_a_key_of_yesterday_serves_while_the_platform_is_down(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    _age_keys(services)
    platform.publish_document(None)
    assert opened(services, platform.launch(browser))


KEY_SETS: dict[str, Any] = {
    "not there": None,
    "no JSON": b"<html>",
    "a list": [],
    "without keys": {},
    "whose keys are an object": {"keys": {}},
    "of two megabytes": b" " * 2_000_000,
}


@pytest.mark.parametrize("document", KEY_SETS.values(), ids=list(KEY_SETS))
def test_a_launch_is_refused_when_the_key_set_is(
    services: Services, platform: Platform, browser: Browser, document: Any
) -> None:
    platform.publish_document(document)
    assert_refused(services, platform.launch(browser), "keyset_unreadable")


def _rsa(**changes: Any) -> dict[str, Any]:
    return {**key().jwk, **changes}


UNUSABLE: dict[str, Any] = {
    "that is text": "key-1",
    "for encryption": _rsa(use="enc"),
    "for another algorithm": _rsa(alg="RS512"),
    "of another type": _rsa(kty="EC"),
    "that is a shared secret": {"kty": "oct", "kid": "key-1", "k": base64url(b"secret")},
    "without a modulus": {"kty": "RSA", "kid": "key-1", "e": "AQAB"},
    "whose modulus is no base64": _rsa(n="§§§"),
    "whose modulus is a number": _rsa(n=7),
    "of 1024 bits": key("key-1", owner="short", bits=1024).jwk,
    "without a name": _rsa(kid=None),
    "whose name has half a character": _rsa(kid="key-1\ud800"),
    "for encryption alone": _rsa(key_ops=["encrypt", "wrapKey"]),
    "whose operations are text": _rsa(key_ops="verify"),
}


@pytest.mark.parametrize("bad", UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_launch_signed_with_an_unusable_key_is_refused(
    services: Services, platform: Platform, browser: Browser, bad: Any
) -> None:
    platform.publish_document({"keys": [bad]})
    assert_refused(services, platform.launch(browser), "kid_unknown")


@pytest.mark.parametrize("bad", UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_launch_is_let_in_beside_a_key(
    services: Services, platform: Platform, browser: Browser, bad: Any
) -> None:
    platform.publish_document({"keys": [bad, platform.key.jwk]})
    assert opened(services, platform.launch(browser))


def test_a_key_without_use_and_algorithm_is_taken(
    services: Services, platform: Platform, browser: Browser
) -> None:
    bare = {name: value for name, value in platform.key.jwk.items() if name not in ("use", "alg")}
    platform.publish_document({"keys": [bare]})
    assert opened(services, platform.launch(browser))


TIMES: dict[str, tuple[dict[str, float], str]] = {
    "that expired 120 s ago": ({"exp": -120}, "token_expired"),
    "from ten minutes ahead": ({"iat": 600, "exp": 660}, "token_from_the_future"),
    "ten days old": ({"iat": -864_000}, "token_too_old"),
    "not valid for ten minutes": ({"nbf": 600}, "token_from_the_future"),
}


def _at(moments: dict[str, float]) -> dict[str, Any]:
    return {name: int(time.time() + seconds) for name, seconds in moments.items()}


@pytest.mark.parametrize(("moments", "reason"), TIMES.values(), ids=list(TIMES))
def test_a_token_is_refused(
    services: Services, platform: Platform, browser: Browser, moments: dict[str, float], reason: str
) -> None:
    assert_refused(services, platform.launch(browser, **_at(moments)), reason)


ALLOWED: dict[str, dict[str, float]] = {
    "that expired 30 s ago": {"exp": -30},
    "from 30 s ahead": {"iat": 30, "exp": 90},
    "issued two minutes ago": {"iat": -120},
    "valid from 30 s ahead": {"nbf": 30},
}


@pytest.mark.parametrize("moments", ALLOWED.values(), ids=list(ALLOWED))
def test_clocks_may_differ_by_a_minute_for_a_token(
    services: Services, platform: Platform, browser: Browser, moments: dict[str, float]
) -> None:
    assert opened(services, platform.launch(browser, **_at(moments)))
