"""What happens to objectives. The pair, and the participant who acted, are the event's scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event


@dataclass(frozen=True, kw_only=True)
class ObjectiveEvent(Event):
    """What every event of an objective says: which one, and the role of the one who learns."""

    version: ClassVar[int] = 2
    objective_id: uuid.UUID
    direction: str

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had the objective in a column of its own."""
        upgraded = {name: value for name, value in details.items() if name != "subject_id"}
        return {**upgraded, "objective_id": details["subject_id"]}


@dataclass(frozen=True, kw_only=True)
class ObjectiveAgreed(ObjectiveEvent):
    """The pair set an objective."""

    tag: str
    required: bool

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The migration added from the objective's row whether it was required; most were."""
        return {"required": True, **super().upgrade(version, details)}


@dataclass(frozen=True, kw_only=True)
class ObjectiveClaimed(ObjectiveEvent):
    """The one who learns says that it is reached."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveReached(ObjectiveEvent):
    """It is reached, by the evidence named: ``self``, ``partner``, ``tutor`` or ``xapi``."""

    tag: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class ObjectiveWithdrawn(ObjectiveEvent):
    """The pair removed an objective."""

    former_names: ClassVar[tuple[str, ...]] = ("ObjectiveDropped",)
