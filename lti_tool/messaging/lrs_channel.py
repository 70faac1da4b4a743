"""The channel to a learning record store. What its answers mean is decided in :mod:`xapi.delivery`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.messaging import outcomes
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import ClaimedDelivery
from xapi import delivery
from xapi.client import LRSClient


class LRSChannel(Channel):
    """Statements to the record store of the settings."""

    kind: ClassVar[str] = DeliveryKind.STATEMENT.value
    batch_size: ClassVar[int] = 500
    reads_targets: ClassVar[bool] = False

    def __init__(self, client: LRSClient | None) -> None:
        """``client``: None where no record store is set; statements then wait."""
        self._client = client

    def is_ready(self, db: Session, receiver: str) -> bool:
        """Whether a record store is set."""
        return self._client is not None

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[outcomes.Outcome]:
        """Send the stored bytes."""
        if self._client is None:
            return [outcomes.Unavailable("no record store is set")] * len(deliveries)
        items = [(one.key, one.body) for one in deliveries]
        return [_translated(outcome) for outcome in delivery.deliver(self._client, items)]


def _translated(outcome: delivery.Outcome) -> outcomes.Outcome:
    """The outcome in this package's terms: :mod:`xapi` stands alone and has its own."""
    match outcome:
        case delivery.Sent():
            return outcomes.Sent()
        case delivery.Dead(reason, theirs):
            return outcomes.Dead(reason, theirs)
        case delivery.Retry(reason):
            return outcomes.Retry(reason)
        case delivery.Unavailable(reason, after_seconds):
            return outcomes.Unavailable(reason, after_seconds)
        case delivery.Blocked(reason):
            return outcomes.Blocked(reason)


def lrs_client(config: Config, http: Any) -> LRSClient | None:
    """The record store of the settings, over the guarded session ``http``; None when none is set."""
    if config.lrs_endpoint is None:
        return None
    return LRSClient(
        config.lrs_endpoint,
        config.lrs_username or "",
        config.lrs_password or "",
        version=config.lrs_version,
        http=http,
    )
