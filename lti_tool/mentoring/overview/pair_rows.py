"""The table of pairs on the tutor's page: each pair's state, what waits in it, and which rows are shown in which order.

Pure functions of the values of :mod:`lti_tool.mentoring.overview.cohort` and of today's date.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lti_tool.mentoring.overview.cohort import CohortOverview, OpenSession, PairLine, ParticipantLine
from lti_tool.mentoring.pairs.queries import may_be_reminded
from lti_tool.translation.collation import collation_key, folded

SILENT_AFTER: Final = 30
"""After so many days without a meeting the pair is listed for the tutor (mentoring programmes' good practice)."""
WAITS_AFTER: Final = 7
"""After so many days something that one of the two has to do is also the tutor's business."""
PAIRS_A_PAGE: Final = 50


class PairState(enum.StrEnum):
    """Where a pair is, as the figures above the table count them. Each pair of the table is in one."""

    PROPOSED = "proposed"
    SIGN = "sign"
    UNDER_WAY = "under_way"
    PAUSED = "paused"
    COMPLETE = "complete"


class WaitKind(enum.StrEnum):
    """What a pair waits for, the most urgent first."""

    DIFFERS = "differs"
    """The two say different things of a meeting."""
    GRADE = "grade"
    """A grade of one of the two is not in the gradebook as it should be."""
    APPROVE = "approve"
    """Nothing but the tutor's approval is missing."""
    PAUSE_OVER = "pause_over"
    """It is on hold, and the day has come until which it was to be so."""
    SILENT = "silent"
    SIGN = "sign"
    CONFIRM = "confirm"
    ACCEPT = "accept"


@dataclass(frozen=True)
class Wait:
    """The one thing that a row says a pair waits for."""

    kind: WaitKind
    who: tuple[ParticipantLine, ...]
    """Whose turn it is, of the two; the mentee first."""
    since: dt.date | None
    session: OpenSession | None = None
    grades: tuple[str, ...] = ()
    """For ``grade``: the status of the grade of each of ``who``."""


@dataclass(frozen=True)
class PairRow:
    """One row."""

    pair: PairLine
    state: PairState
    wait: Wait | None
    is_urgent: bool
    """Whether the tutor's list of what needs them has a line about it."""


class Sort(enum.StrEnum):
    """The orders of the table."""

    WAITS = "waits"
    MENTEE = "mentee"
    MENTOR = "mentor"
    LAST_MET = "last_met"
    MEETINGS = "meetings"


def state_of(pair: PairLine) -> PairState:
    """Where a pair is."""
    if pair.is_complete:
        return PairState.COMPLETE
    known = {
        "proposed": PairState.PROPOSED,
        "accepted": PairState.SIGN,
        "active": PairState.UNDER_WAY,
        "paused": PairState.PAUSED,
    }
    return known.get(pair.status, PairState.PAUSED)


def wait_of(pair: PairLine, today: dt.date, grades: Mapping[uuid.UUID, tuple[str, dt.date]]) -> Wait | None:
    """What a pair waits for, the most urgent alone.

    ``grades``: the status of the grades that need the tutor, and since when, by person.
    """
    state, both = state_of(pair), (pair.mentee, pair.mentor)
    of_grades = tuple(line for line in both if line.person_id in grades)
    if of_grades:
        found = [grades[line.person_id] for line in of_grades]
        return Wait(
            WaitKind.GRADE,
            of_grades,
            min(since for _, since in found),
            grades=tuple(kind for kind, _ in found),
        )
    if state is PairState.UNDER_WAY:
        disputed = _oldest(pair, "disputed")
        if disputed is not None:
            return Wait(WaitKind.DIFFERS, both, _day(pair.disputed_at) or disputed.logged_on, disputed)
        kept = next((session for session in pair.open_sessions if session.is_kept), None)
        if kept is not None:
            return Wait(WaitKind.DIFFERS, both, kept.logged_on, kept)
    awaiting = tuple(line for line in both if line.awaits_tutor)
    if awaiting:
        return Wait(WaitKind.APPROVE, awaiting, _day(pair.latest_at))
    if state is PairState.UNDER_WAY:
        met = pair.last_held_on or pair.signed_on
        if met is not None and (today - met).days >= SILENT_AFTER and not pair.waiting:
            return Wait(WaitKind.SILENT, both, met)
        held = _oldest(pair, "held")
        if held is not None:
            return Wait(WaitKind.CONFIRM, (pair.partner_of(held.logged_by),), held.logged_on, held)
    if state is PairState.PAUSED and pair.paused_until is not None and today >= pair.paused_until:
        return Wait(WaitKind.PAUSE_OVER, both, pair.paused_until)
    if state is PairState.SIGN:
        waited = pair.mentor_signed_at or pair.mentee_signed_at or pair.accepted_at or pair.created_at
        return Wait(WaitKind.SIGN, tuple(line for line in both if pair.has_to_sign(line)), _day(waited))
    if state is PairState.PROPOSED:
        return Wait(
            WaitKind.ACCEPT, tuple(line for line in both if pair.has_to_accept(line)), _day(pair.created_at)
        )
    return None


def to_remind(pair: PairLine, wait: Wait | None, now: dt.datetime) -> tuple[ParticipantLine, ...]:
    """Those of a pair on whom something waits, and whom a tutor can remind now."""
    if wait is None or wait.kind in (WaitKind.GRADE, WaitKind.APPROVE, WaitKind.PAUSE_OVER):
        return ()
    return tuple(line for line in wait.who if may_be_reminded(pair.reminded_at(line), now))


def needs_tutor(wait: Wait | None, today: dt.date) -> bool:
    """Whether what waits stands in the tutor's list: at once, or because it has waited for a week."""
    if wait is None:
        return False
    if wait.kind in (WaitKind.SIGN, WaitKind.CONFIRM, WaitKind.ACCEPT):
        return wait.since is not None and (today - wait.since).days >= WAITS_AFTER
    return True


def rows_of(
    overview: CohortOverview, today: dt.date, grades: Mapping[uuid.UUID, tuple[str, dt.date]]
) -> list[PairRow]:
    """A row for each pair that goes on or has completed; none for one that somebody has left."""
    return [
        _row(
            pair,
            today,
            tuple(
                (line.person_id, *grades[line.person_id]) for line in pair.both if line.person_id in grades
            ),
        )
        for pair in overview.pairs
        if not pair.is_broken
    ]


@lru_cache(maxsize=4096)
def _row(pair: PairLine, today: dt.date, grades: tuple[tuple[uuid.UUID, str, dt.date], ...]) -> PairRow:
    """``grades``: as for :func:`rows_of`, of the two alone. Made once for each reading that found the pair changed."""
    wait = wait_of(pair, today, {person_id: (status, since) for person_id, status, since in grades})
    return PairRow(pair, state_of(pair), wait, needs_tutor(wait, today))


def counts(rows: Collection[PairRow]) -> dict[PairState, int]:
    """How many rows are in each state, whatever is searched for."""
    number = Counter(row.state for row in rows)
    return {state: number[state] for state in PairState}


def in_order(rows: Collection[PairRow], sort: Sort) -> list[PairRow]:
    """The rows in an order."""
    return sorted(rows, key=lambda row: _order(row, sort))


def chosen(rows: Collection[PairRow], state: PairState | None, search: str) -> list[PairRow]:
    """The rows of a filter and a search, in the order in which they are given."""
    wanted = folded(search)
    return [
        row
        for row in rows
        if (state is None or row.state is state) and (not wanted or matches(row.pair, wanted))
    ]


def matches(pair: PairLine, wanted: str) -> bool:
    """Whether a search, already folded, is part of either name."""
    return any(wanted in folded(line.card.name or "") for line in (pair.mentee, pair.mentor))


def page_of(rows: Sequence[PairRow], number: int) -> tuple[Sequence[PairRow], int, int]:
    """The rows of a page, its number, and how many pages there are. A number that is too high is the last page's."""
    pages = max(1, -(-len(rows) // PAIRS_A_PAGE))
    number = min(max(number, 1), pages)
    return rows[(number - 1) * PAIRS_A_PAGE : number * PAIRS_A_PAGE], number, pages


_LAST: Final = dt.date.max


def _order(row: PairRow, sort: Sort) -> tuple[object, ...]:
    """Where a row stands. The names last, so that the order never depends on the database."""
    pair = row.pair
    by_mentee, by_mentor = collation_key(pair.mentee.sorts_as), collation_key(pair.mentor.sorts_as)
    match sort:
        case Sort.MENTEE:
            return by_mentee, by_mentor, pair.id
        case Sort.MENTOR:
            return by_mentor, by_mentee, pair.id
        case Sort.LAST_MET:
            return pair.last_met_on or dt.date.min, by_mentee, by_mentor, pair.id
        case Sort.MEETINGS:
            return pair.confirmed, by_mentee, by_mentor, pair.id
    since = row.wait.since if row.wait is not None else None
    if row.is_urgent:
        rank, when = 0, since or _LAST
    elif row.wait is not None:
        rank, when = 1, since or _LAST
    else:
        rank = {PairState.PAUSED: 3, PairState.COMPLETE: 4}.get(row.state, 2)
        when = pair.last_held_on or dt.date.min
    return rank, when, by_mentee, by_mentor, pair.id


def _oldest(pair: PairLine, status: str) -> OpenSession | None:
    """The meeting of this status that was noted first."""
    return min(
        (session for session in pair.open_sessions if session.status == status),
        key=lambda session: (session.logged_on, session.held_on),
        default=None,
    )


def _day(moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment is not None else None
