"""What a template needs to know of one field of a form: its value, its errors, and how a browser shows it.

All of that comes from the field of the schema. Its ``metadata`` may hold ``label``, ``hint`` and ``words`` (for the
codes of a :class:`schemas.fields.Choice`), in English and marked with ``N_``; a template may say something else. Its
``problems`` are the codes by which the page says more exactly what is wrong, by the schema's own codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.forms.sentences import own_sentence, sentence_in_brief
from schemas.fields import Identifier, Text
from schemas.form_schema import FormSchema
from schemas.problem import MESSAGES, N_, NAME_THEIR_FIELD, Problem

_TOO_LONG = N_("%(max)s characters at most: this has %(count)s.")


@dataclass(frozen=True)
class BoundField:
    """One field of a form on a page."""

    name: str
    id: str
    """Of the control, or of the first of its radio buttons; unique on the page."""
    value: str
    """As it was typed, or as it is proposed."""
    problems: Sequence[str]
    """What is wrong with it, each in a translated sentence that says what to enter or choose."""
    names_itself: bool
    """Whether those sentences are the field's own, so that they are clear without its label."""
    in_brief: str
    """What stands in their place in the list at the top of the page; empty where they do."""
    widget: str
    """``text``, ``textarea``, ``number``, ``date``, ``checkbox``, ``choices`` (radio buttons) or ``hidden``."""
    attributes: dict[str, str | int]
    """Of the control, in HTML: its bounds and lengths."""
    is_required: bool
    label: str
    hint: str
    options: Sequence[tuple[str, str]]
    """The (code, words) to choose from."""

    @property
    def error_id(self) -> str:
        """The id of the text that says what is wrong."""
        return f"{self.id}-error"

    @property
    def hint_id(self) -> str:
        """The id of the text that helps."""
        return f"{self.id}-hint"

    @property
    def is_ticked(self) -> bool:
        """Whether a check box is ticked."""
        return self.value in fields.Boolean.truthy


def bound_field(
    form: FormSchema, name: str, *, prefix: str, value: str, problems: Sequence[Problem]
) -> BoundField:
    """What a template needs to know of a schema's field."""
    field = form.fields[name]
    words = field.metadata.get("words", {})
    widget = _widget(field)
    if widget == "choices":
        # There is nothing to fill in where one of several answers is to be chosen.
        problems = [Problem("answer_missing") if found == "required" else found for found in problems]
    label = _translated(field.metadata.get("label"))
    return BoundField(
        name=name,
        id=f"{prefix}{name}",
        value=value,
        problems=[
            wording.problem(found, _sentence(form, name, found), label=label, count=_length(value))
            for found in problems
        ],
        names_itself=bool(problems)
        and all(found in NAME_THEIR_FIELD or own_sentence(type(form), name, found) for found in problems),
        in_brief=_translated(sentence_in_brief(type(form), name)) if problems else "",
        widget=widget,
        attributes=_attributes(field),
        is_required=field.required,
        label=label,
        hint=_translated(field.metadata.get("hint")),
        options=[(code, _(words.get(code, code))) for code in _choices(field)],
    )


def _sentence(form: FormSchema, name: str, found: Problem) -> str:
    own = own_sentence(type(form), name, found)
    return own or (_TOO_LONG if found == "too_long" else MESSAGES[found])


def _length(value: str) -> int:
    """How many characters a text has once it is read: line ends count as one."""
    return len(value.replace("\r\n", "\n").strip())


def _translated(words: str | None) -> str:
    return _(words) if words else ""


def _widget(field: fields.Field[Any]) -> str:
    match field:
        case fields.Boolean():
            return "checkbox"
        case fields.Date():
            return "date"
        case fields.Integer():
            return "number"
        case Identifier() if "label" not in field.metadata:
            return "hidden"
        case Text(lines=True):
            return "textarea"
    return "choices" if _choices(field) else "text"


def _choices(field: fields.Field[Any]) -> Sequence[str]:
    return [
        str(choice)
        for validator in field.validators
        if isinstance(validator, validate.OneOf)
        for choice in validator.choices
    ]


def _attributes(field: fields.Field[Any]) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for validator in field.validators:
        if isinstance(validator, validate.Range):
            found |= {
                name: bound
                for name, bound in (("min", validator.min), ("max", validator.max))
                if bound is not None
            }
    if isinstance(field, Text):
        found["maxlength"] = field.max_length
    return found
