"""A channel: how deliveries of one kind reach their receivers."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome


class Channel(ABC):
    """Sends deliveries of one kind: the worker claims them, calls :meth:`send` outside any transaction, marks them.

    A new kind of delivery is a subclass and its line in :mod:`lti_tool.composition.channels`. Whoever has something to
    send calls :func:`lti_tool.messaging.outbox.enqueue` with the same ``kind`` in the transaction of the event.
    """

    kind: ClassVar[str]
    """What it sends: at most 20 characters, and no other channel's."""
    batch_size: ClassVar[int]
    """How many deliveries one call of :meth:`send` gets at most."""
    batches_at_once: ClassVar[int] = 1
    """For how many calls of :meth:`send` deliveries are claimed, and marked, together: each costs less so.

    Of those that were sent when a process was killed, as many more go again; and ``attempts`` counts what was claimed
    and not tried, so that a channel that reads it must leave this at one.
    """
    max_receivers: ClassVar[int] = 8
    """How many receivers are served at the same time, each in a thread of its own."""
    reads_targets: ClassVar[bool] = True
    """Whether its deliveries have a ``target`` or a ``part``; without, claiming them is quicker."""
    repeats_count_once: ClassVar[bool] = False
    """Whether receivers recognise what they have already, even where later deliveries of its key came in between.

    Then marking does not wait for PostgreSQL's disk: what a crash of its server undoes is sent again.
    """

    def is_ready(self, db: Session, receiver: str) -> bool:
        """Whether the receiver can be sent to; its deliveries wait as long as it cannot. Only reads."""
        return True

    def fault_of(self, delivery: ClaimedDelivery) -> str | None:
        """Why a delivery whose target is a JSON object cannot be sent as it is stored; it is then given up, alone."""
        return None

    @abstractmethod
    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        """Send, in order, and say what became of each, in the same order.

        What a receiver does should raise nothing. An exception counts as a failure of the receiver all the same:
        everything that was given waits, and the receiver is paused with the exception as the reason.
        """

    def note(  # noqa: B027 - most channels keep nothing of their own
        self,
        db: Session,
        deliveries: Sequence[ClaimedDelivery],
        outcomes: Sequence[Outcome],
        now: dt.datetime,
    ) -> None:
        """Write what the channel itself keeps of what became of them, in the transaction that marks them.

        :meth:`send` never had those that are :class:`~lti_tool.messaging.outcomes.Damaged`. Where this raises, what it
        wrote is undone, and it is called again for each delivery that is over, by itself.
        """
