"""Every answer carries the security headers: pages, errors, redirects, JSON and files alike."""

from __future__ import annotations

import pytest

from tests.builder import situations

ANSWERS = {
    "a page": ("GET", "/", 200),
    "the key set": ("GET", "/.well-known/jwks.json", 200),
    "the profile": ("GET", "/xapi/profile", 200),
    "a file": ("GET", "/static/icon.svg", 200),
    "alive": ("GET", "/healthz", 200),
    "nothing there": ("GET", "/nothing-here", 404),
    "a file that is not there": ("GET", "/static/nothing", 404),
    "a wrong method": ("DELETE", "/", 405),
    "a refused login": ("GET", "/lti/login", 400),
    "a refused launch": ("POST", "/lti/launch", 400),
    "a refused invitation": ("GET", "/setup", 410),
    "a refused session": ("GET", "/l/x/", 403),
    "what is allowed": ("OPTIONS", "/lti/launch", 200),
}

HEADERS = ["Content-Security-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options"]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_an_answer_has_every_security_header(client, answer):
    method, path, status = answer
    given = client.open(path, method=method, buffered=True)
    assert given.status_code == status
    assert [name for name in HEADERS if name not in given.headers] == []


@pytest.mark.parametrize(
    "directive", ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"]
)
def test_the_content_policy_is_strict(client, directive):
    assert directive in client.get("/").headers["Content-Security-Policy"].split("; ")


def test_a_redirect_after_a_form_has_them_too(visit):
    answer = visit(situations.welcome).post("join", role="mentor")
    assert [name for name in HEADERS if name not in answer.headers] == []


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/static/nothing", {}, 404), ("/static/icon.svg", {"Range": "bytes=999999-"}, 416)],
)
def test_an_error_in_place_of_a_file_is_kept_by_no_cache(client, path, headers, status):
    answer = client.get(path, headers=headers, buffered=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
