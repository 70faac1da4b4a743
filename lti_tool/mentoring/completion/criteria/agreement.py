"""Criterion ``agreement``: the agreement is signed, by one side or by both."""

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
    furthest,
)
from lti_tool.translation import Message
from schemas import choices
from schemas.completion_rule import CriterionSchema
from schemas.fields import Choice
from schemas.problem import N_


class AgreementSchema(CriterionSchema):
    """The fields of the criterion."""

    by = Choice(("both", *choices.ROLES), load_default="both")


@dataclass(frozen=True, kw_only=True)
class Agreement(Criterion):
    """The agreement is signed ``by`` one side or both."""

    type: ClassVar[str] = "agreement"
    schema: ClassVar[SchemaClass] = AgreementSchema
    by: str = "both"

    def measure(self, facts: CriterionFacts) -> Measure:
        """1 of 1 once the sides that the criterion names have signed; ``missing`` names the others."""
        wanted = ("mentor", "mentee") if self.by == "both" else (self.by,)
        measures = []
        for pair in facts.pairs:
            signed = {"mentor": pair.agreement.signed_by_mentor, "mentee": pair.agreement.signed_by_mentee}
            missing = tuple(side for side in wanted if not signed[side])
            params = {"by": self.by, "missing": missing}
            measures.append(Measure(0 if missing else 1, 1, () if missing else (pair.pair_id,), params))
        return furthest(measures, Measure(0, 1, (), {"by": self.by, "missing": wanted}))

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Whose signature is asked for, as a thing to do as long as ``missing`` names somebody."""
        if params.get("by") != "both":
            return Message(
                N_("Agreement to be signed") if params.get("missing") else N_("The agreement is signed")
            )
        if len(params.get("missing") or ()) == 1:
            return Message(N_("Agreement to be signed, one signature is missing"))
        if reader is Reader.TUTOR:
            both = N_("Agreement signed by both"), N_("The agreement is signed by both")
        else:
            both = N_("Agreement to be signed by both of you"), N_("The agreement is signed by both of you")
        return Message(both[0] if params.get("missing") else both[1])

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who signs."""
        match params.get("by"):
            case "mentor":
                return Message(N_("the mentor has signed the agreement"))
            case "mentee":
                return Message(N_("the mentee has signed the agreement"))
        if reader is Reader.TUTOR:
            return Message(N_("the agreement is signed by both"))
        return Message(N_("you and %(partner)s have signed the agreement"))
