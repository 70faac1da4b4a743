"""The lines that the worker logs of what became of deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outbox import Claim
from lti_tool.messaging.outcomes import Dead, Outcome

_log = structlog.get_logger(__name__)


def log_round(claim: Claim, outcomes: Sequence[Outcome], begun: Sequence[DeliveryPause]) -> None:
    """How many deliveries of a claim came to which outcome, which are given up, and which pauses have begun."""
    common: dict[str, Any] = {"kind": str(claim.kind), "receiver": claim.receiver}
    for delivery, outcome in zip(claim.deliveries, outcomes, strict=True):
        if isinstance(outcome, Dead):
            _log.error("delivery_dead", key=str(delivery.key), reason=outcome.reason, **common)
    counts = Counter(type(outcome).__name__.lower() for outcome in outcomes)
    _log.info("delivery_round", **counts, **common)
    for pause in begun:
        event = "receiver_refuses_us" if pause.refused else "receiver_paused"
        part = {"part": pause.part} if pause.part else {}
        _log.warning(event, until=pause.until.isoformat(), reason=pause.reason, **part, **common)
