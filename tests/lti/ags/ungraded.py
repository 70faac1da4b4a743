"""An activity of the demo LMS whose launches name no line item, in the hands of a test."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import make_job_runner
from lti_tool.database import utcnow
from lti_tool.demo.lms.claims import line_items_url
from lti_tool.demo.lms.course import LineItem as LmsLineItem
from lti_tool.demo.lms.course import add_line_item, line_items_of
from lti_tool.demo.lms.tools import SUPPORTED_SCOPES
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.line_item_job import request_line_item
from lti_tool.lti.ags.line_items import LINE_ITEM_TAG
from lti_tool.lti.ags.models import OwnLineItemRecord
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging.models import Delivery, DeliveryKind
from tests.builder.connected import MENTEE, Connected
from tests.jobs.kinds import wait_until_ended


class Ungraded:
    """An activity whose launches name no line item, in a course that lets the tool list and make some."""

    def __init__(self, connected: Connected, family: str | None) -> None:
        self.connected, self.services, self.lms = connected, connected.services, connected.lms
        self.link_id = connected.world.resource_link_id
        with self.lms.lms.store.transaction() as db:
            db.execute("DELETE FROM line_items")
        with self.services.database.transaction() as db:
            link = db.get_one(ResourceLink, self.link_id)
            link.title, link.scopes = "Mentoring", list(SUPPORTED_SCOPES)
            link.line_items_url = line_items_url(self.lms.base_url, 1, connected.registered)
            db.execute(sa.update(Registration).values(platform_family=family))

    @property
    def resource_id(self) -> str:
        with self.services.database.reading() as db:
            link = db.get_one(ResourceLink, self.link_id)
            registration = db.scalars(sa.select(Registration)).one()
            is_bound = platform_of(registration.issuer, registration.platform_family).made_line_items_bound
            return str((link.content_id if is_bound else None) or link.id)

    def add(self, **values: Any) -> LmsLineItem:
        """Let the LMS have a line item of the tool."""
        default = {
            "label": "There before",
            "scoreMaximum": 20.0,
            "resourceId": self.resource_id,
            "tag": LINE_ITEM_TAG,
        }
        with self.lms.lms.store.transaction() as db:
            return add_line_item(
                db,
                course_id=1,
                tool_id=self.connected.registered.id,
                values={**default, **values},
                link_id=None,
            )

    def items(self) -> list[LmsLineItem]:
        with self.lms.lms.store.reading() as db:
            return line_items_of(db, 1)

    def ask(self, *, make: bool = False) -> int:
        with composition.transaction(self.services, TOOL) as db:
            asked = request_line_item(db, self.link_id, TOOL, make=make)
        assert asked is not None
        return asked

    def run(self, *, make: bool = False) -> str:
        """Have the job run to its end; what became of it."""
        asked = self.ask(make=make)
        self.run_jobs()
        with self.services.database.reading() as db:
            job = db.get_one(Job, asked)
        return str((job.result or {}).get("outcome", job.error))

    def run_jobs(self) -> None:
        runner = make_job_runner(self.services, sweep_seconds=0.02)
        runner.start()
        try:
            wait_until_ended(self.services)
        finally:
            runner.stop()

    def record(self) -> OwnLineItemRecord:
        with self.services.database.reading() as db:
            return db.get_one(OwnLineItemRecord, self.link_id)

    def link(self) -> ResourceLink:
        with self.services.database.reading() as db:
            return db.get_one(ResourceLink, self.link_id)

    def later(self, by: dt.timedelta) -> None:
        with self.services.database.transaction() as db:
            row = db.get_one(OwnLineItemRecord, self.link_id)
            for name in ("posted_at", "looked_at"):
                if getattr(row, name) is not None:
                    setattr(row, name, getattr(row, name) - by)

    def grade(self) -> float | None:
        """The mentee's grade in the only line item."""
        with self.lms.lms.store.reading() as db:
            row = db.execute("SELECT grade FROM scores WHERE person_id = ?", (int(MENTEE),)).fetchone()
        return None if row is None else row["grade"]

    def complete(self) -> bool:
        """The mentee completes; whether a score was enqueued."""
        with self.services.database.transaction() as db:
            person_id = db.get_one(Participant, self.connected.world.mentee_id).person_id
            reached = grades.ReachedScore(self.link_id, person_id, "satisfied", 100, "final_only")
            return grades.record_scores(db, [reached], utcnow()) == 1

    def deliver(self) -> None:
        with self.services.database.transaction() as db:
            db.execute(sa.update(Delivery).values(not_before=utcnow()))
        make_worker(self.services).deliver(
            DeliveryKind.SCORE.value, str(self.connected.world.registration_id)
        )
