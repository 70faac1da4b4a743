"""Changing the settings of one cohort: each change is a new version, on which it runs from then on.

Other cohorts of the programme keep theirs. What a cohort holds a copy of (its days, and until it starts its measures
and its first questionnaire) changes with it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.completion.queries import formats_counted, rule_draft
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.beginning import add_version
from lti_tool.mentoring.programmes.events import SettingsChanged
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    CompletionRuleVersion,
    Programme,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.readiness import Missing, Section, missing
from lti_tool.mentoring.programmes.section_entries import is_new_to_list, without_entry
from lti_tool.mentoring.programmes.section_form import SectionForm, Standing, Values
from lti_tool.mentoring.programmes.sections import FROZEN_AT_START, frozen_days
from lti_tool.mentoring.programmes.settings import CohortDays, Settings, baseline_of, checked


@dataclass(frozen=True)
class SetUp:
    """A cohort with the settings on which it runs."""

    cohort_id: uuid.UUID
    programme_id: uuid.UUID
    organisation_id: uuid.UUID
    template: str
    """The code of the template that the programme was made from."""
    is_draft: bool
    is_pilot: bool
    started_at: dt.datetime | None
    settings: Settings
    number: int
    """The version of the programme's settings."""
    rule: dict[str, Any] | None
    """The completion rule in force, as JSON."""
    rule_draft: Mapping[str, Any] | None
    """What somebody has begun to make of it; None where nobody has."""
    changed_at: dt.datetime
    changed_by: str | None
    """The name of who made this version in the pages of the set-up, as far as the platform shares it."""
    changed_by_id: uuid.UUID | None
    """Who that was; None for a version that an activity or a command made."""

    @property
    def counted_formats(self) -> frozenset[str]:
        """The formats that the rule in force names: they stay as long as it does."""
        return formats_counted(self.rule or {})

    def missing(self, today: dt.date) -> list[Missing]:
        """What the programme still lacks before it may start."""
        return missing(
            self.settings.document, self.rule, self.settings.days, today, rule_draft=self.rule_draft
        )


def set_up_of(db: Session, cohort_id: uuid.UUID) -> SetUp:
    """A cohort with its settings. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    latest = (
        sa.select(sa.func.max(CompletionRuleVersion.number))
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .scalar_subquery()
    )
    cohort, programme, version, rule, person = db.execute(
        sa.select(Cohort, Programme, ProgrammeSettings, CompletionRuleVersion.rule, Person)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .outerjoin(
            CompletionRuleVersion,
            sa.and_(CompletionRuleVersion.cohort_id == Cohort.id, CompletionRuleVersion.number == latest),
        )
        .outerjoin(Person, Person.id == ProgrammeSettings.created_by)
        .where(Cohort.id == cohort_id)
        .execution_options(populate_existing=True)
    ).one()
    draft = rule_draft(db, cohort_id)
    return SetUp(
        cohort_id=cohort.id,
        programme_id=programme.id,
        organisation_id=programme.organisation_id,
        template=programme.template,
        is_draft=cohort.status == CohortStatus.DRAFT,
        is_pilot=cohort.kind == CohortKind.PILOT,
        started_at=cohort.started_at,
        settings=Settings(checked(version.settings), _days(cohort)),
        number=version.number,
        rule=rule,
        rule_draft=draft.rule if draft is not None else None,
        changed_at=version.created_at,
        changed_by=display_name(person) if person is not None else None,
        changed_by_id=version.created_by,
    )


def _days(cohort: Cohort) -> CohortDays:
    return CohortDays(cohort.starts_on, cohort.ends_on, cohort.follow_up_on)


def settings_at(db: Session, present: SetUp, number: int | None) -> Settings:
    """The settings as a version of the same programme had them; the present ones where there is no such version."""
    if number is None or number == present.number:
        return present.settings
    version = db.scalars(
        sa.select(ProgrammeSettings).where(
            ProgrammeSettings.programme_id == present.programme_id, ProgrammeSettings.number == number
        )
    ).first()
    if version is None:
        return present.settings
    days = present.settings.days
    if version.cohort_dates is not None:
        days = CohortDays.from_json(version.cohort_dates)
    return Settings(checked(version.settings), days)


def save_section(
    db: Session,
    *,
    cohort_id: uuid.UUID,
    section: Section,
    form: SectionForm,
    values: Values,
    standing: Standing,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Keep what a tutor made of a part of the settings.

    ``values``: of the form, with the version that its page showed as ``made_from``.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed`: ``settings_changed`` where somebody else has changed this
    part since, ``settings_frozen`` for what cannot change any more, ``entry_unknown`` for an entry that never was,
    ``entry_exists`` for a new one of a name that the list has, ``format_counted`` for a format that the completion rule
    names; and :class:`schemas.problem.ShapeError`.
    """
    cohort, present = _locked(db, cohort_id)
    seen = settings_at(db, present, values["made_from"])
    shown, now_there = form.read(seen), form.read(present.settings)
    require(shown is not None or now_there is not None, "entry_unknown")
    require(shown == now_there, "settings_changed")
    made = form.write(present.settings, values)
    _keep(db, cohort, present, section, made, standing, by, now)


def remove_entry(
    db: Session,
    *,
    cohort_id: uuid.UUID,
    section: Section,
    code: str,
    standing: Standing,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Take an entry out of a list of the settings. One that is gone already changes nothing.

    Raises as :func:`save_section` does.
    """
    cohort, present = _locked(db, cohort_id)
    made = without_entry(section, present.settings, code, started=standing.started)
    _keep(db, cohort, present, section, made, standing, by, now)


def _locked(db: Session, cohort_id: uuid.UUID) -> tuple[Cohort, SetUp]:
    cohort = db.get_one(Cohort, cohort_id, with_for_update=LOCK_ROW, populate_existing=True)
    return cohort, set_up_of(db, cohort_id)


def _keep(
    db: Session,
    cohort: Cohort,
    present: SetUp,
    section: Section,
    made: Settings,
    standing: Standing,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    made = Settings(checked(made.document), made.days)
    if made == present.settings:
        return
    require(is_new_to_list(section, present.settings.document, made.document), "entry_exists")
    gone = set(present.settings.document["formats"]).difference(made.document["formats"])
    require(not gone & present.counted_formats, "format_counted")
    if not present.is_draft:
        require(section not in FROZEN_AT_START, "settings_frozen")
        require(baseline_of(made.document) == baseline_of(present.settings.document), "settings_frozen")
        for name in frozen_days(present.settings.days, standing):
            require(getattr(made.days, name) == getattr(present.settings.days, name), "settings_frozen")
    version = add_version(db, present.programme_id, made.document, made.days, by=by, now=now)
    cohort.settings_id = version.id
    cohort.starts_on, cohort.ends_on = made.days.starts_on, made.days.ends_on
    cohort.follow_up_on = made.days.follow_up_on
    if present.is_draft:
        cohort.kpis, cohort.baseline = made.document["kpis"], baseline_of(made.document)
    db.flush()
    scope = Scope(
        organisation_id=present.organisation_id, programme_id=present.programme_id, cohort_id=cohort.id
    )
    changed = SettingsChanged(section=str(section), number=version.number, previous=present.number)
    log.append(db, changed, scope, at=now)
