"""Launch sessions that go on, and that their person ends; and what a person is in the course of one."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import Database, table_of
from lti_tool.identity.models import Membership
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.launch.opened_launch import OpenedLaunch

_TABLE = table_of(LaunchSession)


def extend(database: Database, launch: OpenedLaunch, expires_at: dt.datetime) -> None:
    """Let a session last until ``expires_at``, unless it was ended meanwhile."""
    with database.writing_connection() as connection:
        connection.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.id == launch.id, _TABLE.c.signed_out_at.is_(None))
            .values(expires_at=expires_at)
        )


def go_to_link(database: Database, launch: OpenedLaunch, resource_link_id: uuid.UUID) -> None:
    """Let the pages of a session be those of another link of its course."""
    with database.writing_connection() as connection:
        connection.execute(
            sa.update(_TABLE).where(_TABLE.c.id == launch.id).values(resource_link_id=resource_link_id)
        )


def confirm_learner(db: Session, course_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Make a person whose role had switched a learner of the course; anybody else stays what they are."""
    db.execute(
        sa.update(Membership)
        .where(
            Membership.course_id == course_id,
            Membership.person_id == person_id,
            Membership.role == CourseRole.SWITCHED,
        )
        .values(role=CourseRole.LEARNER)
        .execution_options(synchronize_session=False)
    )


def sign_out(database: Database, launch: OpenedLaunch, now: dt.datetime) -> int:
    """End a session, and all others of its person in the same browser; returns how many they were.

    The browser keeps its cookie, which opens every session that began in it: on a computer that several people use,
    an earlier one would still be in its history. Sessions of other people in the same browser go on. A browser that
    keeps no cookie cannot be recognised: there the session ends alone.
    """
    same_browser = sa.select(_TABLE.c.id).where(
        _TABLE.c.expires_at > now,
        _TABLE.c.secret_hash == launch.secret_hash,
        _TABLE.c.person_id.is_not_distinct_from(launch.person_id),
    )
    # Found before the transaction: there is no index of secrets, and nobody should have to wait for the search.
    with database.reading_connection() as connection:
        found = connection.execute(same_browser).scalars().all()
    with database.writing_connection() as connection:
        connection.execute(
            sa.update(_TABLE).where(_TABLE.c.id.in_(found)).values(expires_at=now, signed_out_at=now)
        )
    return len(found)
