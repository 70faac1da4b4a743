"""The hourly job that deletes what has expired."""

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
from lti_tool.lti.expiry import delete_expired_rows


class DeleteExpired(JobKind):
    """Deletes logins, hand-offs, sessions and tokens that are over, old refusals, and jobs that ended long ago."""

    name: ClassVar[str] = "delete_expired"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(hours=1)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Delete some at a time, each in a transaction of its own: pages that write wait for none of them long."""
        require(TOOL, Action.DELETE_EXPIRED)
        now = utcnow()
        return {
            "rows": delete_in_chunks(job, lambda db: delete_expired_rows(db, now)),
            "jobs": delete_in_chunks(job, lambda db: queue.delete_finished(db, now)),
        }


def delete_in_chunks(job: RunningJob, delete: Callable[[Session], int]) -> int:
    """Call ``delete`` in one transaction after another until it finds nothing more; return how many rows went."""
    gone = 0
    while True:
        with job.transaction() as db:
            deleted = delete(db)
        if not deleted:
            return gone
        gone += deleted
