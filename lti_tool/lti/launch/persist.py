"""A verified launch becomes rows: the person, the course, the membership, the link, and a launch session.

The last step of a launch, in one transaction. Each row is one INSERT … ON CONFLICT, so that two first
launches at once (a class opening the activity together) both find, and neither makes twice. A course and a link
that are known just as the launch describes them are not written again. The statements are compiled once for each
database dialect (:mod:`lti_tool.compiled_statement`): a launch pays for running them only.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import LOCK_ROW, insert_in, table_of, utcnow
from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.registration.models import Registration

KEEP_IF_NULL = {
    "course": ("title", "roster_url"),
    "link": ("title", "content_id", "template"),
}
"""Columns of a course and of a link that keep their value when a launch leaves theirs out."""
_LINK_REPLACES = ("line_item_url", "scopes")
"""Columns of a link that are what the latest launch says, be it nothing: a tutor may have switched grading off."""

_SET_ONCE: Final = {
    "person": ("pseudonym", "created_at"),
    "course": ("created_at",),
    "resource_link": ("created_at",),
}
"""Columns that only the first launch sets, by table; besides the id and the key."""

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"


@dataclass(frozen=True)
class VerifiedLaunch:
    """The values of a launch, once every check has passed: plain values, so that it can wait as JSON."""

    registration_id: uuid.UUID
    deployment_id: uuid.UUID
    """Our row of it, not the platform's id."""
    message_type: str
    role: CourseRole
    is_admin: bool = False
    subject: str | None = None
    """None for an anonymous launch."""
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    locale: str | None = None
    context_id: str | None = None
    """None where the platform launches outside any course."""
    context_title: str | None = None
    resource_link_id: str | None = None
    resource_link_title: str | None = None
    content_id: uuid.UUID | None = None
    template: str | None = None
    line_item_url: str | None = None
    scopes: tuple[str, ...] = ()
    roster_url: str | None = None
    service_hosts: tuple[str, ...] = ()
    """Hosts of services that this launch is the first to name, where the platform's word is enough."""
    platform_family: str | None = None
    """The platform's family, when it differs from what is stored; else None."""
    return_url: str | None = None
    deep_linking: dict[str, Any] | None = None

    @property
    def display_name(self) -> str | None:
        """The person's name, as far as the platform shares it."""
        return self.name or " ".join(part for part in (self.given_name, self.family_name) if part) or None

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
        for name in ("scopes", "service_hosts"):
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


def persist_launch(
    connection: Connection,
    launch: VerifiedLaunch,
    *,
    secret_hash: str,
    lifetime: dt.timedelta,
    now: dt.datetime | None = None,
) -> PersistedLaunch:
    """Write a launch's rows into the present transaction.

    ``secret_hash``: SHA-256 of the secret that must come with the session's id. ``lifetime``: how long the session
    can be used.
    """
    now = now or utcnow()
    statements = _statements(connection)
    person_id: uuid.UUID | None = None
    stored = _CourseAndLink()
    if launch.subject is not None:
        person_id = _id(statements.person, connection, _person(launch, now))
    if launch.context_id is not None:
        stored = _store_course_and_link(connection, statements, launch, person_id, now)
    if person_id is not None and stored.course_id is not None:
        membership = {
            "id": uuid.uuid4(),
            "course_id": stored.course_id,
            "person_id": person_id,
            "role": launch.role.value,
            "active": True,
            "launched_at": now,
        }
        statements.membership.execute(connection, membership)
    if launch.service_hosts:
        _add_service_hosts(connection, launch)
    if launch.platform_family is not None:
        statements.family.execute(
            connection, {"wanted": launch.registration_id, "family": launch.platform_family}
        )
    session_id = uuid.uuid4()
    statements.session.execute(
        connection,
        {
            "id": session_id,
            "secret_hash": secret_hash,
            "csrf_key": secrets.token_hex(32),
            "registration_id": launch.registration_id,
            "deployment_id": launch.deployment_id,
            "person_id": person_id,
            "course_id": stored.course_id,
            "resource_link_id": stored.link_id,
            "role": launch.role.value,
            "is_admin": launch.is_admin,
            "message_type": launch.message_type,
            "locale": launch.locale,
            "return_url": launch.return_url,
            "deep_linking": launch.deep_linking,
            "created_at": now,
            "expires_at": now + lifetime,
        },
    )
    return PersistedLaunch(
        session_id,
        person_id,
        stored.link_id,
        line_item_changed=stored.line_item_changed and launch.line_item_url is not None,
        first_in_course=not stored.launched_before,
        registration_changed=bool(launch.service_hosts) or launch.platform_family is not None,
    )


def _add_service_hosts(connection: Connection, launch: VerifiedLaunch) -> None:
    table = table_of(Registration)
    of_registration = table.c.id == launch.registration_id
    known = connection.execute(
        sa.select(table.c.service_hosts).where(of_registration).with_for_update(**LOCK_ROW)
    ).scalar_one()
    hosts = list(dict.fromkeys([*known, *launch.service_hosts]))
    connection.execute(sa.update(table).where(of_registration).values(service_hosts=hosts))


def _id(statement: CompiledStatement, connection: Connection, values: dict[str, Any]) -> uuid.UUID:
    """The id that an upsert gives back."""
    row = statement.first(connection, values)
    if row is None:
        raise RuntimeError("an upsert gives a row back")
    found: uuid.UUID = row[0]
    return found


@dataclass(frozen=True)
class _CourseAndLink:
    course_id: uuid.UUID | None = None
    link_id: uuid.UUID | None = None
    line_item_changed: bool = False
    launched_before: bool = False


def _store_course_and_link(
    connection: Connection,
    statements: _Statements,
    launch: VerifiedLaunch,
    person_id: uuid.UUID | None,
    now: dt.datetime,
) -> _CourseAndLink:
    """The launch's course and link, written where they are new or have changed."""
    course = _course(launch, now)
    parameters = {**course, "link": launch.resource_link_id, "person": person_id}
    found = statements.known.first(connection, parameters)
    known: dict[str, Any] = dict(zip(_KNOWN, found, strict=True)) if found else {}
    course_id: uuid.UUID | None = known.get("course_id")
    launched_before = known.get("launched_at") is not None
    if course_id is None or _has_changes(course, known, "course"):
        course_id = _id(statements.course, connection, course)
    if launch.resource_link_id is None:
        return _CourseAndLink(course_id, launched_before=launched_before)
    link = _link(launch, course_id, now)
    link_id: uuid.UUID | None = known.get("link_id")
    changed = link_id is None or any(link[name] != known[f"link_{name}"] for name in _LINK_REPLACES)
    if changed or _has_changes(link, known, "link"):
        link_id = _id(statements.link, connection, link)
    return _CourseAndLink(course_id, link_id, changed, launched_before)


def _has_changes(given: dict[str, Any], known: dict[str, Any], kind: str) -> bool:
    """Whether a launch gives any column another value; what it leaves out changes nothing."""
    return any(
        given[name] is not None and given[name] != known[f"{kind}_{name}"] for name in KEEP_IF_NULL[kind]
    )


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
        "created_at": now,
    }


def _link(launch: VerifiedLaunch, course_id: uuid.UUID | None, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "course_id": course_id,
        "resource_link_id": launch.resource_link_id,
        "title": launch.resource_link_title,
        "content_id": launch.content_id,
        "template": launch.template,
        "line_item_url": launch.line_item_url,
        "scopes": list(launch.scopes),
        "created_at": now,
    }


@dataclass(frozen=True)
class _Statements:
    person: CompiledStatement
    known: CompiledStatement
    """The course, the link, and the person's membership as they are: the columns of :data:`_KNOWN`."""
    course: CompiledStatement
    membership: CompiledStatement
    link: CompiledStatement
    family: CompiledStatement
    session: CompiledStatement


def _known_statement() -> sa.Select[Any]:
    course, link, membership = table_of(Course), table_of(ResourceLink), table_of(Membership)
    return (
        sa.select(
            course.c.id.label("course_id"),
            *(course.c[name].label(f"course_{name}") for name in KEEP_IF_NULL["course"]),
            link.c.id.label("link_id"),
            *(link.c[name].label(f"link_{name}") for name in (*KEEP_IF_NULL["link"], *_LINK_REPLACES)),
            membership.c.launched_at,
        )
        .join_from(
            course,
            link,
            sa.and_(link.c.course_id == course.c.id, link.c.resource_link_id == sa.bindparam("link")),
            isouter=True,
        )
        .join(
            membership,
            sa.and_(
                membership.c.course_id == course.c.id,
                membership.c.person_id == sa.bindparam("person", type_=sa.Uuid()),
            ),
            isouter=True,
        )
        .where(
            course.c.deployment_id == sa.bindparam("deployment_id"),
            course.c.context_id == sa.bindparam("context_id"),
        )
    )


_KNOWN: Final = tuple(str(column.name) for column in _known_statement().selected_columns)


@once_for_each_dialect
def _statements(dialect: Dialect) -> _Statements:
    """The statements of a launch, for one database dialect."""
    registration = table_of(Registration)
    family = (
        sa.update(registration)
        .where(registration.c.id == sa.bindparam("wanted"))
        .values(platform_family=sa.bindparam("family"))
    )
    session = table_of(LaunchSession)
    return _Statements(
        # What a platform stops sharing stays as it was: it may be known from the roster.
        person=_upsert(
            dialect,
            table_of(Person),
            ("registration_id", "subject"),
            keep_if_null=("name", "given_name", "family_name", "email", "locale"),
        ),
        known=CompiledStatement(_known_statement(), dialect),
        course=_upsert(
            dialect,
            table_of(Course),
            ("deployment_id", "context_id"),
            keep_if_null=KEEP_IF_NULL["course"],
        ),
        membership=_upsert(
            dialect,
            table_of(Membership),
            ("course_id", "person_id"),
            replace=("role", "active", "launched_at"),
        ),
        link=_upsert(
            dialect,
            table_of(ResourceLink),
            ("course_id", "resource_link_id"),
            keep_if_null=KEEP_IF_NULL["link"],
            replace=_LINK_REPLACES,
        ),
        family=CompiledStatement(family, dialect),
        session=CompiledStatement(
            sa.insert(session),
            dialect,
            [column.name for column in session.c if column.name != "signed_out_at"],
        ),
    )


def _upsert(
    dialect: Dialect,
    table: sa.Table,
    key: tuple[str, ...],
    *,
    keep_if_null: tuple[str, ...] = (),
    replace: tuple[str, ...] = (),
) -> CompiledStatement:
    """INSERT, or else UPDATE the row with this key; gives back its id either way."""
    insert = insert_in(dialect.name, table)
    values: dict[str, Any] = {name: insert.excluded[name] for name in replace}
    values |= {name: sa.func.coalesce(insert.excluded[name], table.c[name]) for name in keep_if_null}
    statement = insert.on_conflict_do_update(index_elements=list(key), set_=values).returning(table.c.id)
    first = ("id", *_SET_ONCE.get(table.name, ()))
    return CompiledStatement(statement, dialect, [*first, *key, *keep_if_null, *replace])
