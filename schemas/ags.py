"""Shapes of the Assignment and Grade Services (https://www.imsglobal.org/spec/lti-ags/v2p0)."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate


class ResultSchema(Schema):
    """One result of a line item (§3.3). Moodle adds a timestamp; the specification has none."""

    class Meta:
        unknown = EXCLUDE

    user_id = fields.String(required=True, data_key="userId", validate=validate.Length(min=1, max=255))
    score = fields.Float(load_default=None, allow_none=True, data_key="resultScore")
    maximum = fields.Float(load_default=None, allow_none=True, data_key="resultMaximum")
    comment = fields.String(load_default=None, allow_none=True)
    timestamp = fields.AwareDateTime(load_default=None, allow_none=True)

    def load_page(self, results: Any) -> tuple[dict[str, dict[str, Any]], int]:
        """The results that a platform listed, by person, the first of each; and how many could not be read.

        Raises :class:`marshmallow.ValidationError` where it is no list.
        """
        if not isinstance(results, list):
            raise ValidationError("not a list of results")
        found: dict[str, dict[str, Any]] = {}
        unreadable = 0
        for result in results:
            user_id = str(result.get("userId") or "") if isinstance(result, dict) else ""
            errors = self.validate({**result, "userId": user_id}) if user_id else {"userId": []}
            if {"userId", "resultScore", "resultMaximum"} & set(errors):
                unreadable += 1
                continue
            # A timestamp that cannot be read is one that was not given.
            readable = {key: value for key, value in result.items() if key not in errors}
            found.setdefault(user_id, self.load({**readable, "userId": user_id}))
        return found, unreadable
