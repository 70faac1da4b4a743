"""``tandem doctor``: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from lti_tool.commands.context import pass_tool, print_json
from lti_tool.health_checks import CHECKS, Finding, Verdict
from lti_tool.tool import Tool

PATIENCE = 2.0
"""Seconds after which a check that is still under way says so."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@pass_tool
def doctor(tool: Tool, as_json: bool) -> None:
    """Say what is wrong and how to mend it. Changes nothing; exits 1 when something is wrong.

    \b
    Example:
      tandem doctor
    """
    # libpq's own setting: a database server that does not answer would be waited for much longer.
    os.environ.setdefault("PGCONNECT_TIMEOUT", "5")
    findings: list[Finding] = []
    database_is_wrong = False
    for check in CHECKS:
        if database_is_wrong and check.needs_database:
            continue
        with _said_when_slow(check.about):
            found = check.run(tool)
        findings += found
        if check.about == "database":
            database_is_wrong = any(finding.verdict is Verdict.WRONG for finding in found)
        if not as_json:
            for finding in found:
                click.echo(_line(finding))
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    if as_json:
        print_json({"ok": not wrong, "findings": [dataclasses.asdict(finding) for finding in findings]})
    else:
        click.echo(_summary(wrong, warnings))
    if wrong:
        raise click.exceptions.Exit(1)


def _line(finding: Finding) -> str:
    mend = f" → {finding.mend}" if finding.mend else ""
    told = f"{finding.verdict.value:<7}  {finding.about}: {finding.says}{mend}"
    # Platforms choose their deployments' ids and the words of their answers: no line breaks, no terminal codes.
    return "".join(sign if sign.isprintable() else " " for sign in told)


def _summary(wrong: int, warnings: int) -> str:
    noted = f", {warnings} to know about" if warnings else ""
    return f"{wrong} wrong{noted}." if wrong else f"Nothing is wrong{noted}."


@contextmanager
def _said_when_slow(about: str) -> Iterator[None]:
    """Tell on standard error that a check takes its time; the network's checks may wait for time-outs."""
    slow = threading.Timer(PATIENCE, click.echo, (f"… still looking at: {about}",), {"err": True})
    slow.daemon = True
    slow.start()
    try:
        yield
    finally:
        slow.cancel()
