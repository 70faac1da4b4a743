"""Criterion ``feedback``: enough feedback was given, received, or both."""

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
from schemas.fields import Choice, WholeNumber

MOST = 500


class FeedbackSchema(CriterionSchema):
    """The fields of the criterion. ``by``: whose feedback counts."""

    by = Choice(("self", "partner", "both"), load_default="self")
    min = WholeNumber(min=1, max=MOST, load_default=1)


@dataclass(frozen=True, kw_only=True)
class Feedback(Criterion):
    """At least ``min`` times feedback about a meeting: from the person, from their partner, or from each of the two."""

    type: ClassVar[str] = "feedback"
    schema: ClassVar[SchemaClass] = FeedbackSchema
    by: str = "self"
    min: int = 1

    def measure(self, facts: CriterionFacts) -> Measure:
        """How often. Of both, what counts is what the one has given who has given less often."""
        given, received = facts.person.feedback_given, facts.person.feedback_received
        counted = {
            "self": given,
            "partner": received,
            "both": given if len(given) <= len(received) else received,
        }[self.by]
        return Measure(len(counted), self.min, tuple(sorted(counted)), {"by": self.by})

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Whose feedback is asked for, and how often."""
        by = params.get("by")
        if by == "partner":
            return plural_message(
                "Feedback from the partner, %(num)s time", "Feedback from the partner, %(num)s times", target
            )
        if by == "both":
            return plural_message(
                "Feedback to each other, %(num)s time", "Feedback to each other, %(num)s times", target
            )
        return plural_message(
            "Feedback to the partner, %(num)s time", "Feedback to the partner, %(num)s times", target
        )

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """Who gives feedback to whom, and how often."""
        to_tutor = reader is Reader.TUTOR
        match params.get("by"):
            case "partner" if to_tutor:
                return plural_message(
                    "they have received feedback from their partner %(num)s time",
                    "they have received feedback from their partner %(num)s times",
                    target,
                )
            case "partner":
                return plural_message(
                    "%(partner)s has given you feedback %(num)s time",
                    "%(partner)s has given you feedback %(num)s times",
                    target,
                )
            case "both" if to_tutor:
                return plural_message(
                    "the two have given each other feedback %(num)s time",
                    "the two have given each other feedback %(num)s times",
                    target,
                )
            case "both":
                return plural_message(
                    "you and %(partner)s have given each other feedback %(num)s time",
                    "you and %(partner)s have given each other feedback %(num)s times",
                    target,
                )
        if to_tutor:
            return plural_message(
                "they have given their partner feedback %(num)s time",
                "they have given their partner feedback %(num)s times",
                target,
            )
        return plural_message(
            "you have given %(partner)s feedback %(num)s time",
            "you have given %(partner)s feedback %(num)s times",
            target,
        )
