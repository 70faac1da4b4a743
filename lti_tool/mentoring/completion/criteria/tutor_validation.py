"""Criterion ``tutor_validation``: the tutor has approved what the person did."""

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
from lti_tool.translation import Message
from schemas.completion_rule import CriterionSchema
from schemas.problem import N_


class TutorValidationSchema(CriterionSchema):
    """The criterion has no fields of its own."""


@dataclass(frozen=True, kw_only=True)
class TutorValidation(Criterion):
    """The tutor has validated the person's programme."""

    type: ClassVar[str] = "tutor_validation"
    schema: ClassVar[SchemaClass] = TutorValidationSchema

    def measure(self, facts: CriterionFacts) -> Measure:
        """1 of 1 once the tutor has validated."""
        return Measure(int(facts.person.tutor_validated), 1)

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Whose approval is asked for."""
        if reader is Reader.TUTOR:
            return Message(N_("You have validated this journey"))
        return Message(N_("Your tutor’s approval of your journey"))

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who approves."""
        if reader is Reader.TUTOR:
            return Message(N_("you have approved their journey"))
        return Message(N_("your tutor has approved your journey"))
