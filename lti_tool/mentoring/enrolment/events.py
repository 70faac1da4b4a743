"""What happens to enrolments. The participant is the event's scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class ParticipantInvited(Event):
    """A tutor enrolled a person in a role, who has not said yet that they take part."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2
    role: str
    in_list: bool = False
    """Whether a list of people named them: the audit has one entry for the whole of it, :class:`PeopleAdded`."""

    @property
    def has_audit_entry(self) -> bool:
        """Only of somebody whom the tutor enrolled alone."""
        return not self.in_list

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version did not say who was in a list."""
        return {"in_list": False, **details}


@dataclass(frozen=True, kw_only=True)
class InvitationTakenBack(Event):
    """A tutor took the invitation of somebody back who had not answered it."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    role: str


@dataclass(frozen=True, kw_only=True)
class PeopleAdded(Event):
    """A block of a list of people was added: those who are in the course are invited, the others when they come.

    A list that is added in several blocks has one event for each, appended with the block itself; the first one's entry
    of the audit stands for all of them.
    """

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    version: ClassVar[int] = 2
    people: int
    """How many rows of the list the block has."""
    rows: int
    """How many the list has."""
    import_id: uuid.UUID | None
    """The list: the events with the same one are of one list; None of the first version's."""
    is_first: bool

    @property
    def has_audit_entry(self) -> bool:
        """Only the first block of a list has one."""
        return self.is_first

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had one event for a whole list."""
        return {**details, "rows": details["people"], "import_id": None, "is_first": True}


@dataclass(frozen=True, kw_only=True)
class ProgrammeJoined(Event):
    """A person said that they take part, in this role."""

    audit_subject: ClassVar[Subject] = Subject.PARTICIPATION
    version: ClassVar[int] = 2
    role: str

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version, where a tutor's enrolment was one too."""
        return {"role": details["role"]}


@dataclass(frozen=True, kw_only=True)
class InvitationRefused(Event):
    """Somebody who was invited said that they do not take part. They can still join later."""

    audit_subject: ClassVar[Subject] = Subject.PARTICIPATION
    role: str
    reason: str | None
    """A code of :data:`schemas.choices.REFUSAL_REASONS`; None where none was given."""


@dataclass(frozen=True, kw_only=True)
class JoiningUndone(Event):
    """A person took back that they take part: they are as somebody who was only invited."""

    audit_subject: ClassVar[Subject] = Subject.PARTICIPATION
    role: str


@dataclass(frozen=True, kw_only=True)
class ParticipantTakenOut(Event):
    """A tutor or an owner took the participant of the scope out of the programme, which is nobody's fault.

    A pair of theirs that goes on ends by it.
    """

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    role: str
    reason: str | None
    """A code of :data:`schemas.choices.TAKE_OUT_REASONS`; None where none was given."""
    had_completed: bool
    """Whether they had completed the programme, and so stay as somebody who has."""


@dataclass(frozen=True, kw_only=True)
class ParticipantTakenBackIn(Event):
    """A tutor or an owner took the participant of the scope back into the programme."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    role: str


@dataclass(frozen=True, kw_only=True)
class PersonPutAside(Event):
    """A tutor or an owner noted that somebody of the cohort's courses, who has no role in it, will take no part."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    person_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class PersonTakenBack(Event):
    """A tutor or an owner expects that somebody takes part after all whom one of them had put aside."""

    audit_subject: ClassVar[Subject] = Subject.PEOPLE
    person_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class EnrolmentsUnited(Event):
    """Somebody whose pair moved to a cohort in which they were enrolled already has one enrolment there from now on.

    It follows from the move. The participant is the one of that cohort: what the other one did is theirs.
    """

    audit_subject: ClassVar[Subject] = Subject.CONSEQUENCE
    former_id: uuid.UUID
    """The participant of the cohort from which the pair came."""
    role: str
    """That in the pair."""


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """A person who is in no pair chose the other role."""

    audit_subject: ClassVar[Subject] = Subject.PARTICIPATION
    version: ClassVar[int] = 2
    role: str

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The same in the first version."""
        return {"role": details["role"]}
