"""The channel to gradebooks: scores to the line items of a registration's platform."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.lti.ags import scores
from lti_tool.lti.ags.answers import ScoreOutcome, Stale, deliver_scores
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
        return deliver_scores(service, deliveries)


def _outcome(outcome: ScoreOutcome, delivery: ClaimedDelivery, receiver: str) -> Outcome:
    if not isinstance(outcome, Stale):
        return outcome
    return Superseded(partial(_restamp, delivery=delivery, receiver=receiver, stale=outcome))


def _restamp(db: Session, *, delivery: ClaimedDelivery, receiver: str, stale: Stale) -> None:
    scores.restamp(db, delivery, receiver, later_than=stale.than)
