"""The shape of a record store as an operator sets it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from schemas.settings import record_store_endpoint, xapi_version


def _printable(value: str) -> None:
    """Credentials go into a header, and no database keeps a NUL."""
    if not value.isprintable():
        raise ValidationError("has characters that cannot be kept")


_credential: list[Any] = [
    validate.Length(min=1, max=1000, error="must have 1 to {max} characters"),
    _printable,
]


class RecordStoreSchema(Schema):
    """A record store: its name, where it is, and how it is reached."""

    name = fields.String(
        required=True,
        validate=validate.Regexp(
            r"[a-z0-9][a-z0-9_-]{0,39}\Z",
            error="must have 1 to 40 small letters, digits, - or _, such as primary or copy",
        ),
    )
    endpoint = fields.String(
        required=True,
        validate=[
            validate.Length(max=2000, error="must have at most {max} characters"),
            record_store_endpoint,
        ],
    )
    username = fields.String(
        required=True,
        validate=[
            *_credential,
            validate.ContainsNoneOf(":", error="must have no colon, which ends it in HTTP Basic"),
        ],
    )
    password = fields.String(load_default=None, allow_none=True, validate=_credential)
    version = fields.String(load_default="1.0.3", validate=xapi_version)

    @post_load
    def without_slash(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The address as it is stored: without a slash at the end."""
        return {**data, "endpoint": data["endpoint"].rstrip("/")}
