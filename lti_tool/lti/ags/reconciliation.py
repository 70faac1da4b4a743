"""What to do about a grade, from what should stand, what was sent, and what its gradebook shows. Pure functions.

:func:`decide` compares after a reading of results; :func:`before_posting` says whether a score may be posted over what
is there. A grade that the tool never sent is somebody's own, and stays.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Final

from lti_tool.lti.ags.models import MAXIMUM, GradeStatus

SAME_WITHIN: Final = 1e-3
"""Shares of the maximum that differ by less are the same: gradebooks round. Scores differ by a hundredth."""
REFUSED_AGAIN_AFTER: Final = dt.timedelta(hours=20)
"""After how long a refused score is tried again by a reading that nobody asked for: on the next day."""


@dataclass(frozen=True, slots=True)
class Result:
    """A grade as the results service shows it (AGS §3.3)."""

    score: float
    maximum: float
    timestamp: dt.datetime | None = None
    """Moodle says when it was given."""

    def shows(self, score: int | None) -> bool:
        """Whether it is this score, whatever its scale."""
        if score is None:
            return False
        return abs(self.score / (self.maximum or 1.0) - score / MAXIMUM) < SAME_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRecord:
    """What is known of one person's grade in one line item; the columns of ``ScoreTrail`` of the same names."""

    wanted: int | None
    """``scoreGiven`` that should stand there; None as long as there should be no grade."""
    status: GradeStatus
    sent_score: int | None = None
    accepted_score: int | None = None
    accepted_at: dt.datetime | None = None
    refused_at: dt.datetime | None = None
    deletions: int = 0

    def sent(self, result: Result) -> bool:
        """Whether the tool has sent this grade itself; of one that is too old to be known, it has not."""
        return result.shows(self.accepted_score) or result.shows(self.sent_score)


class Unsent(enum.Enum):
    """Whether a score of this person and line item is in the outbox."""

    NOTHING = enum.auto()
    WAITING = enum.auto()
    IN_FLIGHT = enum.auto()
    """A worker has claimed it: it may have arrived or not."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a reading."""

    status: GradeStatus
    send: bool = False
    """What should stand is sent again."""
    withdraw: bool = False
    """What waits in the outbox is not to be sent."""
    deletions: int = 0
    conclusive: bool = True
    """Whether the reading says anything about this person."""


def decide(
    record: GradeRecord,
    result: Result | None,
    *,
    read_at: dt.datetime,
    unsent: Unsent = Unsent.NOTHING,
    retry_refused: bool = False,
) -> Decision:
    """What to do after results were read. ``result``: None where there is no grade.

    ``read_at``: when the reading began; of what was accepted since, it says nothing. ``retry_refused``: the person is
    known to be in the course now, or somebody asked for it.
    """
    unchanged = Decision(record.status, deletions=record.deletions)
    if unsent is Unsent.IN_FLIGHT or (record.accepted_at is not None and record.accepted_at >= read_at):
        return Decision(record.status, deletions=record.deletions, conclusive=False)
    due = record.refused_at is None or read_at - record.refused_at >= REFUSED_AGAIN_AFTER
    stays_refused = record.status is GradeStatus.REFUSED and not (retry_refused or due)
    if result is not None:
        return _of_a_grade(record, result, unsent, unchanged, stays_refused=stays_refused)
    if unsent is Unsent.WAITING:
        return unchanged
    if record.status is GradeStatus.REFUSED:
        return unchanged if stays_refused else _sent_again(record.deletions)
    if record.wanted is None:
        # Somebody's own grade is gone again, and there is none of ours to put in its place.
        gone = record.status is GradeStatus.SOMEBODY_ELSES
        return Decision(GradeStatus.RECORDED, deletions=record.deletions) if gone else unchanged
    if record.accepted_score is None:
        return _sent_again(record.deletions)
    if record.deletions == 0:
        return _sent_again(1)
    return Decision(GradeStatus.REMOVED, deletions=record.deletions)


def _of_a_grade(
    record: GradeRecord, result: Result, unsent: Unsent, unchanged: Decision, *, stays_refused: bool
) -> Decision:
    """What to do about a line item that has a grade for the person."""
    if result.shows(record.wanted):
        # What waits is still sent: a platform may complete the activity only by it.
        return (
            unchanged
            if unsent is Unsent.WAITING
            else Decision(GradeStatus.RECORDED, deletions=record.deletions)
        )
    if record.wanted is not None and record.sent(result):
        # An earlier one of ours.
        waits = unsent is Unsent.WAITING or stays_refused
        return unchanged if waits else _sent_again(record.deletions)
    return Decision(GradeStatus.SOMEBODY_ELSES, withdraw=unsent is Unsent.WAITING, deletions=record.deletions)


def _sent_again(deletions: int) -> Decision:
    return Decision(GradeStatus.ON_ITS_WAY, send=True, deletions=deletions)


class Posting(enum.Enum):
    """What to do with a score that is about to be posted."""

    POST = enum.auto()
    ARRIVED = enum.auto()
    """An earlier attempt, whose answer never came, has brought it there."""
    KEEP_THEIRS = enum.auto()
    """The grade that is there is somebody's own."""


def before_posting(
    record: GradeRecord, score: int | None, result: Result | None, *, repeated: bool
) -> Posting:
    """Whether a score may be posted over ``result``, read just before; ``score``: its ``scoreGiven``, if any.

    ``repeated``: it was claimed before, and may have arrived.
    """
    if result is None:
        return Posting.POST
    if score is None:
        # It would erase the grade.
        return Posting.KEEP_THEIRS
    if result.shows(score):
        return Posting.ARRIVED if repeated else Posting.POST
    return Posting.POST if record.sent(result) else Posting.KEEP_THEIRS
