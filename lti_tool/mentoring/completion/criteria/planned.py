"""Criteria that a draft of a rule can keep, and that nothing measures yet: their source does not exist so far.

They count as not met. A rule in force has none of them: :func:`lti_tool.mentoring.completion.rule.read_rule` refuses
them. One that can be measured moves to a module of its own, and to ``CRITERIA``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from lti_tool.mentoring.completion.criteria.base import (
    Criterion,
    CriterionFacts,
    Measure,
    Reader,
    SchemaClass,
)
from lti_tool.translation import Message
from schemas.completion_rule import AssessmentSchema, TrainingSchema, XapiSchema
from schemas.problem import N_


@dataclass(frozen=True, kw_only=True)
class Planned(Criterion):
    """A criterion that nothing measures yet."""

    def measure(self, facts: CriterionFacts) -> Measure:
        """0 of 1."""
        return Measure(0, 1, (), self._params())

    def _params(self) -> Mapping[str, object]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Assessment(Planned):
    """The questionnaire of a phase is answered."""

    type: ClassVar[str] = "assessment"
    schema: ClassVar[SchemaClass] = AssessmentSchema
    phase: str = "after"

    def _params(self) -> Mapping[str, object]:
        return {"phase": self.phase}

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Which questionnaire is answered."""
        return Message(N_("The questionnaire is answered"))

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who answers which questionnaire."""
        words = _OF_TUTOR if reader is Reader.TUTOR else _OF_PAIR
        return Message(words[params.get("phase", "after")])


_OF_TUTOR: Mapping[str, str] = {
    "before": N_("they have answered the questionnaire before the programme"),
    "after": N_("they have answered the questionnaire at the end"),
    "then": N_("they have answered the questionnaire that looks back"),
    "follow_up": N_("they have answered the follow-up questionnaire"),
}
_OF_PAIR: Mapping[str, str] = {
    "before": N_("you have answered the questionnaire before the programme"),
    "after": N_("you have answered the questionnaire at the end"),
    "then": N_("you have answered the questionnaire that looks back"),
    "follow_up": N_("you have answered the follow-up questionnaire"),
}


@dataclass(frozen=True, kw_only=True)
class Training(Planned):
    """The induction is finished."""

    type: ClassVar[str] = "training"
    schema: ClassVar[SchemaClass] = TrainingSchema

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """That the induction is finished."""
        return Message(N_("The induction is finished"))

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who finishes the induction."""
        if reader is Reader.TUTOR:
            return Message(N_("they have finished the induction"))
        return Message(N_("you have finished the induction"))


@dataclass(frozen=True, kw_only=True)
class Xapi(Planned):
    """A statement about the person is in the record store."""

    type: ClassVar[str] = "xapi"
    schema: ClassVar[SchemaClass] = XapiSchema
    verb: tuple[str, ...] = ()
    activity: str = ""
    match: str = "exact"
    min_scaled: Fraction | None = None
    since: str | None = None
    until: str | None = None

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """That an activity is done elsewhere."""
        return Message(N_("An activity in another tool is done"))

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who does an activity elsewhere."""
        if reader is Reader.TUTOR:
            return Message(N_("they have done an activity in another tool"))
        return Message(N_("you have done an activity in another tool"))


PLANNED_CRITERIA: dict[str, type[Criterion]] = {
    criterion.type: criterion for criterion in (Assessment, Training, Xapi)
}
