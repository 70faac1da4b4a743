"""The forms by which a pilot becomes a full-scale group, with a name and days of its own, and one is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.fields import Day, Identifier, Text
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem
from schemas.programme_sections import FURTHEST


class TakeBackForm(FormSchema):
    """A full-scale group is taken back; ``group`` is the id of the cohort."""

    group = Identifier(required=True)


class ScaleForm(FormSchema):
    """The name and the days of a full-scale group. ``today``: the present day in UTC."""

    name = Text(
        max_length=120,
        required=True,
        metadata={
            "label": N_("Name that people see"),
            "hint": N_("Participants see it at the top of their pages. The pilot keeps its own."),
        },
    )
    starts_on = Day(required=True, metadata={"label": N_("First day")})
    ends_on = Day(required=True, metadata={"label": N_("Last day")})

    def __init__(self, today: date) -> None:
        super().__init__()
        self.today = today

    @validates_schema(skip_on_field_errors=False)
    def _in_order(self, loaded: Mapping[str, Any], **_: Any) -> None:
        problems: dict[str, list[Problem]] = {}
        first, last = loaded.get("starts_on"), loaded.get("ends_on")
        for name, day in (("starts_on", first), ("ends_on", last)):
            # It may still be yesterday where whoever fills it in is.
            if day is not None and day < self.today - timedelta(days=1):
                problems[name] = [Problem("date_past")]
            elif day is not None and day > self.today + FURTHEST:
                problems[name] = [Problem("date_far_ahead")]
        if first is not None and last is not None and last <= first:
            # Of a last day that is past as well, this says more.
            problems["ends_on"] = [Problem("date_not_after_start")]
        if problems:
            raise ValidationError(dict(problems))
