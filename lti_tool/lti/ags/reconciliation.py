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
"""Shares of the maximum that differ by less are the same: numbers are converted. Scores differ by a hundredth."""
ROUNDED_TO: Final = (0, 1, 2)
"""Decimals to which gradebooks round; see :meth:`Result.may_be_rounded`."""
UNREAD_AFTER: Final = dt.timedelta(hours=24)
UNREAD_FAILURES: Final = 5
"""For how long, and how often, readings fail before a final grade is posted unread; see :func:`may_go_unread`."""
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

    def may_be_rounded(self, score: int | None) -> bool:
        """Whether it is this score as a gradebook shows it that rounds to its own scale.

        A gradebook may round to whole points or to one or two decimals. A 33 of our hundred is 3.3 of ten points, which
        it then shows as 3: a difference of up to half a point (or half of the last decimal) is the gradebook's. This
        counts only where the result itself is at that rounding: 3.4 of ten is no rounding of 3.3 to whole points. A
        scale of a hundred or more points tells all of our scores apart even so. On a smaller scale a teacher's own
        grade is taken for ours if it is the very number to which ours is rounded; the other way round every later
        grade of ours would be kept back for ever. On a scale of one point or less half a point is half of the scale,
        which is no rounding any more: there, whole points do not count.
        """
        if score is None:
            return False
        maximum = self.maximum or 1.0
        expected = score / MAXIMUM * maximum
        return self.shows(score) or any(
            abs(self.score - round(self.score, decimals)) < _FLOAT_ERROR
            and abs(self.score - expected) <= 0.5 * 10**-decimals + _FLOAT_ERROR
            for decimals in ROUNDED_TO
            if maximum * 10**decimals > 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRecord:
    """What is known of one person's grade in one line item; the columns of ``ScoreTrail`` of the same names."""

    wanted: int | None
    """``scoreGiven`` that should stand there; None as long as there should be no grade."""
    status: GradeStatus
    unanswered_scores: frozenset[int] = frozenset()
    accepted_score: int | None = None
    accepted_at: dt.datetime | None = None
    refused_at: dt.datetime | None = None
    was_gone: bool = False
    """Whether it counts as refused since its line item was gone after it had been taken."""
    shown_at: dt.datetime | None = None
    deletions: int = 0
    stays: bool = False
    """Whether the completion was reopened: the grade that is there stays, and is not sent again meanwhile."""

    def sent(self, result: Result) -> bool:
        """Whether the tool has sent this grade itself: the last one that was taken, or one sent since.

        An answer may be lost for each of several, and any of them may be the one that is there. Of a grade that is
        older, this is not known.
        """
        return any(result.may_be_rounded(score) for score in self._sent_scores)

    def is_there(self, score: int | None, result: Result) -> bool:
        """Whether the result is this score, and not an earlier one that a rounding gradebook shows alike."""
        if result.shows(score) or score == self.accepted_score:
            return result.may_be_rounded(score)
        earlier = self._sent_scores - {score}
        return result.may_be_rounded(score) and not any(result.may_be_rounded(each) for each in earlier)

    @property
    def _sent_scores(self) -> frozenset[int]:
        accepted = () if self.accepted_score is None else (self.accepted_score,)
        return self.unanswered_scores.union(accepted)


_FLOAT_ERROR: Final = 1e-6


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
    is_emptied: bool = False
    """Of a grade that is missing: whether it is listed without a number."""
    conclusive: bool = True
    """Whether the reading says anything about this person."""


def decide(
    record: GradeRecord,
    result: Result | None,
    *,
    read_at: dt.datetime,
    unsent: Unsent = Unsent.NOTHING,
    retry_refused: bool = False,
    is_empty: bool = False,
) -> Decision:
    """What to do after results were read. ``result``: None where there is no grade; ``is_empty``: one without a number.

    ``read_at``: when the reading began; of what was accepted since, it says nothing. ``retry_refused``: the person is
    known to be in the course now, or somebody asked for it.
    """
    unchanged = Decision(record.status, deletions=record.deletions)
    if unsent is Unsent.IN_FLIGHT or (record.accepted_at is not None and record.accepted_at >= read_at):
        return Decision(record.status, deletions=record.deletions, conclusive=False)
    due = record.refused_at is None or read_at - record.refused_at >= REFUSED_AGAIN_AFTER
    # Results were read, so that the line item is there (again).
    is_refused = record.status is GradeStatus.REFUSED and not record.was_gone
    stays_refused = is_refused and not (retry_refused or due)
    if result is not None:
        return _of_a_grade(record, result, unsent, unchanged, stays_refused=stays_refused)
    if unsent is Unsent.WAITING or record.stays:
        return unchanged
    if is_refused:
        return unchanged if stays_refused else _sent_again(record.deletions)
    if record.wanted is None:
        # Somebody's own grade is gone again, and there is none of ours to put in its place.
        gone = record.status is GradeStatus.SOMEBODY_ELSES
        return Decision(GradeStatus.RECORDED, deletions=record.deletions) if gone else unchanged
    if record.accepted_score is None:
        return _sent_again(record.deletions)
    if record.deletions == 0:
        return _sent_again(1)
    # Only what was once seen there can have been deleted.
    missing = GradeStatus.NOT_SHOWN if record.shown_at is None else GradeStatus.REMOVED
    return Decision(missing, deletions=record.deletions, is_emptied=is_empty)


def _of_a_grade(
    record: GradeRecord, result: Result, unsent: Unsent, unchanged: Decision, *, stays_refused: bool
) -> Decision:
    """What to do about a line item that has a grade for the person."""
    if record.is_there(record.wanted, result):
        # What waits is still sent: a platform may complete the activity only by it.
        return (
            unchanged
            if unsent is Unsent.WAITING
            else Decision(GradeStatus.RECORDED, deletions=record.deletions)
        )
    if record.wanted is not None and record.sent(result):
        # An earlier one of ours.
        waits = unsent is Unsent.WAITING or stays_refused or record.stays
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
    if repeated and record.is_there(score, result):
        return Posting.ARRIVED
    if result.shows(score):
        return Posting.POST
    return Posting.POST if record.sent(result) else Posting.KEEP_THEIRS


REST_ANSWERS: Final = 5
REST_AFTER: Final = dt.timedelta(days=3)
"""How often, and for how long, a platform says that a line item is not there before it rests; see :func:`may_rest`."""


@dataclass(frozen=True, slots=True)
class MissingAnswers:
    """How often a line item was said to be missing, and since when; the columns of ``MissingLineItem``."""

    answers: int
    began_at: dt.datetime


def may_rest(known: MissingAnswers | None, now: dt.datetime) -> bool:
    """Whether a line item is to be left alone: its course, or itself, is gone for good by all that is known.

    It is asked ever more rarely before. A day of a broken platform, or a tool that is switched off over a weekend, does
    not make it rest.
    """
    return known is not None and known.answers >= REST_ANSWERS and now - known.began_at >= REST_AFTER


@dataclass(frozen=True, slots=True)
class ReadingFailures:
    """How long the results of a line item could not be read; the columns of ``UnreadableResults``."""

    failures: int
    began_at: dt.datetime


def may_go_unread(known: ReadingFailures | None, *, is_final: bool, now: dt.datetime) -> bool:
    """Whether a score may be posted without knowing what is there, once more a reading having failed just now.

    A grade is posted over nothing unknown, as long as there is hope to know. A results service that answers an error
    page for ever must not keep the final grade away for ever, however: after :data:`UNREAD_FAILURES` readings that
    failed one after the other, over :data:`UNREAD_AFTER` at least, it is posted all the same. ``is_final``: whether it
    is that of somebody who has completed. No other score ever is: a state may erase a grade, and a grade of somebody
    under way would replace one that may be somebody's own for a number that changes again.
    """
    return (
        is_final
        and known is not None
        and known.failures >= UNREAD_FAILURES
        and now - known.began_at >= UNREAD_AFTER
    )
