"""Criterion ``objectives``: enough objectives reached, by an accepted evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from marshmallow import fields

from lti_tool.mentoring.completion.criteria.base import (
    Criterion,
    CriterionFacts,
    Measure,
    Reader,
    SchemaClass,
    furthest,
)
from lti_tool.translation import Message, plural_message
from schemas import choices
from schemas.completion_rule import CriterionSchema
from schemas.fields import Choice, WholeNumber, distinct, entries
from schemas.problem import N_

MOST = 100

_ON_WHOSE_WORD: Final[Mapping[frozenset[str], str]] = {
    frozenset({"self"}): N_("%(clause)s (confirmed by the person who learns)"),
    frozenset({"partner"}): N_("%(clause)s (confirmed by the partner)"),
    frozenset({"tutor"}): N_("%(clause)s (confirmed by the tutor)"),
    frozenset({"partner", "tutor"}): N_("%(clause)s (confirmed by the partner or the tutor)"),
}
"""Where not everybody's word is enough."""


class Count(WholeNumber):
    """How many objectives: a number, or ``all``, which is None once loaded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min=1, max=MOST, allow_none=False, **options)

    def deserialize(self, value: Any, *arguments: Any, **options: Any) -> Any:
        """The number, or None for ``all``."""
        return None if value == "all" else super().deserialize(value, *arguments, **options)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return "all" if value is None else value


class ObjectivesSchema(CriterionSchema):
    """The fields of the criterion."""

    which = Choice(("required", "all"), load_default="required")
    count = Count(load_default=None)
    evidence = fields.List(
        Choice(choices.EVIDENCE), validate=[*entries(), distinct], load_default=choices.EVIDENCE
    )


@dataclass(frozen=True, kw_only=True)
class Objectives(Criterion):
    """``count`` objectives (None: every one) of the kind ``which``, reached with an accepted evidence."""

    type: ClassVar[str] = "objectives"
    schema: ClassVar[SchemaClass] = ObjectivesSchema
    which: str = "required"
    count: int | None = None
    evidence: tuple[str, ...] = choices.EVIDENCE

    def measure(self, facts: CriterionFacts) -> Measure:
        """The objectives reached, out of the number asked for.

        Those that were removed, and those that both never agreed to, do not count.

        Where every objective is asked for and none is set, the target is still 1. Were it 0, signing the agreement
        could complete a programme for good before its objectives were even discussed.
        """
        params = {"which": self.which, "every": self.count is None, "evidence": self.evidence}
        measures = []
        for pair in facts.pairs:
            wanted = [
                objective
                for objective in pair.objectives
                if objective.agreed
                and objective.status != "withdrawn"
                and (self.which == "all" or objective.required)
            ]
            reached = [
                objective
                for objective in wanted
                if objective.status == "reached" and objective.evidence in self.evidence
            ]
            target = max(1, len(wanted)) if self.count is None else self.count
            ids = tuple(sorted(objective.id for objective in reached))
            measures.append(Measure(len(reached), target, ids, params))
        return furthest(measures, Measure(0, self.count or 1, (), params))

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many objectives are asked for."""
        if not params.get("every"):
            return plural_message("%(num)s objective reached", "%(num)s objectives reached", target)
        if params.get("which") == "required":
            return Message(N_("Every required objective is reached"))
        return Message(N_("Every objective is reached"))

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many objectives are reached, and on whose word where not everybody's is enough."""
        if params.get("every"):
            required = params.get("which") == "required"
            clause = Message(
                N_("every required objective is reached") if required else N_("every objective is reached")
            )
        elif params.get("which") == "required":
            clause = plural_message(
                "%(num)s required objective is reached", "%(num)s required objectives are reached", target
            )
        else:
            clause = plural_message("%(num)s objective is reached", "%(num)s objectives are reached", target)
        said = _ON_WHOSE_WORD.get(frozenset(params.get("evidence", ())) - {"xapi"})
        return clause if said is None else Message(said, params={"clause": clause})
