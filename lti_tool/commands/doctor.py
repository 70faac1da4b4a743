"""``tandem doctor``: what is wrong with this installation, and how to fix it."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from lti_tool.commands.context import operator_command, print_json
from lti_tool.composition.services import Services
from lti_tool.health_checks import CHECKS, Finding, Verdict
from lti_tool.identity.policy import Action

SLOW_SECONDS = 2.0
"""After how long a check that is still under way is named."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.DIAGNOSE, needs_database=False)
def doctor(services: Services, as_json: bool) -> None:
    """Say what is wrong and how to fix it. Changes nothing; exits 1 when something is wrong.

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
        with _report_when_slow(check.about):
            found = check.run(services)
        findings += found
        if check.about == "database":
            database_is_wrong = any(finding.verdict is Verdict.ERROR for finding in found)
        if not as_json:
            for finding in found:
                click.echo(_line(finding))
    errors = sum(finding.verdict is Verdict.ERROR for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    if as_json:
        print_json({"ok": not errors, "findings": [dataclasses.asdict(finding) for finding in findings]})
    else:
        click.echo(_summary(errors, warnings))
    if errors:
        raise click.exceptions.Exit(1)


def _line(finding: Finding) -> str:
    fix = f" → {finding.fix}" if finding.fix else ""
    line = f"{finding.verdict.value:<7}  {finding.about}: {finding.message}{fix}"
    # Platforms choose their deployments' ids and the text of their answers: no line breaks, no terminal codes.
    return "".join(sign if sign.isprintable() else " " for sign in line)


def _summary(errors: int, warnings: int) -> str:
    noted = f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    if not errors:
        return f"No error{noted}."
    return f"{errors} error{'' if errors == 1 else 's'}{noted}."


@contextmanager
def _report_when_slow(about: str) -> Iterator[None]:
    """Name a check on standard error when it takes long; those of the network may wait for time-outs."""
    slow = threading.Timer(SLOW_SECONDS, click.echo, (f"… still checking: {about}",), {"err": True})
    slow.daemon = True
    slow.start()
    try:
        yield
    finally:
        slow.cancel()
