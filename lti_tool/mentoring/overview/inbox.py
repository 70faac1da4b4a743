"""What needs the tutor of a cohort, the most urgent first: a pure function of what is known of it.

The order: first what is blocked until the tutor acts, then what is wrong in the gradebook or with the activity, then
what one of a pair keeps the other waiting for, then silence; in each the oldest first.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.enrolment.queries import INVITED
from lti_tool.mentoring.overview.cohort import (
    CohortOverview,
    DeclinedPair,
    OpenSession,
    PairLine,
    ParticipantLine,
)
from lti_tool.mentoring.overview.pair_rows import WAITS_AFTER, PairRow, WaitKind
from lti_tool.mentoring.pairs.queries import may_be_reminded
from lti_tool.translation.collation import collation_key

SHOWN: Final = 6
"""How many lines the page shows at first."""
FOLDED_OVER: Final = 5
"""More lines of one kind than this become one."""


class LineKind(enum.StrEnum):
    """What a line is about, in the order of the list."""

    ALONE = "alone"
    PARTNER_LEFT = "partner_left"
    TO_APPROVE = "to_approve"
    TO_CONFIRM = "to_confirm"
    """Somebody says that objectives are reached for which the tutor's word is enough."""
    PAUSE_OVER = "pause_over"
    """The day has come until which a pair was to be on hold."""
    DUPLICATED = "duplicated"
    """An activity of the group was duplicated, and nobody has said yet which group the duplicate opens."""
    GRADE_MISSING = "grade_missing"
    GRADE_REMOVED = "grade_removed"
    GRADE_OVERRIDDEN = "grade_overridden"
    DIFFERS = "differs"
    """The two disagree about a meeting: of what waits since the same day, this comes first."""
    NOT_ACCEPTED = "not_accepted"
    UNSIGNED = "unsigned"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    """Somebody who was invited does not take part, and the tutor has not said yet that they know."""
    SILENT = "silent"
    INVITED = "invited"


REMINDERS: Final = (
    LineKind.NOT_ACCEPTED,
    LineKind.UNSIGNED,
    LineKind.UNCONFIRMED,
    LineKind.DIFFERS,
    LineKind.SILENT,
)
"""What people of a pair have to do, of which a tutor can remind them."""

_RANKS: Final = {
    LineKind.ALONE: 1,
    LineKind.PARTNER_LEFT: 1,
    LineKind.TO_APPROVE: 1,
    LineKind.TO_CONFIRM: 1,
    LineKind.PAUSE_OVER: 1,
    LineKind.DUPLICATED: 2,
    LineKind.GRADE_MISSING: 2,
    LineKind.GRADE_REMOVED: 2,
    LineKind.GRADE_OVERRIDDEN: 2,
    LineKind.NOT_ACCEPTED: 3,
    LineKind.UNSIGNED: 3,
    LineKind.UNCONFIRMED: 3,
    LineKind.DIFFERS: 3,
    LineKind.REFUSED: 3,
    LineKind.SILENT: 4,
    LineKind.INVITED: 4,
}


@dataclass(frozen=True)
class GradeQuestion:
    """A grade about which the tutor decides; which one is for whoever keeps grades to know."""

    person_id: uuid.UUID
    kind: LineKind
    since: dt.datetime
    words: str
    """What there is to say of it, in the reader's language."""
    can_arrive: bool = True
    """Whether it may arrive when it is sent once more, as far as is known."""


@dataclass(frozen=True)
class WaitingCopy:
    """A duplicate of one of the group's activities that waits for a tutor to say which group it opens."""

    link_id: uuid.UUID
    """Of its resource link."""
    title: str | None
    since: dt.datetime
    """When somebody first opened it."""
    is_here: bool
    """Whether it is in the course of whoever reads, who can answer then."""


@dataclass(frozen=True)
class InboxLine:
    """One thing that needs the tutor, or, folded, several of one kind."""

    kind: LineKind
    people: tuple[ParticipantLine, ...]
    """Whom it is about: whose turn it is, or who waits; the mentee first."""
    since: dt.date | None = None
    pair: PairLine | None = None
    partner: ParticipantLine | None = None
    """Who has left, or who waits for the one of ``people``."""
    session: OpenSession | None = None
    grade: GradeQuestion | None = None
    copy: WaitingCopy | None = None
    declined: DeclinedPair | None = None
    """Of somebody who has no partner: the pair that was declined last, if one was."""
    count: int = 1
    """Of how many things of one person, such as objectives, it says so."""
    members: tuple[InboxLine, ...] = ()
    """The lines that a folded one stands for."""

    @property
    def reminded_at(self) -> dt.datetime | None:
        """When one of its people was last reminded of what waits, since it does; by whomever."""
        if self.pair is None or self.kind not in REMINDERS:
            return None
        moments = [self.pair.reminded_at(person) for person in self.people]
        return max((at for at in moments if at and self.since and at.date() >= self.since), default=None)

    def to_remind(self, now: dt.datetime) -> tuple[ParticipantLine, ...]:
        """Those of its people whom the tutor can remind now; nobody where the line is not about what people do."""
        pair = self.pair
        if pair is None or self.kind not in REMINDERS:
            return ()
        return tuple(person for person in self.people if may_be_reminded(pair.reminded_at(person), now))

    @property
    def key(self) -> str:
        """What names the line on its page, however its words change."""
        if self.members:
            return f"{self.kind}-all"
        about: object = ""
        if self.pair is not None:
            about = self.pair.id
        elif self.people:
            about = self.people[0].id
        elif self.copy is not None:
            about = self.copy.link_id
        return f"{self.kind}-{about}"

    def days(self, today: dt.date) -> int | None:
        """For how many days it has waited."""
        return None if self.since is None else max(0, (today - self.since).days)


_OF_PAIRS: Final = {
    WaitKind.APPROVE: LineKind.TO_APPROVE,
    WaitKind.PAUSE_OVER: LineKind.PAUSE_OVER,
    WaitKind.DIFFERS: LineKind.DIFFERS,
    WaitKind.SILENT: LineKind.SILENT,
    WaitKind.SIGN: LineKind.UNSIGNED,
    WaitKind.CONFIRM: LineKind.UNCONFIRMED,
    WaitKind.ACCEPT: LineKind.NOT_ACCEPTED,
}


def inbox(
    overview: CohortOverview,
    rows: Collection[PairRow],
    grades: Collection[GradeQuestion],
    today: dt.date,
    copies: Collection[WaitingCopy] = (),
) -> list[InboxLine]:
    """Everything that needs the tutor, one line for each thing."""
    lines = [*_people(overview, today), *_grades(overview, grades)]
    lines += [InboxLine(LineKind.DUPLICATED, (), copy.since.date(), copy=copy) for copy in copies]
    approved = set()
    for row in rows:
        kind = _OF_PAIRS.get(row.wait.kind) if row.wait is not None else None
        if row.wait is None or kind is None or not row.is_urgent:
            continue
        if kind is LineKind.TO_APPROVE:
            approved |= {line.id for line in row.wait.who}
        lines += _of_pair(row, kind)
    # A grade in question hides the rest of what a row waits for; an approval is shown beside it.
    lines += [
        InboxLine(LineKind.TO_APPROVE, (line,), _day_of(overview, line))
        for line in overview.participants
        if line.awaits_tutor and line.id not in approved
    ]
    lines += [
        InboxLine(LineKind.TO_CONFIRM, (line,), pair.claimed_at.date(), pair, count=pair.claims_of(line))
        for pair in overview.pairs
        if pair.claimed_at is not None
        for line in pair.both
        if pair.claims_of(line)
    ]
    return sorted(lines, key=_order)


def _of_pair(row: PairRow, kind: LineKind) -> list[InboxLine]:
    wait = row.wait
    assert wait is not None  # noqa: S101  # whoever asks has looked
    if kind is LineKind.TO_APPROVE:
        # Two approvals are two decisions.
        return [InboxLine(kind, (line,), wait.since, row.pair) for line in wait.who]
    partner = row.pair.partner_of(wait.who[0].id) if len(wait.who) == 1 else None
    return [InboxLine(kind, wait.who, wait.since, row.pair, partner, wait.session)]


def _people(overview: CohortOverview, today: dt.date) -> list[InboxLine]:
    alone = {here.id: (gone, pair) for here, gone, pair in overview.left_alone}
    lines = []
    for line in overview.waiting_for_a_pair:
        if line.id in alone:
            gone, pair = alone[line.id]
            since = gone.listed_at.date() if gone.listed_at is not None else None
            lines.append(InboxLine(LineKind.PARTNER_LEFT, (line,), since, pair, gone))
        elif line.status == INVITED:
            if line.joined_at is not None and (today - line.joined_at.date()).days >= WAITS_AFTER:
                lines.append(InboxLine(LineKind.INVITED, (line,), line.joined_at.date()))
        else:
            since = line.joined_at.date() if line.joined_at else None
            declined = overview.latest_declined.get(line.id)
            lines.append(InboxLine(LineKind.ALONE, (line,), since, declined=declined))
    lines += [
        InboxLine(LineKind.REFUSED, (line,), line.refused_at.date())
        for line in overview.refused
        if line.refused_at is not None and line.left_as_it_is != (LineKind.REFUSED, line.refused_at)
    ]
    return lines


def _grades(overview: CohortOverview, grades: Collection[GradeQuestion]) -> list[InboxLine]:
    people = {line.person_id: line for line in overview.participants}
    return [
        InboxLine(grade.kind, (people[grade.person_id],), grade.since.date(), grade=grade)
        for grade in grades
        if grade.person_id in people
    ]


def _day_of(overview: CohortOverview, line: ParticipantLine) -> dt.date | None:
    """When something last happened in one of somebody's pairs."""
    days = [
        pair.latest_at.date()
        for pair in overview.pairs
        if pair.latest_at and line.id in (pair.mentee.id, pair.mentor.id)
    ]
    return max(days, default=None)


def _order(line: InboxLine) -> tuple[object, ...]:
    return (
        _RANKS[line.kind],
        line.since or dt.date.max,
        list(LineKind).index(line.kind),
        [collation_key(person.sorts_as) for person in line.people],
        line.key,
    )


_ON_ONE_PAGE: Final = (LineKind.TO_CONFIRM,)
"""What is answered for all of them on one page: already two lines of it become one."""


def folded_lines(lines: Sequence[InboxLine]) -> list[InboxLine]:
    """The same, with one line for more than :data:`FOLDED_OVER` of a kind, where the first of them stood.

    What is answered on one page is one line as soon as there are two.
    """
    by_kind: dict[LineKind, list[InboxLine]] = defaultdict(list)
    for line in lines:
        by_kind[line.kind].append(line)
    found: list[InboxLine] = []
    for line in lines:
        alike = tuple(by_kind[line.kind])
        if len(alike) <= (1 if line.kind in _ON_ONE_PAGE else FOLDED_OVER):
            found.append(line)
        elif line is alike[0]:
            people = tuple(person for each in alike for person in each.people)
            found.append(InboxLine(line.kind, people, line.since, members=alike))
    return found
