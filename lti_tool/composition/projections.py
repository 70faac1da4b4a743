"""Projections brought up to date: at a start after an upgrade, and by ``tandem events replay``."""

from __future__ import annotations

import structlog

from lti_tool.composition.event_kinds import EVENT_MODULES
from lti_tool.composition.services import Services
from lti_tool.events import log, replay
from lti_tool.events.base import EventUnreadable
from lti_tool.events.replay import Comparison

__all__ = ["EVENT_MODULES", "check_projections", "rebuild_outdated", "rebuild_projections"]

_log = structlog.get_logger(__name__)


def check_projections(services: Services) -> list[Comparison]:
    """Compare what is stored with what the log makes. Raises :class:`lti_tool.events.base.EventUnreadable`."""
    with services.database.reading() as db:
        if not services.database.is_sqlite:
            # The log and the tables as they were at one moment, while others go on.
            db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return replay.compare(db, replay.replay(db, services.subscribers))


def rebuild_projections(services: Services) -> list[Comparison]:
    """Put what the log makes in place of what is stored; return how they differed before.

    On PostgreSQL nobody appends an event meanwhile. Raises :class:`lti_tool.events.base.EventUnreadable`, and changes
    nothing then.
    """
    with services.database.transaction() as db:
        log.lock_log(db)
        projections = replay.replay(db, services.subscribers)
        before = replay.compare(db, projections)
        replay.rebuild(db, projections)
        return before


def rebuild_outdated(services: Services) -> list[str]:
    """Compute the projections anew that another version computed, or none yet; return their names.

    Called at every start, after the migrations. An event that cannot be read is logged with its id and does not stop
    the tool: what is stored then stays, and the next start tries again.
    """
    with services.database.reading() as db:
        names = replay.outdated(db, services.subscribers)
    if not names:
        return []
    try:
        with services.database.transaction() as db:
            log.lock_log(db)
            # Another process that started at the same time may have done it by now.
            names = replay.outdated(db, services.subscribers)
            computed = replay.replay(db, services.subscribers) if names else []
            replay.rebuild(db, [projection for projection in computed if projection.name in names])
    except EventUnreadable as error:
        _log.error("projections not computed", names=names, event_id=str(error.event_id), reason=str(error))
        return []
    return names
