"""The job that finds or makes the line item of an activity whose launches name none, and keeps it up to date.

A coupled line item, which launches name, comes first: with one, nothing is looked for. Else the activity's own is
looked for among those of its course, by its resource id and tag; then the copy of its original's, which came with the
course (:mod:`lti_tool.lti.ags.copied_line_items`). One that an earlier version made for its link is let go of it where
launches else name neither it nor the activity's own (:attr:`lti_tool.lti.platforms.base.Platform.unbinds_line_items`).
Where there is none, one is made: the first time where the platform leaves that to tools, else when a tutor asks for it
(:attr:`lti_tool.lti.platforms.base.Platform.makes_line_items`). One that was deleted is made again only when asked.

None is made twice. That the platform is about to be asked is committed before the request leaves, by a row that only
one process can write; whoever comes later, the same job after its process was killed included, looks for it and does
not ask again. Where it then is nowhere, nobody knows, and the tutor is asked. No page waits for any of this.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import sqlalchemy as sa
import structlog
from marshmallow import Schema
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Course
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL, Principal
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import JobFailed, JobKind, RunningJob
from lti_tool.lti.ags import copied_line_items, line_items, own_line_items
from lti_tool.lti.ags.line_items import (
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    LineItem,
    LineItemRefused,
    LineItemsUnavailable,
    OwnLineItem,
    line_item_tag,
    unbound_tag,
)
from lti_tool.lti.ags.models import OwnLineItemStatus
from lti_tool.lti.ags.own_line_items import OwnLineItemState
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import PlatformService, ServiceDeps
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import MakesLineItems, Platform
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.translation import gettext, using_language
from schemas.jobs import LineItemJobSchema
from schemas.problem import N_

LISTED_WITHIN: Final = dt.timedelta(minutes=2)
"""For how long a line item that was made may be missing from the list; longer than a request can take."""
_RETRY_FACTOR: Final = 15
"""Attempts spread over some minutes, and so beyond :data:`LISTED_WITHIN`."""
DEFAULT_LABEL: Final = N_("Reverse mentoring")
LONGEST_LABEL: Final = 255

Backfill = Callable[[Session, uuid.UUID, dt.datetime], int]
"""Enqueues the scores that the line item of an activity does not have yet."""

_log = structlog.get_logger(__name__)


class NotListedYet(Exception):
    """The platform was asked to make the line item a moment ago, and lists none."""

    def __str__(self) -> str:
        return "the platform was asked to make it a moment ago, and does not list it yet"


@dataclass(frozen=True)
class _Activity:
    id: uuid.UUID
    registration_id: uuid.UUID
    container_url: str
    scopes: tuple[str, ...]
    own: OwnLineItem
    own_before: tuple[OwnLineItem, ...]
    """As which an earlier version made it, where that differs: once it was let go of its link, and before."""
    platform: Platform
    state: OwnLineItemState
    is_coupled: bool
    """Whether launches name a line item."""

    @property
    def may_make(self) -> bool:
        """Whether one is to be made where there is none."""
        at_once = self.platform.makes_line_items is MakesLineItems.AT_ONCE
        wanted = self.state.status is OwnLineItemStatus.ASKED or (
            at_once and self.state.status is OwnLineItemStatus.LOOKING
        )
        return wanted and LINE_ITEM_SCOPE in self.scopes


class FindLineItem(JobKind):
    """Finds, makes or renames the line item of one activity."""

    name: ClassVar[str] = "find_line_item"
    schema: ClassVar[type[Schema]] = LineItemJobSchema
    retried: ClassVar[tuple[type[Exception], ...]] = (LineItemsUnavailable, NotListedYet)
    max_per_group: ClassVar[int | None] = 2

    def __init__(self, deps: ServiceDeps, backfill: Backfill) -> None:
        """``backfill``: called in the transaction in which an activity gets a line item."""
        self._deps = deps
        self._backfill = backfill

    def retry_delay(self, delay: dt.timedelta) -> dt.timedelta:
        """See :data:`_RETRY_FACTOR`."""
        return delay * _RETRY_FACTOR

    def run(self, job: RunningJob) -> dict[str, Any] | None:
        """Look first, whatever was asked for."""
        require(TOOL, Action.KEEP_LINE_ITEMS)
        try:
            return self._run(job)
        except LineItemsUnavailable as error:
            with self._deps.database.transaction() as db:
                own_line_items.note_fault(db, job.arguments["resource_link_id"], str(error))
            raise

    def _run(self, job: RunningJob) -> dict[str, Any] | None:
        with self._deps.database.reading() as db, using_language(self._deps.config.default_locale):
            activity = _activity(db, job.arguments["resource_link_id"])
        if activity.is_coupled:
            return _finish(job, None, "coupled")
        service = PlatformService(self._deps, activity.registration_id)
        try:
            found = self._find(activity, service)
        except LineItemRefused as error:
            if activity.state.is_there:
                # That it cannot be looked for does not say that it is gone.
                return _finish(job, None, "refused", str(error))
            return self._none(job, activity, OwnLineItemStatus.REFUSED, reason=str(error))
        if found is not None:
            return self._keep(job, activity, service, found)
        if activity.state.posted_at is not None and not activity.state.is_there:
            if utcnow() - activity.state.posted_at < LISTED_WITHIN:
                raise NotListedYet
            return self._none(job, activity, OwnLineItemStatus.UNSURE)
        if not activity.may_make:
            # One that was there is deleted: what was known of it is no reason not to make another.
            return self._none(job, activity, OwnLineItemStatus.ABSENT, never_posted=True)
        return self._make(job, activity, service)

    def _find(self, activity: _Activity, service: PlatformService) -> LineItem | None:
        known_url, taken = activity.state.url, set[str]()
        for own in (activity.own, *activity.own_before):
            found = line_items.find(
                service, activity.container_url, own, activity.scopes, known_url=known_url, taken=taken
            )
            if found is not None:
                return found
            # A duplicate of the activity was made with the same content.
            taken = taken or self._taken(activity)
        return self._copied(activity, service)

    def _copied(self, activity: _Activity, service: PlatformService) -> LineItem | None:
        """The copy of the line item of the activity of which this one is a copy; it gets the id of this one's.

        A platform may not take that id: then it is found so again.
        """
        items = line_items.find_copies(service, activity.container_url, activity.own, activity.scopes)
        taken = self._taken(activity)
        with self._deps.database.reading() as db:
            originals = copied_line_items.originals(
                db, activity.id, {item.resource_id for item in items}, activity.platform
            )
        copies = [item for item in items if item.resource_id in originals and item.url not in taken]
        if len(copies) != 1:
            return None
        if LINE_ITEM_SCOPE in activity.scopes and activity.state.url is None:
            try:
                line_items.change(service, copies[0], resourceId=activity.own.resource_id)
            except LineItemRefused as error:
                _log.info("line_item_not_renamed", link=str(activity.id), reason=str(error))
        return copies[0]

    def _taken(self, activity: _Activity) -> set[str]:
        with self._deps.database.reading() as db:
            return copied_line_items.of_other_activities(db, activity.id)

    def _unbound(
        self, activity: _Activity, service: PlatformService, found: LineItem
    ) -> tuple[LineItem, str | None]:
        """The line item, let go of its link where it hides the one that completes the activity; and why it was not.

        Only one that the tool made itself: another may be the activity's own.
        """
        is_made = activity.state.posted_at is not None and activity.state.url in (None, found.url)
        wanted = is_made and bool(found.resource_link_id) and activity.platform.unbinds_line_items
        if not wanted:
            return found, None
        if LINE_ITEM_SCOPE not in activity.scopes:
            return found, "the tool has no right to change line items there"
        try:
            unbound = line_items.unbind(service, found, tag=unbound_tag(activity.own.tag))
        except LineItemRefused as error:
            return found, str(error)
        _log.info("line_item_unbound", link=str(activity.id), is_bound=bool(unbound.resource_link_id))
        return unbound, "the platform keeps it with its link" if unbound.resource_link_id else None

    def _make(self, job: RunningJob, activity: _Activity, service: PlatformService) -> dict[str, Any]:
        with job.transaction() as db:
            begun = own_line_items.begin_post(db, activity.id, utcnow())
        if not begun:
            raise NotListedYet
        try:
            made = line_items.make(service, activity.container_url, activity.own)
        except LineItemRefused as error:
            return self._none(job, activity, OwnLineItemStatus.REFUSED, reason=str(error), never_posted=True)
        with job.transaction(also_while_stopping=True) as db:
            self._note_there(db, activity, made, label=activity.own.label, is_ours=True)
            return _finish(job, db, "made")

    def _keep(
        self, job: RunningJob, activity: _Activity, service: PlatformService, found: LineItem
    ) -> dict[str, Any]:
        """Use one that is there; give it the activity's title where the tool has made it under another."""
        is_ours, label = activity.state.posted_at is not None, activity.state.label
        renamed = is_ours and label not in (None, activity.own.label) and LINE_ITEM_SCOPE in activity.scopes
        if renamed:
            try:
                line_items.change(service, found, label=activity.own.label)
            except LineItemRefused as error:
                _log.info("line_item_not_renamed", link=str(activity.id), reason=str(error))
        found, still_bound = self._unbound(activity, service, found)
        with job.transaction() as db:
            self._note_there(
                db, activity, found, label=activity.own.label, is_ours=is_ours, reason=still_bound
            )
            return _finish(job, db, "renamed" if renamed else "found")

    def _note_there(
        self,
        db: Session,
        activity: _Activity,
        item: LineItem,
        *,
        label: str,
        is_ours: bool,
        reason: str | None = None,
    ) -> None:
        now = utcnow()
        changed = own_line_items.note_there(
            db,
            activity.id,
            item.url,
            now,
            label=label,
            is_ours=is_ours,
            is_bound=bool(item.resource_link_id),
            reason=reason,
        )
        if changed:
            self._backfill(db, activity.id, now)

    def _none(
        self,
        job: RunningJob,
        activity: _Activity,
        status: OwnLineItemStatus,
        *,
        reason: str | None = None,
        never_posted: bool = False,
    ) -> dict[str, Any]:
        """There is none; a tutor may have asked for one meanwhile, which stays."""
        with job.transaction() as db:
            own_line_items.note_none(
                db,
                activity.id,
                status,
                utcnow(),
                before=activity.state.status,
                reason=reason,
                never_posted=never_posted,
            )
            return _finish(job, db, status.value, reason)


def _finish(job: RunningJob, db: Session | None, outcome: str, reason: str | None = None) -> dict[str, Any]:
    result = {"outcome": outcome, **({"reason": reason} if reason else {})}
    if db is not None:
        job.finish(db, result)
    return result


def _activity(db: Session, link_id: uuid.UUID) -> _Activity:
    """Raises :class:`JobFailed` where nothing can be looked for any more."""
    row = db.execute(
        sa.select(ResourceLink, Course.context_id, Registration)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(ResourceLink.id == link_id)
    ).one_or_none()
    state = own_line_items.state_of_link(db, link_id)
    if row is None or state is None or row.ResourceLink.line_items_url is None:
        raise JobFailed("the activity has no list of line items")
    link: ResourceLink = row.ResourceLink
    if not can_be_looked_for(link.line_items_url, link.scopes):
        raise JobFailed("the platform gives no right to read line items")
    platform = platform_of(row.Registration.issuer, row.Registration.platform_family)
    is_course = platform.is_course_itself(row.context_id, link.resource_link_id)
    is_bound = platform.made_line_items_bound and not is_course
    own = OwnLineItem(
        resource_id=str((link.content_id if is_bound else None) or link.id),
        resource_link_id=link.resource_link_id,
        # The title of a course's own page is that of the course.
        label=((None if is_course else link.title) or gettext(DEFAULT_LABEL))[:LONGEST_LABEL],
        tag=line_item_tag(link.only_role),
        is_bound=is_bound,
    )
    own_before: tuple[OwnLineItem, ...] = ()
    if platform.made_line_items_were_bound and link.content_id is not None:
        bound = replace(own, resource_id=str(link.content_id), is_bound=True)
        own_before = (replace(bound, tag=unbound_tag(own.tag), is_bound=False), bound)
    return _Activity(
        id=link.id,
        registration_id=row.Registration.id,
        container_url=row.ResourceLink.line_items_url,
        scopes=tuple(link.scopes),
        own=own,
        own_before=own_before,
        platform=platform,
        state=state,
        is_coupled=link.line_item_url is not None and link.line_item_url != link.own_line_item_url,
    )


def can_be_looked_for(line_items_url: str | None, scopes: list[str]) -> bool:
    """Whether the line items of a course can be listed, by what the latest launch of an activity said."""
    return line_items_url is not None and not {LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE}.isdisjoint(scopes)


def request_line_item(
    db: Session, resource_link_id: uuid.UUID, requested_by: Principal, *, make: bool = False
) -> int | None:
    """Have the line item of an activity looked for; with ``make``, made where there is none.

    Returns the job's id, that of the same job where it waits already; None where nothing can be looked for.
    """
    row = db.execute(
        sa.select(
            ResourceLink.line_items_url,
            ResourceLink.scopes,
            Deployment.registration_id,
            Deployment.organisation_id,
        )
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(ResourceLink.id == resource_link_id)
    ).one_or_none()
    if row is None or not can_be_looked_for(row.line_items_url, row.scopes):
        return None
    own_line_items.ask(db, resource_link_id, make=make and LINE_ITEM_SCOPE in row.scopes)
    return queue.enqueue(
        db,
        FindLineItem,
        {"resource_link_id": resource_link_id},
        key=str(resource_link_id),
        group_key=str(row.registration_id),
        subject_id=resource_link_id,
        organisation_id=row.organisation_id,
        requested_by=requested_by,
    )
