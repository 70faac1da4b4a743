"""A transaction in which facts become deliveries: what happened, its statements and its scores, or nothing at all.

``with recording.transaction(tool) as db:`` is how pages and commands change anything. On the way out the facts
that the actions recorded are told (:mod:`lti_tool.telling`), the progress they may have changed is judged again,
and what the gradebooks must know is enqueued; then all of it commits at once. Sending is the worker's work.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.lti import grades
from lti_tool.lti.models import ResourceLink
from lti_tool.mentoring import events, progress
from lti_tool.telling import Teller
from lti_tool.tool import Tool


@contextmanager
def transaction(tool: Tool) -> Iterator[Session]:
    """A writing transaction that also writes what its facts mean for the LRS and the gradebook.

    Commits when the block ends; rolls everything back, deliveries included, when it raises. The worker in this
    process, if there is one, is woken after the commit.
    """
    with tool.database.transaction() as db:
        yield db
        enqueued = settle(db, tool.config, utcnow()) + db.info.pop(_CAUGHT_UP, 0)
    if enqueued:
        tool.wake.set()


def settle(db: Session, config: Config, now: dt.datetime) -> int:
    """Turn the facts recorded so far into deliveries, in this transaction; return how many were enqueued."""
    teller = Teller(db, config, now)
    enqueued = 0
    # Judging progress may itself record facts (a programme is completed), which are told in the next round.
    while facts := db.info.pop(events.PENDING, []):
        enqueued += sum(teller.tell(fact) for fact in facts)
        changes = progress.refresh(db, progress.participants_of(db, facts), now)
        enqueued += _report(db, changes, now)
    return enqueued


def catch_up(db: Session, course_id: uuid.UUID, now: dt.datetime | None = None) -> int:
    """Enqueue the scores that a course's line items do not have yet; return how many were enqueued.

    For an arrival that brought a line item or new rights to one: it may become known long after people began, when a
    tutor ticks "accept grades". Each person is judged by their own scores: what another registration recorded for the
    same address says nothing about this one. Belongs in a :func:`transaction`.
    """
    links = sa.select(ResourceLink.scopes).where(
        ResourceLink.course_id == course_id, ResourceLink.line_item_url.is_not(None)
    )
    if not any(grades.SCORE_SCOPE in scopes for scopes in db.scalars(links)):
        return 0
    enqueued = _report(db, progress.current(db, course_id), now or utcnow())
    db.info[_CAUGHT_UP] = db.info.get(_CAUGHT_UP, 0) + enqueued
    return enqueued


_CAUGHT_UP = "caught_up"
"""The key in ``Session.info`` under which scores enqueued by :func:`catch_up` are counted."""


def _report(db: Session, changes: Iterable[progress.ProgressChange], now: dt.datetime) -> int:
    return sum(
        grades.record_score(
            db,
            course_id=change.course_id,
            person_id=change.person_id,
            standing=change.standing,
            score=change.score,
            report=change.report,
            now=now,
        )
        for change in changes
        if change.reported
    )
