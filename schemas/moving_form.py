"""The forms by which pairs are moved to another group: which pairs, where to, and what was looked at before."""

from __future__ import annotations

import json
from typing import Any, Final

from marshmallow import fields

from schemas.fields import Choice, Identifier, WholeNumber, entries, fail
from schemas.form_schema import FormSchema
from schemas.problem import N_, CodedSchema

MOST_PAIRS: Final = 40
"""How many pairs are moved at once: a form has a hundred fields at most."""


class MoveQuery(FormSchema):
    """The query of the page: what was chosen so far."""

    pair = fields.List(
        Identifier(),
        load_default=(),
        validate=entries(min=0, max=MOST_PAIRS),
        metadata={"label": N_("Which pairs?")},
    )
    to = Identifier(load_default=None, metadata={"label": N_("Where to?")})


MOST_SEEN: Final = 500
"""How many pairs and people a page says something of: also of those that move because one of their people does."""


class SeenPerson(CodedSchema):
    """What the page said of one who moves; no figures to somebody who may not see them."""

    id = Identifier(required=True)
    effect = Choice(
        ("completes", "stays_complete", "up", "down", "unchanged", "not_begun"),
        required=True,
        allow_none=True,
    )
    before = WholeNumber(min=0, max=100, required=True, allow_none=True)
    after = WholeNumber(min=0, max=100, required=True, allow_none=True)
    is_missing = fields.Boolean(required=True)
    is_there = fields.Boolean(required=True)


class SeenPlan(CodedSchema):
    """What the page said would happen."""

    rule = WholeNumber(min=0, max=1_000_000, required=True)
    pairs = fields.List(Identifier(), required=True, validate=entries(max=MOST_SEEN))
    people = fields.List(fields.Nested(SeenPerson), required=True, validate=entries(max=MOST_SEEN))


class _SeenText(fields.Nested):
    """A :class:`SeenPlan` as JSON in a field of a form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(SeenPlan, **options)

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> Any:
        try:
            document = json.loads(value)
        except (TypeError, ValueError, RecursionError):
            raise fail("invalid") from None
        return super()._deserialize(document, *arguments, **options)


class MoveForm(FormSchema):
    """The pairs are moved; ``seen`` is what the page said would happen."""

    pair = fields.List(Identifier(), required=True, validate=entries(max=MOST_PAIRS))
    to = Identifier(required=True)
    seen = _SeenText(required=True)
