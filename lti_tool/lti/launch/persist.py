"""A verified launch becomes rows: the person, the course, the membership, the link, and a launch session.

The last step of a launch, in one transaction. Each row is one INSERT … ON CONFLICT, so that two first
launches at once (a class opening the activity together) both find, and neither makes twice. A person, a course and a
link that are known just as the launch describes them are not written again. The statements are compiled once for each
database dialect (:mod:`lti_tool.compiled_statement`): a launch pays for running them only.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lti_tool.compiled_statement import CompiledStatement
from lti_tool.database import LOCK_ROW, table_of, utcnow
from lti_tool.identity.models import Course, CourseRole
from lti_tool.lti.ags.addresses import addresses_of, known_address, line_item_places
from lti_tool.lti.launch.known_rows import KnownRows, known_rows
from lti_tool.lti.launch.launch_statements import launch_statements
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.launch.named_places import MOST_FRAME_ORIGINS
from lti_tool.lti.registration.models import Deployment, Registration

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"


@dataclass(frozen=True)
class VerifiedLaunch:
    """The values of a launch, once every check has passed: plain values, so that it can wait as JSON."""

    registration_id: uuid.UUID
    deployment_id: uuid.UUID
    """Our row of it, not the platform's id."""
    message_type: str
    role: CourseRole
    is_admin: bool = False
    is_test_user: bool = False
    subject: str | None = None
    """None for an anonymous launch, and for the platform's test student."""
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    user_name: str | None = None
    locale: str | None = None
    context_id: str | None = None
    """None where the platform launches outside any course."""
    context_title: str | None = None
    context_history: str | None = None
    """The ids of the contexts that the course was copied from, the nearest first, separated by commas."""
    resource_link_id: str | None = None
    resource_link_title: str | None = None
    content_id: uuid.UUID | None = None
    template: str | None = None
    only_role: str | None = None
    line_item_url: str | None = None
    line_items_url: str | None = None
    scopes: tuple[str, ...] = ()
    roster_url: str | None = None
    service_hosts: tuple[str, ...] = ()
    """Hosts of services that this launch is the first to name, where the platform's word is enough."""
    frame_origins: tuple[str, ...] = ()
    """Origins of the platform's pages that this launch is the first to name, where the platform's word is enough."""
    platform_family: str | None = None
    """The platform's family, when it differs from what is stored; else None."""
    return_url: str | None = None
    document_target: str | None = None
    shown_subjects: tuple[str, ...] = ()
    """The people whose progress it may show: whom an observer observes, or whose work is to be reviewed."""
    is_enrolled: bool = True
    """False where the platform is certain that the person has no part in the course now: then no place is kept."""
    has_unique_context: bool = False
    """Whether a course has the same id in each deployment of the registration, and no other course has it."""
    reviewed_link_id: str | None = None
    """The platform's id of the activity to be reviewed, which its line item may say instead."""
    deep_linking: dict[str, Any] | None = None

    @property
    def display_name(self) -> str | None:
        """The person's name, as far as the platform shares it."""
        return self.name or " ".join(part for part in (self.given_name, self.family_name) if part) or None

    @property
    def names_places(self) -> bool:
        """Whether it is the first to say where services or pages of the platform are."""
        return bool(self.service_hosts or self.frame_origins)

    def to_json(self) -> dict[str, Any]:
        """A JSON object from which :meth:`from_json` makes an equal launch."""
        return {
            field.name: str(value) if isinstance(value, uuid.UUID) else value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> VerifiedLaunch:
        """The launch that :meth:`to_json` wrote, in an earlier version of the tool perhaps."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        for name in ("registration_id", "deployment_id", "content_id"):
            if name in values:
                values[name] = uuid.UUID(values[name])
        values["role"] = CourseRole(values["role"])
        for name in ("scopes", "service_hosts", "frame_origins", "shown_subjects"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


@dataclass(frozen=True)
class PersistedLaunch:
    """The rows that a launch was written to."""

    session_id: uuid.UUID
    """The :class:`~lti_tool.lti.launch.models.LaunchSession`."""
    person_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    line_item_changed: bool
    """Whether the link's line item, or what we may do with it, was not known before this launch."""
    first_in_course: bool
    """Whether the person never launched in this course before."""
    registration_changed: bool
    """Whether the launch told something new of its platform."""
    has_grade: bool = False
    """Whether the line item should show a grade for the person, or refused one."""
    line_item_rests: bool = False
    """Whether nothing was sent to the line item any more, since it was missing for long."""
    has_line_item: bool = False
    """Whether there is one: named by the launch, or found or made before."""


def persist_launch(
    connection: Connection,
    launch: VerifiedLaunch,
    *,
    secret_hash: str,
    lifetime: dt.timedelta,
    now: dt.datetime | None = None,
    read_before: KnownRows | None = None,
) -> PersistedLaunch:
    """Write a launch's rows into the present transaction.

    ``secret_hash``: SHA-256 of the secret that must come with the session's id. ``lifetime``: how long the session
    can be used. ``read_before``: what was known a moment ago, in a transaction that is over. It serves where course and
    link are known as the launch has them: of what else may have changed since, each row is written whole.
    """
    now = now or utcnow()
    statements = launch_statements(connection)
    # Before the activity, as an operator does who allows a host and has activities return to their line items there.
    if launch.names_places:
        _add_places(connection, launch)
    if launch.platform_family is not None:
        statements.family.execute(
            connection, {"wanted": launch.registration_id, "family": launch.platform_family}
        )
    serves = read_before is not None and read_before.has_places(launch)
    known = read_before if serves and read_before is not None else known_rows(connection, launch)
    if known.course_id is None and launch.has_unique_context and _adopt_course(connection, launch):
        known = known_rows(connection, launch)
    person_id, course_id = known.person_id, known.course_id
    if launch.subject is not None and (person_id is None or known.person_changes):
        person_id = _id(statements.person, connection, _person(launch, now))
    if launch.context_id is not None and (course_id is None or known.course_changes):
        course_id = _id(statements.course, connection, _course(launch, now))
    if course_id is not None and launch.line_item_url is not None and known.line_item_changes:
        known = _with_known_address(connection, launch, course_id)
    link_id = known.link_id
    has_link = launch.context_id is not None and launch.resource_link_id is not None
    line_item_changes = has_link and (link_id is None or known.line_item_changes)
    if line_item_changes or (has_link and known.link_changes):
        link_id = _id(statements.link, connection, _link(launch, known, course_id, now))
    if launch.message_type == SUBMISSION_REVIEW_REQUEST:
        link_id, course_id = _reviewed_link(connection, launch, course_id)
    if person_id is not None and course_id is not None and launch.is_enrolled:
        membership = {
            "id": uuid.uuid4(),
            "course_id": course_id,
            "person_id": person_id,
            "role": known.role_after(launch).value,
            "active": True,
            "launched_at": now,
        }
        statements.membership.execute(connection, membership)
        if link_id is not None and known.has_news_of_opening(launch):
            opened = {"person_id": person_id, "resource_link_id": link_id, "first_opened_at": now}
            statements.opened.execute(connection, opened)
    session = session_row(
        launch, person_id, course_id, link_id, secret_hash=secret_hash, lifetime=lifetime, now=now
    )
    statements.session.execute(connection, session)
    return PersistedLaunch(
        session["id"],
        person_id,
        link_id,
        line_item_changed=line_item_changes and known.line_item_url is not None,
        first_in_course=not known.launched_before,
        registration_changed=launch.names_places or launch.platform_family is not None,
        has_grade=known.has_grade,
        line_item_rests=known.line_item_rests,
        has_line_item=known.line_item_url is not None,
    )


def _with_known_address(connection: Connection, launch: VerifiedLaunch, course_id: uuid.UUID) -> KnownRows:
    """The known rows, by the line item's address that the course's activities know, if the launch names another.

    A line item with two addresses would otherwise get each grade once for each of them. The course is locked first and
    read again: of two launches at the same instant the second finds what the first has written.
    """
    course = table_of(Course)
    connection.execute(sa.select(course.c.id).where(course.c.id == course_id).with_for_update(**LOCK_ROW))
    known, named = known_rows(connection, launch), launch.line_item_url
    if named is None or not known.line_item_changes:
        return known
    places = line_item_places(connection, launch.registration_id, launch.service_hosts)
    url = known_address(connection, named, course_id, places)
    if url is None or url == named:
        return known
    again = known_rows(connection, dataclasses.replace(launch, line_item_url=url))
    return dataclasses.replace(again, link_changes=True, line_item_address=named)


def _adopt_course(connection: Connection, launch: VerifiedLaunch) -> bool:
    """Take over a course that another deployment of the registration has, within the organisation; whether one has.

    Canvas gives a tool that was deleted and installed again another deployment id, and the course is the same.
    """
    course, deployment = table_of(Course), table_of(Deployment)
    here = sa.select(deployment.c.registration_id, deployment.c.organisation_id).where(
        deployment.c.id == launch.deployment_id
    )
    found = (
        sa.select(course.c.id)
        .join(deployment, deployment.c.id == course.c.deployment_id)
        .where(
            course.c.context_id == launch.context_id,
            sa.tuple_(deployment.c.registration_id, deployment.c.organisation_id).in_(here),
        )
        .order_by(course.c.created_at.desc(), course.c.id)
        .limit(1)
    )
    moved = connection.execute(
        sa.update(course)
        .where(course.c.id == found.scalar_subquery())
        .values(deployment_id=launch.deployment_id)
    )
    return moved.rowcount > 0


def session_row(
    launch: VerifiedLaunch,
    person_id: uuid.UUID | None,
    course_id: uuid.UUID | None,
    link_id: uuid.UUID | None,
    *,
    secret_hash: str,
    lifetime: dt.timedelta,
    now: dt.datetime,
) -> dict[str, Any]:
    """The columns of a launch's :class:`~lti_tool.lti.launch.models.LaunchSession`, with a new id."""
    return {
        "id": uuid.uuid4(),
        "secret_hash": secret_hash,
        "csrf_key": secrets.token_hex(32),
        "registration_id": launch.registration_id,
        "deployment_id": launch.deployment_id,
        "person_id": person_id,
        "course_id": course_id,
        "resource_link_id": link_id,
        "role": launch.role.value,
        "is_admin": launch.is_admin,
        "is_test_user": launch.is_test_user,
        "message_type": launch.message_type,
        "locale": launch.locale,
        "time_zone": None,
        "return_url": launch.return_url,
        "document_target": launch.document_target,
        "shown_subjects": list(launch.shown_subjects) or None,
        "deep_linking": launch.deep_linking,
        "created_at": now,
        "expires_at": now + lifetime,
    }


def _reviewed_link(
    connection: Connection, launch: VerifiedLaunch, course_id: uuid.UUID | None
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The activity whose work is to be reviewed, by its line item or else by the platform's id, and its course.

    A launch that names no course gets that of the line item, within the registration. Nothing of a link is changed.
    """
    link, course, deployment = (table_of(mapped) for mapped in (ResourceLink, Course, Deployment))
    addresses = list[str]()
    if (url := launch.line_item_url) is not None:
        places = line_item_places(connection, launch.registration_id, launch.service_hosts)
        if course_id is not None:
            url = known_address(connection, url, course_id, places) or url
        addresses = addresses_of(url, places.hosts)
    by_line_item = link.c.line_item_url.in_(addresses)
    in_place = (
        link.c.course_id == course_id
        if course_id is not None
        else sa.and_(by_line_item, deployment.c.registration_id == launch.registration_id)
    )
    found = connection.execute(
        sa.select(link.c.id, link.c.course_id)
        .join(course, course.c.id == link.c.course_id)
        .join(deployment, deployment.c.id == course.c.deployment_id)
        .where(in_place, sa.or_(by_line_item, link.c.resource_link_id == launch.reviewed_link_id))
        .order_by(sa.case((by_line_item, 0), else_=1), link.c.created_at)
        .limit(1)
    ).one_or_none()
    return (None, course_id) if found is None else (found.id, found.course_id)


def _add_places(connection: Connection, launch: VerifiedLaunch) -> None:
    """Keep where the platform's services and pages are, as far as the launch is the first to say it."""
    table = table_of(Registration)
    of_registration = table.c.id == launch.registration_id
    known = connection.execute(
        sa.select(table.c.service_hosts, table.c.frame_origins)
        .where(of_registration)
        .with_for_update(**LOCK_ROW)
    ).one_or_none()
    if known is None:
        return  # deleted meanwhile, which the session's foreign key says
    hosts = list(dict.fromkeys([*known.service_hosts, *launch.service_hosts]))
    origins = list(dict.fromkeys([*known.frame_origins, *launch.frame_origins]))
    connection.execute(
        sa.update(table)
        .where(of_registration)
        .values(service_hosts=hosts, frame_origins=origins[:MOST_FRAME_ORIGINS])
    )


def _id(statement: CompiledStatement, connection: Connection, values: dict[str, Any]) -> uuid.UUID:
    """The id that an upsert gives back."""
    row = statement.first(connection, values)
    if row is None:
        raise RuntimeError("an upsert gives a row back")
    found: uuid.UUID = row[0]
    return found


def _person(launch: VerifiedLaunch, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "registration_id": launch.registration_id,
        "subject": launch.subject,
        "pseudonym": uuid.uuid4(),
        "name": launch.name,
        "given_name": launch.given_name,
        "family_name": launch.family_name,
        "email": launch.email,
        "user_name": launch.user_name,
        "locale": launch.locale,
        "created_at": now,
    }


def _course(launch: VerifiedLaunch, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "deployment_id": launch.deployment_id,
        "context_id": launch.context_id,
        "title": launch.context_title,
        "roster_url": launch.roster_url,
        "context_history": launch.context_history,
        "created_at": now,
    }


def _link(
    launch: VerifiedLaunch, known: KnownRows, course_id: uuid.UUID | None, now: dt.datetime
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "course_id": course_id,
        "resource_link_id": launch.resource_link_id,
        "title": launch.resource_link_title,
        "content_id": launch.content_id,
        "template": launch.template,
        "line_items_url": launch.line_items_url,
        "only_role": launch.only_role,
        # Where the launch names none, the statement puts that one there that was found or made by now.
        "line_item_url": known.line_item_url if launch.line_item_url is not None else None,
        "line_item_address": known.line_item_address,
        "scopes": list(launch.scopes),
        "created_at": now,
    }
