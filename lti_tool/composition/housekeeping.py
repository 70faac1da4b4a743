"""The hourly job that deletes what has expired."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

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
        """Delete in one transaction."""
        require(TOOL, Action.DELETE_EXPIRED)
        with job.transaction() as db:
            now = utcnow()
            result = {"rows": delete_expired_rows(db, now), "jobs": queue.delete_finished(db, now)}
            job.finish(db, result)
        return result
