"""What somebody wants to see of the audit: who did it, what it is about, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, validates_schema

from schemas.fields import Choice, Code, Day, WholeNumber
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem

SUBJECTS: Final = (
    "programme",
    "people",
    "participation",
    "pair",
    "meeting",
    "objective",
    "words",
    "administration",
)
"""What an entry can be about: the codes of ``lti_tool.identity.policy.Subject`` that are ever shown."""
_WHO: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z_]+"


class AuditQuery(FormSchema):
    """The filters of the audit, which a form sends in the address."""

    who = Code(
        _WHO,
        max_length=36,
        load_default=None,
        metadata={"label": N_("Who")},
    )
    """The id of a person, or a kind of principal, such as ``operator``."""
    what = Choice(SUBJECTS, load_default=None, metadata={"label": N_("What")})
    since = Day(load_default=None, metadata={"label": N_("From")})
    until = Day(load_default=None, metadata={"label": N_("Until")})
    zone = Code(r"[A-Za-z0-9_+/-]+", load_default=None, metadata={"label": N_("Time zone")})
    """The name of the time zone whose days are meant (https://www.iana.org/time-zones), as browsers say it."""
    page = WholeNumber(min=1, max=100_000, from_text=True, load_default=1)

    @validates_schema
    def _in_order(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded["since"] is not None and loaded["until"] is not None and loaded["until"] < loaded["since"]:
            raise ValidationError([Problem("ends_before_it_begins")], "until")
