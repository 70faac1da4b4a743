"""A channel: how deliveries of one kind reach their receivers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome


class Channel(ABC):
    """Sends deliveries of one kind: the worker claims them, calls :meth:`send` outside any transaction, marks them."""

    kind: ClassVar[DeliveryKind]
    batch_size: ClassVar[int]
    """How many deliveries one call takes."""
    max_receivers: ClassVar[int]
    """How many receivers are served at the same time, each in a thread of its own."""

    def is_ready(self) -> bool:
        """Whether there is anywhere to send to; deliveries wait as long as there is not."""
        return True

    @abstractmethod
    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        """Send, in order, and say what became of each, in the same order. Never raises for what a receiver does."""
