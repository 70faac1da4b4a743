"""Criterion ``reflection``: the person wrote down often enough what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.mentoring.completion.criteria.base import (
    Criterion,
    CriterionFacts,
    Measure,
    Reader,
    SchemaClass,
)
from lti_tool.translation import Message, plural_message
from schemas.completion_rule import CriterionSchema
from schemas.fields import WholeNumber

MOST = 500


class ReflectionSchema(CriterionSchema):
    """The fields of the criterion."""

    min = WholeNumber(min=1, max=MOST, load_default=1)


@dataclass(frozen=True, kw_only=True)
class Reflection(Criterion):
    """At least ``min`` reflections, kept private or shared."""

    type: ClassVar[str] = "reflection"
    schema: ClassVar[SchemaClass] = ReflectionSchema
    min: int = 1

    def measure(self, facts: CriterionFacts) -> Measure:
        """The number of reflections."""
        found = facts.person.reflections
        return Measure(len(found), self.min, tuple(sorted(found)))

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many are asked for."""
        return plural_message("%(num)s change noted", "%(num)s changes noted", target)

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many changes are noted."""
        if reader is Reader.TUTOR:
            return plural_message(
                "they have noted %(num)s change in how they work",
                "they have noted %(num)s changes in how they work",
                target,
            )
        return plural_message(
            "you have noted %(num)s change in how you work",
            "you have noted %(num)s changes in how you work",
            target,
        )
