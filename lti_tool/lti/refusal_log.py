"""The audit of what was refused: one row each, in a transaction of its own, since the refused one is rolled back."""

from __future__ import annotations

from lti_tool.database import Database
from lti_tool.lti.errors import Refused
from lti_tool.lti.models import Refusal


def record(database: Database, refused: Refused, *, reference: str) -> None:
    """Write the audit row. ``reference``: the one on the error page and in the log."""
    with database.transaction() as db:
        db.add(
            Refusal(
                step=refused.step,
                reason=refused.reason,
                detail=_storable(refused.detail, 500) or "",
                issuer=_storable(refused.issuer, 255),
                client_id=_storable(refused.client_id, 255),
                deployment_id=_storable(refused.deployment_id, 255),
                reference=reference,
            )
        )


def _storable(text: str | None, length: int) -> str | None:
    """What was refused may be any text: cut, and without the characters that a database refuses."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
