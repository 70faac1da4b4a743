"""The criteria of a rule in words, from what a stored explanation keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lti_tool.mentoring.completion.criteria import CRITERIA
from lti_tool.mentoring.completion.criteria.base import Reader
from lti_tool.mentoring.completion.rule import Group
from lti_tool.translation import Message, plural_message
from schemas.problem import N_


def criterion_sentence(
    criterion: str, params: Mapping[str, Any], target: int, reader: Reader
) -> Message | None:
    """What a criterion of this type asks for; None for a type that this version does not know."""
    if criterion == Group.type:
        if params.get("mode") == "all":
            return Message(N_("All of these"))
        return plural_message("At least %(num)s of these", "At least %(num)s of these", target)
    known = CRITERIA.get(criterion)
    return known.sentence(params, target, reader) if known is not None else None


def criterion_amount(criterion: str, value: int, target: int) -> Message | None:
    """How far it is, such as "4 of 6"; None for one that is simply met or not, and for an unknown type."""
    if criterion == Group.type:
        if target <= 1:
            return None
        return Message(N_("%(value)s of %(target)s"), params={"value": min(value, target), "target": target})
    known = CRITERIA.get(criterion)
    return known.amount(value, target) if known is not None else None
