"""Organisations, people, courses and memberships: what both the LTI side and the mentoring side refer to.

A :class:`Person` is one subject of one registration (LTI 1.3 core §5.3.6.1: ``sub`` is unique per issuer): one human
in two platforms is two people. A :class:`Course` is one LTI context of one deployment. A :class:`Membership` is a
person's place in a course, and an :class:`OpenedLink` an activity of it that they have opened.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.database import Base, one_of, utcnow
from lti_tool.identity.principal import CourseRole

__all__ = [
    "Course",
    "CourseRole",
    "Installation",
    "Membership",
    "OpenedLink",
    "Organisation",
    "Person",
    "display_name",
    "full_name",
]


class Organisation(Base):
    """A company that uses the tool. Deployments, programmes and events belong to one, and nothing crosses."""

    __tablename__ = "organisation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(255), unique=True)
    """By which commands name it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Person(Base):
    """Somebody named by a launch or by a roster."""

    __tablename__ = "person"
    __table_args__ = (sa.UniqueConstraint("registration_id", "subject"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"))
    subject: Mapped[str] = mapped_column(sa.String(255))
    """The platform's ``sub``; also the ``userId`` of scores."""
    pseudonym: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4, unique=True)
    """The name of this person's xAPI account. Nothing outside this database links it to a name."""
    name: Mapped[str | None] = mapped_column(sa.String(255))
    given_name: Mapped[str | None] = mapped_column(sa.String(255))
    family_name: Mapped[str | None] = mapped_column(sa.String(255))
    email: Mapped[str | None] = mapped_column(sa.String(320))
    user_name: Mapped[str | None] = mapped_column(sa.String(255))
    """The name with which the person signs in to the platform, where it says it: files of people name them by it."""
    locale: Mapped[str | None] = mapped_column(sa.String(35))
    """The language this person last chose or arrived with, as a BCP 47 tag."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Course(Base):
    """An LTI context: the course, section or group in which the tool is used."""

    __tablename__ = "course"
    __table_args__ = (sa.UniqueConstraint("deployment_id", "context_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    deployment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("deployment.id"))
    context_id: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str | None] = mapped_column(sa.String(1000))
    roster_url: Mapped[str | None] = mapped_column(sa.Text)
    """``context_memberships_url`` of NRPS, from the latest launch that carried one."""
    context_history: Mapped[str | None] = mapped_column(sa.Text)
    """The platform's ids of the courses that it was copied from, the nearest first, separated by commas."""
    roster_read_at: Mapped[dt.datetime | None]
    """When the whole roster was last read; None before the first time."""
    roster_paused_until: Mapped[dt.datetime | None]
    """Until when no reading begins by itself, because one failed; None after a complete reading."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Membership(Base):
    """A person's place in a course.

    The role is that of the person's latest own launch; a roster sets it only for somebody who never launched. A tutor
    whose launch says that they are a learner is asked before they are one (:attr:`CourseRole.SWITCHED`).
    """

    __tablename__ = "membership"
    __table_args__ = (
        sa.UniqueConstraint("course_id", "person_id"),
        sa.Index("ix__membership__person_id", "person_id"),
        one_of("role", CourseRole),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(sa.String(20))
    """One of :class:`CourseRole`: the strongest that the platform's role URIs give."""
    active: Mapped[bool] = mapped_column(default=True)
    """False once a complete roster lacks somebody whom an earlier one listed, or lists them as not active."""
    launched_at: Mapped[dt.datetime | None]
    """When the person last launched in this course; None for somebody whom only a roster lists."""
    listed_at: Mapped[dt.datetime | None]
    """When the latest reading of the roster that listed the person began; None where none ever did."""

    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()


class OpenedLink(Base):
    """That a learner has opened an activity of a course (an LTI resource link), as their launches say.

    There is none for whoever came before 0043 and has not come since: their :attr:`Membership.launched_at` alone says
    that they have opened one of the course's activities.
    """

    __tablename__ = "opened_link"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    resource_link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("resource_link.id"), primary_key=True)
    first_opened_at: Mapped[dt.datetime]


class Installation(Base):
    """What is decided once, at the first start of an installation, and never changes."""

    __tablename__ = "installation"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    iri_base: Mapped[str] = mapped_column(sa.Text)
    """What the IRIs of activities and accounts in statements begin with, wherever the tool is reached later."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Named(Protocol):
    """The names of a person, as far as the platform shares them."""

    @property
    def name(self) -> str | None: ...

    @property
    def given_name(self) -> str | None: ...

    @property
    def family_name(self) -> str | None: ...


def full_name(name: str | None, given_name: str | None, family_name: str | None) -> str | None:
    """The name that a platform gives a person: where it gives its two parts alone, those together.

    What is kept of an earlier launch or roster must not stand beside parts that are newer.
    """
    return name or (f"{given_name} {family_name}" if given_name and family_name else None)


def display_name(person: Named) -> str | None:
    """The name to show for a person, or None when the platform shares none."""
    joined = " ".join(part for part in (person.given_name, person.family_name) if part)
    return person.name or joined or None
