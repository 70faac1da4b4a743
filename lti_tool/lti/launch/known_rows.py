"""What is stored of a launch's person, course, link, membership and grade before it, and what of it changes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from lti_tool.compiled_statement import DriverConnection
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.launch_statements import KEEP_IF_NULL, launch_statements

if TYPE_CHECKING:
    from lti_tool.lti.launch.persist import VerifiedLaunch

_PERSON: Final = attrgetter(*KEEP_IF_NULL["person"])
_COURSE: Final = attrgetter("context_title", "roster_url", "context_history")
_LINK: Final = attrgetter("resource_link_title", "content_id", "template", "line_items_url", "only_role")
"""What a launch tells of each, in the order of :data:`KEEP_IF_NULL`."""


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The rows that are known, and whether the launch says anything else of them than what is stored."""

    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    link_id: uuid.UUID | None
    person_changes: bool
    course_changes: bool
    link_changes: bool
    line_item_url: str | None
    """The link's line item: the one that the launch names, by the address under which it is known; else one that was
    found or made."""
    line_item_address: str | None
    """What the launch calls it, where that is another address."""
    line_item_changes: bool
    """Whether the link's line item, or what we may do with it, is another one than the launch names, be it none."""
    role: CourseRole | None
    """What the person is in the course by their latest launch there, or else by its roster."""
    launched_before: bool
    """Whether the person has launched in the course before; else at most a roster has listed them."""
    has_grade: bool
    """Whether that line item should show a grade for the person, or refused one."""
    line_item_rests: bool
    """Whether nothing is sent to the line item of the link any more, since it was missing for long."""
    opened_before: bool
    """Whether it is noted that the person has opened the link."""

    def has_places(self, launch: VerifiedLaunch) -> bool:
        """Whether the course is known, and the link as the launch has it."""
        is_same_link = self.link_id is not None and not self.link_changes and not self.line_item_changes
        return self.course_id is not None and (launch.resource_link_id is None or is_same_link)

    def has_news_of_opening(self, launch: VerifiedLaunch) -> bool:
        """Whether a learner opens an activity of which that is not noted yet. Nobody asks for it of anybody else."""
        opens = launch.role == CourseRole.LEARNER and launch.subject is not None and launch.is_enrolled
        return opens and launch.resource_link_id is not None and not self.opened_before

    def role_after(self, launch: VerifiedLaunch) -> CourseRole:
        """What the person is in the course once this launch is written: a tutor who comes as a learner is asked."""
        was_tutor = self.role in (CourseRole.TUTOR, CourseRole.SWITCHED)
        return CourseRole.SWITCHED if was_tutor and launch.role == CourseRole.LEARNER else launch.role


def known_rows(connection: DriverConnection, launch: VerifiedLaunch) -> KnownRows:
    """Read them, in one SELECT."""
    row = launch_statements(connection).known.first(
        connection,
        {
            "registration_id": launch.registration_id,
            "subject": launch.subject,
            "deployment_id": launch.deployment_id,
            "context_id": launch.context_id,
            "link": launch.resource_link_id,
            "line_item_url": launch.line_item_url,
        },
    )
    if row is None:
        raise RuntimeError("a SELECT from one row gives a row back")
    person_id, *person = row[:7]
    course_id, *course = row[7:11]
    link_id, *link = row[11:17]
    stored_url, stored_address, scopes, own_url, role, launched_before, has_grade, rests, opened = row[17:]
    line_item_url, line_item_address = launch.line_item_url or own_url, None
    if launch.line_item_url is None and own_url is not None and own_url == stored_url:
        line_item_address = stored_address
    elif launch.line_item_url is not None and launch.line_item_url == stored_address:
        line_item_url, line_item_address = stored_url, stored_address
    return KnownRows(
        person_id,
        course_id,
        link_id,
        person_changes=_changes(_PERSON(launch), person),
        course_changes=_changes(_COURSE(launch), course),
        link_changes=_changes(_LINK(launch), link) or line_item_address != stored_address,
        line_item_url=line_item_url,
        line_item_address=line_item_address,
        line_item_changes=(stored_url, scopes) != (line_item_url, list(launch.scopes)),
        role=CourseRole(role) if role is not None else None,
        launched_before=launched_before,
        has_grade=bool(has_grade),
        line_item_rests=bool(rests),
        opened_before=opened,
    )


def _changes(told: tuple[Any, ...], known: list[Any]) -> bool:
    """Whether a launch tells another value of anything; what it leaves out changes nothing."""
    return list(told) != known and any(
        new is not None and new != old for new, old in zip(told, known, strict=True)
    )
