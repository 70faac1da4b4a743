"""The forms of a meeting: logging it, correcting it, proposing a correction, answering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema

from schemas import choices
from schemas.fields import Choice, Code, Day, Identifier, WholeNumber, entries
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem

MINUTES_MIN = 5
MINUTES_MAX = 480
MINUTES_DEFAULT = 45
OLDEST_SESSION = timedelta(days=366)
"""How far back a session can be logged: a year, leap or not."""
DAYS = ("today", "yesterday", "other")
LENGTHS = ("30", "45", "60", "90", "other")
"""What a form offers for the day and the length of a meeting, each in one tap; ``other`` asks for it."""


class SessionForm(FormSchema):
    """“We met”, and the correction of what was logged: ``held_on``, ``minutes``, ``mode`` and ``format``.

    ``today`` is the person's own day; ``formats`` are those of the programme. ``day`` and ``length`` stand for a date
    and a number of minutes that need not be typed, and are gone once the form is read.
    """

    day = Choice(DAYS, load_default="other", metadata={"label": N_("Which day?")})
    held_on = Day(required=True, metadata={"label": N_("Date")})
    mode = Choice(choices.MEETING_MODES, required=True, metadata={"label": N_("How did you meet?")})
    length = Choice(LENGTHS, load_default="other", metadata={"label": N_("Length (minutes)")})
    worked_on = fields.List(
        Identifier(),
        load_default=(),
        validate=entries(min=0, max=50),
        metadata={"label": N_("What did you work on?")},
    )
    """Objectives of the pair; whoever logs a meeting may name some."""
    minutes = WholeNumber(
        min=MINUTES_MIN,
        max=MINUTES_MAX,
        from_text=True,
        required=True,
        metadata={"label": N_("Minutes")},
    )
    format = Code(
        choices.FORMAT_CODE_PATTERN,
        max_length=choices.FORMAT_CODE_LENGTH,
        required=True,
        metadata={"label": N_("What kind of meeting?")},
    )

    def __init__(self, *, today: date, formats: Sequence[str] = choices.SESSION_FORMATS) -> None:
        super().__init__()
        self.today, self.formats = today, tuple(formats)

    @pre_load
    def _chosen_in_one_tap(self, given: Any, **_: Any) -> Any:
        """A day or a length that was chosen counts, whatever an older choice left in the field for another one."""
        if not isinstance(given, Mapping):
            return given
        chosen = dict(given)
        if given.get("day") in ("today", "yesterday"):
            days_ago = timedelta(days=("today", "yesterday").index(given["day"]))
            chosen["held_on"] = (self.today - days_ago).isoformat()
        if given.get("length") in LENGTHS[:-1]:
            chosen["minutes"] = given["length"]
        return chosen

    @post_load
    def _without_choices(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in loaded.items() if name not in ("day", "length")}

    @validates_schema(skip_on_field_errors=False)
    def _check_date_and_format(self, loaded: Mapping[str, Any], **_: Any) -> None:
        wrong: dict[str, list[Problem]] = {}
        held_on = loaded.get("held_on")
        if held_on is not None and held_on > self.today:
            wrong["held_on"] = [Problem("date_in_future")]
        elif held_on is not None and held_on < self.today - OLDEST_SESSION:
            wrong["held_on"] = [Problem("date_too_old")]
        if loaded.get("format") is not None and loaded["format"] not in self.formats:
            wrong["format"] = [Problem("not_a_choice")]
        if wrong:
            raise ValidationError(dict(wrong))


class LogSessionForm(SessionForm):
    """“We met”. ``is_another``: the person has said that it is another meeting than one of the same day."""

    is_another = fields.Boolean(load_default=False)


class ProposalForm(SessionForm):
    """The partner says what was so in place of what was logged; ``revision`` as they saw it."""

    mode = Choice(choices.MEETING_MODES, load_default=None, metadata={"label": N_("How did you meet?")})
    """Not of every meeting is it known."""
    format = Code(
        choices.FORMAT_CODE_PATTERN,
        max_length=choices.FORMAT_CODE_LENGTH,
        load_default=None,
        metadata={"label": N_("What kind of meeting?")},
    )
    """As it was logged where nothing else is said."""
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)


class AnswerSessionForm(FormSchema):
    """The partner says whether the session took place as logged; a reason helps to put a wrong one right."""

    answer = fields.Boolean(required=True)
    reason = Choice(choices.DISPUTE_REASONS, load_default=None)
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)
    """Which revision of the session the partner saw: it may have been corrected since."""
