"""From a pilot to full scale: a cohort with the pilot's settings and rule, and without its people.

It has no activity yet. It waits until a tutor of the programme, or one of its owners, chooses it for an activity in
some course; there its dates are looked at, and it is started.
"""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.events import log
from lti_tool.identity.models import Membership
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.copies import start_copy
from lti_tool.mentoring.programmes.events import PilotScaled
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    Placement,
    Programme,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.queries import Group, scope_of, teaching_memberships
from lti_tool.mentoring.programmes.settings import Answers, CohortDays


def scale_up(
    db: Session,
    *,
    cohort_id: uuid.UUID,
    now: dt.datetime,
    name: str | None = None,
    language: str = "en",
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Cohort:
    """Make a full-scale cohort from a pilot: a draft with nobody in it.

    ``name``: another title than the pilot's, in ``language``; the pilot keeps its own. ``starts_on``, ``ends_on``: from
    today, and as long as the pilot, unless they are given. The follow-up is as long after the end as the pilot's.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_a_pilot``, ``pilot_not_started``).
    """
    pilot = db.get_one(Cohort, cohort_id)
    require(pilot.kind == CohortKind.PILOT, "not_a_pilot")
    require(pilot.status != CohortStatus.DRAFT, "pilot_not_started")
    first = starts_on or now.date()
    last = ends_on or first + (pilot.ends_on - pilot.starts_on)
    title = db.get_one(ProgrammeSettings, pilot.settings_id).settings["title"]
    made = start_copy(
        db,
        cohort_id,
        now=now,
        is_copy=False,
        beginning=Beginning(
            answers=Answers(language=language, name=name) if name and name != title[language] else None,
            set_up_first=True,
        ),
        kind=CohortKind.SCALE,
        days=CohortDays(first, last, last + (pilot.follow_up_on - pilot.ends_on)),
    )
    log.append(db, PilotScaled(scale_id=made.id), scope_of(db, cohort_id), at=now)
    return made


def waiting_groups(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[Group]:
    """The cohorts without an activity that a person may choose for one, the newest first."""
    rows = db.execute(
        sa.select(Cohort, ProgrammeSettings.settings)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Programme.organisation_id == organisation_id, *_may_place(person_id))
        .order_by(Cohort.created_at.desc(), Cohort.id)
    )
    return [Group(row.id, settings["title"], None, None, row.starts_on) for row, settings in rows]


def may_place(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether a cohort has no activity, and a person teaches or owns its programme."""
    found = sa.select(Cohort.id).where(Cohort.id == cohort_id, *_may_place(person_id))
    return db.scalar(found) is not None


def has_activity(db: Session, cohort_id: uuid.UUID) -> bool:
    """Whether an activity opens a cohort."""
    return db.scalar(sa.select(Placement.id).where(Placement.cohort_id == cohort_id).limit(1)) is not None


def _may_place(person_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on a cohort: it has no activity, and the person teaches or owns its programme."""
    another = aliased(Cohort)
    taught = (
        sa.select(another.programme_id)
        .join(Placement, Placement.cohort_id == another.id)
        .join(Membership, Membership.course_id == Placement.course_id)
        .where(*teaching_memberships(person_id))
    )
    owned = sa.select(ProgrammeOwner.programme_id).where(ProgrammeOwner.person_id == person_id)
    placed = sa.select(Placement.id).where(Placement.cohort_id == Cohort.id)
    return (
        ~placed.exists(),
        sa.or_(Cohort.programme_id.in_(taught), Cohort.programme_id.in_(owned)),
    )
