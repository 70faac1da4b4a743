"""Reading the audit: the entries that the policy shows to whoever asks, filtered and paged.

The database chooses by the same table as :func:`lti_tool.identity.audit_policy.audit_shows`, which decides about each
entry once more.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.base import KINDS, ActedBy, Event, EventUnreadable
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity.audit_policy import STEPS, Subject, audit_shows
from lti_tool.identity.models import Membership
from lti_tool.identity.policy import Capacity, Relation, capacities
from lti_tool.identity.principal import Principal, PrincipalKind
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort, Placement
from lti_tool.mentoring.programmes.queries import teaching_memberships


@dataclass(frozen=True)
class Reader:
    """Who reads the audit, and of what."""

    principal: Principal
    programme_id: uuid.UUID | None = None
    """The programme whose entries are asked for; None for those that belong to none."""
    cohort_id: uuid.UUID | None = None
    """The only cohort to show, with what concerns the programme as a whole; None for every cohort."""
    taught: frozenset[uuid.UUID] = frozenset()
    """The cohorts of the programme that they teach."""
    owns: bool = False
    """They own the programme."""

    def held(
        self, organisation_id: uuid.UUID, cohort_id: uuid.UUID | None, acted_by: ActedBy
    ) -> frozenset[Capacity]:
        """In which capacities they read an entry."""
        person_id = self.principal.person_id
        relation = Relation(
            organisation_id=organisation_id,
            teaches=bool(self.taught) if cohort_id is None else cohort_id in self.taught,
            owns=self.owns,
            acted=person_id is not None and acted_by == ActedBy(PrincipalKind.PERSON, person_id),
        )
        return capacities(self.principal, relation)


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see of the audit."""

    person_id: uuid.UUID | None = None
    """What this person did."""
    kind: PrincipalKind | None = None
    """What this kind of principal did, such as the operator."""
    subject: Subject | None = None
    organisation_id: uuid.UUID | None = None
    """In this company; only the operator sees more than one."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Up to this moment, which is not part of it any more."""


@dataclass(frozen=True)
class AuditLine:
    """One entry: who did what, about whom and when."""

    id: uuid.UUID
    at: dt.datetime
    kind: str
    event: Event | None
    """None where this version of the tool cannot read it."""
    organisation_id: uuid.UUID
    cohort_id: uuid.UUID | None
    pair_id: uuid.UUID | None
    participant_id: uuid.UUID | None
    acted_by: ActedBy
    programme_id: uuid.UUID | None = None


def subject_of(kind: str) -> Subject | None:
    """What the audit counts a kind of event to; None for one that this version of the tool does not know."""
    known = KINDS.get(kind)
    return None if known is None else getattr(known, "audit_subject", None)


_UNRECORDED: Final = (PrincipalKind.TOOL, PrincipalKind.NOT_RECORDED, PrincipalKind.ANONYMOUS)


def _kinds(subjects: Iterable[Subject]) -> list[str]:
    wanted = frozenset(subjects)
    return [name for name in KINDS if subject_of(name) in wanted]


def _by_participant() -> sa.ColumnElement[bool]:
    """Whether whoever acted is the participant, or one of the pair, whom it is about, or nobody else is recorded."""
    is_actor = Participant.person_id == AuditEntry.acted_by_id
    of_pair = Participant.id.in_((Pair.mentor_id, Pair.mentee_id))
    return sa.or_(
        sa.exists().where(Participant.id == AuditEntry.participant_id, is_actor),
        sa.exists().where(Pair.id == AuditEntry.pair_id, of_pair, is_actor),
        sa.and_(AuditEntry.kind.in_(_kinds(STEPS)), AuditEntry.acted_by_kind.in_(_UNRECORDED)),
    )


def _shown_to(reader: Reader) -> sa.ColumnElement[bool]:
    """The entries that the table shows to a reader."""
    nobody = ActedBy(PrincipalKind.NOBODY)
    organisation_id = reader.principal.organisation_id or uuid.UUID(int=0)
    acts = []
    for cohort_id in (None, *reader.taught, _ELSEWHERE):
        held = reader.held(organisation_id, cohort_id, nobody)
        subjects = [each for each in Subject if audit_shows(each, held, by_participant=False)]
        if subjects:
            acts.append(sa.and_(_of_cohort(reader, cohort_id), AuditEntry.kind.in_(_kinds(subjects))))
    own = [each for each in Subject if audit_shows(each, frozenset({Capacity.ACTOR}), by_participant=True)]
    shown = [
        sa.and_(
            AuditEntry.acted_by_kind == PrincipalKind.PERSON,
            AuditEntry.acted_by_id == reader.principal.person_id,
            AuditEntry.kind.in_(_kinds(own)),
        )
    ]
    if acts:
        shown.append(sa.and_(sa.or_(*acts), sa.not_(_by_participant())))
    return sa.or_(*shown)


_ELSEWHERE: Final = uuid.UUID(int=0)
"""Stands for the cohorts that the reader does not teach."""


def _of_cohort(reader: Reader, cohort_id: uuid.UUID | None) -> sa.ColumnElement[bool]:
    if cohort_id == _ELSEWHERE:
        return sa.and_(AuditEntry.cohort_id.is_not(None), AuditEntry.cohort_id.not_in(reader.taught))
    return AuditEntry.cohort_id.is_(None) if cohort_id is None else AuditEntry.cohort_id == cohort_id


def _where(reader: Reader, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    principal = reader.principal
    in_programme: sa.ColumnElement[bool] = AuditEntry.programme_id.is_(None)
    if reader.programme_id is not None:
        # What somebody did for no programme in particular, such as a choice in the content picker for another course,
        # is nothing of this one. What that choice opens is.
        in_programme = AuditEntry.programme_id == reader.programme_id
    where = [_shown_to(reader), in_programme]
    if principal.organisation_id is not None:
        where.append(AuditEntry.organisation_id == principal.organisation_id)
    if reader.cohort_id is not None:
        where.append(sa.or_(AuditEntry.cohort_id == reader.cohort_id, AuditEntry.cohort_id.is_(None)))
    if wanted.person_id is not None:
        where.append(AuditEntry.acted_by_id == wanted.person_id)
    if wanted.kind is not None:
        where.append(AuditEntry.acted_by_kind == wanted.kind)
    if wanted.subject is not None:
        where.append(AuditEntry.kind.in_(_kinds([wanted.subject])))
    if wanted.organisation_id is not None:
        where.append(AuditEntry.organisation_id == wanted.organisation_id)
    if wanted.since is not None:
        where.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        where.append(AuditEntry.at < wanted.until)
    return where


def entries(db: Session, reader: Reader, wanted: Wanted, *, limit: int, offset: int = 0) -> list[AuditLine]:
    """The entries that are shown to a reader, the newest first."""
    rows = db.execute(
        sa.select(EventRow, _by_participant())
        .join(AuditEntry, AuditEntry.event_id == EventRow.id)
        .where(*_where(reader, wanted))
        # Several of one moment: in the order of the log.
        .order_by(AuditEntry.at.desc(), EventRow.sequence.desc())
        .limit(limit)
        .offset(offset)
    )
    found = []
    for row, by_participant in rows:
        line = _line(row)
        subject = subject_of(line.kind)
        held = reader.held(row.organisation_id, row.cohort_id, line.acted_by)
        if subject is not None and audit_shows(subject, held, by_participant=by_participant):
            found.append(line)
    return found


def _line(row: EventRow) -> AuditLine:
    event: Event | None = None
    try:
        event = log.from_row(row).event
    except EventUnreadable:
        event = None
    return AuditLine(
        id=row.id,
        at=row.at,
        kind=type(event).__name__ if event is not None else row.kind,
        event=event,
        organisation_id=row.organisation_id,
        cohort_id=row.cohort_id,
        pair_id=row.pair_id,
        participant_id=row.participant_id,
        acted_by=ActedBy(PrincipalKind(row.acted_by_kind), row.acted_by_id),
        programme_id=row.programme_id,
    )


def actors(db: Session, reader: Reader) -> list[ActedBy]:
    """Everybody who did something that is shown to a reader."""
    found = db.execute(
        sa.select(AuditEntry.acted_by_kind, AuditEntry.acted_by_id)
        .where(*_where(reader, Wanted()))
        .distinct()
    )
    return [ActedBy(PrincipalKind(kind), identifier) for kind, identifier in found]


def taught_cohorts(db: Session, programme_id: uuid.UUID, person_id: uuid.UUID | None) -> frozenset[uuid.UUID]:
    """The cohorts of a programme with an activity in a course that a person teaches."""
    if person_id is None:
        return frozenset()
    return frozenset(
        db.scalars(
            sa.select(Placement.cohort_id)
            .join(Cohort, Cohort.id == Placement.cohort_id)
            .join(Membership, Membership.course_id == Placement.course_id)
            .where(Cohort.programme_id == programme_id, *teaching_memberships(person_id))
        )
    )
