"""What happens to pairs. The pair is the event's scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event


@dataclass(frozen=True, kw_only=True)
class PairFormed(Event):
    """A tutor paired a mentor and a mentee (participants)."""

    version: ClassVar[int] = 2
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {name: details[name] for name in ("mentor_id", "mentee_id")}


@dataclass(frozen=True, kw_only=True)
class AgreementSigned(Event):
    """One of the pair, the participant of the scope, signed the charter."""

    version: ClassVar[int] = 2
    role: str
    by_both: bool
    """Whether both have signed now."""

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {name: details[name] for name in ("role", "by_both")}
