"""The daily job that has the results read back of every activity with grades, and columns let go of their links."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.kinds import JobKind, RunningJob
from lti_tool.lti.ags.line_item_job import request_line_item
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, OwnLineItemRecord, ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import UNBINDING_FAMILIES
from lti_tool.lti.registration.models import Deployment, Registration

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
        now = utcnow()
        result = {
            "bound": self._ask(job, _bound(now), lambda db, link_id: request_line_item(db, link_id, TOOL)),
            "line_items": self._ask(job, _due(now), lambda db, link_id: request_results(db, link_id, TOOL)),
        }
        with job.transaction() as db:
            job.finish(db, result)
        return result

    def _ask(
        self, job: RunningJob, due: sa.Select[uuid.UUID], ask: Callable[[Session, uuid.UUID], object]
    ) -> int:
        """Call ``ask`` for each of these activities; how many they are."""
        asked, after = 0, uuid.UUID(int=0)
        while True:
            with job.transaction() as db:
                links = db.scalars(due.where(ResourceLink.id > after).limit(AT_ONCE)).all()
                for link_id in links:
                    ask(db, link_id)
            asked += len(links)
            if len(links) < AT_ONCE:
                return asked
            after = links[-1]


def _bound(now: dt.datetime) -> sa.Select[uuid.UUID]:
    """The activities whose column, made for their link, may hide the one that completes them, by their ids.

    See :attr:`lti_tool.lti.platforms.base.Platform.made_line_items_were_bound`.
    """
    return (
        sa.select(ResourceLink.id)
        .join(OwnLineItemRecord, OwnLineItemRecord.resource_link_id == ResourceLink.id)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            OwnLineItemRecord.url.is_not(None),
            OwnLineItemRecord.posted_at.is_not(None),
            OwnLineItemRecord.is_bound.is_not(sa.false()),
            sa.func.lower(Registration.platform_family).in_(UNBINDING_FAMILIES),
            _used(now),
        )
        .order_by(ResourceLink.id)
    )


def _used(now: dt.datetime) -> sa.Exists:
    return sa.exists().where(
        Membership.course_id == ResourceLink.course_id, Membership.launched_at > now - USED_WITHIN
    )


def _due(now: dt.datetime) -> sa.Select[uuid.UUID]:
    """The activities whose line items are read, in the order of their ids; those that rest are left out."""
    of_link = ScoreTrail.line_item_url == ResourceLink.line_item_url
    shows = sa.exists().where(
        of_link, sa.or_(ScoreTrail.graded, ScoreTrail.grade_status == GradeStatus.REFUSED)
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
        .where(shows, sa.or_(_used(now), changed), ~rests)
        .order_by(ResourceLink.id)
    )
