"""The jobs that delete what has expired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.lti.expiry import delete_expired_rows, delete_used_nonces
from lti_tool.mentoring.enrolment.people.actions import delete_expired_files


class DeleteExpired(JobKind):
    """Deletes hand-offs, sessions and tokens that are over, old refusals, files of people, and jobs that have ended."""

    name: ClassVar[str] = "delete_expired"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(hours=1)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Delete some at a time, each in a transaction of its own: pages that write wait for none of them long."""
        require(TOOL, Action.DELETE_EXPIRED)
        now = utcnow()
        return {
            "rows": delete_in_chunks(
                job, lambda db: delete_expired_rows(db, now) or delete_expired_files(db, now)
            ),
            "jobs": delete_in_chunks(job, lambda db: queue.delete_finished(db, now)),
        }


class DeleteUsedNonces(JobKind):
    """Deletes used nonces as soon as the state alone refuses a replay.

    Anybody who begins a login can use one up with a launch that is then refused, so they are not kept any longer.
    """

    name: ClassVar[str] = "delete_used_nonces"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(minutes=5)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Delete some at a time."""
        require(TOOL, Action.DELETE_EXPIRED)
        now = utcnow()
        return {"nonces": delete_in_chunks(job, lambda db: delete_used_nonces(db, now))}


def delete_in_chunks(job: RunningJob, delete: Callable[[Session], int]) -> int:
    """Call ``delete`` in one transaction after another until it finds nothing more; return how many rows went."""
    gone = 0
    while True:
        with job.transaction() as db:
            deleted = delete(db)
        if not deleted:
            return gone
        gone += deleted
