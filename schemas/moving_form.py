"""The forms by which pairs are moved to another group: which pairs, where to, and what was looked at before."""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from schemas.fields import Code, Identifier, entries
from schemas.form_schema import FormSchema
from schemas.problem import N_

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


class MoveForm(FormSchema):
    """The pairs are moved; ``seen`` is the digest of what the page said would happen."""

    pair = fields.List(Identifier(), required=True, validate=entries(max=MOST_PAIRS))
    to = Identifier(required=True)
    seen = Code(r"[0-9a-f]{32}", required=True)
