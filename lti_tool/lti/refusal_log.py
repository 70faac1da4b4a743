"""The audit of what was refused, in a transaction of its own, since the refused one is rolled back.

Refusals are counted: those of one hour, step, reason and registration are one row, which describes the latest.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from lti_tool.database import Database, insert_in, table_of, utcnow
from lti_tool.lti.errors import Refused
from lti_tool.lti.models import Refusal

_TABLE = table_of(Refusal)

log = structlog.get_logger(__name__)

WRITTEN_EVERY: Final = 10.0
"""Seconds for which :class:`FrequentRefusals` collects refusals of one kind before it writes them."""


def record(database: Database, refused: Refused, *, reference: str, count: int = 1) -> None:
    """Count a refusal, or ``count`` alike. ``reference``: the one on the error page and in the log."""
    with database.writing_connection() as connection:
        record_within(connection, refused, reference=reference, count=count)


def record_within(connection: Connection, refused: Refused, *, reference: str, count: int = 1) -> None:
    """The same in a transaction that is under way: that of a job which keeps what it was refused."""
    now = utcnow()
    issuer, client_id = _storable(refused.issuer, 255), _storable(refused.client_id, 255)
    counted = [now.strftime("%Y-%m-%dT%H"), *_kind(refused)]
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
        count=count,
        first_at=now,
        step=refused.step,
        reason=refused.reason,
        **latest,
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["aggregate"],
            set_={
                "count": _TABLE.c.count + insert.excluded["count"],
                **{name: insert.excluded[name] for name in latest},
            },
        )
    )


def _kind(refused: Refused) -> tuple[str | None, ...]:
    """What refusals have in common that are counted together: step, reason, and the registration."""
    # What anybody may write into a request does not make a row of its own.
    platform = (refused.issuer, refused.client_id) if refused.names_registration else ()
    return (refused.step, refused.reason, *(_storable(name, 255) for name in platform))


@dataclass
class _Collected:
    """Refusals of one kind."""

    latest: Refused
    reference: str
    written_at: float
    waiting: int = 0
    """How many are not written yet."""


class FrequentRefusals:
    """Refusals that may come by thousands: each is counted, and one in ten seconds is written and has a reference.

    The others of those ten seconds share that reference, so that whoever is asked for it finds it in the log. A refusal
    writes nothing then; what was collected is written with the next of its kind, by :meth:`write_due`, or by
    :meth:`write_all`. May be used from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str | None, ...], _Collected] = {}
        self._due_at: float | None = None

    def record(self, refused: Refused, *, reference: str) -> str:
        """Count a refusal; return its reference, which is ``reference`` where it was written."""
        kind, now = _kind(refused), time.monotonic()
        with self._lock:
            known = self._kinds.get(kind)
            if known is not None and now < known.written_at + WRITTEN_EVERY:
                known.waiting += 1
                if self._due_at is None:
                    self._due_at = now + WRITTEN_EVERY
                return known.reference
            waiting = 0 if known is None else known.waiting
            self._kinds[kind] = _Collected(refused, reference, now)
        record(self._database, refused, reference=reference, count=waiting + 1)
        return reference

    def write_due(self) -> None:
        """Write what has been waiting for ten seconds. Asking costs nothing while there is none."""
        if self._due_at is not None and time.monotonic() >= self._due_at:
            self.write_all()

    def write_all(self) -> None:
        """Write what waits, as a process does that ends. A database that is down gets none of it."""
        with self._lock:
            collected, self._kinds, self._due_at = self._kinds, {}, None
        try:
            for kind in collected.values():
                if kind.waiting:
                    record(self._database, kind.latest, reference=kind.reference, count=kind.waiting)
        except sa.exc.SQLAlchemyError as error:
            log.error("refusals could not be recorded", error=str(error))


def _storable(text: str | None, length: int) -> str | None:
    """What was refused may be any text: cut, and without the characters that a database refuses."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
