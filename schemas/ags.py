"""Shapes of the Assignment and Grade Services (https://www.imsglobal.org/spec/lti-ags/v2p0)."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from schemas.request_schema import WebAddress

_POINTS: Final = validate.Range(-1e12, 1e12)
"""What no gradebook goes beyond, and pages can write in digits."""


class ResultSchema(Schema):
    """One result of a line item (§3.3). Moodle adds a timestamp; the specification has none."""

    class Meta:
        unknown = EXCLUDE

    user_id = fields.String(required=True, data_key="userId", validate=validate.Length(min=1, max=255))
    score = fields.Float(load_default=None, allow_none=True, data_key="resultScore", validate=_POINTS)
    maximum = fields.Float(load_default=None, allow_none=True, data_key="resultMaximum", validate=_POINTS)
    comment = fields.String(load_default=None, allow_none=True)
    timestamp = fields.AwareDateTime(load_default=None, allow_none=True)

    def load_page(self, results: Any) -> tuple[dict[str, dict[str, Any]], set[str]]:
        """The results that a platform listed, by person, the first of each; and whose could not be read.

        Of one that names nobody, that is the empty text.

        Raises :class:`marshmallow.ValidationError` where it is no list.
        """
        if not isinstance(results, list):
            raise ValidationError("not a list of results")
        found: dict[str, dict[str, Any]] = {}
        unreadable: set[str] = set()
        for result in results:
            user_id = str(result.get("userId") or "") if isinstance(result, dict) else ""
            errors = self.validate({**result, "userId": user_id}) if user_id else {"userId": []}
            if user_id and result.get("resultScore") is None:
                # Without a score there is no grade, whatever its maximum would be.
                errors.pop("resultMaximum", None)
                result = {key: value for key, value in result.items() if key != "resultMaximum"}
            if {"userId", "resultScore", "resultMaximum"} & set(errors):
                unreadable.add(user_id)
                continue
            # A timestamp that cannot be read is one that was not given.
            readable = {key: value for key, value in result.items() if key not in errors}
            found.setdefault(user_id, self.load({**readable, "userId": user_id}))
        return found, unreadable


class LineItemSchema(Schema):
    """One line item of a course (§3.2.5)."""

    class Meta:
        unknown = EXCLUDE

    url = WebAddress(required=True, data_key="id")
    label = fields.String(load_default="")
    maximum = fields.Float(load_default=None, allow_none=True, data_key="scoreMaximum", validate=_POINTS)
    resource_id = fields.String(load_default="", data_key="resourceId")
    tag = fields.String(load_default="")
    resource_link_id = fields.String(load_default="", data_key="resourceLinkId")

    def load_page(self, items: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The line items that a platform listed, each as it is read and as it is; those that cannot be read left out.

        Raises :class:`marshmallow.ValidationError` where it is no list.
        """
        if not isinstance(items, list):
            raise ValidationError("not a list of line items")
        found = []
        for item in items:
            if isinstance(item, dict):
                given = _without_null(item)
                if not self.validate(given):
                    found.append((self.load(given), item))
        return found

    def load_one(self, item: Any) -> dict[str, Any]:
        """The line item that a platform answered. Raises :class:`marshmallow.ValidationError`."""
        return dict(self.load(_without_null(item) if isinstance(item, dict) else item))


def _without_null(item: dict[str, Any]) -> dict[str, Any]:
    """A platform may write null for what is not there."""
    return {name: value for name, value in item.items() if value is not None}
