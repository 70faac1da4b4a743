"""The daily job that has the results read back of every activity with grades."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment

USED_WITHIN: Final = dt.timedelta(days=60)
"""A line item is read as long as somebody launched in its course, or a grade of it changed, within this time."""
AT_ONCE: Final = 100
"""How many readings one transaction asks for."""


class CheckGradebooks(JobKind):
    """Asks for a reading of each line item that should show a grade, or whose platform refused a score."""

    name: ClassVar[str] = "check_gradebooks"
    every: ClassVar[dt.timedelta | None] = dt.timedelta(days=1)

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Ask for some at a time, each time in a transaction of its own: nobody who writes waits long for one."""
        require(TOOL, Action.READ_RESULTS)
        now, asked, after = utcnow(), 0, uuid.UUID(int=0)
        while True:
            with job.transaction() as db:
                links = db.scalars(_due(now).where(ResourceLink.id > after).limit(AT_ONCE)).all()
                for link_id in links:
                    request_results(db, link_id, TOOL)
                asked += len(links)
                if len(links) < AT_ONCE:
                    result = {"line_items": asked}
                    job.finish(db, result)
                    return result
                after = links[-1]


def _due(now: dt.datetime) -> sa.Select[uuid.UUID]:
    """The activities whose line items are read, in the order of their ids; those that rest are left out."""
    of_link = ScoreTrail.line_item_url == ResourceLink.line_item_url
    shows = sa.exists().where(
        of_link, sa.or_(ScoreTrail.graded, ScoreTrail.grade_status == GradeStatus.REFUSED)
    )
    used = sa.exists().where(
        Membership.course_id == ResourceLink.course_id, Membership.launched_at > now - USED_WITHIN
    )
    changed = sa.exists().where(of_link, ScoreTrail.changed_at > now - USED_WITHIN)
    rests = sa.exists().where(
        MissingLineItem.line_item_url == ResourceLink.line_item_url,
        MissingLineItem.registration_id == Deployment.registration_id,
        MissingLineItem.rests_since.is_not(None),
    )
    return (
        sa.select(ResourceLink.id)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(shows, sa.or_(used, changed), ~rests)
        .order_by(ResourceLink.id)
    )
