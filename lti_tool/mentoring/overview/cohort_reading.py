"""Reading what the tutor's page shows of a cohort, and keeping what was made of it until something changes.

A page is searched, sorted and paged far oftener than anything happens. Each reading asks for the people of the
cohort's courses and for the number of its events, which changes with everything that takes place in it: where neither
is new, the reading before is still right. Where something is, the rest is read too, and what was made of rows that are
the same is used again, row by row. A reading is trusted for :data:`TRUSTED_FOR` seconds, for the sake of what an
operator repairs without an event.
"""

from __future__ import annotations

import dataclasses
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
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.completion.queries import with_progress
from lti_tool.mentoring.enrolment.openings import has_opened
from lti_tool.mentoring.enrolment.other_groups import people_of_other_groups
from lti_tool.mentoring.enrolment.people.queries import count_of_awaited
from lti_tool.mentoring.enrolment.queries import (
    MEMBER_ID,
    has_moved_from,
    is_enrolled_in,
    is_in_cohort,
    is_put_aside,
    members_of_cohort,
)
from lti_tool.mentoring.objectives.queries import claims_for_tutor
from lti_tool.mentoring.overview.cohort import (
    CohortOverview,
    PairLine,
    ParticipantLine,
)
from lti_tool.mentoring.overview.member_reading import Member, alphabetically
from lti_tool.mentoring.overview.models import LeftAsItIs, PairCounters
from lti_tool.mentoring.overview.pair_reading import COUNTERS, PairRow, declined_pair
from lti_tool.mentoring.overview.people_reading import NOWHERE, newcomers_of, places_of, tutors_of
from lti_tool.mentoring.pairs.queries import (
    PAIR_ID,
    PairRecord,
    count_of_ended,
    latest_of_pair,
    pairs_of_cohort,
)
from lti_tool.mentoring.programmes.queries import DescribedCohort, courses_of_cohort, described_cohort
from lti_tool.mentoring.programmes.standing import owns_programme_of, reads_programme_of
from lti_tool.mentoring.programmes.tutor_queries import is_not_enrolled
from lti_tool.mentoring.sessions.queries import open_sessions_of_cohort

TRUSTED_FOR: Final = 60
"""Seconds."""
ROWS_KEPT: Final = 10_000
"""Of all cohorts together, about a kilobyte and a half each; a cohort of 1,000 people has some 2,700."""


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


def _without_state(row: Row) -> Row:
    return row[:_EVENTS] + row[_EVENTS + 2 :]


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
    other_group = people_of_other_groups(cohort_id)
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
            count_of_awaited(cohort_id).scalar_subquery().label("awaited"),
            other_group.c.number.label("other_group"),
            is_put_aside(cohort_id, Person.id).label("is_put_aside"),
            has_opened(cohort_id).label("has_opened"),
            count_of_ended(cohort_id).scalar_subquery().label("ended"),
        )
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(other_group, other_group.c.person_id == Person.id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            # Whose pair moved to another cohort waits for nothing here.
            sa.not_(has_moved_from(cohort_id, Person.id)),
            # Whoever owns the programme or reads it for human resources, and takes no part, is nobody to be paired.
            sa.or_(
                Membership.role != CourseRole.LEARNER,
                sa.not_(
                    sa.or_(owns_programme_of(cohort_id, Person.id), reads_programme_of(cohort_id, Person.id))
                ),
                is_enrolled_in(cohort_id, Person.id),
            ),
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
            *COUNTERS,
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


class _Reading:
    """What one reading found, and what was made of it."""

    def __init__(self, statements: _Statements, rows: _Rows, before: _Reading | None) -> None:
        """``before``: an earlier one, of which what has not changed is used again."""
        self.rows = rows
        self._read_at = time.monotonic()
        self._people = _people(statements, rows, before)
        self._places = places_of(self._people)
        self._members: dict[Any, tuple[Row, Member, ParticipantLine]] = {}
        """By the participant's id, as the driver gives it."""
        self._pairs: dict[Any, tuple[Row, PairRow, Sequence[Any], PairLine]] = {}
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
            pairs.append(same[1] if is_known and same else PairRow.of(statements.pairs.converted(row)))
        going_on = [pair.record for pair in pairs if not pair.record.over]
        lines = self._participant_lines(statements, before, going_on)
        by_id = {line.id: line for line in lines}
        newcomers = newcomers_of(self._people, {line.person_id for line in lines})
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
            tutors=tutors_of(self._people),
            participants=tuple(lines),
            newcomers=tuple(each for each in newcomers if each.group is None and not each.is_put_aside),
            of_other_groups=tuple(each for each in newcomers if each.group is not None),
            put_aside=tuple(each for each in newcomers if each.group is None and each.is_put_aside),
            pairs=tuple(self._pair_lines(statements, before, pairs, by_id)),
            awaited=self._people[0].awaited if self._people else 0,
            ended_pairs=self._people[0].ended if self._people else 0,
            state=_state(rows.people[0]) if rows.people else None,
            declined=tuple(
                declined_pair(pair.record, by_id)
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
            members.append(same[1] if is_known and same else Member.of(statements.members.converted(row)))
        places = [self._places.get(each.participant.person_id, NOWHERE) for each in members]
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
        return sorted((line for _row, _member, line in self._members.values()), key=alphabetically)

    def _pair_lines(
        self,
        statements: _Statements,
        before: _Reading | None,
        pairs: Sequence[PairRow],
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


def _people(statements: _Statements, rows: _Rows, before: _Reading | None) -> list[Any]:
    """The people, converted, but for the state, which stands in the row of each of them."""
    known: dict[Row, Any] = {}
    if before is not None:
        known = dict(zip(map(_without_state, before.rows.people), before._people, strict=True))
    return [known.get(_without_state(row)) or statements.people.converted(row) for row in rows.people]


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
