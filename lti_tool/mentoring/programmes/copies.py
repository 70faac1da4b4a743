"""Activities that came by a copy: with a copy of their course, or within one course.

A platform copies an activity with its custom parameters, so that a copy carries the content id of its original. Which
course a course is a copy of, the platform says in the variable ``Context.id.history`` (LTI 1.3 core, appendix C.3):
the ids of the contexts that it was copied from, the nearest first.

Two activities that were added together, one for each role, have one content id: which of the two an activity is, its
role says.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.database import LOCK_ROW
from lti_tool.identity.models import Course
from lti_tool.mentoring.programmes.beginning import Basis, Beginning, add_cohort
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CohortKind,
    CohortStatus,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.settings import CohortDays


@dataclass(frozen=True)
class Original:
    """What an activity is a copy of."""

    placement_id: uuid.UUID
    resource_link_id: uuid.UUID
    cohort_id: uuid.UUID
    role_view: RoleView


def original_in_course(
    db: Session,
    *,
    content_id: uuid.UUID | None,
    course_id: uuid.UUID,
    resource_link_id: uuid.UUID,
    role: RoleView | None,
) -> Original | None:
    """The oldest other activity of a course with this content and role: the activity was duplicated there.

    ``role``: the only one of the activity; None where it has none, and is like any activity with its content.
    """
    if content_id is None:
        return None
    same_role = [] if role is None else [Placement.role_view == role]
    found = db.scalars(
        sa.select(Placement)
        .where(
            Placement.content_id == content_id,
            Placement.course_id == course_id,
            Placement.resource_link_id != resource_link_id,
            *same_role,
        )
        .order_by(Placement.created_at, Placement.id)
        .limit(1)
    ).first()
    return _original(found) if found is not None else None


def cohort_of_other_role(
    db: Session, *, content_id: uuid.UUID | None, course_id: uuid.UUID, role: RoleView | None
) -> Cohort | None:
    """The group of the activity for the other role that was added together with one for ``role``, once it is open.

    It is the oldest that has no activity for ``role`` yet.
    """
    if content_id is None or role is None:
        return None
    other, own = aliased(Placement), aliased(Placement)
    has_own = sa.select(own.cohort_id).where(own.course_id == course_id, own.role_view == role)
    return db.scalars(
        sa.select(Cohort)
        .join(other, other.cohort_id == Cohort.id)
        .where(
            other.content_id == content_id,
            other.course_id == course_id,
            other.role_view == role.other,
            Cohort.id.not_in(has_own),
        )
        .order_by(other.created_at, other.id)
        .limit(1)
    ).first()


def original_elsewhere(
    db: Session,
    *,
    content_id: uuid.UUID | None,
    course_id: uuid.UUID,
    organisation_id: uuid.UUID,
    role: RoleView | None,
) -> Original | None:
    """The activity of which one is a copy that came with its course; of two for one role each, that of ``role`` first.

    It is in the nearest course of the course's history that has one, on the same deployment and in the same
    organisation. An activity that carries a content id is a copy of one with the same id; one that carries
    none, which was added without the content picker, is a copy of the only activity there, if there is one alone.
    """
    course = db.get_one(Course, course_id)
    history = history_of(course)
    if not history:
        return None
    query = (
        sa.select(Placement, Course.context_id)
        .join(Course, Course.id == Placement.course_id)
        .join(Cohort, Cohort.id == Placement.cohort_id)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(
            Course.deployment_id == course.deployment_id,
            Course.context_id.in_(history),
            Course.id != course_id,
            Programme.organisation_id == organisation_id,
        )
        .order_by(Placement.created_at, Placement.id)
    )
    if content_id is not None:
        query = query.where(Placement.content_id == content_id)
    by_context: dict[str, list[Placement]] = {}
    for placement, context_id in db.execute(query):
        by_context.setdefault(context_id, []).append(placement)
    for context_id in history:
        found = by_context.get(context_id)
        if found and content_id is not None:
            return _original(next((each for each in found if each.role_view == role), found[0]))
        if found:
            return _original(found[0]) if len(found) == 1 else None
    return None


def history_of(course: Course) -> list[str]:
    """The ids of the contexts that a course was copied from, the nearest first."""
    return [told for part in (course.context_history or "").split(",") if (told := part.strip())]


def _original(placement: Placement) -> Original:
    return Original(
        placement.id, placement.resource_link_id, placement.cohort_id, RoleView(placement.role_view)
    )


def cohort_for_copy(
    db: Session, original: Original, *, course_id: uuid.UUID, now: dt.datetime
) -> tuple[Cohort, bool]:
    """The cohort of a copied course for what shared ``original``'s cohort in the course that was copied.

    Two activities that shared one cohort there share a new one here: the second value is true for the later one. So do
    they where a course between the two has only one of them open, of whose cohort this one's is then a copy.
    """
    nearest = _in_courses_between(db, original, db.get_one(Course, course_id))
    for cohort_id in dict.fromkeys([nearest, original.cohort_id]):
        found = _copy_in_course(db, cohort_id, course_id)
        if found is not None:
            return found, True
    return start_copy(db, nearest, now=now), False


def _copy_in_course(db: Session, cohort_id: uuid.UUID, course_id: uuid.UUID) -> Cohort | None:
    """The oldest cohort with an activity in a course that is a copy of another cohort."""
    return db.scalars(
        sa.select(Cohort)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .where(Placement.course_id == course_id, Cohort.copied_from_id == cohort_id)
        .order_by(Cohort.created_at, Cohort.id)
        .limit(1)
    ).first()


def _in_courses_between(db: Session, original: Original, course: Course) -> uuid.UUID:
    """The copy of ``original``'s cohort in the nearest course between its own and the copied one; else that cohort."""
    history = history_of(course)
    own = db.scalars(
        sa.select(Course.context_id)
        .join(Placement, Placement.course_id == Course.id)
        .where(Placement.id == original.placement_id)
    ).one()
    between = history[: history.index(own)] if own in history else []
    found = db.execute(
        sa.select(Course.context_id, Course.id).where(
            Course.deployment_id == course.deployment_id,
            Course.context_id.in_(between),
            Course.id != course.id,
        )
    )
    ids = {row.context_id: row.id for row in found}
    cohort_id = original.cohort_id
    # From the oldest on: each may be a copy of the one before.
    for context_id in reversed([told for told in between if told in ids]):
        copy = _copy_in_course(db, cohort_id, ids[context_id])
        cohort_id = copy.id if copy is not None else cohort_id
    return cohort_id


def cohort_for_duplicate(
    db: Session, original: Original, *, content_id: uuid.UUID | None, course_id: uuid.UUID, now: dt.datetime
) -> tuple[Cohort, bool]:
    """A cohort of its own for a duplicate within one course, and whether another activity has it already.

    Where two activities share ``original``'s cohort, one for mentors and one for mentees, and both are duplicated, the
    duplicates share the new one: a group of mentors alone could never begin. It is the oldest that has no duplicate of
    this content and role yet.
    """
    other = aliased(Placement)
    duplicated = sa.select(other.cohort_id).where(
        other.content_id == content_id, other.role_view == original.role_view
    )
    found = db.scalars(
        sa.select(Cohort)
        .join(Placement, Placement.cohort_id == Cohort.id)
        .where(
            Placement.course_id == course_id,
            Cohort.copied_from_id == original.cohort_id,
            Cohort.id.not_in(duplicated),
        )
        .order_by(Cohort.created_at, Cohort.id)
        .limit(1)
    ).first()
    return (start_copy(db, original.cohort_id, now=now), False) if found is None else (found, True)


def start_copy(
    db: Session,
    cohort_id: uuid.UUID,
    *,
    now: dt.datetime,
    is_copy: bool = True,
    beginning: Beginning | None = None,
    kind: CohortKind | None = None,
    days: CohortDays | None = None,
) -> Cohort:
    """A new cohort of the same programme, with the settings, the rule and the length of another, from today.

    Nobody and nothing that anybody did is taken along. It runs at once, unless the other one is a draft or
    ``beginning`` says otherwise. ``is_copy``: because an activity was copied, and not because a tutor chose the
    programme for a new one. ``kind``, ``days``: those of the other one, from today, unless they are said.
    """
    source = db.get_one(Cohort, cohort_id)
    # Copies made at once, each in its course, take numbers in turn.
    programme = db.get_one(Programme, source.programme_id, with_for_update=LOCK_ROW)
    settings = db.get_one(ProgrammeSettings, source.settings_id)
    rule = db.scalars(
        sa.select(CompletionRuleVersion)
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).one()
    beginning = beginning or Beginning()
    if source.status == CohortStatus.DRAFT:
        beginning = dataclasses.replace(beginning, set_up_first=True)
    today = now.date()
    days = days or CohortDays(
        today,
        today + (source.ends_on - source.starts_on),
        today + (source.follow_up_on - source.starts_on),
    )
    # What the source runs on: its own rule may be another one than that of the settings.
    basis = Basis({**settings.settings, "rule": rule.rule, "kpis": source.kpis}, days, settings)
    return add_cohort(
        db,
        programme,
        basis,
        beginning,
        now=now,
        kind=kind or CohortKind(source.kind),
        copied_from=cohort_id if is_copy else None,
    )
