"""Which receivers of a channel are served at the same time: each has a slot for a second, then others follow.

So that a store that answers slowly, or has very much to take, does not hold up the others. What is known here of a
receiver is the process's own, and lost with it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from lti_tool.messaging.channel import Channel
from lti_tool.messaging.outcomes import Outcome, Unavailable

SLICE_SECONDS: Final = 1.0
"""How long a receiver keeps its slot, or for one round where that takes longer."""

PROBE_SIZE: Final = 10
"""How many deliveries are tried at a receiver that failed before."""
LARGEST_PROBE: Final = 8 * PROBE_SIZE
"""How many at most where it refused all of those. Each that is refused costs two requests."""


def batches_in_time(left: float, took: float, batches: int) -> int:
    """How many batches are likely to be sent in the seconds left of a slice, one at least.

    ``took``: seconds for the ``batches`` before. What is claimed and not sent in time is given back.
    """
    return max(1, int(left * batches / max(took, 1e-6)))


@dataclass
class Slots:
    """Which receivers of one channel are served now, and how those before them fared.

    The caller holds a lock; what is known of one receiver's probes, the thread that serves it reads and writes.
    """

    channel: Channel
    wakeup: threading.Event = field(default_factory=threading.Event)
    active: dict[str, threading.Thread] = field(default_factory=dict)
    ended_at: dict[str, float] = field(default_factory=dict)
    """When each receiver's latest slice ended, on the monotonic clock."""
    slow: set[str] = field(default_factory=set)
    """Receivers whose latest slice took longer than it should. They share half of the slots."""

    probes: dict[str, int] = field(default_factory=dict)
    """How many deliveries are tried next at receivers that refused all that were tried last."""

    def probe_size(self, receiver: str) -> int:
        """How many deliveries are tried at the receiver, which failed before."""
        return min(self.channel.batch_size, self.probes.get(receiver, PROBE_SIZE))

    def probed(self, receiver: str, outcomes: Sequence[Outcome]) -> None:
        """Try twice as many next time where all were refused, up to :data:`LARGEST_PROBE`, then few again.

        They may all be bad, and stand first: a receiver that takes one of more is well.
        """
        if all(isinstance(outcome, Unavailable) and outcome.refused for outcome in outcomes):
            twice = 2 * self.probe_size(receiver)
            self.probes[receiver] = twice if twice <= LARGEST_PROBE else PROBE_SIZE
        else:
            self.probes.pop(receiver, None)

    def is_free(self, receiver: str) -> bool:
        """Whether there is a slot for the receiver."""
        most = self.channel.max_receivers
        if receiver in self.active or len(self.active) >= most:
            return False
        return receiver not in self.slow or len(self.slow & self.active.keys()) < max(1, most // 2)

    def in_turn(self, receivers: Collection[str]) -> list[str]:
        """The receivers in the order in which they are served: who was served longest ago comes first."""
        return sorted(receivers, key=lambda each: (self.ended_at.get(each, 0.0), each))

    def free(self, receiver: str, *, begun: float, ended: float) -> None:
        """Give the receiver's slot back. ``begun``, ``ended``: of its slice, on the monotonic clock."""
        del self.active[receiver]
        self.ended_at[receiver] = ended
        if ended - begun > 2 * SLICE_SECONDS:
            self.slow.add(receiver)
        else:
            self.slow.discard(receiver)
