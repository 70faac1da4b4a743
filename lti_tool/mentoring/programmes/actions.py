"""Opening a programme through an activity in a course, and what a tutor chooses for one in the content picker."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.identity.models import Course
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.beginning import Beginning, add_programme
from lti_tool.mentoring.programmes.copies import (
    Original,
    cohort_for_copy,
    cohort_for_duplicate,
    cohort_of_other_role,
    original_elsewhere,
    original_in_course,
    start_copy,
)
from lti_tool.mentoring.programmes.events import (
    ActivityChosen,
    OwnerNamed,
    PlacementOpened,
)
from lti_tool.mentoring.programmes.models import (
    ActivityChoice,
    Cohort,
    Placement,
    Programme,
    ProgrammeOwner,
    RoleView,
)
from lti_tool.mentoring.programmes.offers import latest_cohort_to_follow
from lti_tool.mentoring.programmes.placements import has_activity, may_place, was_taken_back
from lti_tool.mentoring.programmes.queries import teaches_cohort
from lti_tool.mentoring.programmes.settings import Answers
from lti_tool.mentoring.programmes.template import ProgrammeTemplate


class CopyAnswer(enum.StrEnum):
    """What a tutor says of an activity that is a duplicate of another one in the same course."""

    SAME = "same"
    """It opens the group of the other one, too."""
    NEW = "new"
    """It opens a group of its own, which it shares with the duplicate of an activity that shared the other one's."""


@dataclass(frozen=True)
class Choice:
    """What a tutor chose that an activity opens."""

    chosen_by: uuid.UUID
    role_view: RoleView = RoleView.BOTH
    cohort_id: uuid.UUID | None = None
    """The group to share; None for a new one."""
    programme_id: uuid.UUID | None = None
    """A programme of the tutor's that the new group follows; None for a built-in one."""
    beginning: Beginning = field(default_factory=Beginning)
    """How a new group begins."""


class NothingChosen(Exception):
    """Its tutor has yet to say what the activity opens: it was added without the content picker, or the group that was
    chosen there has been taken back."""


class IsDuplicate(Exception):
    """The activity is a duplicate of another one in its course, and its tutor has not said yet what it opens."""

    def __init__(self, original: Original) -> None:
        super().__init__("the tutor is to be asked")
        self.original = original


def open_placement(
    db: Session,
    *,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    resource_link_id: uuid.UUID,
    content_id: uuid.UUID | None,
    template: ProgrammeTemplate | None,
    opened_by: uuid.UUID | None,
    now: dt.datetime,
    only_role: str | None = None,
    answer: CopyAnswer | None = None,
    choice: Choice | None = None,
) -> Placement:
    """Let an activity open a cohort: what a tutor's first launch of it does. Return the placement that is there.

    The cohort is, in this order: what the tutor answered of a duplicate; that of the activity for the other role which
    was added together with it; the one that a tutor chose to share in the content picker, or a new one of the programme
    that they chose there; that of the copied course
    (:func:`~lti_tool.mentoring.programmes.copies.cohort_for_copy`); a new one of a new programme, which belongs to
    ``opened_by``. ``content_id`` and ``only_role``: the link's. ``template``: that of a new programme, or None where
    nobody has chosen one. ``choice``: made at the activity itself, and not in the content picker.

    Raises :class:`IsDuplicate` or :class:`NothingChosen`, with nothing written, where an answer or a choice is needed
    and not given.
    """
    # Two tutors may arrive at once: the second waits at the course's row, and finds what the first has made.
    db.execute(sa.select(Course.id).where(Course.id == course_id).with_for_update(**LOCK_ROW))
    found = db.scalar(sa.select(Placement).where(Placement.resource_link_id == resource_link_id))
    if found is not None:
        return found
    role = RoleView(only_role) if only_role is not None else None
    original = original_in_course(
        db, content_id=content_id, course_id=course_id, resource_link_id=resource_link_id, role=role
    )
    if original is not None:
        if answer is None:
            raise IsDuplicate(original)
        if answer is CopyAnswer.SAME:
            cohort, shared = db.get_one(Cohort, original.cohort_id), True
        else:
            cohort, shared = cohort_for_duplicate(
                db, original, content_id=content_id, course_id=course_id, now=now
            )
        role_view = original.role_view
    else:
        cohort, role_view, shared = _cohort_to_open(
            db, organisation_id, course_id, content_id, role, template, opened_by, now, choice
        )
    placement = Placement(
        id=uuid.uuid4(),
        cohort_id=cohort.id,
        course_id=course_id,
        resource_link_id=resource_link_id,
        content_id=content_id,
        role_view=role_view,
        created_at=now,
    )
    db.add(placement)
    db.flush()
    log.append(
        db,
        PlacementOpened(
            course_id=course_id,
            resource_link_id=resource_link_id,
            role_view=str(placement.role_view),
            shared=shared,
        ),
        Scope(
            organisation_id=organisation_id,
            programme_id=cohort.programme_id,
            cohort_id=cohort.id,
            placement_id=placement.id,
        ),
        at=now,
    )
    return placement


def open_second_activity(
    db: Session,
    *,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    resource_link_id: uuid.UUID,
    content_id: uuid.UUID | None,
    only_role: str,
    now: dt.datetime,
) -> Placement | None:
    """Open the second of two activities, one for each role, that were added together, once the first is open.

    Whoever launches it, nothing is left to choose. None where a tutor has to open it: the first is not open yet, or
    this one is a duplicate.
    """
    db.execute(sa.select(Course.id).where(Course.id == course_id).with_for_update(**LOCK_ROW))
    role = RoleView(only_role)
    is_duplicate = original_in_course(
        db, content_id=content_id, course_id=course_id, resource_link_id=resource_link_id, role=role
    )
    if is_duplicate or not cohort_of_other_role(db, content_id=content_id, course_id=course_id, role=role):
        return None
    return open_placement(
        db,
        organisation_id=organisation_id,
        course_id=course_id,
        resource_link_id=resource_link_id,
        content_id=content_id,
        only_role=only_role,
        template=None,
        opened_by=None,
        now=now,
    )


def _cohort_to_open(
    db: Session,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    content_id: uuid.UUID | None,
    role: RoleView | None,
    template: ProgrammeTemplate | None,
    opened_by: uuid.UUID | None,
    now: dt.datetime,
    choice: Choice | None,
) -> tuple[Cohort, RoleView, bool]:
    """The cohort of an activity that is no duplicate, for whom it is, and whether another activity has it already."""
    choice = choice or choice_of_content(db, content_id, course_id)
    role_view = role or (choice.role_view if choice is not None else RoleView.BOTH)
    together = cohort_of_other_role(db, content_id=content_id, course_id=course_id, role=role)
    if together is not None:
        return together, role_view, True
    if choice is None:
        original = original_elsewhere(
            db, content_id=content_id, course_id=course_id, organisation_id=organisation_id, role=role
        )
        if original is not None:
            cohort, shared = cohort_for_copy(db, original, course_id=course_id, now=now)
            return cohort, role or original.role_view, shared
    chosen = shared_cohort(db, choice, organisation_id)
    if chosen is not None:
        return chosen, role_view, has_activity(db, chosen.id)
    if choice is not None and choice.cohort_id is not None and was_taken_back(db, choice.cohort_id):
        raise NothingChosen
    return new_cohort(db, choice, organisation_id, template, opened_by, now), role_view, False


def new_cohort(
    db: Session,
    choice: Choice | None,
    organisation_id: uuid.UUID,
    template: ProgrammeTemplate | None,
    opened_by: uuid.UUID | None,
    now: dt.datetime,
) -> Cohort:
    """A new cohort of the tutor's own programme that was chosen, if it still is theirs; else of a new programme."""
    beginning = choice.beginning if choice is not None else Beginning()
    if choice is not None and choice.programme_id is not None:
        latest = latest_cohort_to_follow(db, choice.programme_id, organisation_id, choice.chosen_by)
        if latest is not None:
            return start_copy(db, latest, now=now, is_copy=False, beginning=beginning)
    if template is None:
        raise NothingChosen
    cohort = add_programme(db, organisation_id, template, beginning, now)
    if opened_by is not None:
        name_owner(db, programme_id=cohort.programme_id, person_id=opened_by, now=now)
    return cohort


def choice_of_content(db: Session, content_id: uuid.UUID | None, course_id: uuid.UUID) -> Choice | None:
    """What was chosen for this content in this very course: a copied course chooses anew."""
    row = db.get(ActivityChoice, content_id) if content_id is not None else None
    if row is None or row.course_id != course_id:
        return None
    answers = Answers.from_json(row.answers) if row.answers is not None else None
    beginning = Beginning(answers, set_up_first=row.set_up_first)
    return Choice(row.chosen_by, RoleView(row.role_view), row.cohort_id, row.programme_id, beginning)


def shared_cohort(db: Session, choice: Choice | None, organisation_id: uuid.UUID) -> Cohort | None:
    """The cohort that was chosen, if it still may be: of this organisation, taught by who chose it.

    One without an activity may be chosen as :func:`~lti_tool.mentoring.programmes.placements.may_place` says.
    """
    if choice is None or choice.cohort_id is None:
        return None
    # Whoever takes it back at this moment waits, or is waited for.
    cohort = db.get_one(Cohort, choice.cohort_id, with_for_update={"read": True}, populate_existing=True)
    programme = db.get_one(Programme, cohort.programme_id)
    if programme.organisation_id != organisation_id:
        return None
    is_theirs = teaches_cohort(db, cohort.id, choice.chosen_by) or may_place(
        db, cohort.id, organisation_id, choice.chosen_by
    )
    return cohort if is_theirs else None


def choose_activity(
    db: Session,
    *,
    content_id: uuid.UUID,
    course_id: uuid.UUID,
    organisation_id: uuid.UUID,
    cohort_id: uuid.UUID | None,
    programme_id: uuid.UUID | None = None,
    role_view: RoleView | str,
    graded: bool = True,
    beginning: Beginning | None = None,
    chosen_by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Keep what a tutor, or an administrator, chose for a new activity, or for two that are added together.

    ``cohort_id``: the group to share, or None for a new one. ``programme_id``: the tutor's own programme that the new
    one follows, or None for the built-in one that the link names. ``role_view``: for whom the activity is. ``graded``:
    False where they want no column in the gradebook. ``beginning``: how a new group begins.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``not_own_group``, ``not_own_programme``) for a group or a
    programme that the tutor does not teach, or of another organisation.
    """
    beginning = beginning or Beginning()
    choice = Choice(chosen_by, RoleView(role_view), cohort_id, programme_id, beginning)
    require_own(db, choice, organisation_id)
    db.add(
        ActivityChoice(
            content_id=content_id,
            course_id=course_id,
            cohort_id=choice.cohort_id,
            programme_id=choice.programme_id,
            role_view=choice.role_view,
            graded=graded,
            set_up_first=beginning.set_up_first,
            answers=beginning.answers.as_json() if beginning.answers is not None else None,
            chosen_by=choice.chosen_by,
            created_at=now,
        )
    )
    db.flush()
    chosen = ActivityChosen(course_id=course_id, content_id=content_id)
    log.append(db, chosen, Scope(organisation_id=organisation_id), at=now)


def require_own(db: Session, choice: Choice, organisation_id: uuid.UUID) -> None:
    """Raise :class:`~lti_tool.mentoring.guards.NotAllowed` unless group and programme are the tutor's to use."""
    if choice.cohort_id is not None:
        require(db.get(Cohort, choice.cohort_id) is not None, "not_own_group")
        require(shared_cohort(db, choice, organisation_id) is not None, "not_own_group")
    if choice.programme_id is not None:
        latest = latest_cohort_to_follow(db, choice.programme_id, organisation_id, choice.chosen_by)
        require(latest is not None, "not_own_programme")


def name_owner(db: Session, *, programme_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Make a person an owner of a programme. Naming twice changes nothing."""
    # Those who change who owns it wait for each other.
    programme = db.get_one(Programme, programme_id, with_for_update=LOCK_ROW)
    if db.get(ProgrammeOwner, (programme_id, person_id)) is not None:
        return
    db.add(ProgrammeOwner(programme_id=programme_id, person_id=person_id, created_at=now))
    db.flush()
    scope = Scope(organisation_id=programme.organisation_id, programme_id=programme_id)
    log.append(db, OwnerNamed(person_id=person_id), scope, at=now)
