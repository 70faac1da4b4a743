"""The statements of a launch, compiled once for each database dialect (:mod:`lti_tool.compiled_statement`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import insert_in, table_of
from lti_tool.identity.models import Course, Membership, OpenedLink, Person
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, ScoreTrail
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.registration.models import Registration

KEEP_IF_NULL: Final = {
    "person": ("name", "given_name", "family_name", "email", "user_name", "locale"),
    "course": ("title", "roster_url", "context_history"),
    "link": ("title", "content_id", "template", "line_items_url", "only_role"),
}
"""Columns of a person, a course and a link that keep their value when a launch leaves theirs out."""
LINK_REPLACES: Final = ("line_item_url", "line_item_address", "scopes")
"""Columns of a link that are what the latest launch says, be it nothing: a tutor may have switched grading off.

In place of a line item that it does not name comes one that was found or made for the link.
"""

SESSION_COLUMNS: Final = tuple(
    column.name for column in table_of(LaunchSession).c if column.name != "signed_out_at"
)
"""The columns of a session that begins."""

_SET_ONCE: Final = {
    "person": ("pseudonym", "created_at"),
    "course": ("created_at",),
    "resource_link": ("created_at",),
}
"""Columns that only the first launch sets, by table; besides the id and the key."""


@dataclass(frozen=True)
class LaunchStatements:
    person: CompiledStatement
    known: CompiledStatement
    """Person, course, link, membership and grade as they are, for :mod:`lti_tool.lti.launch.known_rows`."""
    course: CompiledStatement
    membership: CompiledStatement
    link: CompiledStatement
    opened: CompiledStatement
    """That a person has opened a link: nothing changes where that is known."""
    family: CompiledStatement
    session: CompiledStatement


def _known_statement() -> sa.Select[Any]:
    """One row, whatever is known: each table is joined from the outside."""
    one_row = sa.select(sa.literal_column("1").label("one")).subquery("one_row")
    mapped = Person, Course, ResourceLink, Membership, OpenedLink, ScoreTrail, MissingLineItem
    person, course, link, membership, opened, grade, missing = (table_of(each) for each in mapped)
    named = sa.bindparam("line_item_url", type_=sa.Text())
    line_item_url = sa.case(
        (link.c.line_item_address == named, link.c.line_item_url),
        else_=sa.func.coalesce(named, link.c.own_line_item_url),
    )
    return (
        sa.select(
            person.c.id.label("person_id"),
            *(person.c[name].label(f"person_{name}") for name in KEEP_IF_NULL["person"]),
            course.c.id.label("course_id"),
            *(course.c[name].label(f"course_{name}") for name in KEEP_IF_NULL["course"]),
            link.c.id.label("link_id"),
            *(link.c[name].label(f"link_{name}") for name in (*KEEP_IF_NULL["link"], *LINK_REPLACES)),
            link.c.own_line_item_url,
            membership.c.role,
            membership.c.launched_at.is_not(None).label("launched_before"),
            sa.or_(grade.c.graded, grade.c.grade_status == GradeStatus.REFUSED.value).label("has_grade"),
            missing.c.rests_since.is_not(None).label("line_item_rests"),
            opened.c.person_id.is_not(None).label("opened_before"),
        )
        .select_from(one_row)
        .outerjoin(
            person,
            sa.and_(
                person.c.registration_id == sa.bindparam("registration_id"),
                person.c.subject == sa.bindparam("subject"),
            ),
        )
        .outerjoin(
            course,
            sa.and_(
                course.c.deployment_id == sa.bindparam("deployment_id"),
                course.c.context_id == sa.bindparam("context_id"),
            ),
        )
        .outerjoin(
            link,
            sa.and_(link.c.course_id == course.c.id, link.c.resource_link_id == sa.bindparam("link")),
        )
        .outerjoin(
            membership,
            sa.and_(membership.c.course_id == course.c.id, membership.c.person_id == person.c.id),
        )
        .outerjoin(
            opened,
            sa.and_(opened.c.person_id == person.c.id, opened.c.resource_link_id == link.c.id),
        )
        .outerjoin(
            grade,
            sa.and_(
                grade.c.line_item_url == line_item_url,
                grade.c.person_id == person.c.id,
            ),
        )
        .outerjoin(
            missing,
            sa.and_(
                missing.c.registration_id == sa.bindparam("registration_id"),
                missing.c.line_item_url == link.c.line_item_url,
            ),
        )
    )


@once_for_each_dialect
def launch_statements(dialect: Dialect) -> LaunchStatements:
    """The statements of a launch, for one database dialect."""
    registration = table_of(Registration)
    family = (
        sa.update(registration)
        .where(registration.c.id == sa.bindparam("wanted"))
        .values(platform_family=sa.bindparam("family"))
    )
    session, opened = table_of(LaunchSession), table_of(OpenedLink)
    return LaunchStatements(
        # What a platform stops sharing stays as it was: it may be known from the roster.
        person=_upsert(
            dialect,
            table_of(Person),
            ("registration_id", "subject"),
            keep_if_null=KEEP_IF_NULL["person"],
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
            replace=LINK_REPLACES,
        ),
        opened=CompiledStatement(
            insert_in(dialect.name, opened).on_conflict_do_nothing(),
            dialect,
            [column.name for column in opened.c],
        ),
        family=CompiledStatement(family, dialect),
        session=CompiledStatement(
            sa.insert(session),
            dialect,
            SESSION_COLUMNS,
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
    if "line_item_url" in values:
        values["line_item_url"] = sa.func.coalesce(insert.excluded.line_item_url, table.c.own_line_item_url)
    values |= {name: sa.func.coalesce(insert.excluded[name], table.c[name]) for name in keep_if_null}
    statement = insert.on_conflict_do_update(index_elements=list(key), set_=values).returning(table.c.id)
    first = ("id", *_SET_ONCE.get(table.name, ()))
    return CompiledStatement(statement, dialect, [*first, *key, *keep_if_null, *replace])
