"""Scores: what should stand in the gradebook, what was sent of it, and what the gradebook showed."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.database import Base, one_of, utcnow
from lti_tool.outside_text import OneLine

MAXIMUM: Final = 100
"""``scoreMaximum`` of every score that the tool sends."""


READING_FAILED: Final = "reading the result: "
"""How the reason of a score begins that waits because the result could not be read before."""


class ScoreState(Base):
    """What should stand in the gradebook of an activity for one participant: a projection of the event log."""

    __tablename__ = "score_state"

    placement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("placement.id"), primary_key=True)
    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("participant.id"), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    """The participant's progress, of which a score is made."""
    score: Mapped[int]
    """0 to 100."""
    report: Mapped[str] = mapped_column(sa.String(10))
    """``final_only`` or ``live``: how much of it is sent to the LMS."""


class GradeStatus(enum.StrEnum):
    """What is known of a grade in the gradebook of its platform."""

    ON_ITS_WAY = "on_its_way"
    """Written for sending, and nothing is known to be in its way."""
    WAITING = "waiting"
    """It could not be delivered so far, and will be tried again."""
    RECORDED = "recorded"
    """The platform has taken it, or shows it."""
    REFUSED = "refused"
    """The platform has refused it for good. It is sent again when the person comes back, or somebody asks for it."""
    REMOVED = "removed"
    """It was there, and is missing although it was sent a second time: the tutor decides."""
    NOT_SHOWN = "not_shown"
    """The platform took it twice, and its results never showed it: nobody can be said to have deleted it."""
    SOMEBODY_ELSES = "somebody_elses"
    """The gradebook shows a grade that the tool never sent. It stays."""


class ScoreTrail(Base):
    """What one line item should show for one person, what was sent of it, and what was read back.

    The first columns are what should stand. Platforms refuse a score that is not later by a whole second, and erase
    the grade on one that is not FullyGraded after one that is; both are decided here, in the transaction of the event.
    """

    __tablename__ = "score_trail"
    __table_args__ = (
        one_of("grade_status", GradeStatus),
        sa.Index(
            "ix__score_trail__unsettled",
            "grade_status",
            sqlite_where=sa.text("grade_status IN ('refused', 'removed', 'not_shown')"),
            postgresql_where=sa.text("grade_status IN ('refused', 'removed', 'not_shown')"),
        ),
    )

    line_item_url: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    """The progress that should stand there."""
    score: Mapped[int | None]
    """Its ``scoreGiven``, 0 to 100; None when it gives none."""
    comment: Mapped[str | None] = mapped_column(sa.Text)
    """The latest comment that was sent: a score without one would erase it."""
    last_timestamp: Mapped[dt.datetime]
    """The timestamp of the latest score that was written for sending: whole seconds, UTC."""
    graded: Mapped[bool] = mapped_column(default=False)
    """Whether a FullyGraded score was ever recorded: from then on nothing else may be."""
    grade_status: Mapped[str] = mapped_column(sa.String(20), default=GradeStatus.ON_ITS_WAY)
    reason: Mapped[str | None] = mapped_column(OneLine)
    """Why it waits or was refused: the platform's words, or ours."""
    refusal: Mapped[str | None] = mapped_column(sa.String(30))
    """Why it was refused, waits or is missing: a :class:`lti_tool.lti.platforms.base.ScoreRefusal`."""
    refused_at: Mapped[dt.datetime | None]
    """When it was refused; None again once it is to be sent again whatever the time."""
    unanswered_scores: Mapped[list[int]] = mapped_column(default=list)
    """``scoreGiven`` of each score sent since the last accepted one whose answer never came: it may have arrived."""
    accepted_score: Mapped[int | None]
    """``scoreGiven`` of the latest score that the platform took; None when that gave none, or none was taken."""
    accepted_at: Mapped[dt.datetime | None]
    """When the platform took it."""
    result_score: Mapped[float | None] = mapped_column(sa.Double)
    """``resultScore`` as it was last read; None where there was none."""
    result_maximum: Mapped[float | None] = mapped_column(sa.Double)
    read_at: Mapped[dt.datetime | None]
    """When that reading began."""
    shown_at: Mapped[dt.datetime | None]
    """When a reading last showed a grade that the tool sent; None as long as none has."""
    deletions: Mapped[int] = mapped_column(default=0)
    """How often it was found missing and sent again, since somebody last asked for that."""
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When anything of this changed that a page shows."""


class UnreadableResults(Base):
    """That the results of a line item cannot be read: one row from the first failure to the next complete reading.

    What follows from it is decided by :func:`lti_tool.lti.ags.reconciliation.may_go_unread`.
    """

    __tablename__ = "unreadable_results"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    line_item_url: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    failures: Mapped[int]
    """How many readings have failed, one after the other."""
    began_at: Mapped[dt.datetime]
    """When the first of them failed."""
    failed_at: Mapped[dt.datetime]
    """When the latest of them failed."""
    reason: Mapped[str] = mapped_column(OneLine)
    """Why: the platform's words, or ours."""


class MissingLineItem(Base):
    """A line item that its platform says is not there, or is not the tool's: one row until it takes a score again.

    What follows from it is decided by :func:`lti_tool.lti.ags.reconciliation.may_rest`.
    """

    __tablename__ = "missing_line_item"

    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registration.id"), primary_key=True)
    line_item_url: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    answers: Mapped[int]
    """How often it said so, one time after the other."""
    began_at: Mapped[dt.datetime]
    """When it said so first."""
    counted_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When it said so last, or was to be asked anew."""
    reason: Mapped[str] = mapped_column(OneLine)
    """What it said last: the platform's words."""
    rests_since: Mapped[dt.datetime | None]
    """Since when nothing is sent or read there any more, until somebody launches from it or asks for it."""


class OwnLineItemStatus(enum.StrEnum):
    """What is known of the line item of an activity whose launches name none."""

    LOOKING = "looking"
    """The platform is to be asked whether it has one."""
    ABSENT = "absent"
    """It has none, and a tutor may have one made."""
    ASKED = "asked"
    """One is to be made."""
    FOUND = "found"
    """It has one that the tool did not make itself."""
    MADE = "made"
    """The tool has made it."""
    REFUSED = "refused"
    """The platform does not list line items, or makes none."""
    UNSURE = "unsure"
    """It was asked to make one, its answer was lost, and it lists none: it is not asked again by itself."""


class OwnLineItemRecord(Base):
    """The line item of an activity whose launches name none: looked for, and made where that is of use."""

    __tablename__ = "own_line_item"
    __table_args__ = (one_of("status", OwnLineItemStatus),)

    resource_link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("resource_link.id"), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(10))
    url: Mapped[str | None] = mapped_column(sa.Text)
    """Where it is; ``resource_link.own_line_item_url`` is the same as long as it is used."""
    label: Mapped[str | None] = mapped_column(OneLine)
    """Its label as the tool wrote it last; a teacher may have changed it since."""
    posted_at: Mapped[dt.datetime | None]
    """When the platform was asked to make it, until it clearly refused: whoever writes this may ask, nobody else."""
    is_bound: Mapped[bool | None]
    """Whether it is one for the activity's link; None where there is none, or nobody has looked since that is kept."""
    reason: Mapped[str | None] = mapped_column(OneLine)
    """Why there is none, or why it still is one for the link: the platform's words, or ours."""
    looked_at: Mapped[dt.datetime | None]
    """When the platform was last asked whether it has it."""
