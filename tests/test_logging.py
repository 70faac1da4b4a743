"""What is written to the log, for whoever reads it in a terminal."""

from __future__ import annotations

import pytest
import structlog

from lti_tool.logging import configure_logging

SENT = "\x1b]0;owned\x07\x9b31m\x85 é 👋"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_others_sent_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logging(log_format)
    structlog.get_logger().warning("refused", issuer=SENT, detail=SENT)
    written = capsys.readouterr().err
    assert [char for char in written if not char.isprintable() and char != "\n"] == []
    assert "é 👋" in written


def test_a_traceback_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text")
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    assert "\x1b" not in written
    assert written.count("\n") > 3
