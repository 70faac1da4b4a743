"""What was chosen in the content picker for an activity that is open already.

Platforms let a teacher open the picker again for an activity that exists (“Select content” in Moodle's settings of the
activity, “Find” in Canvas's): its link then carries another content id. As long as nobody has taken part, the new
choice takes effect. After that the activity keeps what it opened, since grades may be recorded there, and its tutor is
told so until they say that they have read it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.identity.models import Course, Person, display_name
from lti_tool.mentoring.enrolment.queries import has_participants
from lti_tool.mentoring.programmes.actions import Choice, choice_of_content, new_cohort, shared_cohort
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.events import PlacementOpened
from lti_tool.mentoring.programmes.models import (
    ActivityChoice,
    Cohort,
    Placement,
    Programme,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.offers import latest_cohort_to_follow
from lti_tool.mentoring.programmes.template import ProgrammeTemplate


@dataclass(frozen=True)
class Reselected:
    """What the link of an activity says now."""

    resource_link_id: uuid.UUID
    content_id: uuid.UUID
    only_role: str | None
    template: ProgrammeTemplate | None
    """The built-in programme that it names."""
    organisation_id: uuid.UUID


@dataclass(frozen=True)
class NewChoice:
    """Something else than what the activity opens."""

    is_kept: bool
    """Whether the activity keeps what it opened, because people have taken part."""
    programme: dict[str, str]
    """The title of the programme that it opened, by language."""
    chosen: dict[str, str]
    """The title of the one that was chosen since."""
    is_same_programme: bool
    """Whether only the group or the role is another one."""
    chosen_at: dt.datetime
    chosen_by: str | None
    """Who chose it, as far as the platform shares their name."""
    chosen_by_id: uuid.UUID
    """The person of whoever chose it."""


@dataclass(frozen=True)
class _Wanted:
    """What a choice would open."""

    role_view: RoleView
    shared: Cohort | None
    is_same_cohort: bool
    is_same_programme: bool
    title: dict[str, str]


def new_choice(db: Session, placement: Placement, link: Reselected) -> NewChoice | None:
    """What was chosen since an activity was opened; None where that is what it opens, or was not chosen here."""
    choice = choice_of_content(db, link.content_id, placement.course_id)
    if choice is None or placement.content_id == link.content_id:
        return None
    present = _programme_of(db, placement.cohort_id)
    wanted = _wanted(db, choice, link, placement.cohort_id, present)
    if wanted.is_same_cohort and wanted.role_view == placement.role_view:
        return None
    chosen_at, person = db.execute(
        sa.select(ActivityChoice.created_at, Person)
        .join(Person, Person.id == ActivityChoice.chosen_by)
        .where(ActivityChoice.content_id == link.content_id)
    ).one()
    return NewChoice(
        is_kept=has_participants(db, placement.cohort_id),
        programme=present.settings["title"],
        chosen=wanted.title,
        is_same_programme=wanted.is_same_programme,
        chosen_at=chosen_at,
        chosen_by=display_name(person),
        chosen_by_id=person.id,
    )


def placement_of(db: Session, resource_link_id: uuid.UUID) -> Placement:
    """The placement of an activity that is open."""
    return db.scalars(sa.select(Placement).where(Placement.resource_link_id == resource_link_id)).one()


def apply_new_choice(
    db: Session, link: Reselected, *, opened_by: uuid.UUID | None, now: dt.datetime
) -> NewChoice | None:
    """Let an activity open what was chosen for it since, unless people have taken part; what it was, if anything."""
    course_id = placement_of(db, link.resource_link_id).course_id
    db.execute(sa.select(Course.id).where(Course.id == course_id).with_for_update(**LOCK_ROW))
    placement = placement_of(db, link.resource_link_id)
    db.refresh(placement)
    choice = choice_of_content(db, link.content_id, course_id)
    found = new_choice(db, placement, link)
    if choice is None or (found is not None and found.is_kept):
        return found
    if found is not None:
        present = _programme_of(db, placement.cohort_id)
        wanted = _wanted(db, choice, link, placement.cohort_id, present)
        cohort = db.get_one(Cohort, placement.cohort_id)
        if not wanted.is_same_cohort:
            cohort = wanted.shared or new_cohort(
                db, choice, link.organisation_id, link.template, opened_by, now
            )
        placement.cohort_id, placement.role_view = cohort.id, wanted.role_view
        log.append(
            db,
            PlacementOpened(
                course_id=course_id,
                resource_link_id=link.resource_link_id,
                role_view=str(wanted.role_view),
                shared=wanted.shared is not None,
            ),
            Scope(
                organisation_id=link.organisation_id,
                programme_id=cohort.programme_id,
                cohort_id=cohort.id,
                placement_id=placement.id,
            ),
            at=now,
        )
    placement.content_id = link.content_id
    db.flush()
    return found


def keep_opened(db: Session, link: Reselected) -> None:
    """Note that the tutor has read that the activity keeps what it opened; its copies are copies of that."""
    placement_of(db, link.resource_link_id).content_id = link.content_id
    db.flush()


def _programme_of(db: Session, cohort_id: uuid.UUID) -> Any:
    """The programme of a cohort: its id, the code of its template, and the settings that the cohort runs on."""
    return db.execute(
        sa.select(Programme.id, Programme.template, ProgrammeSettings.settings)
        .join(Cohort, Cohort.programme_id == Programme.id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Cohort.id == cohort_id)
    ).one()


def _wanted(db: Session, choice: Choice, link: Reselected, cohort_id: uuid.UUID, present: Any) -> _Wanted:
    """What a choice would open, compared with a cohort and its programme."""
    role_view = RoleView(link.only_role) if link.only_role is not None else choice.role_view
    shared = shared_cohort(db, choice, link.organisation_id)
    if shared is not None:
        settings = _programme_of(db, shared.id).settings
        is_same = shared.programme_id == present.id
        return _Wanted(role_view, shared, shared.id == cohort_id, is_same, settings["title"])
    # Whoever answers questions about the programme, or wants to set it up first, wants another group.
    takes_as_is = choice.beginning == Beginning()
    own = choice.programme_id and latest_cohort_to_follow(
        db, choice.programme_id, link.organisation_id, choice.chosen_by
    )
    if own:
        programme = _programme_of(db, own)
        is_same = programme.id == present.id
        return _Wanted(role_view, None, is_same and takes_as_is, is_same, programme.settings["title"])
    is_same = link.template is None or link.template.code == present.template
    title = link.template.document()["title"] if link.template is not None else present.settings["title"]
    return _Wanted(role_view, None, is_same and takes_as_is, is_same, title)
