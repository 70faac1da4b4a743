"""Sending one claim through its channel, outside any transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from lti_tool.database import OUT_OF_ORDER
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.outbox import Claim, ClaimedDelivery, fault_of
from lti_tool.messaging.outcomes import Damaged, Dead, NotTried, Outcome, Sent, Superseded, Unavailable
from lti_tool.outside_text import error_line

_log = structlog.get_logger(__name__)


def send(channel: Channel, claim: Claim, *, may_go_on: Callable[[], bool]) -> Sequence[Outcome]:
    """Send a claim in batches, but for what is damaged; what became of each delivery, in their order.

    Once something of a batch must go again, nothing after it is tried: the receiver may have failed, and no later
    delivery of the same order key may overtake. ``may_go_on``: asked before each batch but the first.
    """
    try:
        damaged = {
            each.id: fault
            for each in claim.deliveries
            if (fault := fault_of(each) or channel.fault_of(each)) is not None
        }
    except Exception as error:
        return _failure(claim, error, len(claim.deliveries))
    sound = [each for each in claim.deliveries if each.id not in damaged]
    sent: list[Outcome] = []
    for start in range(0, len(sound), channel.batch_size):
        if start and not may_go_on():
            break
        batch = _send_batch(channel, claim, sound[start : start + channel.batch_size])
        sent += batch
        if not all(isinstance(outcome, Sent | Dead | Superseded) for outcome in batch):
            break
    sent += [NotTried()] * (len(sound) - len(sent))
    if not damaged:
        return sent
    in_order = iter(sent)
    return [Damaged(damaged[each.id]) if each.id in damaged else next(in_order) for each in claim.deliveries]


def _send_batch(channel: Channel, claim: Claim, batch: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
    try:
        outcomes = channel.send(claim.receiver, batch)
        if len(outcomes) != len(batch):
            raise RuntimeError(f"{len(batch)} deliveries have {len(outcomes)} outcomes")
    except Exception as error:
        return _failure(claim, error, len(batch))
    return outcomes


def _failure(claim: Claim, error: Exception, count: int) -> Sequence[Outcome]:
    """An exception pauses the receiver, whose own it need not be: the reason says so where it is the database's."""
    _log.exception("delivery_fault", kind=str(claim.kind), receiver=claim.receiver)
    if isinstance(error, OUT_OF_ORDER):
        # Without the SQL statement: people read the reason.
        reason = f"the tool’s own database failed: {error_line(getattr(error, 'orig', None) or error)}"
    else:
        reason = f"sending failed: {error_line(error)}"
    return [Unavailable(reason)] * count
