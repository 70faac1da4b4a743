"""Shapes of the Names and Role Provisioning Services 2.0 (https://www.imsglobal.org/spec/lti-nrps/v2p0)."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

from schemas.request_schema import storable


def _name(maximum: int = 255) -> Any:
    return fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(max=maximum), storable]
    )


class MemberSchema(Schema):
    """One member of a course (§2.3). What a platform does not share is absent, and stays as it was known."""

    class Meta:
        unknown = EXCLUDE

    user_id = fields.String(required=True, validate=[validate.Length(min=1, max=255), storable])
    status = fields.String(load_default="Active")
    roles = fields.List(fields.String(), required=True)
    name = _name()
    given_name = _name()
    family_name = _name()
    email = _name(320)

    @pre_load
    def with_text_for_id(self, data: Any, **_: Any) -> Any:
        """Some platforms give ids as numbers, which their launches give as text."""
        given = data.get("user_id") if isinstance(data, dict) else None
        is_number = isinstance(given, int) and not isinstance(given, bool)
        return {**data, "user_id": str(given)} if is_number else data

    @post_load
    def without_blanks(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """An empty name is one that was not shared."""
        for field in ("name", "given_name", "family_name", "email"):
            data[field] = (data[field] or "").strip() or None
        return data


def load_members(document: Any) -> tuple[list[dict[str, Any]], int]:
    """The members of one page, and how many entries could not be read.

    Raises :class:`marshmallow.ValidationError` when the document is no membership container at all.
    """
    if not isinstance(document, dict) or not isinstance(document.get("members"), list):
        raise ValidationError("is not a membership container")
    schema = MemberSchema()
    members, unreadable = [], 0
    for entry in document["members"]:
        try:
            members.append(schema.load(entry))
        except ValidationError:
            unreadable += 1
    return members, unreadable
