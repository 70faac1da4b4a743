"""The refusal of a request: an HTTP status, a machine-readable reason and a sentence."""

from __future__ import annotations


class Refusal(Exception):
    """The LMS refuses a request."""

    def __init__(self, status: int, reason: str, detail: str, tool: str = "", note: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.tool = tool
        "client_id of the tool concerned, when it is known; for the activity log."
        self.note = note
        "What the activity log has besides, and the caller does not get."


def first_problem(messages: object, path: str = "") -> tuple[str, str]:
    """The first field and sentence in marshmallow's nested messages, such as ("lineItem.label", "…")."""
    if isinstance(messages, dict) and messages:
        key, inner = next(iter(messages.items()))
        return first_problem(inner, f"{path}.{key}".lstrip("."))
    if isinstance(messages, list) and messages:
        return path, str(messages[0])
    return path, str(messages)
