"""From a pilot to full scale: a cohort with the pilot's settings and rule, and without its people; and taking it back.

It has no activity yet: how it comes to one, :mod:`lti_tool.mentoring.programmes.placements` says.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.people.queries import count_awaited
from lti_tool.mentoring.enrolment.queries import has_participants
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.copies import start_copy
from lti_tool.mentoring.programmes.events import FullScaleTakenBack, PilotScaled
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.placements import has_activity
from lti_tool.mentoring.programmes.queries import lock_cohort, scope_of
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.settings import Answers, CohortDays, months_later

CARRIED_OVER: Final = tuple(section for section in Section if section is not Section.DATES)
"""The parts of the settings that a full-scale cohort has from its pilot."""
NOT_CARRIED_OVER: Final = (Section.DATES,)
"""Those that it has of its own, like its people, and the activity by which they open it."""


def last_day(first: dt.date, *, like: Cohort) -> dt.date:
    """The last day of a cohort that begins on ``first`` and is as long as another one.

    That is as many months; as many days where the other one's months are not whole.
    """
    begins, ends = like.starts_on, like.ends_on
    months = (ends.year - begins.year) * 12 + ends.month - begins.month
    return months_later(first, months) if months_later(begins, months) == ends else first + (ends - begins)


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
    last = ends_on or last_day(first, like=pilot)
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


def take_back(db: Session, *, cohort_id: uuid.UUID, programme_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back a full-scale cohort that no activity has opened and in which nobody is. Twice changes nothing.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_own_group`` for one of another programme,
    ``group_opened``, ``group_has_people`` also where a list names people for it).
    """
    # Whoever opens it by an activity waits, or is waited for.
    lock_cohort(db, cohort_id)
    cohort = db.get(Cohort, cohort_id, populate_existing=True)
    if cohort is None or cohort.programme_id != programme_id:
        raise NotAllowed("not_own_group")
    require(not has_activity(db, cohort_id), "group_opened")
    if cohort.status == CohortStatus.ARCHIVED:
        return
    require(not has_participants(db, cohort_id) and not count_awaited(db, cohort_id), "group_has_people")
    cohort.status = CohortStatus.ARCHIVED
    db.flush()
    scope = scope_of(db, _pilot_of(db, cohort) or cohort_id)
    log.append(db, FullScaleTakenBack(scale_id=cohort_id), scope, at=now)


def _pilot_of(db: Session, cohort: Cohort) -> uuid.UUID | None:
    """The pilot from which a full-scale cohort was made, as the log says."""
    of_programme = sa.select(Cohort.id).where(Cohort.programme_id == cohort.programme_id)
    rows = db.scalars(
        sa.select(EventRow).where(EventRow.kind == PilotScaled.__name__, EventRow.cohort_id.in_(of_programme))
    )
    made = PilotScaled(scale_id=cohort.id)
    return next((row.cohort_id for row in rows if log.from_row(row).event == made), None)
