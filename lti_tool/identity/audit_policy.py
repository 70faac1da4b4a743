"""To whom the audit shows an entry: a table of what entries are about, and the function that evaluates it.

About values alone, as :mod:`lti_tool.identity.policy` is, whose capacities it uses.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lti_tool.identity.policy import Capacity


class Subject(enum.StrEnum):
    """What an entry of the audit is about, as the table of who may see what divides it."""

    ADMINISTRATION = "administration"
    """Companies, platforms and record stores."""
    PROGRAMME = "programme"
    """A programme: its settings, rule, cohorts and activities, and who owns, shares and reads it."""
    PEOPLE = "people"
    """Who is invited, who is paired with whom, and whose journey is complete."""
    PARTICIPATION = "participation"
    """That somebody takes part, and in which role: their own word."""
    PAIR = "pair"
    """What the two of a pair said to it: acceptances, signatures, reminders."""
    MEETING = "meeting"
    OBJECTIVE = "objective"
    WORDS = "words"
    """Reflections and feedback."""
    CONSEQUENCE = "consequence"
    """What followed by itself from what somebody did: nobody's act, so no entry."""


AUDIT: Final[Mapping[Subject, frozenset[Capacity]]] = MappingProxyType(
    {
        Subject.ADMINISTRATION: frozenset({Capacity.OPERATOR}),
        Subject.PROGRAMME: frozenset({Capacity.TUTOR, Capacity.OWNER}),
        Subject.PEOPLE: frozenset({Capacity.TUTOR, Capacity.OWNER}),
        Subject.PARTICIPATION: frozenset({Capacity.TUTOR, Capacity.OWNER}),
        Subject.PAIR: frozenset({Capacity.TUTOR}),
        Subject.MEETING: frozenset({Capacity.TUTOR}),
        Subject.OBJECTIVE: frozenset(),
        Subject.WORDS: frozenset(),
        Subject.CONSEQUENCE: frozenset(),
    }
)
"""To whom the audit shows what was done about each subject by a tutor, an owner, human resources or an operator."""

STEPS: Final = frozenset(
    {Subject.PARTICIPATION, Subject.PAIR, Subject.MEETING, Subject.OBJECTIVE, Subject.WORDS}
)
"""About what participants act themselves: it was their own step where nobody else is recorded to have done it."""


def audit_shows(subject: Subject, held: frozenset[Capacity], *, by_participant: bool) -> bool:
    """Whether the audit shows an entry about ``subject`` to whoever holds these capacities towards it.

    ``by_participant``: whoever acted is the participant, or one of the pair, whom it is about, or it is one of
    :data:`STEPS` and nobody else is recorded. Such a step is shown to nobody but the one who took it
    (:attr:`Capacity.ACTOR`).
    """
    if subject is Subject.CONSEQUENCE:
        return False
    if Capacity.ACTOR in held:
        return True
    return not by_participant and bool(AUDIT[subject] & held)
