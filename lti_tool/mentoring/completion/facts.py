"""What completion is judged on: plain values of what a pair did and of what concerns one person.

Statuses and roles are text here, as the columns hold them; the database refuses any that the models do not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AgreementFact:
    """Who has signed the agreement of a pair."""

    signed_by_mentor: bool = False
    signed_by_mentee: bool = False

    @property
    def signed_by_both(self) -> bool:
        """Whether the pair is bound by its agreement."""
        return self.signed_by_mentor and self.signed_by_mentee


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One mentoring session; ``format`` is a code of :mod:`schemas.choices`."""

    id: UUID
    status: str
    minutes: int
    format: str
    held_on: date


@dataclass(frozen=True, slots=True)
class ObjectiveFact:
    """One objective of a pair; ``evidence`` is who or what says that it is reached (None until then).

    ``agreed``: both have agreed to it at some time. One of the two alone does not change what completes a programme.
    """

    id: UUID
    direction: str
    status: str
    required: bool
    evidence: str | None = None
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What counts for both people of a pair."""

    pair_id: UUID
    agreement: AgreementFact = AgreementFact()
    sessions: tuple[SessionFact, ...] = ()
    objectives: tuple[ObjectiveFact, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What counts for one person alone. A criterion that comes later adds fields with defaults here."""

    role: str
    tutor_validated: bool = False
    withdrawn: bool = False
    """Whether they have left the programme."""
    reflections: tuple[UUID, ...] = ()
    """What they wrote down of what they changed, in all their pairs."""
    feedback_given: tuple[UUID, ...] = ()
    feedback_received: tuple[UUID, ...] = ()
    """About meetings, in all their pairs."""
