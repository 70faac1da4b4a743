"""What a criterion of a completion rule is.

A criterion is one module of this folder and its line in :data:`lti_tool.mentoring.completion.criteria.CRITERIA`: a
class with

- ``type``: its name in a rule's JSON;
- ``schema``: the fields that it has there, as marshmallow declares them. A rule is checked by them, and a form that
  edits rules is made from them;
- the same fields as a frozen dataclass, into which a checked rule is read;
- :meth:`Criterion.measure`: how far a person is, a pure function of facts;
- :meth:`Criterion.sentence` and :meth:`Criterion.amount`: how it is put into words.

What it counts must be in :class:`~lti_tool.mentoring.completion.facts.PairFacts` or
:class:`~lti_tool.mentoring.completion.facts.PersonFacts`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, Final, Self
from uuid import UUID

from lti_tool.mentoring.completion.facts import PairFacts, PersonFacts
from lti_tool.translation import Message, plural_message
from schemas.completion_rule import CriterionSchema
from schemas.problem import N_

ROLES = ("mentee", "mentor")

SchemaClass = type[CriterionSchema]
"""A class of fields, by a name that an attribute called ``type`` does not hide."""


class Reader(StrEnum):
    """To whom a criterion is worded."""

    PAIR = "pair"
    """One of the two: "signed by both of you"."""
    TUTOR = "tutor"
    """Somebody who looks at them: "signed by both"."""


_WHOLE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Measure:
    """A value out of a target (at least 1), the ids of the facts that made it, and the parameters of its sentence."""

    value: int
    target: int
    facts_used: tuple[UUID, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> Fraction:
        """How far, 0 to 1, exactly."""
        return _WHOLE if self.value >= self.target else Fraction(self.value, self.target)


@dataclass(frozen=True, slots=True)
class CriterionFacts:
    """The facts that a criterion may look at: one person's, and those of the pairs that count for them."""

    person: PersonFacts
    pairs: Sequence[PairFacts]


@dataclass(frozen=True, kw_only=True)
class Criterion(ABC):
    """One criterion of a rule. ``weight`` 0 makes it a gate: demanded, but outside the percentage."""

    type: ClassVar[str]
    schema: ClassVar[SchemaClass]

    id: str
    weight: Fraction = Fraction(1)
    roles: tuple[str, ...] = ROLES

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """The criterion from its part of a rule that :attr:`schema` has checked."""
        given = {name: value for name, value in entry.items() if name not in ("type", "w")}
        return cls(weight=entry["w"], **given)

    @abstractmethod
    def measure(self, facts: CriterionFacts) -> Measure:
        """How far the person of ``facts`` is. No clock, no database."""

    @classmethod
    @abstractmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """What it asks for. ``params``: those of the stored :class:`Measure`."""

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message | None:
        """The same as a clause of the rule's sentence, after "when"; None where :meth:`sentence` has to do.

        To one of a pair it may name the partner as ``%(partner)s``.
        """
        return None

    @classmethod
    def amount(cls, value: int, target: int) -> Message | None:
        """How far it is, such as "4 of 6"; None for one that is simply met or not."""
        if target <= 1:
            return None
        return Message(N_("%(value)s of %(target)s"), params={"value": min(value, target), "target": target})


def duration(minutes: int) -> Message:
    """A length of time, such as ``45 min`` or ``1 h 30 min``, which no line breaks: its spaces are U+00A0."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return Message(N_("%(minutes)s\u00a0min"), params={"minutes": rest})
    if not rest:
        return Message(N_("%(hours)s\u00a0h"), params={"hours": hours})
    return Message(
        N_("%(hours)s\u00a0h\u00a0%(minutes)s\u00a0min"), params={"hours": hours, "minutes": f"{rest:02d}"}
    )


def long_duration(minutes: int) -> Message:
    """The same in a sentence, such as ``45 minutes``, ``1 hour`` or ``1 h 30 min``."""
    if minutes < 60:
        return plural_message("%(num)s minute", "%(num)s minutes", minutes)
    if minutes % 60 == 0:
        return plural_message("%(num)s hour", "%(num)s hours", minutes // 60)
    return duration(minutes)


def furthest(measures: Sequence[Measure], otherwise: Measure) -> Measure:
    """The measure that gets closest to its own target, the first of equals; ``otherwise`` where there is none."""
    return max(measures, key=lambda measure: measure.ratio, default=otherwise)
