"""How the threads of a process are shared: slow jobs keep neither other kinds nor other groups waiting.

Where a process runs several kinds, none takes more than half of the threads; and of a kind's threads, groups whose
latest job took longer than :data:`SLOW_SECONDS` share half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from lti_tool.jobs.queue import ClaimedJob

SLOW_SECONDS: Final = 10.0
"""A group whose job takes longer is slow, from then on until one of its jobs takes less."""


@dataclass(frozen=True, slots=True)
class FullShares:
    """What gets no further thread at present."""

    kinds: frozenset[str] = frozenset()
    groups: frozenset[tuple[str, str]] = frozenset()
    """Kind and group."""


@dataclass(slots=True)
class ThreadShares:
    """Who may have one of ``threads``."""

    threads: int
    kinds: Collection[str]
    slow: set[tuple[str, str]] = field(default_factory=set)
    """Kind and group of those whose latest job took long."""

    def note(self, job: ClaimedJob, seconds: float) -> None:
        """Remember how long a job took."""
        if job.group_key is not None:
            change = self.slow.add if seconds > SLOW_SECONDS else self.slow.discard
            change((job.kind, job.group_key))

    def full(self, running: Collection[tuple[ClaimedJob, float]]) -> FullShares:
        """What may have no further thread while these jobs run, each for so many seconds."""
        for job, seconds in running:
            if seconds > SLOW_SECONDS:
                self.note(job, seconds)
        most = max(1, self.threads // 2) if len(self.kinds) > 1 else self.threads
        of_kinds = Counter(job.kind for job, _ in running)
        slow = Counter(job.kind for job, _ in running if (job.kind, job.group_key) in self.slow)
        return FullShares(
            frozenset(kind for kind, count in of_kinds.items() if count >= most),
            frozenset(group for group in self.slow if slow[group[0]] >= max(1, most // 2)),
        )
