"""What every form of the pages has in common: its schema’s class, and reading one that was sent.

A form arrives as pairs of text (``request.form.items(multi=True)``); :func:`read_form` checks it against a schema and
returns values, or raises ``schemas.problem.ShapeError`` with a code for each field. Fields that a form does not know,
such as the CSRF token, are left out. Which pair, session or objective a form is about stands in the address, not in
the form.

``metadata`` holds the words of a field on its page: ``label``, ``hint``, and ``words`` for the codes of a choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import EXCLUDE, fields, pre_load, validate

from schemas.fields import Choice
from schemas.problem import CodedSchema, Problem, ShapeError

_MOST_FIELDS = 100


class FormSchema(CodedSchema):
    """A form of the pages. A field that is left blank counts as not sent, unless it is one of given answers."""

    class Meta:
        """Browsers and templates add fields of their own."""

        unknown = EXCLUDE

    @pre_load
    def _without_blanks(self, given: Any, **_: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {
            name: value
            for name, value in given.items()
            if not (isinstance(value, str) and not value.strip() and self._may_be_blank(name))
        }

    def _may_be_blank(self, name: object) -> bool:
        field = self.fields.get(name) if isinstance(name, str) else None
        return not (field is not None and field.required and isinstance(field, Choice | fields.Boolean))


def ticked() -> fields.Boolean:
    """A box that has to be ticked."""
    return fields.Boolean(
        required=True,
        validate=validate.Equal(True, error="must_be_accepted"),
        error_messages={"required": "must_be_accepted", "null": "must_be_accepted"},
    )


def read_form(schema: FormSchema, items: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Return the checked values of a form sent as (name, value) pairs.

    Raises ``ShapeError``; a field of the schema that comes twice is ``duplicated``, even with the same value,
    because two readers of the form could otherwise each take another one. A list is what comes any number of times.
    """
    given: dict[str, object] = {}
    twice: dict[str, list[Problem]] = {}
    for count, (name, value) in enumerate(items):
        if count >= _MOST_FIELDS:
            raise ShapeError({"_schema": [Problem("too_many", max=_MOST_FIELDS)]})
        if isinstance(schema.fields.get(name), fields.List):
            given[name] = [*_as_list(given.get(name)), value]
            continue
        if name in given and name in schema.fields:
            twice[name] = [Problem("duplicated")]
        given.setdefault(name, value)
    if twice:
        raise ShapeError(twice)
    return schema.read(given)


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
