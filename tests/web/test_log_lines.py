"""What each log line of a request says besides its event."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from lti_tool.logging import configure_logging


def lines(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.splitlines()]


def test_a_line_of_a_request_has_the_reference_that_its_page_shows(
    client, capsys: pytest.CaptureFixture[str]
):
    configure_logging("json")
    page = client.get("/lti/login").text
    (line,) = lines(capsys.readouterr().err)
    assert line["reference"] in page


def test_a_line_of_a_request_says_what_was_asked(client, capsys: pytest.CaptureFixture[str]):
    configure_logging("json")
    client.get("/lti/login")
    (line,) = lines(capsys.readouterr().err)
    assert (line["method"], line["endpoint"]) == ("GET", "launch.login")


def test_each_request_has_a_reference_of_its_own(client, capsys: pytest.CaptureFixture[str]):
    configure_logging("json")
    for _ in range(2):
        client.get("/lti/login")
    first, second = lines(capsys.readouterr().err)
    assert first["reference"] != second["reference"]


def test_a_line_that_belongs_to_no_request_has_no_reference(client, capsys: pytest.CaptureFixture[str]):
    configure_logging("json")
    client.get("/lti/login")
    structlog.get_logger().warning("something else")
    assert "reference" not in lines(capsys.readouterr().err)[-1]
