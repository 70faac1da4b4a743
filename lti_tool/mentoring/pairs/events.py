"""What happens to pairs. The pair is the event's scope."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class PairProposed(Event):
    """A tutor proposed a mentor and a mentee (participants) to each other."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2
    former_names: ClassVar[tuple[str, ...]] = ("PairFormed",)
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {name: details[name] for name in ("mentor_id", "mentee_id")}


@dataclass(frozen=True, kw_only=True)
class AgreementSigned(Event):
    """One of the pair, the participant of the scope, signed the charter."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    version: ClassVar[int] = 2
    role: str
    by_both: bool
    """Whether both have signed now."""

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {name: details[name] for name in ("role", "by_both")}


@dataclass(frozen=True, kw_only=True)
class PairAccepted(Event):
    """One of the pair, the participant of the scope, accepted it."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    role: str
    by_both: bool
    """Whether both have accepted now: the pair is formed."""


@dataclass(frozen=True, kw_only=True)
class PairAcceptanceUndone(Event):
    """The participant of the scope took their acceptance back."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    role: str
    was_formed: bool
    """Whether both had accepted."""


@dataclass(frozen=True, kw_only=True)
class PairDeclined(Event):
    """The participant of the scope did not accept the pair, which is over."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    role: str
    reason: str | None
    """A code of :data:`schemas.choices.DECLINE_REASONS`; None where none was given."""


@dataclass(frozen=True, kw_only=True)
class PairDeclineUndone(Event):
    """The participant of the scope took it back that they declined: the pair is proposed again."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    role: str


@dataclass(frozen=True, kw_only=True)
class PairPaused(Event):
    """A tutor put the pair on hold."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2
    until: dt.date | None = None
    """The day on which the tutor is asked whether it goes on; None where they gave none."""

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had no such day."""
        return {}


@dataclass(frozen=True, kw_only=True)
class PairResumed(Event):
    """A tutor let the pair go on."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE


@dataclass(frozen=True, kw_only=True)
class PairEnded(Event):
    """A tutor ended the pair early, for a reason that is nobody's fault."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    reason: str
    """A code of :data:`schemas.choices.END_REASONS`."""
    was_formed: bool
    """Whether both had accepted."""


@dataclass(frozen=True, kw_only=True)
class PairClosed(Event):
    """A tutor closed the pair at the end of its time."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE


@dataclass(frozen=True, kw_only=True)
class PairMovedOut(Event):
    """The pair and its two people left the cohort of the scope, with everything that they did."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    to_cohort_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class PairMovedIn(Event):
    """The same pair and its two people go on in the cohort of the scope, and are judged by its rule from now on."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    from_cohort_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class TutorReminded(Event):
    """A tutor reminded the participant of the scope, who has the ``role``, of what waits for them."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    role: str


@dataclass(frozen=True, kw_only=True)
class PartnerReminded(Event):
    """The participant of the scope reminded the other, who has the ``role``, of what waits for them."""

    audit_subject: ClassVar[Subject] = Subject.PAIR
    role: str
