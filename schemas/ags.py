"""Shapes of the Assignment and Grade Services (https://www.imsglobal.org/spec/lti-ags/v2p0)."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate


class ResultSchema(Schema):
    """One result of a line item (§3.3). Moodle adds a timestamp; the specification has none."""

    class Meta:
        unknown = EXCLUDE

    user_id = fields.String(required=True, data_key="userId", validate=validate.Length(min=1, max=255))
    score = fields.Float(load_default=None, allow_none=True, data_key="resultScore")
    maximum = fields.Float(load_default=None, allow_none=True, data_key="resultMaximum")
    comment = fields.String(load_default=None, allow_none=True)
    timestamp = fields.AwareDateTime(load_default=None, allow_none=True)

    def load_matching(self, results: Any, user_id: str) -> dict[str, Any] | None:
        """The result of one person among those a platform listed; None when there is none that can be read."""
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and str(result.get("userId")) == user_id:
                # A timestamp that cannot be read is one that was not given.
                errors = self.validate({**result, "userId": user_id})
                readable = {key: value for key, value in result.items() if key not in errors}
                loaded: dict[str, Any] = self.load({**readable, "userId": user_id})
                return loaded
        return None
