"""The channel to gradebooks: scores to the line items of a registration's platform."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.lti.ags import grade_records, scores
from lti_tool.lti.ags.answers import ScoreOutcome, Stale, Withheld, deliver_scores
from lti_tool.lti.platform_service import PlatformService, ServiceDeps
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Dead, Outcome, Superseded


class GradebookChannel(Channel):
    """Scores; the receiver is the id of a registration."""

    kind: ClassVar[str] = DeliveryKind.SCORE.value
    batch_size: ClassVar[int] = 20

    def __init__(self, deps: ServiceDeps) -> None:
        self._deps = deps

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        """Post the latest score of each person on each line item; the earlier ones are superseded by it."""
        latest = {delivery.order_key: delivery for delivery in deliveries}
        outcomes = dict(zip(latest, self._post(receiver, list(latest.values())), strict=True))
        return [
            _outcome(outcomes[delivery.order_key], delivery, receiver)
            if latest[delivery.order_key] is delivery
            else Superseded()
            for delivery in deliveries
        ]

    def _post(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> list[ScoreOutcome]:
        try:
            service = PlatformService(self._deps, uuid.UUID(receiver))
        except NoResultFound:
            return [Dead("the registration is gone")] * len(deliveries)
        with self._deps.database.reading() as db:
            known = grade_records.known_grades(db, service.registration_id, deliveries)
        return deliver_scores(service, deliveries, known)

    def note(
        self,
        db: Session,
        deliveries: Sequence[ClaimedDelivery],
        outcomes: Sequence[Outcome],
        now: dt.datetime,
    ) -> None:
        """Write what became of each score into the record of its grade."""
        grade_records.lock(db, deliveries)
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            grade_records.note_outcome(db, delivery, outcome, now)
        grade_records.note_failed_readings(db, deliveries, outcomes, now)


def _outcome(outcome: ScoreOutcome, delivery: ClaimedDelivery, receiver: str) -> Outcome:
    match outcome:
        case Stale():
            return Superseded(partial(_restamp, delivery=delivery, receiver=receiver, stale=outcome))
        case Withheld():
            return Superseded(partial(_note_withheld, delivery=delivery, withheld=outcome))
        case _:
            return outcome


def _note_withheld(db: Session, *, delivery: ClaimedDelivery, withheld: Withheld) -> None:
    grade_records.note_withheld(db, delivery=delivery, reading=withheld.reading, now=utcnow())


def _restamp(db: Session, *, delivery: ClaimedDelivery, receiver: str, stale: Stale) -> None:
    scores.restamp(db, delivery, receiver, later_than=stale.than)
