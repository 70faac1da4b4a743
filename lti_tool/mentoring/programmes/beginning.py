"""How a cohort begins: at once, or as a draft that its tutor sets up and starts.

A cohort runs at once when it lacks nothing and its tutor did not ask to set it up first. Nobody can join a draft.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.mentoring.completion.queries import rule_draft
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.events import CohortDrafted, CohortStarted
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    CompletionRuleVersion,
    Programme,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.placements import has_activity
from lti_tool.mentoring.programmes.readiness import Missing, missing
from lti_tool.mentoring.programmes.settings import (
    Answers,
    CohortDays,
    Document,
    baseline_of,
    checked,
    days_from,
    with_answers,
)
from lti_tool.mentoring.programmes.template import ProgrammeTemplate


@dataclass(frozen=True)
class Beginning:
    """How a tutor wants a new cohort to begin."""

    answers: Answers | None = None
    """None takes the template, or the programme, as it is."""
    set_up_first: bool = False
    """It waits as a draft until its tutor starts it."""


@dataclass(frozen=True)
class Basis:
    """What a new cohort takes over."""

    document: Document
    """The settings, with the completion rule of the cohort."""
    days: CohortDays
    settings: ProgrammeSettings | None = None
    """The version of the programme's settings that holds the document; None for a new programme."""


def add_programme(
    db: Session,
    organisation_id: uuid.UUID,
    template: ProgrammeTemplate,
    beginning: Beginning,
    now: dt.datetime,
) -> Cohort:
    """A programme from a template, and its first cohort."""
    programme = Programme(
        id=uuid.uuid4(), organisation_id=organisation_id, template=template.code, created_at=now
    )
    db.add(programme)
    db.flush()
    basis = Basis(template.document(), template.days(now.date()))
    return add_cohort(db, programme, basis, beginning, now=now)


def add_cohort(
    db: Session,
    programme: Programme,
    basis: Basis,
    beginning: Beginning,
    *,
    now: dt.datetime,
    kind: CohortKind = CohortKind.PILOT,
    copied_from: uuid.UUID | None = None,
) -> Cohort:
    """A cohort of a programme, with nobody in it.

    ``copied_from``: the cohort of the activity of which its first activity is a copy.
    """
    document, days, settings = basis.document, basis.days, basis.settings
    if beginning.answers is not None:
        changed = checked(with_answers(document, beginning.answers))
        days = _days_with_answers(changed, days, beginning.answers)
        if changed != document:
            document, settings = changed, None
    if settings is None:
        settings = add_version(db, programme.id, document, days, by=None, now=now)
    cohort = Cohort(
        id=uuid.uuid4(),
        programme_id=programme.id,
        settings_id=settings.id,
        number=1 + (db.scalar(_highest(Cohort, programme.id)) or 0),
        kind=kind,
        status=CohortStatus.DRAFT,
        starts_on=days.starts_on,
        ends_on=days.ends_on,
        follow_up_on=days.follow_up_on,
        kpis=document["kpis"],
        baseline=baseline_of(document),
        copied_from_id=copied_from,
        created_at=now,
    )
    db.add(cohort)
    db.flush()
    rule = CompletionRuleVersion(
        id=uuid.uuid4(), cohort_id=cohort.id, number=1, rule=document["rule"], created_at=now
    )
    db.add(rule)
    db.flush()
    if beginning.set_up_first or missing(document, document["rule"], days, now.date()):
        _log(db, CohortDrafted, programme, cohort, settings.number, rule.number, now)
    else:
        _start(db, programme, cohort, settings.number, rule.number, now)
    return cohort


def _days_with_answers(document: Document, days: CohortDays, answers: Answers) -> CohortDays:
    """The days of a cohort, with what a tutor answered of the first one and of the length in place of their own."""
    first = answers.starts_on or days.starts_on
    if answers.months:
        return days_from(document, first)
    later = first - days.starts_on
    return CohortDays(first, days.ends_on + later, days.follow_up_on + later)


def add_version(
    db: Session,
    programme_id: uuid.UUID,
    document: Document,
    days: CohortDays,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> ProgrammeSettings:
    """The next version of a programme's settings. ``by``: the person who made it."""
    # Versions made at once, each for a cohort of its own, take numbers in turn.
    db.execute(sa.select(Programme.id).where(Programme.id == programme_id).with_for_update(**LOCK_ROW))
    settings = ProgrammeSettings(
        id=uuid.uuid4(),
        programme_id=programme_id,
        number=1 + (db.scalar(_highest(ProgrammeSettings, programme_id)) or 0),
        settings=document,
        cohort_dates=days.as_json(),
        created_by=by,
        created_at=now,
    )
    db.add(settings)
    db.flush()
    return settings


def _highest(table: type[Cohort | ProgrammeSettings], programme_id: uuid.UUID) -> sa.Select[int]:
    return sa.select(sa.func.max(table.number)).where(table.programme_id == programme_id)


def missing_for_ready(db: Session, cohort: Cohort, today: dt.date) -> list[Missing]:
    """What a cohort still lacks before it may run."""
    settings = db.get_one(ProgrammeSettings, cohort.settings_id)
    rule = _latest_rule(db, cohort.id)
    days = CohortDays(cohort.starts_on, cohort.ends_on, cohort.follow_up_on)
    draft = rule_draft(db, cohort.id)
    return missing(
        checked(settings.settings),
        rule.rule if rule is not None else None,
        days,
        today,
        rule_draft=draft.rule if draft is not None else None,
    )


def start_cohort(db: Session, *, cohort_id: uuid.UUID, now: dt.datetime) -> None:
    """Let a draft run: people can join from now on, and its KPIs and its first questionnaire are frozen.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed`: ``already_started``, ``not_ready``, and ``not_placed`` for
    one that no activity opens.
    """
    cohort = db.get_one(Cohort, cohort_id, with_for_update=LOCK_ROW, populate_existing=True)
    require(cohort.status == CohortStatus.DRAFT, "already_started")
    require(not missing_for_ready(db, cohort, now.date()), "not_ready")
    require(has_activity(db, cohort_id), "not_placed")
    rule = _latest_rule(db, cohort_id)
    settings = db.get_one(ProgrammeSettings, cohort.settings_id)
    _start(
        db,
        db.get_one(Programme, cohort.programme_id),
        cohort,
        settings.number,
        rule.number if rule is not None else 1,
        now,
    )


def _latest_rule(db: Session, cohort_id: uuid.UUID) -> CompletionRuleVersion | None:
    return db.scalars(
        sa.select(CompletionRuleVersion)
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).first()


def _start(
    db: Session,
    programme: Programme,
    cohort: Cohort,
    settings_number: int,
    rule_number: int,
    now: dt.datetime,
) -> None:
    cohort.status, cohort.started_at = CohortStatus.RUNNING, now
    db.flush()
    _log(db, CohortStarted, programme, cohort, settings_number, rule_number, now)


def _log(
    db: Session,
    kind: type[CohortDrafted | CohortStarted],
    programme: Programme,
    cohort: Cohort,
    settings_number: int,
    rule_number: int,
    now: dt.datetime,
) -> None:
    scope = Scope(organisation_id=programme.organisation_id, programme_id=programme.id, cohort_id=cohort.id)
    begun = kind(
        template=programme.template,
        settings_number=settings_number,
        rule_number=rule_number,
        copied_from=cohort.copied_from_id,
    )
    log.append(db, begun, scope, at=now)
