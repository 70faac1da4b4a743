"""A gradebook of the demo LMS in the hands of a test: what teachers do there, and the tool's readings of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_worker
from lti_tool.composition.jobs import make_job_runner
from lti_tool.database import utcnow
from lti_tool.demo.lms import teaching
from lti_tool.demo.lms.course import coupled_line_item
from lti_tool.demo.lms.gradebook import write_grade
from lti_tool.demo.lms.score_rules import StoredGrade
from lti_tool.identity.models import Person
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, ScoreTrail, UnreadableResults
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.messaging.models import Delivery, DeliveryKind, DeliveryPause
from tests.builder.connected import MENTEE, Connected
from tests.jobs.kinds import wait_until_ended


class ReadingBack:
    """The tool, the LMS, and a clock: :meth:`later` lets time pass for what the tool has stored."""

    def __init__(self, connected: Connected) -> None:
        self.connected = connected
        self.services = connected.services
        self.lms = connected.lms
        with self.lms.lms.store.reading() as db:
            item = coupled_line_item(db, connected.link_id)
        assert item is not None
        self.item_id = item.id

    # The tool

    def person_id(self, subject: str = MENTEE) -> uuid.UUID:
        with self.services.database.reading() as db:
            return db.scalars(
                sa.select(Person.id).where(
                    Person.subject == subject, Person.registration_id == self.connected.world.registration_id
                )
            ).one()

    def record(
        self, status: str, score: int = 0, *, subject: str = MENTEE, report: str = "final_only"
    ) -> bool:
        """Let this be what should stand for a person; whether a score was enqueued."""
        with self.services.database.transaction() as db:
            reached = grades.ReachedScore(
                self.connected.world.resource_link_id, self.person_id(subject), status, score, report
            )
            return grades.record_scores(db, [reached], utcnow()) == 1

    def deliver(self) -> int:
        """Send what waits, whatever it waits for; how many deliveries that were."""
        with self.services.database.transaction() as db:
            db.execute(sa.update(Delivery).where(Delivery.done_at.is_(None)).values(not_before=utcnow()))
            db.execute(sa.delete(DeliveryPause))
        worker = make_worker(self.services)
        sent = 0
        while taken := worker.deliver(DeliveryKind.SCORE.value, str(self.connected.world.registration_id)):
            sent += taken
            if self.waiting():
                break
        return sent

    def waiting(self) -> int:
        with self.services.database.reading() as db:
            chosen = sa.select(sa.func.count()).select_from(Delivery).where(Delivery.done_at.is_(None))
            return db.scalar(chosen) or 0

    def complete(self, subject: str = MENTEE) -> None:
        """Somebody completes, and the grade arrives."""
        self.record("satisfied", 100, subject=subject)
        self.deliver()

    def read(self, subject: str | None = None) -> dict[str, Any]:
        """Read the results back, of everybody or of one person who is there; send what follows; what was found."""
        with composition.transaction(self.services, TOOL) as db:
            person_id = self.person_id(subject) if subject else None
            asked = request_results(db, self.connected.world.resource_link_id, TOOL, person_id=person_id)
        self.run_jobs()
        self.deliver()
        with self.services.database.reading() as db:
            job = db.get_one(Job, asked)
        assert job.status == "done", job.error
        return dict(job.result or {})

    def run_jobs(self) -> None:
        runner = make_job_runner(self.services, sweep_seconds=0.02)
        runner.start()
        try:
            wait_until_ended(self.services)
        finally:
            runner.stop()

    def trail(self, subject: str = MENTEE) -> ScoreTrail:
        with self.services.database.reading() as db:
            return db.scalars(
                sa.select(ScoreTrail).where(ScoreTrail.person_id == self.person_id(subject))
            ).one()

    def status(self, subject: str = MENTEE) -> GradeStatus:
        return GradeStatus(self.trail(subject).grade_status)

    def later(self, **by: float) -> None:
        """Let so much time pass: what is stored of grades lies as much further back."""
        moved = dt.timedelta(**by)
        names = ("last_timestamp", "refused_at", "accepted_at", "read_at", "shown_at", "changed_at")
        with self.services.database.transaction() as db:
            for row in db.scalars(sa.select(ScoreTrail)):
                for name in names:
                    moment = getattr(row, name)
                    if moment is not None:
                        setattr(row, name, moment - moved)
            for failing in db.scalars(sa.select(UnreadableResults)):
                failing.began_at -= moved
                failing.failed_at -= moved
            for missing in db.scalars(sa.select(MissingLineItem)):
                missing.began_at -= moved
                missing.counted_at -= moved
        with self.lms.lms.store.transaction() as lms_db:
            lms_db.execute("UPDATE scores SET sent_at = sent_at - ?", (moved.total_seconds(),))

    # The LMS

    def teach(self, act: Callable[..., None], *args: Any, **options: Any) -> None:
        """Something that a teacher or administrator of the LMS does."""
        with self.lms.lms.store.transaction() as db:
            act(db, *args, **options)

    def enter(self, points: float | None, subject: str = MENTEE) -> None:
        """A teacher enters a grade of their own, or deletes what is there (None)."""
        rules = self.lms.settings.grade_rules
        self.teach(teaching.enter_grade, rules, self.item_id, int(subject), points)

    def restore(self, points: float, subject: str = MENTEE) -> None:
        """The course was restored with its users: the grade of an earlier time is there."""
        self.teach(write_grade, self.item_id, int(subject), StoredGrade(points, None, 0.0), accepted=1)

    def enrol(self, subject: str = MENTEE, *, enrolled: bool = True) -> None:
        rules = self.lms.settings.grade_rules
        self.teach(teaching.set_enrolled, int(subject), enrolled=enrolled, rules=rules)

    def reset(self) -> None:
        self.teach(teaching.reset_course, 1)

    def take_away_twice(self) -> None:
        """Reset the course, and again after the grades were read back and sent once more."""
        for _ in range(2):
            self.later(hours=1)
            self.read()
            self.reset()
            self.later(hours=1)
            self.read()

    def grade(self, subject: str = MENTEE) -> float | None:
        """The grade that the gradebook shows."""
        grade: float | None = self.connected.cell(subject)["grade"]
        return grade

    @property
    def posted(self) -> int:
        """How many scores the LMS was sent, those that it refused included."""
        return len(self.connected.scores())
