"""What happens to objectives. The pair, and the participant who acted, are the event's scope."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class ObjectiveEvent(Event):
    """What every event of an objective says: which one, and the role of the one who learns."""

    audit_subject: ClassVar[Subject] = Subject.OBJECTIVE
    version: ClassVar[int] = 2
    objective_id: uuid.UUID
    direction: str

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had the objective in a column of its own."""
        upgraded = dict(details)
        if version == 1:
            upgraded["objective_id"] = upgraded.pop("subject_id")
        return upgraded


@dataclass(frozen=True, kw_only=True)
class ObjectiveProposed(ObjectiveEvent):
    """One of the pair proposed an objective; the other one is asked."""

    version: ClassVar[int] = 3
    tag: str
    required: bool
    skill: str | None = None
    level: int | None = None
    trend: bool = False
    accepts: tuple[str, ...] = ("partner",)
    """Whose word is enough for it to be reached."""
    catalogue_code: str | None = None
    """Of the objective of the programme's catalogue that was chosen; None for one in the pair's own words."""

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """Up to the second version the partner's word was needed for every objective."""
        added = {"skill": None, "level": None, "trend": False, "accepts": ["partner"], "catalogue_code": None}
        return {**added, **super().upgrade(version, details)}


@dataclass(frozen=True, kw_only=True)
class ObjectiveEdited(ObjectiveEvent):
    """One of the pair changed what it says; ``revision`` is the new one, and the other one is asked again."""

    tag: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class ObjectiveAgreed(ObjectiveEvent):
    """Both want it, as it stands at ``revision``."""

    version: ClassVar[int] = 3
    tag: str
    required: bool
    revision: int = 0

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The migration added from the objective's row whether it was required; most were.

        Up to the second version one person's word was enough, and nothing was ever edited.
        """
        return {"required": True, **super().upgrade(version, details)}


@dataclass(frozen=True, kw_only=True)
class ObjectivesWorkedOn(Event):
    """A meeting was about these objectives: those that nobody had begun are in progress."""

    audit_subject: ClassVar[Subject] = Subject.OBJECTIVE
    objective_ids: tuple[uuid.UUID, ...]
    session_id: uuid.UUID
    worked_on: dt.date
    """The day of the meeting."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveClaimed(ObjectiveEvent):
    """The one who learns says that it is reached."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveStepUndone(ObjectiveEvent):
    """Whoever claimed it, gave it up or declined it took that back: it is again what it was before."""

    was: str
    """What it was until then: ``claimed`` or ``withdrawn``."""
    status: str
    """What it is again."""
    tag: str
    required: bool
    revision: int


@dataclass(frozen=True, kw_only=True)
class ObjectiveReached(ObjectiveEvent):
    """It is reached, by the evidence named: ``self``, ``partner``, ``tutor`` or ``xapi``."""

    tag: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class ObjectiveWithdrawn(ObjectiveEvent):
    """The one who learns gave it up, or did not want it proposed; in the first version either of the two could."""

    former_names: ClassVar[tuple[str, ...]] = ("ObjectiveDropped",)


@dataclass(frozen=True, kw_only=True)
class ObjectiveDeclined(ObjectiveEvent):
    """The partner of the one who learns did not want it proposed; both had never agreed to it."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveClaimDisputed(ObjectiveEvent):
    """It is not reached yet, says the partner of who claimed it, or the tutor: it is in progress again."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveRefusalRead(ObjectiveEvent):
    """Who proposed it has read that it was declined, or who claimed it that it is not reached yet."""
