"""Pauses of receivers that fail: how long one is not asked, and when it is asked again.

A pause belongs to a receiver, to one part of it (a line item) or to a group of parts (a host), never to a delivery:
however long an outage was, the deliveries are due as soon as the pause ends. It doubles with each failed round up to
:data:`LONGEST_PAUSE`. After it a few are tried, or more where all of those were refused; once one is taken the pause is
removed, and everything that waited follows. Pauses are stored, so that all workers keep them, ``tandem doctor`` shows
them and ``tandem statements retry`` ends them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outcomes import (
    Answered,
    Blocked,
    Damaged,
    GroupUnavailable,
    NotTried,
    Outcome,
    PartMissing,
    PartUnavailable,
    Retry,
    Sent,
    Superseded,
    Unavailable,
)
from lti_tool.messaging.retry import next_attempt
from lti_tool.moments import has_come

LONGEST_PAUSE: Final = dt.timedelta(seconds=30)
"""How long a receiver is not asked at most. A request to one that hangs takes up to 30 seconds more."""
LONGEST_PART_PAUSE: Final = dt.timedelta(seconds=60)
"""The same of a part of a receiver: a line item may stay locked for weeks."""
LONGEST_MISSING_PAUSE: Final = dt.timedelta(hours=1)
"""The same of a part that has been said not to be there for :data:`MISSING_FOR_GOOD`."""
MISSING_FOR_GOOD: Final = dt.timedelta(days=1)
"""A platform that is out of order may say so of everything; what it says for longer is likely to be so."""
LONGEST_RETRY_AFTER: Final = dt.timedelta(seconds=60)
"""How long a receiver that asks for a pause gets one at most."""

WHOLE: Final = ""
"""The ``part`` of a pause of the whole receiver."""


GROUP_END: Final = "/"
"""Ends the name of a group of parts, with which the name of each of its parts begins."""


def group_of(part: str) -> str:
    """The group of a part, which is paused by this name; the part itself where it belongs to none."""
    group, end, _ = part.partition(GROUP_END)
    return group + end


LONGEST: Final = max(LONGEST_PAUSE, LONGEST_PART_PAUSE, LONGEST_MISSING_PAUSE, LONGEST_RETRY_AFTER)


def is_paused(pause: DeliveryPause, now: dt.datetime) -> bool:
    """Whether the pause is not over."""
    return not has_come(pause.until, now, LONGEST)


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses of some receivers of one kind, those that have just ended included."""

    rows: Sequence[DeliveryPause] = ()

    def paused_receivers(self, now: dt.datetime) -> set[str]:
        """The receivers that are not asked at all."""
        return {row.receiver for row in self.rows if row.part == WHOLE and is_paused(row, now)}

    def has_paused_parts(self, now: dt.datetime) -> bool:
        """Whether a part of one of them is not asked."""
        return any(row.part != WHOLE and is_paused(row, now) for row in self.rows)

    def failed(self, receiver: str) -> bool:
        """Whether the receiver failed when it was last asked."""
        return any(row.receiver == receiver and row.part == WHOLE for row in self.rows)

    def failing_groups(self) -> Sequence[DeliveryPause]:
        """The pauses of groups of parts."""
        return [row for row in self.rows if row.part.endswith(GROUP_END)]

    def find(self, part: str) -> DeliveryPause | None:
        """The pause of a part, when all the rows are of one receiver."""
        return next((row for row in self.rows if row.part == part), None)


NO_PAUSES: Final = Pauses()


def read(db: Session, kind: str, receiver: str | None = None) -> Pauses:
    """The pauses of a kind, or of one receiver of it."""
    chosen = sa.select(DeliveryPause).where(DeliveryPause.kind == kind)
    if receiver is not None:
        chosen = chosen.where(DeliveryPause.receiver == receiver)
    return Pauses(db.scalars(chosen).all())


def end(db: Session, kind: str, receivers: Collection[str] | None = None) -> None:
    """Let the receivers be asked at once, these or all of a kind."""
    chosen = sa.delete(DeliveryPause).where(DeliveryPause.kind == kind)
    if receivers is not None:
        chosen = chosen.where(DeliveryPause.receiver.in_(receivers))
    db.execute(chosen)


def end_part(db: Session, kind: str, receiver: str, part: str) -> None:
    """Let one part of a receiver be asked at once."""
    db.execute(
        sa.delete(DeliveryPause).where(
            DeliveryPause.kind == kind, DeliveryPause.receiver == receiver, DeliveryPause.part == part
        )
    )


def ask_part(db: Session, kind: str, receiver: str, part: str, now: dt.datetime) -> None:
    """Let one part of a receiver be asked once more at once; how long it has failed is kept."""
    db.execute(
        sa.update(DeliveryPause)
        .where(DeliveryPause.kind == kind, DeliveryPause.receiver == receiver, DeliveryPause.part == part)
        .values(until=now)
    )


def update(
    db: Session,
    kind: str,
    receiver: str,
    results: Iterable[tuple[str, Outcome]],
    before: Pauses,
    *,
    now: dt.datetime,
) -> list[DeliveryPause]:
    """Begin or prolong the pauses that a round makes necessary, and remove those that it ended.

    ``results``: part and outcome of each delivery of the round. ``before``: the receiver's pauses before it. Returns
    the pauses that begin.
    """
    failed: dict[str, Unavailable | Blocked | GroupUnavailable | PartUnavailable] = {}
    answered: set[str] = set()
    settled: set[str] = set()
    for part, outcome in results:
        match outcome:
            case Sent():  # nearly all, and of few parts
                settled.add(part)
            case Unavailable() | Blocked():
                failed.setdefault(WHOLE, outcome)
            case GroupUnavailable():
                failed.setdefault(group_of(part), outcome)
                answered |= _answered(part, Answered.RECEIVER)
            case PartUnavailable():
                failed.setdefault(part, outcome)
                answered |= _answered(part, Answered.GROUP)
            case NotTried() | Damaged():
                pass
            case Superseded(answered=by) | Retry(answered=by):
                answered |= _answered(part, by)
            case _:
                settled.add(part)
    for part in settled:
        answered |= _answered(part, Answered.PART)
    over = {part for part in answered - failed.keys() if before.find(part) is not None}
    begun = []
    # In the order of the parts: another worker may be ending or prolonging some of these pauses.
    for part in sorted(over | failed.keys()):
        if part in over:
            end_part(db, kind, receiver, part)
        else:
            begun.append(_begin(db, kind, receiver, part, failed[part], before.find(part), now))
    return begun


def _answered(part: str, by: Answered) -> set[str]:
    """The pauses that are over."""
    match by:
        case Answered.NOBODY:
            return set()
        case Answered.RECEIVER:
            return {WHOLE}
        case Answered.GROUP:
            return {WHOLE, group_of(part)}
        case Answered.PART:
            return {WHOLE, group_of(part), part}


def _begin(
    db: Session,
    kind: str,
    receiver: str,
    part: str,
    outcome: Unavailable | Blocked | GroupUnavailable | PartUnavailable,
    before: DeliveryPause | None,
    now: dt.datetime,
) -> DeliveryPause:
    failures = before.failures + 1 if before else 1
    since = before.since if before else now
    longest = LONGEST_PART_PAUSE if isinstance(outcome, PartUnavailable) else LONGEST_PAUSE
    missing_since = None
    if isinstance(outcome, PartMissing):
        missing_since = (before.missing_since if before else None) or now
        if now - missing_since >= MISSING_FOR_GOOD:
            longest = LONGEST_MISSING_PAUSE
    asked = dt.timedelta(seconds=0 if isinstance(outcome, Blocked) else outcome.after_seconds or 0)
    length = max(next_attempt(failures, longest=longest), min(asked, LONGEST_RETRY_AFTER))
    values = {
        "until": now + length,
        "since": since,
        "missing_since": missing_since,
        "failures": failures,
        "refused": isinstance(outcome, Blocked),
        "reason": outcome.reason,
    }
    identity = {"kind": kind, "receiver": receiver, "part": part}
    # Another worker may have begun the same pause meanwhile.
    db.execute(
        insert_for(db, DeliveryPause)
        .values(**identity, **values)
        .on_conflict_do_update(index_elements=list(identity), set_=values)
    )
    return DeliveryPause(**identity, **values)
