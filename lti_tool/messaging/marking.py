"""Writing down what became of a claim: what the channel keeps, the deliveries and the pauses, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from lti_tool.database import OUT_OF_ORDER, Database
from lti_tool.messaging import outbox, pauses
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outbox import Claim, ClaimedDelivery
from lti_tool.messaging.outcomes import Dead, Outcome, Retry, Sent, Superseded, not_storable, storable
from lti_tool.messaging.pauses import Pauses

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Marking:
    """What became of each delivery of a claim, to be written down."""

    database: Database
    channel: Channel
    claim: Claim
    outcomes: Sequence[Outcome]
    before: Pauses
    """The receiver's pauses before it was asked."""
    now: dt.datetime
    before_commit: Callable[[], None] = lambda: None

    def write(self) -> tuple[Sequence[Outcome], list[DeliveryPause]]:
        """Write it down, or what can be stored of it. Returns what was written, and the pauses that begin.

        What keeps one delivery from being written down keeps no other: at last each is written by itself, and one that
        cannot be is sent again. Raises what the database raises when it is out of order: then the lease ends, and all
        of the claim goes again.
        """
        try:
            return self.outcomes, self._write_together()
        except OUT_OF_ORDER:
            raise
        except Exception as error:
            _log.exception("marking_fault", kind=str(self.claim.kind), receiver=self.claim.receiver)
            stored = replace(self, outcomes=[storable(outcome, error) for outcome in self.outcomes])
        try:
            return stored.outcomes, stored._write_together()
        except OUT_OF_ORDER:
            raise
        except Exception:
            _log.exception("marking_fault", kind=str(self.claim.kind), receiver=self.claim.receiver)
            return stored._write_one_by_one()

    def _transaction(self) -> AbstractContextManager[Session]:
        return self.database.transaction(waits_for_disk=not self.channel.repeats_count_once)

    def _write_together(self) -> list[DeliveryPause]:
        with self._transaction() as db:
            # Before the deliveries: whoever enqueues locks what a channel keeps, then what waits.
            self.channel.note(db, self.claim.deliveries, self.outcomes, self.now)
            return self._mark(db, self.outcomes)

    def _write_one_by_one(self) -> tuple[Sequence[Outcome], list[DeliveryPause]]:
        """Each that is over in a transaction of its own; then the others, of which the channel learns next time."""
        outcomes: list[Outcome] = []
        again: dict[str, Retry] = {}
        for delivery, outcome in zip(self.claim.deliveries, self.outcomes, strict=True):
            if isinstance(outcome, Sent | Dead | Superseded):
                # What goes again must not overtake a later one of its key.
                outcome = again.get(delivery.order_key) or self._write_alone(delivery, outcome)
                if isinstance(outcome, Retry):
                    again[delivery.order_key] = outcome
            outcomes.append(outcome)
        with self._transaction() as db:
            return outcomes, self._mark(db, outcomes)

    def _write_alone(self, delivery: ClaimedDelivery, outcome: Sent | Dead | Superseded) -> Outcome:
        """The outcome of one delivery, once it is written down; of one that cannot be, that it must go again."""
        one = replace(self.claim, deliveries=[delivery])
        try:
            with self._transaction() as db:
                self.channel.note(db, one.deliveries, [outcome], self.now)
                outbox.mark(db, one, [outcome], now=self.now)
        except OUT_OF_ORDER:
            raise
        except Exception as error:
            return not_storable(outcome, error)
        return outcome

    def _mark(self, db: Session, outcomes: Sequence[Outcome]) -> list[DeliveryPause]:
        claim = self.claim
        outbox.mark(db, claim, outcomes, now=self.now)
        results = zip((delivery.part for delivery in claim.deliveries), outcomes, strict=True)
        begun = pauses.update(db, claim.kind, claim.receiver, results, self.before, now=self.now)
        self.before_commit()
        return begun
