"""A launch that tells nothing new, as nearly all do: its nonce, its person's place in the course, and its session.

:mod:`lti_tool.lti.launch.persist` writes any launch. One whose person, course and link are stored with its values
needs no more than the three rows that are written here, without SQLAlchemy's connection (:meth:`Database.quick_write`):
that halves what a launch pays for its database. On PostgreSQL the rows are one statement, so that a launch waits for
the server twice, and not for each statement, BEGIN and COMMIT.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from lti_tool.compiled_statement import CompiledStatement, DriverConnection, once_for_each_dialect
from lti_tool.database import Database, insert_in, table_of, utcnow
from lti_tool.identity.models import Membership
from lti_tool.lti.errors import StateUsed
from lti_tool.lti.launch.known_rows import KnownRows, known_rows
from lti_tool.lti.launch.launch_statements import SESSION_COLUMNS
from lti_tool.lti.launch.login_states import PendingLogin
from lti_tool.lti.launch.models import LaunchSession, UsedNonce
from lti_tool.lti.launch.persist import (
    SUBMISSION_REVIEW_REQUEST,
    PersistedLaunch,
    VerifiedLaunch,
    session_row,
)


def persist_familiar_launch(
    database: Database,
    launch: VerifiedLaunch,
    answered: PendingLogin,
    *,
    secret_hash: str,
    lifetime: dt.timedelta,
) -> PersistedLaunch | KnownRows | None:
    """Use up the nonce and write the rows of a launch that tells nothing new.

    Of any other nothing is written: what is known of it is returned, or None where that was not read. Raises
    :class:`StateUsed`. ``secret_hash`` and ``lifetime``: as :func:`~lti_tool.lti.launch.persist.persist_launch`.
    """
    if launch.names_places or launch.platform_family is not None:
        return None
    if launch.message_type == SUBMISSION_REVIEW_REQUEST or not launch.is_enrolled:
        return None
    with database.quick_write() as connection:
        known = known_rows(connection, launch)
        if not _is_familiar(launch, known):
            return known
        now = utcnow()
        row = session_row(
            launch,
            known.person_id,
            known.course_id,
            known.link_id,
            secret_hash=secret_hash,
            lifetime=lifetime,
            now=now,
        )
        values = {
            **row,
            "nonce": answered.nonce,
            "nonce_expires_at": answered.expires_at,
            "membership_role": known.role_after(launch).value,
        }
        if not database.is_sqlite:
            values["membership_id"] = uuid.uuid4()
        if not _write(connection, values):
            registration = answered.registration
            raise StateUsed(issuer=registration.issuer, client_id=registration.client_id)
    return PersistedLaunch(
        row["id"],
        known.person_id,
        known.link_id,
        line_item_changed=False,
        first_in_course=False,
        registration_changed=False,
        has_line_item=known.line_item_url is not None,
    )


def _is_familiar(launch: VerifiedLaunch, known: KnownRows) -> bool:
    return (
        known.launched_before
        # Whose grade is to be read back has a job asked for.
        and not known.has_grade
        and not known.line_item_rests
        and not known.person_changes
        and not known.course_changes
        and known.has_places(launch)
        and not known.has_news_of_opening(launch)
    )


def _write(connection: DriverConnection, values: Mapping[str, Any]) -> bool:
    """Write the rows; False, and nothing, where the nonce was used before.

    The unique key decides: of two launches with one nonce, one inserts it, and the other waits for its commit.
    """
    return all(statement.execute(connection, values) for statement in _statements(connection))


@once_for_each_dialect
def _statements(dialect: Dialect) -> Sequence[CompiledStatement]:
    """What changes a row each, in this order, as long as the nonce is new."""
    nonces, memberships, sessions = (table_of(mapped) for mapped in (UsedNonce, Membership, LaunchSession))
    nonce = _parameters(nonces, nonce="nonce", expires_at="nonce_expires_at")
    place = _parameters(memberships, course_id="course_id", person_id="person_id")
    # A role is replaced, never added.
    latest = _parameters(memberships, role="membership_role", launched_at="created_at") | {
        "active": sa.true()
    }
    session = _parameters(sessions, **{name: name for name in SESSION_COLUMNS})
    insert_nonce = insert_in(dialect.name, nonces).values(nonce).on_conflict_do_nothing()
    if dialect.name == "sqlite":
        # The membership is there: nobody else writes since it was read. An upsert would look for its new id, too.
        where = [memberships.c[name] == parameter for name, parameter in place.items()]
        return [
            CompiledStatement(insert_nonce, dialect),
            CompiledStatement(sa.update(memberships).where(*where).values(latest), dialect),
            CompiledStatement(sa.insert(sessions).values(session), dialect),
        ]
    # https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING: each part is run to its end
    # whether another reads it or not. Where the nonce is there already, its part gives no row, and the others insert
    # what they select from it: none.
    used = insert_nonce.returning(nonces.c.nonce).cte("used")
    membership = _parameters(memberships, id="membership_id") | place | latest
    insert_membership: Any = insert_in(dialect.name, memberships).from_select(
        list(membership), _once_for_each_row(membership, used)
    )
    placed = insert_membership.on_conflict_do_update(
        index_elements=list(place), set_={name: insert_membership.excluded[name] for name in latest}
    ).cte("placed")
    begun = sa.insert(sessions).from_select(list(session), _once_for_each_row(session, used))
    return [CompiledStatement(begun.add_cte(placed), dialect)]


def _parameters(table: sa.Table, **names: str) -> dict[str, Any]:
    """For columns of a table, each with the name of its parameter."""
    return {column: sa.bindparam(name, type_=table.c[column].type) for column, name in names.items()}


def _once_for_each_row(values: Mapping[str, Any], rows: sa.CTE) -> sa.Select[Any]:
    return sa.select(*(value.label(name) for name, value in values.items())).select_from(rows)
