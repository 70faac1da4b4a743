"""What became of a delivery that was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Sent:
    """The receiver has it."""


@dataclass(frozen=True)
class Dead:
    """The receiver will never take it. ``reason``: in its words; ``theirs``: what it holds under the same id."""

    reason: str
    theirs: dict[str, Any] | None = None


@dataclass(frozen=True)
class Retry:
    """The same bytes must go again, not before ``after_seconds`` when the receiver asked for that."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True)
class Blocked:
    """The receiver refuses us: nothing is sent to it until somebody has corrected the credentials or the rights."""

    reason: str


@dataclass(frozen=True)
class Superseded:
    """Another delivery takes its place; ``enqueue`` writes that one, in the transaction that marks this one."""

    enqueue: Callable[[Session], None] | None = None


Outcome = Sent | Dead | Retry | Blocked | Superseded
