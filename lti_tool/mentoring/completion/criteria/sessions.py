"""Criterion ``sessions``: enough meetings, held or confirmed, long enough, in an accepted format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from marshmallow import ValidationError, fields, validates_schema

from lti_tool.mentoring.completion.criteria.base import (
    Criterion,
    CriterionFacts,
    Measure,
    Reader,
    SchemaClass,
    duration,
    long_duration,
)
from lti_tool.mentoring.completion.facts import SessionFact
from lti_tool.translation import Message, plural_message
from schemas import choices
from schemas.completion_rule import CriterionSchema
from schemas.fields import Choice, Code, WholeNumber, distinct, entries
from schemas.problem import N_, Problem

LONGEST = 480
MOST = 500


class SessionsSchema(CriterionSchema):
    """The fields of the criterion."""

    min = WholeNumber(min=1, max=MOST, required=True)
    status = Choice(choices.COUNTED_STATUSES, load_default="confirmed")
    formats = fields.List(
        Code(rf"\*|{choices.FORMAT_CODE_PATTERN}", max_length=choices.FORMAT_CODE_LENGTH),
        validate=[*entries(), distinct],
        load_default=("*",),
    )
    min_minutes_each = WholeNumber(min=0, max=LONGEST, load_default=0)

    @validates_schema
    def _every_or_some(self, loaded: Mapping[str, Any], **_: Any) -> None:
        formats = loaded.get("formats", ())
        if "*" in formats and len(formats) > 1:
            raise ValidationError([Problem("star_with_formats")], "formats")


def counts(session: SessionFact, status: str) -> bool:
    """Whether a session counts: a confirmed one was held too; a disputed, removed or cancelled one counts nowhere."""
    return session.status == "confirmed" or (status == "held" and session.status == "held")


@dataclass(frozen=True, kw_only=True)
class Sessions(Criterion):
    """At least ``min`` sessions with a status, each long enough and in an accepted format."""

    type: ClassVar[str] = "sessions"
    schema: ClassVar[SchemaClass] = SessionsSchema
    min: int = 1
    status: str = "confirmed"
    formats: tuple[str, ...] = ("*",)
    min_minutes_each: int = 0

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """As any criterion; a code of the first version that said how the two spoke stands for their format since."""
        formats = dict.fromkeys(
            choices.FORMAT_OF_FORMER_MODES if code in choices.FORMER_FORMATS else code
            for code in entry["formats"]
        )
        return super().read({**entry, "formats": tuple(formats)})

    def measure(self, facts: CriterionFacts) -> Measure:
        """The number of sessions that count."""
        counted = [
            session
            for pair in facts.pairs
            for session in pair.sessions
            if counts(session, self.status)
            and session.minutes >= self.min_minutes_each
            and ("*" in self.formats or session.format in self.formats)
        ]
        params = {
            "status": self.status,
            "formats": self.formats,
            "min_minutes_each": self.min_minutes_each,
        }
        return Measure(len(counted), self.min, tuple(sorted(session.id for session in counted)), params)

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many meetings are asked for, how long, and whether they must be confirmed."""
        least = int(params.get("min_minutes_each") or 0)
        lengths = {"length": duration(least)}
        if params.get("status") == "confirmed":
            if not least:
                return plural_message("%(num)s meeting confirmed", "%(num)s meetings confirmed", target)
            return plural_message(
                "%(num)s meeting of at least %(length)s, confirmed",
                "%(num)s meetings of at least %(length)s, confirmed",
                target,
                lengths,
            )
        if least:
            return plural_message(
                "%(num)s meeting of at least %(length)s",
                "%(num)s meetings of at least %(length)s",
                target,
                lengths,
            )
        return plural_message("%(num)s meeting", "%(num)s meetings", target)

    @classmethod
    def clause(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        """How many meetings there are to be, how long, and whether they are confirmed."""
        least = int(params.get("min_minutes_each") or 0)
        clause = _clause(confirmed=params.get("status") == "confirmed", least=least, target=target)
        if "*" in params.get("formats", ("*",)):
            return clause
        return Message(N_("%(clause)s (in a format that counts)"), params={"clause": clause})


def _clause(*, confirmed: bool, least: int, target: int) -> Message:
    length = {"length": long_duration(least)}
    if confirmed and least:
        return plural_message(
            "%(num)s meeting of %(length)s or more is confirmed",
            "%(num)s meetings of %(length)s or more are confirmed",
            target,
            length,
        )
    if confirmed:
        return plural_message("%(num)s meeting is confirmed", "%(num)s meetings are confirmed", target)
    if least:
        return plural_message(
            "%(num)s meeting of %(length)s or more has taken place",
            "%(num)s meetings of %(length)s or more have taken place",
            target,
            length,
        )
    return plural_message("%(num)s meeting has taken place", "%(num)s meetings have taken place", target)
