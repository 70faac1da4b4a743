"""The entries of the audit under their headings: those of a day, or a run of equal ones in one sentence."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from lti_tool.composition.audit.entries import AuditLine
from lti_tool.composition.audit.sentences import Names, sentence_of, sentence_of_several
from lti_tool.web.owner.audit_changes import Change

RUN_FROM: Final = 4
"""So many equal decisions, one after the other, are said in one sentence."""

_BOLD: Final = Markup("<strong>{}</strong>").format


@dataclass(frozen=True)
class ShownEntry:
    """One line of the page."""

    at: dt.datetime
    """In the reader's time zone."""
    sentence: str
    group: int | None
    """The number of the cohort, where entries of several are shown together."""
    changes: Sequence[Change]
    """What changed, where the entry says both values."""


@dataclass(frozen=True)
class Block:
    """Entries under one heading."""

    entries: Sequence[ShownEntry]
    """The latest first."""
    summary: str = ""
    """What a run says in one sentence; empty for the entries of a day."""

    @property
    def first(self) -> dt.date:
        """The day of the earliest."""
        return self.entries[-1].at.date()

    @property
    def last(self) -> dt.date:
        """The day of the latest."""
        return self.entries[0].at.date()


@dataclass(frozen=True)
class Page:
    """What the entries of a page are shown with."""

    names: Names
    numbers: Mapping[uuid.UUID, int]
    """The numbers of cohorts, where entries of several are shown together."""
    changes: Mapping[uuid.UUID, Sequence[Change]]
    """What changed, by the id of the entry."""
    zone: ZoneInfo
    """Of the reader."""

    def blocks(self, lines: Sequence[AuditLine], *, finds_runs: bool) -> list[Block]:
        """The entries, the latest first. ``finds_runs``: whether equal ones in a row become one sentence."""
        found: list[Block] = []
        single: list[AuditLine] = []
        for alike in _runs(lines):
            is_run = finds_runs and len(alike) >= RUN_FROM
            summary = sentence_of_several(alike[0], len(alike), self.names, _BOLD) if is_run else ""
            if summary:
                found += [*self._days(single), Block([self._entry(line) for line in alike], summary)]
                single = []
            else:
                single += alike
        return [*found, *self._days(single)]

    def _days(self, lines: Sequence[AuditLine]) -> list[Block]:
        entries = [self._entry(line) for line in lines]
        return [Block(list(of_day)) for _day, of_day in groupby(entries, key=lambda entry: entry.at.date())]

    def _entry(self, line: AuditLine) -> ShownEntry:
        changes = self.changes.get(line.id, ())
        part = changes[0].code if len(changes) == 1 else ""
        return ShownEntry(
            line.at.astimezone(self.zone),
            sentence_of(line, self.names, _BOLD, part),
            self.numbers.get(line.cohort_id) if line.cohort_id is not None else None,
            changes,
        )


def _runs(lines: Sequence[AuditLine]) -> Iterator[list[AuditLine]]:
    """Entries of one kind, by the same person, in the same group, that follow each other."""
    for _key, alike in groupby(lines, key=lambda line: (line.kind, line.acted_by, line.cohort_id)):
        yield list(alike)
