"""Tables of programmes: organisation → programme → cohort ← placement."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow


class CohortKind(enum.StrEnum):
    """Whether a cohort tries the programme out or runs it at full scale."""

    PILOT = "pilot"
    SCALE = "scale"


class CohortStatus(enum.StrEnum):
    """The status of a cohort."""

    DRAFT = "draft"
    READY = "ready"
    ENROLLING = "enrolling"
    MATCHING = "matching"
    RUNNING = "running"
    CLOSING = "closing"
    FOLLOW_UP = "follow_up"
    ARCHIVED = "archived"
    """Over; or taken back, where no activity has ever opened it."""


class RoleView(enum.StrEnum):
    """For whom an activity is: only people of this role have a grade in it."""

    BOTH = "both"
    MENTOR = "mentor"
    MENTEE = "mentee"

    def covers(self, role: str) -> bool:
        """Whether people of ``role`` belong here."""
        return self is RoleView.BOTH or self == role

    @property
    def other(self) -> RoleView:
        """That of the other role; everybody's is its own."""
        others = {RoleView.MENTOR: RoleView.MENTEE, RoleView.MENTEE: RoleView.MENTOR}
        return others.get(self, self)


class Programme(Base):
    """A reverse-mentoring programme of an organisation."""

    __tablename__ = "programme"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    template: Mapped[str] = mapped_column(sa.String(60))
    """The code of the template it was made from."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class ProgrammeSettings(Base):
    """One version of a programme's settings; a version that a cohort runs on never changes."""

    __tablename__ = "programme_settings"
    __table_args__ = (sa.UniqueConstraint("programme_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"))
    number: Mapped[int]
    settings: Mapped[dict[str, Any]]
    """In the shape of :mod:`schemas.programme_template`."""
    cohort_dates: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The days of the cohort for which this version was made, by the names of its columns, as ISO 8601 dates.

    None for a version that was made before they were kept: the cohort's own row says them.
    """
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    """Who made this version in the pages of the set-up; None for one that an activity or a command made."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class ProgrammeOwner(Base):
    """A person who owns a programme: who made it, and whom an owner or an operator named."""

    __tablename__ = "programme_owner"
    __table_args__ = (sa.Index("ix__programme_owner__person_id", "person_id"),)

    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Cohort(Base):
    """One run of a programme, with its own people, dates, rule and frozen measures."""

    __tablename__ = "cohort"
    __table_args__ = (
        one_of("kind", CohortKind),
        one_of("status", CohortStatus),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on <= follow_up_on", name="dates_in_order"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    programme_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    settings_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("programme_settings.id"))
    """The version of the programme's settings that it runs on."""
    number: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(sa.String(20), default=CohortKind.PILOT)
    status: Mapped[str] = mapped_column(sa.String(20), default=CohortStatus.DRAFT)
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    follow_up_on: Mapped[dt.date]
    """The last day itself, as long as no day of a follow-up is chosen."""
    started_at: Mapped[dt.datetime | None]
    """When it left ``draft``: since then its KPIs and its first questionnaire are frozen. None in ``draft``."""
    kpis: Mapped[list[Any]] = mapped_column(sa.JSON)
    """KPI definitions, frozen when the cohort starts."""
    baseline: Mapped[dict[str, Any]]
    """The questionnaire asked before."""
    copied_from_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("cohort.id"), index=True)
    """The cohort of the activity of which this one's first activity is a copy."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class CompletionRuleVersion(Base):
    """One immutable version of a cohort's completion rule."""

    __tablename__ = "completion_rule_version"
    __table_args__ = (sa.UniqueConstraint("cohort_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    number: Mapped[int]
    rule: Mapped[dict[str, Any]]
    """Canonical JSON, as :mod:`schemas.completion_rule` checks it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class Placement(Base):
    """An activity in a course (an LTI resource link) that opens one cohort."""

    __tablename__ = "placement"
    __table_args__ = (
        one_of("role_view", RoleView),
        sa.Index("ix__placement__cohort_id", "cohort_id"),
        sa.Index("ix__placement__course_id", "course_id"),
        sa.Index("ix__placement__content_id", "content_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cohort_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cohort.id"))
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"))
    resource_link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("resource_link.id"), unique=True)
    content_id: Mapped[uuid.UUID | None]
    """Of the link, when it was opened. A copy of the activity carries the same one."""
    role_view: Mapped[str] = mapped_column(sa.String(10), default=RoleView.BOTH)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class ActivityChoice(Base):
    """What a tutor chose for an activity in the content picker, until the activity is first opened.

    The link carries only ``content_id``: a copy of the course carries it too, and must not open the group of the
    course that it was copied from. A choice therefore holds in the course in which it was made alone, and for the first
    activity that is opened with it (:mod:`lti_tool.mentoring.programmes.copies`).
    """

    __tablename__ = "activity_choice"
    __table_args__ = (one_of("role_view", RoleView),)

    content_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("course.id"))
    cohort_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("cohort.id"))
    """The group to share; None for a new one."""
    programme_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("programme.id"))
    """A programme of the tutor's that the new group follows; None for the built-in one that the link names."""
    role_view: Mapped[str] = mapped_column(sa.String(10))
    graded: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    """False where the tutor wanted no column in the gradebook."""
    set_up_first: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether the new group waits as a draft until its tutor starts it."""
    answers: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What the tutor answered about the programme of the new group, as
    :class:`lti_tool.mentoring.programmes.beginning.Answers` writes it; None where the template was taken as it is."""
    chosen_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
