"""The scheduled job that has the rosters read of courses that are in use."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.lti.nrps.read_roster_job import due_rosters, request_roster

USED_WITHIN: Final = dt.timedelta(days=7)
"""A course in which nobody has launched for longer is read when a tutor opens the page, not by the schedule."""
AT_ONCE: Final = 100
"""How many rosters one transaction asks for."""


class EnqueueDueRosters(JobKind):
    """Asks for each roster that is older than an hour.

    It looks more often than that, so that a roster that was read at any moment is read again about an hour later.
    """

    name: ClassVar[str] = "enqueue_due_rosters"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(minutes=10)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Ask for some at a time, each time in a transaction of its own: nobody who writes waits long for one."""
        require(TOOL, Action.READ_ROSTERS)
        now = utcnow()
        in_use = sa.exists().where(
            Membership.course_id == Course.id, Membership.launched_at > now - USED_WITHIN
        )
        # A course that was asked for is due no more.
        due = due_rosters(now).where(in_use).order_by(Course.id).limit(AT_ONCE)
        asked = 0
        while True:
            with job.transaction() as db:
                courses = db.scalars(due).all()
                for course_id in courses:
                    request_roster(db, course_id, TOOL)
                asked += len(courses)
                if len(courses) < AT_ONCE:
                    result = {"rosters": asked}
                    job.finish(db, result)
                    return result
