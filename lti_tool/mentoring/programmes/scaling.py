"""From a pilot to full scale: a cohort with the pilot's settings and rule, and without its people.

It has no activity yet: how it comes to one, :mod:`lti_tool.mentoring.programmes.placements` says.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.copies import start_copy
from lti_tool.mentoring.programmes.events import PilotScaled
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.queries import scope_of
from lti_tool.mentoring.programmes.settings import Answers, CohortDays, months_later


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
