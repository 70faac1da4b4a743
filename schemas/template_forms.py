"""The forms of the pages about programme templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import ValidationError, fields, validates

from schemas.fields import Text
from schemas.mentoring_forms import FormSchema
from schemas.problem import N_, Problem


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


class CopyTemplateForm(FormSchema):
    """A company's own template made from another one: what it is called."""

    title_fr = Text(max_length=200, required=True, metadata={"label": N_("Name of the template, in French")})
    title_en = Text(max_length=200, required=True, metadata={"label": N_("Name of the template, in English")})
