"""The audit of what was refused, in a transaction of its own, since the refused one is rolled back.

Refusals are counted: those of one hour, step, reason and registration are one row, which describes the latest.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from sqlalchemy.engine import Connection

from lti_tool.database import Database, insert_in, table_of, utcnow
from lti_tool.lti.errors import Refused
from lti_tool.lti.models import Refusal

_TABLE = table_of(Refusal)


def record(database: Database, refused: Refused, *, reference: str) -> None:
    """Count a refusal. ``reference``: the one on the error page and in the log."""
    with database.writing_connection() as connection:
        count(connection, refused, reference=reference)


def count(connection: Connection, refused: Refused, *, reference: str) -> None:
    """Count a refusal in a transaction that is under way: that of a job which keeps what it was refused."""
    now = utcnow()
    issuer, client_id = _storable(refused.issuer, 255), _storable(refused.client_id, 255)
    # What anybody may write into a request does not make a row of its own.
    platform = [issuer, client_id] if refused.names_registration else []
    counted = [now.strftime("%Y-%m-%dT%H"), refused.step, refused.reason, *platform]
    latest: dict[str, Any] = {
        "at": now,
        "detail": _storable(refused.detail, 500) or "",
        "issuer": issuer,
        "client_id": client_id,
        "deployment_id": _storable(refused.deployment_id, 255),
        "reference": reference,
    }
    insert = insert_in(connection.dialect.name, _TABLE).values(
        id=uuid.uuid4(),
        aggregate=hashlib.sha256(repr(counted).encode()).hexdigest(),
        count=1,
        first_at=now,
        step=refused.step,
        reason=refused.reason,
        **latest,
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["aggregate"],
            set_={"count": _TABLE.c.count + 1, **{name: insert.excluded[name] for name in latest}},
        )
    )


def _storable(text: str | None, length: int) -> str | None:
    """What was refused may be any text: cut, and without the characters that a database refuses."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
