"""The transaction in which something happens: the events, what they cause, and what must be sent, or nothing at all.

``with transaction(services, principal) as db:`` is how pages and commands change anything. Before the commit the
subscribers handle the events that the actions appended (:mod:`lti_tool.composition.subscribers`); then all of it
commits at once. Sending is the worker's work, and whatever takes long is a background job's (:mod:`lti_tool.jobs`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.events.dispatch import dispatch
from lti_tool.identity.principal import Principal
from lti_tool.jobs import queue
from lti_tool.messaging.outbox import ENQUEUED


@contextmanager
def transaction(
    services: Services,
    principal: Principal,
    *,
    within: Connection | None = None,
    now: dt.datetime | None = None,
) -> Iterator[Session]:
    """A writing transaction with its consequences. ``principal``: who acts in it.

    Commits when the block ends; rolls everything back, deliveries included, when it raises. The worker in this process,
    if there is one, is woken after the commit; so is a process that runs background jobs, when one was asked for.
    ``within``: a connection whose transaction is already begun; then what happens here is part of that one, and whoever
    began it commits, and then calls :func:`wake_workers`. ``now``: the moment of what the events cause, where it is not
    the present one; aware.
    """
    with services.database.transaction(within=within) as db:
        log.set_principal(db, principal)
        yield db
        process_events(db, services, now or utcnow())
        enqueued = db.info.pop(ENQUEUED, False)
        asked_for_jobs = db.info.pop(queue.ENQUEUED, False)
    if within is None:
        wake_workers(services, deliveries=enqueued, jobs=asked_for_jobs)


def wake_workers(services: Services, *, deliveries: bool = True, jobs: bool = True) -> None:
    """Tell whoever sends, and whoever runs jobs, that there is work now, before they next look."""
    if deliveries:
        services.wake.set()
    if jobs:
        services.wakeups.send()


def process_events(db: Session, services: Services, now: dt.datetime) -> int:
    """Let the subscribers handle what was appended so far; return how many events there were."""
    return dispatch(db, services.subscribers, now)
