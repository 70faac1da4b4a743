"""What the activity of a launch opens, and the place that whoever launched has in it.

It is read together with the launch session, in one query, because every page under ``/l/<launch_key>/`` needs it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import g

from lti_tool.identity.models import Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participant_record
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair
from lti_tool.mentoring.pairs.queries import PairRecord, pair_record
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme
from lti_tool.mentoring.programmes.queries import PlacementRecord, placement_record
from lti_tool.web.services import reading_once


@dataclass(frozen=True)
class Activity:
    """An activity that a tutor has opened."""

    placement: PlacementRecord
    programme_id: uuid.UUID
    organisation_id: uuid.UUID
    """Of the programme."""
    participant: ParticipantRecord | None
    """The enrolment of whoever launched; None before they have one."""
    pairs: tuple[PairRecord, ...]
    """Their pairs that go on, the oldest first."""


COLUMNS: Final = (Placement, Programme.id, Programme.organisation_id, Participant, Pair)
"""What :func:`with_activity` adds to a query, and :func:`activity_from` takes: one row for each pair that goes on."""


def with_activity(
    query: sa.Select[*tuple[Any, ...]], link_id: sa.ColumnElement[Any], person_id: sa.ColumnElement[Any]
) -> sa.Select[*tuple[Any, ...]]:
    """Join :data:`COLUMNS` to ``query``; ``link_id`` and ``person_id`` are columns of it, or values."""
    return (
        query.outerjoin(Placement, Placement.resource_link_id == link_id)
        .outerjoin(Cohort, Cohort.id == Placement.cohort_id)
        .outerjoin(Programme, Programme.id == Cohort.programme_id)
        .outerjoin(
            Participant,
            sa.and_(Participant.cohort_id == Placement.cohort_id, Participant.person_id == person_id),
        )
        .outerjoin(
            Pair,
            sa.and_(
                sa.or_(Pair.mentor_id == Participant.id, Pair.mentee_id == Participant.id),
                Pair.status.not_in(ENDED_STATUSES),
            ),
        )
        .order_by(Pair.created_at, Pair.id)
    )


def activity_from(rows: Sequence[Sequence[Any]], person: Person | None) -> Activity | None:
    """The activity that the rows of :data:`COLUMNS` say; None for one that no tutor has opened yet."""
    placement, programme_id, organisation_id, participant, _pair = rows[0]
    if placement is None:
        return None
    enrolled = participant_record(participant, person) if participant is not None and person else None
    return Activity(
        placement=placement_record(placement),
        programme_id=programme_id,
        organisation_id=organisation_id,
        participant=enrolled,
        pairs=tuple(pair_record(row[-1]) for row in rows if row[-1] is not None),
    )


def current_activity() -> Activity | None:
    """The activity of the present launch; None before a tutor has opened it.

    What the launch session was read with, unless the activity was opened in this very request.
    """
    if g.activity is None and g.launch.resource_link_id is not None:
        query = with_activity(
            sa.select(*COLUMNS).select_from(ResourceLink).where(ResourceLink.id == g.launch.resource_link_id),
            ResourceLink.id.expression,
            sa.literal(g.launch.person_id, sa.Uuid()),
        )
        with reading_once() as db:
            g.activity = activity_from(db.execute(query).all(), g.launch.person)
    found: Activity | None = g.activity
    return found


def current_placement() -> PlacementRecord | None:
    """What the activity of the present launch opens; None before a tutor has opened it."""
    activity = current_activity()
    return activity.placement if activity is not None else None


def current_participant() -> ParticipantRecord | None:
    """The enrolment of whoever asks in the cohort that the activity opens; None before they have one."""
    activity = current_activity()
    return activity.participant if activity is not None else None
