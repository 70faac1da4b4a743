"""Whose address is it."""

from __future__ import annotations

import tracemalloc

import pytest

from lti_tool.outbound.origins import framing_origins, origin_of, same_origin
from schemas.web_address import is_web_address

ORIGINS = {
    "https://lms.example": "https://lms.example",
    "https://lms.example/path?x=1#y": "https://lms.example",
    "HTTPS://LMS.Example:443/": "https://lms.example",
    "http://lms.example:80": "http://lms.example",
    "http://lms.example:8080": "http://lms.example:8080",
    "http://[::1]:5000/": "http://[::1]:5000",
}


@pytest.mark.parametrize("url", ORIGINS)
def test_the_origin_is_right_of(url: str) -> None:
    assert origin_of(url) == ORIGINS[url]


NONE = [
    "",
    "lms.example",
    "//lms.example",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://",
    "https://someone@lms.example",
    "https://lms.example\\@evil.example",
    "https://lms.example\t/",
    "https://lms.example:port/",
    "https://[lms.example/",
]


@pytest.mark.parametrize("url", NONE)
def test_there_is_no_origin_in(url: str) -> None:
    assert origin_of(url) is None


def test_an_address_without_an_origin_is_nobody_s() -> None:
    assert not same_origin("", "")


def test_a_platform_may_frame_from_its_issuer_and_from_where_it_authorises() -> None:
    found = framing_origins("https://canvas.instructure.com", "https://sso.canvaslms.com/api/lti/authorize")
    assert found == ["https://canvas.instructure.com", "https://sso.canvaslms.com"]


def test_an_origin_is_named_once() -> None:
    assert framing_origins("https://lms.example", "https://lms.example/auth") == ["https://lms.example"]


def test_an_issuer_that_is_no_address_frames_nothing() -> None:
    assert framing_origins("lms", "https://lms.example/auth") == ["https://lms.example"]


def test_long_addresses_are_not_kept_in_memory() -> None:
    tracemalloc.start()
    for number in range(50):
        address = f"https://lms.example/{number}{'x' * 100_000}"
        assert origin_of(address) is None
        assert not is_web_address(address)
    kept, _most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_an_address_with_a_token_in_it_has_an_origin() -> None:
    assert origin_of(f"https://lms.example/{'x' * 8_000}") == "https://lms.example"
