"""What became of a delivery that was sent, and whose fault it was where it failed.

``may_have_arrived`` of a failure: whether the receiver may have taken it all the same, its answer being lost.

A failure counts against one thing alone: :class:`Retry` against the delivery, :class:`PartUnavailable` against the part
of the receiver to which it goes (a line item), :class:`GroupUnavailable` against the group of that part (a host),
:class:`Unavailable` and :class:`Blocked` against the receiver.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.outside_text import error_line, one_line


class Answered(enum.Enum):
    """What of a receiver is known to be well: nothing, itself, a group of its parts as well, or that part too."""

    NOBODY = "nobody"
    RECEIVER = "receiver"
    GROUP = "group"
    PART = "part"


@dataclass(frozen=True)
class Sent:
    """The receiver has it."""


@dataclass(frozen=True)
class Dead:
    """The receiver will never take it. ``reason``: in its words; ``theirs``: what it holds under the same id."""

    reason: str
    theirs: dict[str, Any] | None = None


@dataclass(frozen=True)
class Damaged(Dead):
    """What is stored of it cannot be read, so that it was not sent: this says nothing of the receiver."""


@dataclass(frozen=True)
class Retry:
    """The receiver is well, and this delivery alone must go again, not before ``after_seconds`` where it said so.

    ``answered``: what is known to be well.
    """

    reason: str
    after_seconds: float | None = None
    may_have_arrived: bool = True
    answered: Answered = Answered.PART


@dataclass(frozen=True)
class PartUnavailable:
    """The part of the receiver to which this goes takes nothing now."""

    reason: str
    after_seconds: float | None = None
    may_have_arrived: bool = True


@dataclass(frozen=True)
class PartMissing(PartUnavailable):
    """The part of the receiver is not there, or is not for us: it is asked ever more rarely."""


@dataclass(frozen=True)
class GroupUnavailable:
    """A group of parts of the receiver (the line items on one of its hosts) takes nothing now.

    ``after_seconds``: what it asked for. ``tried``: whether this very delivery was tried, or shares what became of
    another one.
    """

    reason: str
    after_seconds: float | None = None
    may_have_arrived: bool = True
    tried: bool = True


@dataclass(frozen=True)
class Unavailable:
    """The receiver takes nothing now: it did not answer, is busy or broken. ``after_seconds``: what it asked for.

    ``refused``: it refused each of them, and may take others: after the pause more are tried.
    """

    reason: str
    after_seconds: float | None = None
    may_have_arrived: bool = True
    refused: bool = False


@dataclass(frozen=True)
class Blocked:
    """The receiver refuses us until somebody has corrected the credentials or the rights."""

    reason: str


@dataclass(frozen=True)
class NotTried:
    """There was no time for it in this round; it goes with the next."""


@dataclass(frozen=True)
class Superseded:
    """It is not sent any more; ``write`` writes what follows, in the transaction that marks this one.

    ``answered``: as of :class:`Retry`.
    """

    write: Callable[[Session], None] | None = None
    answered: Answered = Answered.NOBODY


Outcome = (
    Sent | Dead | Retry | PartUnavailable | GroupUnavailable | Unavailable | Blocked | NotTried | Superseded
)


def storable(outcome: Outcome, fault: Exception) -> Outcome:
    """The outcome with nothing of the receiver's but a line of text, for one that could not be stored as it was.

    ``fault``: why. What should take a delivery's place could then not be written either: that one is sent again.
    """
    match outcome:
        case Superseded(write) if write is not None:
            return not_storable(outcome, fault)
        case Dead():
            return replace(outcome, reason=one_line(str(outcome.reason)), theirs=None)
        case Blocked():
            return replace(outcome, reason=one_line(str(outcome.reason)))
        case Retry() | PartUnavailable() | GroupUnavailable() | Unavailable():
            return replace(outcome, reason=one_line(str(outcome.reason)), after_seconds=None)
        case _:
            return outcome


def not_storable(outcome: Sent | Dead | Superseded, fault: Exception) -> Retry:
    """That a delivery must go again, because what became of it could not be written down; who answered is known."""
    match outcome:
        case Damaged():
            answered = Answered.NOBODY
        case Superseded():
            answered = outcome.answered
        case _:
            answered = Answered.PART
    return Retry(f"what became of it could not be stored: {error_line(fault)}", answered=answered)
