"""The channel to learning record stores. What their answers mean is decided in :mod:`xapi.delivery`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.encryption import SecretKeyChanged, Vault
from lti_tool.messaging import outcomes, record_stores
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.record_stores import Access
from lti_tool.outbound.answer_text import plain_text
from xapi import delivery


class LRSChannel(Channel):
    """Statements; the receivers are those of :mod:`lti_tool.messaging.record_stores`."""

    kind: ClassVar[str] = DeliveryKind.STATEMENT.value
    batch_size: ClassVar[int] = 500
    batches_at_once: ClassVar[int] = 4
    reads_targets: ClassVar[bool] = False
    repeats_count_once: ClassVar[bool] = True

    def __init__(self, config: Config, vault: Vault, http: Any) -> None:
        """``http``: the guarded session."""
        self._config = config
        self._vault = vault
        self._http = http
        self._access: dict[str, Access] = {}

    def is_ready(self, db: Session, receiver: str) -> bool:
        """Whether a record store is set, as it is now; statements wait as long as there is none."""
        access = record_stores.access_of_receiver(db, receiver, self._config)
        if access is None:
            self._access.pop(receiver, None)
            return False
        self._access[receiver] = access
        return True

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[outcomes.Outcome]:
        """Send the stored bytes to the store as :meth:`is_ready` found it."""
        access = self._access.get(receiver)
        if access is None:
            return [outcomes.Unavailable("no record store is set")] * len(deliveries)
        try:
            client = access.client(self._vault, self._http)
        except SecretKeyChanged as error:
            return [outcomes.Blocked(str(error))] * len(deliveries)
        items = [(one.key, one.body) for one in deliveries]
        outcomes_found = delivery.deliver(client, items, read_answer=plain_text)
        return [_translated(outcome) for outcome in outcomes_found]


_SENT: Final = outcomes.Sent()


def _translated(outcome: delivery.Outcome) -> outcomes.Outcome:
    """The outcome in this package's terms: :mod:`xapi` stands alone and has its own."""
    match outcome:
        case delivery.Sent():
            return _SENT
        case delivery.Dead(reason, theirs):
            return outcomes.Dead(reason, theirs)
        case delivery.Retry(reason):
            return outcomes.Retry(reason)
        case delivery.Unavailable(reason, after_seconds, refused):
            return outcomes.Unavailable(reason, after_seconds, refused=refused)
        case delivery.Blocked(reason):
            return outcomes.Blocked(reason)
