"""What a check is and what it finds: values alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from lti_tool.tool import Tool


class Verdict(enum.StrEnum):
    """How bad a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    """Works, but somebody should know."""
    WRONG = "wrong"
    """Something does not work, or is not safe."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw: one line, and one line of advice where something can be done."""

    about: str
    verdict: Verdict
    says: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at."""

    about: str
    look: Callable[[Tool], Iterable[tuple[Verdict, str, str]]]
    """Gives a verdict, what it saw and how to mend it, once for each thing it saw."""
    needs_database: bool = False

    def run(self, tool: Tool) -> list[Finding]:
        """Look. Never raises: what keeps the check from looking is a finding too."""
        try:
            return [Finding(self.about, *seen) for seen in self.look(tool)]
        except sa.exc.SQLAlchemyError as error:
            told = database_words(error)
        except Exception as error:
            # The doctor is run when things are broken in ways that nobody foresaw: it must still finish.
            told = f"{type(error).__name__}: {one_line(error)}"
        return [Finding(self.about, Verdict.WRONG, f"could not be looked at ({told})")]


Seen = Iterator[tuple[Verdict, str, str]]
"""What a check gives: a verdict, what it saw, and how to mend it (or nothing)."""


def database_words(error: sa.exc.SQLAlchemyError) -> str:
    """The driver's own words, without the statement and its parameters."""
    return one_line(getattr(error, "orig", None) or error)


def one_line(told: object) -> str:
    return (str(told).strip().splitlines() or [type(told).__name__])[0][:200]
