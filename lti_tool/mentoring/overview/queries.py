"""Reading what the tutor's page shows of a cohort: its people, its pairs, and how far each is.

Everything is read in a fixed number of queries whatever the number of people. Nothing here changes anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import CourseRole, Membership, Person, display_name
from lti_tool.mentoring.completion.queries import PROGRESS_WIDTH, progress_and_approval, with_progress
from lti_tool.mentoring.enrolment.queries import (
    MEMBER_ID,
    MEMBER_WIDTH,
    ParticipantRecord,
    member_of,
    members_of_cohort,
)
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.overview.cohort import (
    CohortOverview,
    LazyProgress,
    Newcomer,
    OpenSession,
    PairLine,
    ParticipantLine,
)
from lti_tool.mentoring.overview.counting import Counters
from lti_tool.mentoring.overview.models import LeftAsItIs, PairCounters
from lti_tool.mentoring.pairs.queries import PAIR_ID, PAIR_WIDTH, PairRecord, pairs_with_latest
from lti_tool.mentoring.programmes.queries import courses_of_cohort, described_cohort
from lti_tool.mentoring.sessions.queries import open_sessions_of_cohort, sessions_of_pairs
from lti_tool.translation.collation import collation_key

_NOBODY = uuid.UUID(int=0)


def overview_of(db: Session, cohort_id: uuid.UUID) -> CohortOverview:
    """The tutor's view of a cohort, and of who is in its courses without taking part yet."""
    found = described_cohort(db, cohort_id)
    pairs = _pairs(db, cohort_id)
    lines = _participant_lines(db, cohort_id, [pair for pair, *_rest in pairs])
    newcomers, tutors = _others(db, cohort_id, {line.person_id for line in lines})
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
        pairs=_pair_lines(db, cohort_id, pairs, {line.id: line for line in lines}),
    )


def _participant_lines(
    db: Session, cohort_id: uuid.UUID, pairs: Collection[PairRecord]
) -> list[ParticipantLine]:
    query = (
        with_progress(members_of_cohort(cohort_id), MEMBER_ID)
        .add_columns(LeftAsItIs.kind, LeftAsItIs.fact_at)
        .outerjoin(LeftAsItIs, LeftAsItIs.participant_id == MEMBER_ID)
    )
    behind = MEMBER_WIDTH + PROGRESS_WIDTH
    people = [
        (member_of(row), *progress_and_approval(row[MEMBER_WIDTH:behind]), tuple(row[behind:]))
        for row in db.execute(query)
    ]
    gone = {member.participant.id for member, *_rest in people if member.has_left}
    taken = Counter(member for pair in pairs if gone.isdisjoint(pair.members) for member in pair.members)
    lines = []
    for member, record, validated, left in people:
        participant = member.participant
        lines.append(
            ParticipantLine(
                card=dataclasses.replace(card(participant), has_left=member.has_left),
                person_id=participant.person_id,
                status=participant.status,
                free=not member.has_left and _is_free(participant, taken[participant.id]),
                has_left=member.has_left,
                progress=LazyProgress(record),
                validated=validated,
                joined_at=participant.joined_at,
                listed_at=member.listed_at,
                family_name=member.family_name,
                capacity=participant.capacity,
                taken=taken[participant.id],
                left_as_it_is=left if left[0] is not None else None,
            )
        )
    return sorted(lines, key=_alphabetically)


def _is_free(participant: ParticipantRecord, pairs: int) -> bool:
    return not participant.withdrawn and pairs < participant.capacity


def _alphabetically(line: ParticipantLine) -> tuple[Any, ...]:
    return collation_key(line.sorts_as), collation_key(line.card.name or ""), line.id


def _others(
    db: Session, cohort_id: uuid.UUID, joined: set[uuid.UUID]
) -> tuple[tuple[Newcomer, ...], tuple[str, ...]]:
    """Learners of the cohort's courses who have no role yet, and the names of those who teach it."""
    names = Person.id, Person.name, Person.given_name, Person.family_name
    rows = db.execute(
        sa.select(*names, Membership.role, sa.func.max(Membership.launched_at))
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            Membership.active,
            Membership.role.in_((CourseRole.LEARNER, CourseRole.TUTOR)),
        )
        .group_by(*names, Membership.role)
    ).all()
    newcomers = {
        row.id: Newcomer(
            row.id,
            display_name(row),
            row[5] is not None,
            PersonCard(_NOBODY, "", display_name(row), row.given_name),
            row.family_name,
        )
        for row in rows
        if row.role == CourseRole.LEARNER and row.id not in joined
    }
    tutors = {
        display_name(row) or ""
        for row in rows
        if row.role == CourseRole.TUTOR and row[5] is not None and display_name(row)
    }
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


_Pair = tuple[PairRecord, dt.datetime | None, dt.datetime | None, Counters | None]
"""A pair, when something last happened in it, when a meeting was last disputed, and what was counted."""
_COUNTERS: Final = tuple(getattr(PairCounters, each.name) for each in dataclasses.fields(Counters))


def _pairs(db: Session, cohort_id: uuid.UUID) -> list[_Pair]:
    query = (
        pairs_with_latest(cohort_id)
        .add_columns(*_COUNTERS)
        .outerjoin(PairCounters, PairCounters.pair_id == PAIR_ID)
    )
    found: list[_Pair] = []
    for row in db.execute(query):
        latest_at, disputed_at, *counted = row[PAIR_WIDTH:]
        counters = None if counted[0] is None else Counters(*counted)
        found.append((PairRecord(*row[:PAIR_WIDTH]), latest_at, disputed_at, counters))
    return found


def _pair_lines(
    db: Session, cohort_id: uuid.UUID, pairs: Sequence[_Pair], by_id: Mapping[uuid.UUID, ParticipantLine]
) -> tuple[PairLine, ...]:
    waiting: dict[uuid.UUID, list[OpenSession]] = defaultdict(list)
    for session, logged_at in open_sessions_of_cohort(db, cohort_id):
        waiting[session.pair_id].append(
            OpenSession(
                session.status,
                session.held_on,
                session.minutes,
                session.logged_by,
                logged_at.date(),
                session.dispute_reason,
            )
        )
    return tuple(_pair_line(pair, by_id, waiting.get(pair[0].id, ())) for pair in pairs)


def _pair_line(
    found: _Pair, by_id: Mapping[uuid.UUID, ParticipantLine], waiting: Collection[OpenSession]
) -> PairLine:
    pair, latest_at, disputed_at, counters = found
    line = PairLine(
        id=pair.id,
        status=pair.status,
        mentor=by_id[pair.mentor_id],
        mentee=by_id[pair.mentee_id],
        created_at=pair.created_at,
        mentor_accepted_at=pair.mentor_accepted_at,
        mentee_accepted_at=pair.mentee_accepted_at,
        mentor_signed_at=pair.mentor_signed_at,
        mentee_signed_at=pair.mentee_signed_at,
        latest_at=latest_at,
        disputed_at=disputed_at,
        open_sessions=tuple(waiting),
    )
    if counters is None:
        return line
    return dataclasses.replace(
        line,
        confirmed=counters.confirmed,
        minutes=counters.confirmed_minutes,
        waiting=counters.held,
        disputed=counters.disputed,
        last_held_on=counters.last_held_on,
        objectives=counters.objectives,
        objectives_reached=counters.objectives_reached,
    )


@dataclass(frozen=True)
class Meeting:
    """A meeting as the small drawing of a pair shows it."""

    held_on: dt.date
    minutes: int
    format: str
    status: str
    logged_by: uuid.UUID
    """A participant."""
    mode: str | None = None


def meetings_of(db: Session, pair_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Meeting]]:
    """The meetings of these pairs that were not removed, the first one first."""
    found: dict[uuid.UUID, list[Meeting]] = {pair_id: [] for pair_id in pair_ids}
    for row in reversed(sessions_of_pairs(db, pair_ids)):
        if row.status not in ("withdrawn", "cancelled"):
            found[row.pair_id].append(
                Meeting(row.held_on, row.minutes, row.format, row.status, row.logged_by, row.mode)
            )
    return found


def addresses_of(db: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The e-mail addresses that the platform gave of these people; without those of whom it gave none."""
    rows = db.execute(sa.select(Person.id, Person.email).where(Person.id.in_(person_ids), Person.email != ""))
    return {person_id: email for person_id, email in rows if email is not None}


def learner_in_cohorts_courses(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> uuid.UUID | None:
    """A person's id, if they are an active learner of a course with an activity of the cohort; else None."""
    return db.scalar(
        sa.select(Membership.person_id)
        .where(
            Membership.course_id.in_(courses_of_cohort(cohort_id)),
            Membership.person_id == person_id,
            Membership.role == CourseRole.LEARNER,
            Membership.active,
        )
        .limit(1)
    )
