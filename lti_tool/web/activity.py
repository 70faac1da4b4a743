"""What the activity of a launch opens, and the place that whoever launched has in it.

It is read together with the launch session, in one query, because every page under ``/l/<launch_key>/`` needs it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import sqlalchemy as sa
from flask import abort, g

from lti_tool.identity.models import display_name
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.launch.opened_launch import LaunchPerson, value_columns
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.programmes.models import Cohort, CohortStatus, Placement, Programme, RoleView
from lti_tool.mentoring.programmes.placements import UnplacedCohort
from lti_tool.mentoring.programmes.queries import PlacementRecord
from lti_tool.mentoring.roles import Role
from lti_tool.web.services import reading_once


@dataclass(frozen=True)
class Activity:
    """An activity that a tutor has opened."""

    placement: PlacementRecord
    content_id: uuid.UUID | None
    """What the content picker called it when it was opened; the link may carry another one since."""
    programme_id: uuid.UUID
    organisation_id: uuid.UUID
    """Of the programme."""
    starts_on: dt.date
    """The planned beginning of the cohort."""
    ends_on: dt.date
    """Its planned end."""
    status: str
    """Of the cohort."""
    settings_id: uuid.UUID
    """The version of the programme's settings on which the cohort runs."""
    participant: ParticipantRecord | None
    """The enrolment of whoever launched; None before they have one."""
    pairs: tuple[PairRecord, ...]
    """Their pairs that go on, the oldest first."""

    @property
    def is_draft(self) -> bool:
        """Whether its tutor has not started it yet: nobody can join."""
        return self.status == CohortStatus.DRAFT


COLUMNS: Final = (
    Placement.id,
    Placement.cohort_id,
    Placement.course_id,
    Placement.resource_link_id,
    Placement.role_view,
    Placement.content_id,
    Programme.id,
    Programme.organisation_id,
    Cohort.starts_on,
    Cohort.ends_on,
    Cohort.status,
    Cohort.settings_id,
    Participant.id,
    Participant.role,
    Participant.status,
    Participant.capacity,
    Participant.joined_at,
    *value_columns(Pair, PairRecord),
)
"""What :func:`with_activity` adds to a query, and :func:`activity_from` takes: one row for each pair that goes on."""
_PAIR_AT: Final = len(COLUMNS) - len(fields(PairRecord))


def with_activity(
    query: sa.Select[*tuple[Any, ...]], link_id: sa.ColumnElement[Any], person_id: sa.ColumnElement[Any]
) -> sa.Select[*tuple[Any, ...]]:
    """Join the tables of :data:`COLUMNS` to ``query``; ``link_id`` and ``person_id`` are columns of it, or values."""
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


def activity_from(rows: Sequence[Sequence[Any]], person: LaunchPerson | None) -> Activity | None:
    """The activity that the rows of :data:`COLUMNS` say; None for one that no tutor has opened yet."""
    placement_id, cohort_id, course_id, link_id, role_view, content_id, *more = rows[0]
    if placement_id is None:
        return None
    programme_id, organisation_id, starts_on, ends_on, cohort_status, settings_id, *rest = more
    participant_id, role, status, capacity, joined_at, *_pair = rest
    participant = None
    # Whose invitation was taken back is as somebody who was never invited.
    if person is not None and participant_id is not None and status != ParticipantStatus.WITHDRAWN:
        participant = ParticipantRecord(
            id=participant_id,
            cohort_id=cohort_id,
            person_id=person.id,
            role=Role(role),
            status=status,
            capacity=capacity,
            joined_at=joined_at,
            name=display_name(person),
            given_name=person.given_name,
        )
    return Activity(
        placement=PlacementRecord(placement_id, cohort_id, course_id, link_id, RoleView(role_view)),
        content_id=content_id,
        programme_id=programme_id,
        organisation_id=organisation_id,
        starts_on=starts_on,
        ends_on=ends_on,
        status=cohort_status,
        settings_id=settings_id,
        participant=participant,
        pairs=tuple(PairRecord(*row[_PAIR_AT:]) for row in rows if row[_PAIR_AT] is not None),
    )


def current_activity() -> Activity | None:
    """The activity of the present launch; None before a tutor has opened it.

    What the launch session was read with, unless the activity was opened in this very request. None on a page about a
    cohort that no activity opens.
    """
    if current_unplaced_cohort() is not None:
        return None
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


def current_unplaced_cohort() -> UnplacedCohort | None:
    """The cohort without an activity that the present page is about, as its address says; None on every other page."""
    found: UnplacedCohort | None = g.get("unplaced_cohort")
    return found


def current_cohort_id() -> uuid.UUID | None:
    """The cohort that the present page is about: that of the activity, or the one of its address that has none."""
    unplaced, placement = current_unplaced_cohort(), current_placement()
    return unplaced.id if unplaced is not None else placement.cohort_id if placement is not None else None


def current_placement() -> PlacementRecord | None:
    """What the activity of the present launch opens; None before a tutor has opened it."""
    activity = current_activity()
    return activity.placement if activity is not None else None


def opened_cohort_id() -> uuid.UUID:
    """The cohort that the activity of the present launch opens; aborts with 404 before a tutor has opened it."""
    return (current_placement() or abort(404)).cohort_id


def current_participant() -> ParticipantRecord | None:
    """The enrolment of whoever asks in the cohort that the activity opens; None before they have one."""
    activity = current_activity()
    return activity.participant if activity is not None else None
