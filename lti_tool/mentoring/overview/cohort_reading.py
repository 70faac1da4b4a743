"""Reading what the tutor's page shows of a cohort, and keeping what was made of it until something changes.

A page is searched, sorted and paged far oftener than anything happens. Each reading asks for the people of the
cohort's courses and for the number of its events, which changes with everything that takes place in it: where neither
is new, the reading before is still right. Where something is, the rest is read too, and what was made of rows that are
the same is used again, row by row. A reading is trusted for :data:`TRUSTED_FOR` seconds, for the sake of what an
operator repairs without an event.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import uuid
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of
from lti_tool.events.log import state_columns
from lti_tool.identity.models import CourseRole, Membership, Person, display_name
from lti_tool.mentoring.completion.queries import PROGRESS_WIDTH, progress_and_approval, with_progress
from lti_tool.mentoring.enrolment.queries import (
    MEMBER_ID,
    MEMBER_WIDTH,
    ParticipantRecord,
    has_moved_from,
    is_in_cohort,
    member_of,
    members_of_cohort,
)
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.objectives.queries import claims_for_tutor
from lti_tool.mentoring.overview.cohort import (
    CohortOverview,
    DeclinedPair,
    LazyProgress,
    Newcomer,
    OpenSession,
    PairLine,
    ParticipantLine,
)
from lti_tool.mentoring.overview.counting import Counters
from lti_tool.mentoring.overview.models import LeftAsItIs, PairCounters
from lti_tool.mentoring.pairs.queries import (
    PAIR_ID,
    PAIR_WIDTH,
    PairRecord,
    latest_of_pair,
    pairs_of_cohort,
)
from lti_tool.mentoring.programmes.queries import (
    DescribedCohort,
    courses_of_cohort,
    described_cohort,
    is_not_enrolled,
)
from lti_tool.mentoring.sessions.queries import open_sessions_of_cohort
from lti_tool.translation.collation import collation_key

TRUSTED_FOR: Final = 60
"""Seconds."""
ROWS_KEPT: Final = 10_000
"""Of all cohorts together, about a kilobyte and a half each; a cohort of 1,000 people has some 2,700."""

_NOBODY = uuid.UUID(int=0)
_COUNTERS: Final = tuple(getattr(PairCounters, each.name) for each in dataclasses.fields(Counters))
_BEHIND_PAIR: Final = PAIR_WIDTH + 5

Row = tuple[Any, ...]
"""As the driver gives it."""


def read_cohort(db: Session, cohort_id: uuid.UUID) -> CohortOverview:
    """The tutor's view of a cohort, and of who is in its courses without taking part yet.

    Where nothing has changed it is the very object of the reading before.
    """
    connection = connection_of(db)
    statements, given = _statements(connection), {"cohort_id": cohort_id}
    described = described_cohort(db, cohort_id)
    people = statements.people.unconverted(connection, given)
    before = _kept.get(cohort_id)
    if before is not None and before.is_still_right(described, people):
        return before.overview
    rest = (
        each.unconverted(connection, given)
        for each in (statements.members, statements.pairs, statements.sessions)
    )
    reading = _Reading(statements, _Rows(described, people, *rest), before)
    _kept.put(cohort_id, reading)
    return reading.overview


_EVENTS: Final = 8
"""The column of the people's rows where the number of events stands, and behind it the highest place of one."""


def _state(row: Row) -> tuple[int, int]:
    return row[_EVENTS], row[_EVENTS + 1] or 0


@dataclass(frozen=True)
class _Statements:
    """Each with the one parameter ``cohort_id``."""

    people: CompiledStatement
    members: CompiledStatement
    pairs: CompiledStatement
    sessions: CompiledStatement


@once_for_each_dialect
def _statements(dialect: Dialect) -> _Statements:
    cohort_id: sa.BindParameter[uuid.UUID] = sa.bindparam("cohort_id", type_=sa.Uuid())
    is_left = is_in_cohort(cohort_id, LeftAsItIs.participant_id)
    people = (
        sa.select(
            Person.id,
            Person.name,
            Person.given_name,
            Person.family_name,
            Membership.role,
            Membership.active,
            Membership.launched_at,
            Membership.listed_at,
            *(each.scalar_subquery() for each in state_columns(cohort_id)),
            *(
                sa.select(each).where(is_left).scalar_subquery()
                for each in (sa.func.count(LeftAsItIs.participant_id), sa.func.max(LeftAsItIs.left_at))
            ),
            is_not_enrolled().label("is_not_enrolled"),
        )
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            # Whose pair moved to another cohort waits for nothing here.
            sa.not_(has_moved_from(cohort_id, Person.id)),
        )
    )
    members = (
        with_progress(members_of_cohort(cohort_id), MEMBER_ID)
        .add_columns(LeftAsItIs.kind, LeftAsItIs.fact_at)
        .outerjoin(LeftAsItIs, LeftAsItIs.participant_id == MEMBER_ID)
    )
    claims = claims_for_tutor(cohort_id)
    pairs = (
        pairs_of_cohort(cohort_id)
        .add_columns(
            latest_of_pair().label("latest_at"),
            sa.case((PairCounters.disputed > 0, latest_of_pair("SessionDisputed"))).label("disputed_at"),
            claims.c.mentee_claims,
            claims.c.mentor_claims,
            claims.c.claimed_at,
            *_COUNTERS,
        )
        .outerjoin(PairCounters, PairCounters.pair_id == PAIR_ID)
        .outerjoin(claims, claims.c.pair_id == PAIR_ID)
    )
    sessions = open_sessions_of_cohort(cohort_id)
    return _Statements(*(CompiledStatement(each, dialect) for each in (people, members, pairs, sessions)))


@dataclass(frozen=True)
class _Rows:
    """Everything that a reading finds."""

    cohort: DescribedCohort
    people: Sequence[Row]
    members: Sequence[Row]
    pairs: Sequence[Row]
    sessions: Sequence[Row]

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.people) + len(self.members) + len(self.pairs) + len(self.sessions)


@dataclass(frozen=True)
class _Place:
    """What the cohort's courses know of a person."""

    is_gone: bool
    """Whether the person is in none of them any more."""
    listed_at: dt.datetime | None
    """When a roster last listed them; None where none ever did."""


class _Reading:
    """What one reading found, and what was made of it."""

    def __init__(self, statements: _Statements, rows: _Rows, before: _Reading | None) -> None:
        """``before``: an earlier one, of which what has not changed is used again."""
        self.rows = rows
        self._read_at = time.monotonic()
        self._people: list[Any] = [statements.people.converted(row) for row in rows.people]
        self._places = _places(self._people)
        self._members: dict[Any, tuple[Row, _Member, ParticipantLine]] = {}
        """By the participant's id, as the driver gives it."""
        self._pairs: dict[Any, tuple[Row, _PairRow, Sequence[Any], PairLine]] = {}
        """By the pair's id, likewise, with its meetings that wait for an answer."""
        self.overview = self._made(statements, before)

    def is_still_right(self, cohort: DescribedCohort, people: Sequence[Row]) -> bool:
        """Whether nothing has happened since, as a later reading of these two finds."""
        is_fresh = time.monotonic() - self._read_at < TRUSTED_FOR
        return is_fresh and bool(people) and self.rows.people == people and self.rows.cohort == cohort

    def _made(self, statements: _Statements, before: _Reading | None) -> CohortOverview:
        rows, found = self.rows, self.rows.cohort
        known = before._pairs if before is not None else {}
        pairs = []
        for row in rows.pairs:
            same = known.get(row[0])
            is_known = same is not None and same[0] == row
            pairs.append(same[1] if is_known and same else _PairRow.of(statements.pairs.converted(row)))
        going_on = [pair.record for pair in pairs if not pair.record.over]
        lines = self._participant_lines(statements, before, going_on)
        by_id = {line.id: line for line in lines}
        newcomers, tutors = _others(self._people, {line.person_id for line in lines})
        return CohortOverview(
            number=found.cohort.number,
            kind=found.cohort.kind,
            status=found.cohort.status,
            starts_on=found.cohort.starts_on,
            ends_on=found.cohort.ends_on,
            follow_up_on=found.cohort.follow_up_on,
            is_copy=found.cohort.is_copy,
            title=found.title,
            rule=found.rule,
            tutors=tutors,
            participants=tuple(lines),
            newcomers=newcomers,
            pairs=tuple(self._pair_lines(statements, before, pairs, by_id)),
            state=_state(rows.people[0]) if rows.people else None,
            declined=tuple(
                _declined(pair.record, by_id)
                for pair in pairs
                # One of the two may have moved to another cohort since.
                if pair.record.over and by_id.keys() >= set(pair.record.members)
            ),
        )

    def _participant_lines(
        self, statements: _Statements, before: _Reading | None, pairs: Sequence[PairRecord]
    ) -> list[ParticipantLine]:
        known = before._members if before is not None else {}
        members = []
        for row in self.rows.members:
            same = known.get(row[0])
            is_known = same is not None and same[0] == row
            members.append(same[1] if is_known and same else _Member.of(statements.members.converted(row)))
        places = [self._places.get(each.participant.person_id, _NOWHERE) for each in members]
        gone = {each.participant.id for each, place in zip(members, places, strict=True) if place.is_gone}
        taken = Counter(member for pair in pairs if gone.isdisjoint(pair.members) for member in pair.members)
        for row, each, place in zip(self.rows.members, members, places, strict=True):
            same, number = known.get(row[0]), taken[each.participant.id]
            line = same[2] if same is not None and same[1] is each else None
            if line is None or (line.taken, line.has_left, line.listed_at) != (
                number,
                place.is_gone,
                place.listed_at,
            ):
                line = each.line(number, place)
            self._members[row[0]] = row, each, line
        return sorted((line for _row, _member, line in self._members.values()), key=_alphabetically)

    def _pair_lines(
        self,
        statements: _Statements,
        before: _Reading | None,
        pairs: Sequence[_PairRow],
        by_id: Mapping[uuid.UUID, ParticipantLine],
    ) -> list[PairLine]:
        waiting: dict[uuid.UUID, list[Any]] = defaultdict(list)
        for row in self.rows.sessions:
            session = statements.sessions.converted(row)
            waiting[session.pair_id].append(session)
        known = before._pairs if before is not None else {}
        for row, pair in zip(self.rows.pairs, pairs, strict=True):
            sessions = waiting.get(pair.record.id, [])
            mentor, mentee = by_id[pair.record.mentor_id], by_id[pair.record.mentee_id]
            same = known.get(row[0])
            if same is not None and same[1] is pair and same[2] == sessions:
                line = same[3]
                if line.mentor is not mentor or line.mentee is not mentee:
                    line = dataclasses.replace(line, mentor=mentor, mentee=mentee)
            else:
                line = pair.line(mentor, mentee, sessions)
            self._pairs[row[0]] = row, pair, sessions, line
        return [line for _row, pair, _sessions, line in self._pairs.values() if not pair.record.over]


@dataclass
class _Kept:
    """The latest reading of each cohort, up to :data:`ROWS_KEPT` rows; those that are asked for least are dropped."""

    readings: OrderedDict[uuid.UUID, _Reading] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, cohort_id: uuid.UUID) -> _Reading | None:
        """The latest reading of a cohort, if it is kept."""
        with self.lock:
            if cohort_id in self.readings:
                self.readings.move_to_end(cohort_id)
            return self.readings.get(cohort_id)

    def put(self, cohort_id: uuid.UUID, reading: _Reading) -> None:
        """Keep a reading in place of the one before."""
        with self.lock:
            self.readings[cohort_id] = reading
            self.readings.move_to_end(cohort_id)
            number = sum(each.rows.number for each in self.readings.values())
            while number > ROWS_KEPT and len(self.readings) > 1:
                _least, dropped = self.readings.popitem(last=False)
                number -= dropped.rows.number


_kept: Final = _Kept()


_NOWHERE: Final = _Place(is_gone=False, listed_at=None)


def _places(people: Sequence[Any]) -> dict[uuid.UUID, _Place]:
    """The places of all of these people, each of whom may be in several courses."""
    found: dict[uuid.UUID, _Place] = {}
    for row in people:
        place = _Place(not row.active, row.listed_at)
        known = found.get(row.id)
        if known is not None:
            listed = [at for at in (known.listed_at, place.listed_at) if at is not None]
            place = _Place(known.is_gone and place.is_gone, max(listed, default=None))
        found[row.id] = place
    return found


@dataclass(frozen=True)
class _Member:
    """A participant, as one row has them."""

    participant: ParticipantRecord
    family_name: str | None
    progress: LazyProgress
    validated: bool
    left_as_it_is: tuple[str, dt.datetime] | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> _Member:
        """``row``: converted."""
        behind = MEMBER_WIDTH + PROGRESS_WIDTH
        stored, validated = progress_and_approval(row[MEMBER_WIDTH:behind])
        kind, fact_at = row[behind:]
        left = None if kind is None else (kind, fact_at)
        return cls(*member_of(row), LazyProgress(stored), validated, left)

    def line(self, taken: int, place: _Place) -> ParticipantLine:
        """``taken``: in how many pairs that go on they are."""
        participant = self.participant
        return ParticipantLine(
            card=dataclasses.replace(card(participant), has_left=place.is_gone),
            person_id=participant.person_id,
            status=participant.status,
            free=not place.is_gone and _is_free(participant, taken),
            has_left=place.is_gone,
            progress=self.progress,
            validated=self.validated,
            joined_at=participant.joined_at,
            listed_at=place.listed_at,
            family_name=self.family_name,
            capacity=participant.capacity,
            taken=taken,
            left_as_it_is=self.left_as_it_is,
            refused_at=participant.refused_at,
            refusal_reason=participant.refusal_reason,
        )


def _is_free(participant: ParticipantRecord, pairs: int) -> bool:
    return not participant.withdrawn and not participant.refused and pairs < participant.capacity


def _alphabetically(line: ParticipantLine) -> tuple[Any, ...]:
    return collation_key(line.sorts_as), collation_key(line.card.name or ""), line.id


@dataclass(frozen=True)
class _PairRow:
    """A pair, as one row has it."""

    record: PairRecord
    latest_at: dt.datetime | None
    """When something last happened in it."""
    disputed_at: dt.datetime | None
    """When a meeting was last disputed, while one is."""
    claims: tuple[int, int, dt.datetime | None]
    """Of the mentee and of the mentor, as :class:`PairLine` has them, and since when the oldest waits."""
    counters: Counters

    @classmethod
    def of(cls, row: Sequence[Any]) -> _PairRow:
        """``row``: converted."""
        counted = row[_BEHIND_PAIR:]
        counters = Counters() if counted[0] is None else Counters(*counted)
        latest_at, disputed_at, mentee_claims, mentor_claims, claimed_at = row[PAIR_WIDTH:_BEHIND_PAIR]
        claims = mentee_claims or 0, mentor_claims or 0, claimed_at
        return cls(PairRecord(*row[:PAIR_WIDTH]), latest_at, disputed_at, claims, counters)

    def line(self, mentor: ParticipantLine, mentee: ParticipantLine, sessions: Sequence[Any]) -> PairLine:
        """``sessions``: rows of its meetings that wait for an answer, converted."""
        pair, counters = self.record, self.counters
        mentee_claims, mentor_claims, claimed_at = self.claims
        return PairLine(
            id=pair.id,
            status=pair.status,
            mentor=mentor,
            mentee=mentee,
            created_at=pair.created_at,
            mentor_accepted_at=pair.mentor_accepted_at,
            mentee_accepted_at=pair.mentee_accepted_at,
            mentor_signed_at=pair.mentor_signed_at,
            mentee_signed_at=pair.mentee_signed_at,
            mentor_reminded_at=pair.mentor_reminded_at,
            mentee_reminded_at=pair.mentee_reminded_at,
            paused_until=pair.paused_until,
            latest_at=self.latest_at,
            disputed_at=self.disputed_at,
            confirmed=counters.confirmed,
            minutes=counters.confirmed_minutes,
            waiting=counters.held,
            disputed=counters.disputed,
            last_held_on=counters.last_held_on,
            objectives=counters.objectives,
            objectives_reached=counters.objectives_reached,
            mentee_claims=mentee_claims,
            mentor_claims=mentor_claims,
            claimed_at=claimed_at,
            open_sessions=tuple(
                OpenSession(
                    each.status,
                    each.held_on,
                    each.minutes,
                    each.logged_by,
                    each.logged_at.date(),
                    each.dispute_reason,
                )
                for each in sessions
            ),
        )


def _declined(pair: PairRecord, by_id: Mapping[uuid.UUID, ParticipantLine]) -> DeclinedPair:
    mentor, mentee = by_id[pair.mentor_id], by_id[pair.mentee_id]
    by = mentor if pair.declined_by == pair.mentor_id else mentee
    return DeclinedPair(mentor, mentee, by, pair.decline_reason, pair.ended_at or pair.created_at)


def _others(people: Sequence[Any], joined: set[uuid.UUID]) -> tuple[tuple[Newcomer, ...], tuple[str, ...]]:
    """Learners of the cohort's courses who have no role yet, and the names of those who teach it."""
    here = [row for row in people if row.active]
    launched = {row.id for row in here if row.role == CourseRole.LEARNER and row.launched_at is not None}
    newcomers = {
        row.id: Newcomer(
            row.id,
            display_name(row),
            row.id in launched,
            PersonCard(_NOBODY, "", display_name(row), row.given_name),
            row.family_name,
        )
        for row in here
        if row.role == CourseRole.LEARNER and row.id not in joined
    }
    teaching = [
        row
        for row in here
        if row.role == CourseRole.TUTOR and row.launched_at is not None and display_name(row)
    ]
    enrolled = [row for row in teaching if not row.is_not_enrolled]
    tutors = {display_name(row) or "" for row in enrolled or teaching}
    return (
        tuple(
            sorted(
                newcomers.values(),
                key=lambda each: (
                    collation_key(each.sorts_as),
                    collation_key(each.name or ""),
                    each.person_id,
                ),
            )
        ),
        tuple(sorted(tutors, key=collation_key)),
    )
