"""Subscribers: what an event causes, in the transaction of the event.

A subscriber is given the events of one round, in order. Events that it appends are handled in the next round of the
same transaction, by every subscriber again, until none is left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy.orm import Session

from lti_tool.events.base import LoggedEvent
from lti_tool.events.log import take_pending
from lti_tool.events.replay import Projection, Projections

MOST_ROUNDS: Final = 20
"""No chain of consequences is longer: subscribers that answer each other for ever are a fault."""


class Subscriber(Protocol):
    """Handles events. It holds no state of its own: what it keeps is in the database.

    Who inherits from it and keeps nothing writes ``name`` and :meth:`handle` alone.
    """

    @property
    def name(self) -> str:
        """What it is called in logs and commands."""

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Do what the events cause, in the present transaction. ``now``: the aware moment of the transaction."""

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """An empty projection for a replay, where the subscriber keeps what the log alone determines; else None.

        ``others``: those of the subscribers before it, which have applied each event first.
        """
        return None


def dispatch(db: Session, subscribers: Sequence[Subscriber], now: dt.datetime) -> int:
    """Let every subscriber handle the pending events, in the declared order; return how many events there were."""
    handled = 0
    for _round in range(MOST_ROUNDS):
        events = take_pending(db)
        if not events:
            return handled
        handled += len(events)
        for subscriber in subscribers:
            subscriber.handle(db, events, now)
    raise RuntimeError(f"events still cause events after {MOST_ROUNDS} rounds")
