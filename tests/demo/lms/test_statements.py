"""The page that shows what the record store holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings, RecordStore
from tests.demo.lms.tool import Browser

STATEMENT = {
    "id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
    "actor": {
        "account": {"homePage": "https://tool.example", "name": "3f2c0000-0000-4000-8000-000000000000"}
    },
    "verb": {
        "id": "http://adlnet.gov/expapi/verbs/attended",
        "display": {"en": "attended", "fr": "a participé à"},
    },
    "object": {
        "id": "https://tool.example/s/1",
        "definition": {"name": {"en": "Session", "fr": "Séance <b>"}},
    },
    "timestamp": "2026-11-12T09:30:00.000Z",
}


@pytest.fixture
def shown(tmp_path: Path, platform_key: str, httpserver: HTTPServer) -> Iterator[RunningLms]:
    (tmp_path / "lms").mkdir()
    (tmp_path / "lms" / "platform-key.pem").write_text(platform_key)
    store = RecordStore(httpserver.url_for("/xAPI/"), "reader", "secret")
    with RunningLms(LmsSettings(data_dir=tmp_path / "lms", port=0, lrs=store)) as running:
        yield running


def logged_in(lms: RunningLms) -> Browser:
    browser = Browser(lms)
    browser.log_in_as("helene.marchand")
    return browser


def test_a_statement_is_shown_in_the_page_s_language_and_escaped(
    shown: RunningLms, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(
        "/xAPI/statements", headers={"X-Experience-API-Version": "1.0.3"}
    ).respond_with_json({"statements": [STATEMENT]})
    page = logged_in(shown).get("/statements")
    assert page.status_code == 200
    assert "a participé à" in page.text
    assert "Séance &lt;b&gt;" in page.text


def test_a_script_gets_them_as_the_store_answered(shown: RunningLms, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/xAPI/statements").respond_with_json({"statements": [STATEMENT]})
    assert logged_in(shown).get("/statements.json").json() == [STATEMENT]


def test_a_page_reports_a_store_that_does_not_answer(shown: RunningLms, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/xAPI/statements").respond_with_data("no", status=500)
    page = logged_in(shown).get("/statements")
    assert page.status_code == 502
    assert "record_store_silent" in page.text


def test_without_a_store_there_is_no_such_page(lms: RunningLms) -> None:
    assert logged_in(lms).get("/statements").status_code == 404
