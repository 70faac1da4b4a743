"""The forms of the pages about programme templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates

from schemas.fields import Text, WholeNumber
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem
from schemas.programme_sections import BilingualSchema, GoalForm, SectionSchema


class TemplateTextForm(FormSchema):
    """A template as the text of its file, kept as it was typed: problems name its lines.

    ``check``: what is wrong with a text; nothing where it is a template.
    """

    text = fields.String(required=True, metadata={"label": N_("Text of the template")})

    def __init__(self, check: Callable[[str], Sequence[Problem]]) -> None:
        super().__init__()
        self.check = check

    @validates("text")
    def _is_template(self, text: str, **_: Any) -> None:
        found = self.check(text)
        if found:
            raise ValidationError(list(found))


class TemplateFileForm(FormSchema):
    """A template as a file. The file itself is no field of the form, and is read apart."""

    file = Text(
        load_default="",
        metadata={
            "label": N_("Template file"),
            "hint": N_("The .yaml file that you get from “Download” on a template’s page."),
        },
    )


class CopyTemplateForm(BilingualSchema):
    """A company's own template made from another one: what it is called."""

    needed: ClassVar[Mapping[str, str]] = {"title": "template_name_missing"}
    title_fr = Text(
        max_length=200, load_default="", metadata={"label": N_("Name of the template, in French")}
    )
    title_en = Text(
        max_length=200, load_default="", metadata={"label": N_("Name of the template, in English")}
    )


class TemplateGoalForm(GoalForm):
    """What a template is called, what it is for in a line, and what a programme that is made from it is for.

    A template may leave the goal to whoever makes a programme from it.
    """

    needed: ClassVar[Mapping[str, str]] = {"title": "template_name_missing"}
    summary_en = Text(
        max_length=120, load_default="", metadata={"label": N_("The line below its name, in English")}
    )
    summary_fr = Text(
        max_length=120, load_default="", metadata={"label": N_("The line below its name, in French")}
    )


class TemplateDatesForm(SectionSchema):
    """The days of a programme that is made from a template, counted from the day on which it is made."""

    start_after_days = WholeNumber(
        min=0,
        max=366,
        from_text=True,
        required=True,
        metadata={
            "label": N_("How many days until it begins?"),
            "hint": N_("Counted from the day on which somebody chooses the template; 0 is the same day."),
        },
    )
    duration_months = WholeNumber(
        min=1,
        max=36,
        from_text=True,
        required=True,
        metadata={"label": N_("How many months does the programme last?")},
    )
    follow_up_after_days = WholeNumber(
        min=1,
        max=366,
        from_text=True,
        required=True,
        metadata={
            "label": N_("Follow-up: how many days after the end?"),
            "hint": N_("About 90 days after the end, people can say what they still use."),
        },
    )
