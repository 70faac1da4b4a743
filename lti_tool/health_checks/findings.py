"""What a check is and what it finds: values alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from lti_tool.composition.services import Services


class Verdict(enum.StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but somebody should know."""
    ERROR = "error"
    """It does not work, or is not safe."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: a line about it, and a line of advice where something can be done."""

    about: str
    verdict: Verdict
    message: str
    fix: str = ""


Found = Iterator[tuple[Verdict, str, str]]
"""What a check gives: a verdict, a message, and how to fix it (or nothing), once for each thing that it found."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to check."""

    about: str
    check: Callable[[Services], Iterable[tuple[Verdict, str, str]]]
    needs_database: bool = False

    def run(self, services: Services) -> list[Finding]:
        """Check. Never raises: what keeps the check from working is a finding too."""
        try:
            return [Finding(self.about, *found) for found in self.check(services)]
        except sa.exc.SQLAlchemyError as error:
            cause = database_fault(error)
        except Exception as error:
            # The doctor is run when things are broken in ways that nobody foresaw: it must still finish.
            cause = f"{type(error).__name__}: {one_line(error)}"
        return [Finding(self.about, Verdict.ERROR, f"could not be checked ({cause})")]


def database_fault(error: sa.exc.SQLAlchemyError) -> str:
    """The driver's own message, without the statement and its parameters."""
    return one_line(getattr(error, "orig", None) or error)


def one_line(message: object) -> str:
    """The first line of a message, cut to 400 characters; the name of its type where it is empty.

    A platform's own words are cut before, where advice follows them (:class:`lti_tool.lti.platform_service.Answer`).
    """
    return (str(message).strip().splitlines() or [type(message).__name__])[0][:400]
