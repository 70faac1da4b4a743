"""When something of a cohort's programme was last changed, and by whom: for pages that were looked at before it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.programmes.events import RuleApplied, SettingsChanged
from lti_tool.mentoring.programmes.readiness import Section


@dataclass(frozen=True)
class LatestChange:
    """A change, and who made it."""

    at: dt.datetime
    by_id: uuid.UUID | None
    """The person who made it; None for one that a command or the tool made."""
    by: str | None
    """Their name, as far as the platform shares it."""


def latest_section_change(
    db: Session, cohort_id: uuid.UUID, section: Section, *, since: dt.datetime
) -> LatestChange | None:
    """The latest change of a part of the settings after a moment; None where there was none."""
    of_section = EventRow.details["section"].as_string() == str(section)
    return _latest(db, cohort_id, SettingsChanged.__name__, EventRow.at > since, of_section)


def latest_rule_change(db: Session, cohort_id: uuid.UUID) -> LatestChange | None:
    """How the completion rule in force came to be; None for the one with which the cohort began."""
    return _latest(db, cohort_id, RuleApplied.__name__)


def _latest(
    db: Session, cohort_id: uuid.UUID, kind: str, *which: sa.ColumnElement[bool]
) -> LatestChange | None:
    found = db.execute(
        sa.select(EventRow.at, Person)
        .outerjoin(Person, Person.id == EventRow.acted_by_id)
        .where(EventRow.cohort_id == cohort_id, EventRow.kind == kind, *which)
        .order_by(EventRow.sequence.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    at, person = found
    return LatestChange(
        at, person.id if person is not None else None, display_name(person) if person is not None else None
    )
