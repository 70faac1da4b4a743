"""Reading the programmes that somebody owns or reads for human resources, for their first page: each with its groups.

In four statements, whatever the number of programmes and groups.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.rule import Completion
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.in_use import is_in_use, latest_settings
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CompletionRuleVersion,
    Programme,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.right_models import HrReader
from lti_tool.translation.collation import collation_key
from lti_tool.web.owner.figures import in_language, rule_sentence, takes_part, waits_for_partner

SHOWN: Final = 4
"""How many groups of a programme a list shows, the newest."""


@dataclass(frozen=True)
class GroupPeople:
    """How many people of a cohort take part, and of these how many wait for a partner or have completed."""

    participants: int = 0
    waiting: int = 0
    completed: int = 0


@dataclass(frozen=True)
class ListedGroup:
    """A cohort in a list of programmes."""

    number: int
    kind: str
    status: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date
    people: GroupPeople | None
    """None for whoever may know no figure."""


@dataclass(frozen=True)
class ListedProgramme:
    """A programme in a list."""

    id: uuid.UUID
    title: str
    goal: str
    groups: Sequence[ListedGroup]
    """The newest first."""
    owners: Sequence[str]
    """What they are called, the first owner first; those without a name are left out."""
    settings: Mapping[str, Any]
    """In the shape of :mod:`schemas.programme_template`."""
    rule: str
    """The rule of its newest cohort as a sentence; empty where there is none, or it is of a newer version."""

    @property
    def shows_names_to_hr(self) -> bool:
        """Whether human resources see who takes part."""
        return (self.settings.get("visibility") or {}).get("hr_sees_names") is True

    @property
    def shown(self) -> Sequence[ListedGroup]:
        """The groups that the list shows."""
        return self.groups[:SHOWN]


def owned_by(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[ListedProgramme]:
    """The programmes of an organisation that a person owns, by title, with figures."""
    owned = sa.select(ProgrammeOwner.programme_id).where(ProgrammeOwner.person_id == person_id)
    return _listed(db, organisation_id, owned, _people(db, owned))


def read_by(db: Session, organisation_id: uuid.UUID, person_id: uuid.UUID) -> list[ListedProgramme]:
    """The programmes of an organisation that a person reads for human resources, by title, without a figure."""
    read = sa.select(HrReader.programme_id).where(
        HrReader.person_id == person_id, HrReader.ended_at.is_(None)
    )
    return _listed(db, organisation_id, read, None)


def _listed(
    db: Session,
    organisation_id: uuid.UUID,
    which: sa.Select[uuid.UUID],
    people: dict[uuid.UUID, GroupPeople] | None,
) -> list[ListedProgramme]:
    latest = latest_settings(Programme.id, ProgrammeSettings.settings).correlate(Programme).scalar_subquery()
    rule = (
        sa.select(sa.cast(CompletionRuleVersion.rule, sa.Text))
        .join(Cohort, Cohort.id == CompletionRuleVersion.cohort_id)
        .where(Cohort.programme_id == Programme.id, is_in_use())
        .order_by(Cohort.created_at.desc(), Cohort.id, CompletionRuleVersion.number.desc())
        .limit(1)
        .correlate(Programme)
        .scalar_subquery()
    )
    groups: dict[uuid.UUID, list[ListedGroup]] = defaultdict(list)
    for cohort in db.scalars(
        sa.select(Cohort)
        .where(Cohort.programme_id.in_(which), is_in_use())
        .order_by(Cohort.created_at.desc(), Cohort.number.desc())
    ):
        group = ListedGroup(
            cohort.number,
            cohort.kind,
            cohort.status,
            cohort.starts_on,
            cohort.ends_on,
            cohort.follow_up_on,
            people.get(cohort.id, GroupPeople()) if people is not None else None,
        )
        groups[cohort.programme_id].append(group)
    owners: dict[uuid.UUID, list[str]] = defaultdict(list)
    for programme_id, person in db.execute(
        sa.select(ProgrammeOwner.programme_id, Person)
        .join(Person, Person.id == ProgrammeOwner.person_id)
        .where(ProgrammeOwner.programme_id.in_(which))
        .order_by(ProgrammeOwner.created_at, Person.id)
    ):
        if name := display_name(person):
            owners[programme_id].append(name)
    found = [
        ListedProgramme(
            programme_id,
            in_language(settings.get("title")),
            in_language(settings.get("goal")),
            groups[programme_id],
            owners[programme_id],
            settings,
            rule_sentence(rule_document or ""),
        )
        for programme_id, settings, rule_document in db.execute(
            sa.select(Programme.id, sa.type_coerce(latest, sa.JSON), rule).where(
                Programme.organisation_id == organisation_id, Programme.id.in_(which)
            )
        )
    ]
    return sorted(found, key=lambda each: (collation_key(each.title), str(each.id)))


def _people(db: Session, programmes: sa.Select[uuid.UUID]) -> dict[uuid.UUID, GroupPeople]:
    rows = db.execute(
        sa.select(
            Participant.cohort_id,
            sa.func.count(),
            sa.func.count(sa.case((waits_for_partner(), 1))),
            sa.func.count(sa.case((CompletionRecord.completion == Completion.COMPLETED, 1))),
        )
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .where(Cohort.programme_id.in_(programmes), *takes_part())
        .group_by(Participant.cohort_id)
    )
    return {cohort_id: GroupPeople(*counts) for cohort_id, *counts in rows}
