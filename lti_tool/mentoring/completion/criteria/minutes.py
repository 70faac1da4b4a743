"""Criterion ``minutes``: enough time spent together in all."""

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
    duration,
)
from lti_tool.mentoring.completion.criteria.sessions import counts
from lti_tool.translation import Message
from schemas import choices
from schemas.completion_rule import CriterionSchema
from schemas.fields import Choice, WholeNumber
from schemas.problem import N_

MOST = 100_000


class MinutesSchema(CriterionSchema):
    """The fields of the criterion."""

    min = WholeNumber(min=1, max=MOST, required=True)
    status = Choice(choices.COUNTED_STATUSES, load_default="confirmed")


@dataclass(frozen=True, kw_only=True)
class Minutes(Criterion):
    """At least ``min`` minutes of sessions with a status, in all."""

    type: ClassVar[str] = "minutes"
    schema: ClassVar[SchemaClass] = MinutesSchema
    min: int = 1
    status: str = "confirmed"

    def measure(self, facts: CriterionFacts) -> Measure:
        """The minutes of all sessions that count."""
        counted = [
            session for pair in facts.pairs for session in pair.sessions if counts(session, self.status)
        ]
        minutes = sum(session.minutes for session in counted)
        ids = tuple(sorted(session.id for session in counted))
        return Measure(minutes, self.min, ids, {"status": self.status})

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How much time is asked for."""
        return Message(N_("%(length)s spent together"), params={"length": duration(target)})

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How much time the two spend together."""
        if reader is Reader.TUTOR:
            return Message(N_("the two have met for %(length)s in all"), params={"length": duration(target)})
        return Message(N_("both of you have met for %(length)s in all"), params={"length": duration(target)})

    @classmethod
    def amount(cls, value: int, target: int) -> Message | None:
        """How much of it there is."""
        return Message(
            N_("%(value)s of %(target)s"), params={"value": duration(value), "target": duration(target)}
        )
