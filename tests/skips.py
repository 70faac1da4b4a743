"""A pytest plugin that says at the end how many of how many tests ran, what was skipped, and how to get it.

Too many skips fail the run: under 85 % is no longer a test of the whole. With ``TANDEM_TESTS_MAY_NOT_SKIP`` set,
as continuous integration sets it, a single skip does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

LEAST_SHARE = 0.85
"""The share of the chosen tests that must run."""

MAY_NOT_SKIP = "TANDEM_TESTS_MAY_NOT_SKIP"
"""The environment variable that forbids every skip."""

_RAN = ("passed", "failed", "error", "xfailed", "xpassed")


@dataclass(frozen=True)
class Tally:
    """What became of a run's tests."""

    ran: int
    reasons: Counter[str]
    """How many tests each reason skipped."""

    @property
    def skipped(self) -> int:
        return self.reasons.total()

    @property
    def total(self) -> int:
        return self.ran + self.skipped

    def problem(self, *, may_skip: bool) -> str | None:
        """Why so many skips fail the run; None when they do not."""
        if self.skipped and not may_skip:
            return f"{MAY_NOT_SKIP} is set, and {self.skipped} skipped"
        if self.total and self.ran < LEAST_SHARE * self.total:
            return f"fewer than {LEAST_SHARE:.0%} of the tests ran"
        return None

    def lines(self) -> list[str]:
        """The summary for people."""
        # Rounded down: 99.9 % is not all of them.
        share = 100 * self.ran // self.total if self.total else 100
        head = f"{self.ran} of {self.total} tests ran ({share} %)"
        return [head, *(f"  {count} skipped – {reason}" for reason, count in self.reasons.most_common())]


def tally(reports: dict[str, Sequence[object]]) -> Tally:
    """Count the reports that the terminal keeps, by category; a test with several reports counts once."""
    ran: set[str] = set()
    skipped: dict[str, str] = {}
    for category in _RAN:
        ran |= {
            report.nodeid for report in reports.get(category, ()) if isinstance(report, pytest.TestReport)
        }
    for report in reports.get("skipped", ()):
        if isinstance(report, pytest.TestReport | pytest.CollectReport):
            skipped[report.nodeid] = _reason(report.longrepr)
    return Tally(len(ran), Counter(reason for nodeid, reason in skipped.items() if nodeid not in ran))


def _reason(longrepr: object) -> str:
    text = str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")


def _may_skip() -> bool:
    return not os.environ.get(MAY_NOT_SKIP)


def _counted(config: pytest.Config) -> Tally | None:
    """The run's tally, in the one process that reports; None in xdist's workers."""
    if hasattr(config, "workerinput"):
        return None
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return None if reporter is None else tally(reporter.stats)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that skipped too much, unless it has failed already."""
    counted = _counted(session.config)
    if counted is not None and exitstatus == pytest.ExitCode.OK and counted.problem(may_skip=_may_skip()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tally above pytest's own closing line."""
    counted = _counted(config)
    if counted is None or not counted.total:
        return
    problem = counted.problem(may_skip=_may_skip())
    terminalreporter.section("how much ran", bold=True)
    for line in counted.lines():
        terminalreporter.write_line(line)
    if problem:
        terminalreporter.write_line(f"This fails the run: {problem}.", red=True)
