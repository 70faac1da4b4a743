"""Opening a programme in a course: what a tutor's first launch does, so that people can join at once."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.actions.permission import record, require
from lti_tool.mentoring.events import CohortStarted
from lti_tool.mentoring.models import Cohort, CohortKind, CohortState, CompletionRuleVersion, Programme
from lti_tool.mentoring.programme_templates import ProgrammeTemplate
from lti_tool.people import Course


def open_programme(db: Session, *, course: Course, template: ProgrammeTemplate, now: dt.datetime) -> Cohort:
    """Make the course's programme and its first, running cohort from a template; return the one that is there.

    The template fills everything that a cohort must have before it is ready: measures, the questionnaire asked
    before, a completion rule and a follow-up date (:func:`missing_for_ready`).
    """
    # Two tutors may arrive at once: the course's row makes them take turns.
    db.execute(sa.select(Course.id).where(Course.id == course.id).with_for_update())
    found = find_cohort(db, course.id)
    if found is not None:
        return found
    programme = Programme(
        id=uuid.uuid4(),
        course_id=course.id,
        template=template.code,
        settings=template.document(),
        created_at=now,
    )
    dates = template.dates(now.date())
    cohort = Cohort(
        id=uuid.uuid4(),
        programme=programme,
        number=1,
        kind=CohortKind.PILOT,
        state=CohortState.DRAFT,
        starts_on=dates.starts_on,
        ends_on=dates.ends_on,
        follow_up_on=dates.follow_up_on,
        kpis=template.kpis_document(),
        baseline=template.baseline_document(),
        created_at=now,
        changed_at=now,
        revision=0,
    )
    db.add(cohort)
    db.flush()
    db.add(
        CompletionRuleVersion(
            id=uuid.uuid4(), cohort_id=cohort.id, number=1, rule=template.rule_document(), created_at=now
        )
    )
    db.flush()
    require(not missing_for_ready(db, cohort), "not_ready")
    cohort.state = CohortState.RUNNING
    record(db, CohortStarted, cohort_id=cohort.id, at=now, template=template.code)
    return cohort


def missing_for_ready(db: Session, cohort: Cohort) -> list[str]:
    """What a cohort still lacks before it may run: ``kpis``, ``baseline``, ``rule``, ``follow_up``."""
    has_rule = db.scalar(
        sa.select(CompletionRuleVersion.id).where(CompletionRuleVersion.cohort_id == cohort.id).limit(1)
    )
    present = {
        "kpis": bool(cohort.kpis),
        "baseline": bool(cohort.baseline.get("items")),
        "rule": has_rule is not None,
        "follow_up": cohort.follow_up_on >= cohort.ends_on,
    }
    return [name for name, there in present.items() if not there]


def find_cohort(db: Session, course_id: uuid.UUID) -> Cohort | None:
    """The newest cohort of the course's programme, or None before a tutor has come."""
    return db.scalars(
        sa.select(Cohort)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Programme.course_id == course_id)
        .order_by(Cohort.number.desc())
        .limit(1)
    ).first()
