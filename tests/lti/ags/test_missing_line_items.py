"""A course or a line item that was removed for good: asked ever more rarely, then left alone until somebody comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.identity.principal import OPERATOR, TOOL
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import missing_line_items, results
from lti_tool.lti.ags.channel import GradebookChannel
from lti_tool.lti.ags.check_gradebooks_job import _due
from lti_tool.lti.ags.grade_queries import named_grades
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem, ScoreState, ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.ags.reconciliation import UNREAD_FAILURES, MissingAnswers, may_rest
from lti_tool.lti.ags.resending import request_resending, revive
from lti_tool.lti.ags.unreadable_results import note_failure
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import Answer, PlatformService
from lti_tool.messaging.models import Delivery, DeliveryPause
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.subscribers.scores import backfill_scores
from lti_tool.translation import using_language
from lti_tool.web import grade_wording
from tests.builder.connected import MENTEE, MENTOR, Connected
from tests.lti.ags.reading_back import ReadingBack
from tests.platform.platform import Browser, Platform
from tests.web.launch.test_sql_budget import AGS, SERVICES

NOW = utcnow()


@pytest.mark.parametrize(
    ("answers", "days", "rests"), [(5, 3, True), (4, 30, False), (50, 2, False), (50, 30, True)]
)
def test_a_line_item_rests_that_was_missing_often_and_for_days(answers: int, days: int, rests: bool) -> None:
    assert may_rest(MissingAnswers(answers, NOW - dt.timedelta(days=days)), NOW) is rests
    assert not may_rest(None, NOW)


class Gone(ReadingBack):
    """A gradebook whose column somebody may take away."""

    def take_away(self, status: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """From now on the platform answers so to whatever is asked of the line item; the requests that it gets."""
        asked: list[str] = []
        words = b"no such line item"

        def answer(_service: PlatformService, method: str, url: str, *_: Any, **__: Any) -> Answer:
            asked.append(method)
            return Answer(status, words, {}, url, None)

        monkeypatch.setattr(PlatformService, "call", answer)
        return asked

    def days(self, count: int) -> None:
        """So many days pass, with the daily reading wherever one is due."""
        for _ in range(count):
            self.later(days=1)
            with self.services.database.reading() as db:
                due = db.scalars(_due(utcnow())).all()
            if due:
                self.read()
            self.deliver()

    def missing(self) -> MissingLineItem | None:
        with self.services.database.reading() as db:
            return db.scalars(sa.select(MissingLineItem)).one_or_none()

    def waits(self) -> list[str]:
        with self.services.database.reading() as db:
            return list(db.scalars(sa.select(Delivery.status).where(Delivery.done_at.is_(None))))


@pytest.fixture
def book(connected: Connected) -> Gone:
    return Gone(connected)


@pytest.mark.parametrize("status", [404, 410, 401, 403])
def test_what_is_missing_for_days_rests_and_is_seen_to(
    book: Gone, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with monkeypatch.context() as patched:
        asked = book.take_away(status, patched)
        for subject in (MENTOR, MENTEE):
            book.record("satisfied", 100, subject=subject)
        book.deliver()
        book.days(6)
        missing = book.missing()
        assert missing is not None
        assert missing.rests_since is not None
        assert (book.status(), book.waits()) == (GradeStatus.REFUSED, [])
        before = len(asked)
        book.days(5)
        assert len(asked) == before

    with book.services.database.reading() as db:
        named = named_grades(db)
    assert [each.grade.rests_since is not None for each in named] == [True, True]
    with using_language("en"):
        assert "nothing is sent there any more" in grade_wording.for_tutor(named[0].grade)
    assert [message for _, message, _ in deliveries(book.services) if "no grade is sent to" in message]


@pytest.mark.parametrize("status", [404, 403])
@pytest.mark.parametrize("by", ["launch", "resend", "score"])
def test_it_is_revived_with_everybodys_grade(
    book: Gone, monkeypatch: pytest.MonkeyPatch, status: int, by: str
) -> None:
    with monkeypatch.context() as patched:
        book.take_away(status, patched)
        book.record("satisfied", 100)
        book.record("satisfied", 100, subject=MENTOR)
        book.deliver()
        book.days(6)
    link_id = book.connected.world.resource_link_id
    if by == "score":
        # One more of the activity's people gets somewhere, which the platform takes.
        with book.services.database.transaction() as db:
            db.execute(sa.delete(ScoreTrail).where(ScoreTrail.person_id == book.person_id(MENTOR)))
        book.record("satisfied", 100, subject=MENTOR)
        book.deliver()
    else:
        with composition.transaction(book.services, OPERATOR) as db:
            if by == "launch":
                revive(db, link_id, TOOL)
            else:
                request_resending(db, [link_id], OPERATOR)
    book.run_jobs()
    book.deliver()
    assert [(book.grade(subject), book.status(subject)) for subject in (MENTOR, MENTEE)] == [
        (100, GradeStatus.RECORDED)
    ] * 2
    assert book.missing() is None


def test_what_waits_reads_so_and_is_tried_at_once_when_results_can_be_read(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        book.take_away(404, patched)
        book.record("satisfied", 100)
        book.deliver()
    with book.services.database.transaction() as db:
        [named] = named_grades(db)
        db.execute(sa.update(DeliveryPause).values(until=utcnow() + dt.timedelta(minutes=59)))
    with using_language("en"):
        assert "has no column in the gradebook. Once it has one" in grade_wording.for_tutor(named.grade)
        assert "takes no grades right now" in grade_wording.for_learner(named.grade)
    with composition.transaction(book.services, TOOL) as db:
        # As behind a launch.
        request_results(db, book.connected.world.resource_link_id, TOOL, person_id=book.person_id())
    book.run_jobs()
    make_worker(book.services).deliver("score", str(book.connected.world.registration_id))
    assert (book.grade(), book.status(), book.missing()) == (100, GradeStatus.RECORDED, None)


def test_scores_that_are_answered_as_missing_are_given_up_though_results_can_be_read(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moodle answers 404 with a web page to a fault of its own."""
    answer_posts(monkeypatch, 404)
    book.record("satisfied", 100)
    book.deliver()
    for _ in range(4):
        assert book.status() is GradeStatus.WAITING
        book.later(days=0.75)
        read_by_job(book)
        book.deliver()
    assert (book.status(), book.trail().refusal) == (GradeStatus.REFUSED, "line_item_gone")


def answer_posts(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Let the platform answer so to every score, and whatever is right to all else."""
    call = PlatformService.call

    def answer(service: PlatformService, method: str, url: str, *more: Any, **options: Any) -> Answer:
        if method == "POST":
            return Answer(status, b"Not now", {}, url, None)
        return call(service, method, url, *more, **options)

    monkeypatch.setattr(PlatformService, "call", answer)


def read_by_job(book: Gone) -> None:
    """As daily: everybody's results, and nothing is sent."""
    with composition.transaction(book.services, TOOL) as db:
        request_results(db, book.connected.world.resource_link_id, TOOL)
    book.run_jobs()


def test_once_no_score_waits_for_it_a_reading_ends_what_was_counted(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        book.take_away(404, patched)
        book.record("satisfied", 100)
        book.deliver()
    book.enter(55)
    read_by_job(book)
    assert (book.status(), book.waits()) == (GradeStatus.SOMEBODY_ELSES, [])
    read_by_job(book)
    assert book.missing() is None


def test_a_score_that_takes_the_place_of_another_does_not_end_what_was_counted(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_posts(monkeypatch, 404)
    book.record("under_way", 30, report="live")
    book.deliver()
    book.record("under_way", 60, report="live")
    read_by_job(book)
    assert has_counted(book, 1)
    book.deliver()
    assert has_counted(book, 2)


@pytest.mark.parametrize("days", [1.9, 2.1])
def test_answers_of_another_week_count_no_more(
    book: Gone, monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    book.record("satisfied", 100)
    with monkeypatch.context() as patched:
        answer_posts(patched, 404)
        for _ in range(4):
            book.deliver()
        book.later(days=1.5)
        book.deliver()
    assert has_counted(book, 5)
    with monkeypatch.context() as patched:
        answer_posts(patched, 500)
        book.deliver()
        book.later(days=days)
        book.deliver()
    with monkeypatch.context() as patched:
        answer_posts(patched, 404)
        book.deliver()
    missing = book.missing()
    assert missing is not None
    if days < 2:
        assert (book.status(), book.waits()) == (GradeStatus.REFUSED, [])
    else:
        assert (missing.answers, missing.rests_since) == (1, None)
        assert utcnow() - missing.began_at < dt.timedelta(minutes=1)
        assert (book.status(), book.waits()) == (GradeStatus.WAITING, ["waiting"])


def test_one_answer_for_two_people_counts_once_where_each_is_written_down_alone(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in (MENTOR, MENTEE):
        book.record("satisfied", 100, subject=subject)
    answer_posts(monkeypatch, 404)
    for _ in range(4):
        book.deliver()
    book.later(days=1.5)
    book.deliver()
    book.later(days=1.6)
    assert has_counted(book, 5)
    note = GradebookChannel.note

    def note_one(
        channel: GradebookChannel, db: Session, given: Sequence[ClaimedDelivery], *of_them: Any
    ) -> None:
        if len(given) > 1:
            raise OverflowError("no such second")
        note(channel, db, given, *of_them)

    monkeypatch.setattr(GradebookChannel, "note", note_one)
    with capture_logs() as logs:
        book.deliver()
    assert [entry["event"] for entry in logs].count("marking_fault") == 2
    assert has_counted(book, 6)
    assert book.waits() == []


def test_what_is_asked_anew_and_not_answered_so_for_days_begins_anew(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book.services.database.transaction() as db:
        missing_line_items.count(
            db, book.connected.world.registration_id, book.connected.line_item, "HTTP 404", utcnow()
        )
        missing_line_items.end_rest(
            db, book.connected.world.registration_id, book.connected.line_item, utcnow()
        )
    book.later(days=10)
    answer_posts(monkeypatch, 404)
    book.record("satisfied", 100)
    for _ in range(5):
        book.deliver()
    assert (book.status(), book.waits()) == (GradeStatus.WAITING, ["waiting"])


@pytest.mark.parametrize("beside", ["refused", "unread"])
def test_a_score_that_is_not_posted_does_not_end_what_is_counted_of_a_missing_line_item(
    book: Gone, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    """Neither one that sets no grade where results may not be read, nor one whose results cannot be read for days."""

    def read(_service: PlatformService, url: str) -> Answer:
        if beside == "refused":
            raise results.ResultsRefused("HTTP 403")
        return Answer(200, b"<html>Oops</html>", {}, url, None)

    answer_posts(monkeypatch, 404)
    monkeypatch.setattr(results, "_page", read)
    with book.services.database.transaction() as db:
        for _ in range(UNREAD_FAILURES):
            there = book.connected.line_item
            note_failure(db, book.connected.world.registration_id, there, "not JSON", utcnow())
    book.later(days=2)
    book.record("satisfied", 100)
    book.deliver()
    assert has_counted(book, 1)
    book.record("agreement_signed", subject=MENTOR)
    with book.services.database.transaction() as db:
        db.execute(sa.update(Delivery).where(Delivery.done_at.is_(None)).values(not_before=utcnow()))
        day_ago = utcnow() - dt.timedelta(days=1)
        db.execute(sa.update(DeliveryPause).values(until=utcnow(), since=day_ago, missing_since=day_ago))
    make_worker(book.services).deliver("score", str(book.connected.world.registration_id))
    assert has_counted(book, 2)
    with book.services.database.reading() as db:
        [pause] = db.scalars(sa.select(DeliveryPause))
    assert pause.missing_since is not None
    assert (pause.failures, utcnow() - pause.missing_since > dt.timedelta(hours=23)) == (2, True)


def has_counted(book: Gone, answers: int) -> bool:
    missing = book.missing()
    return missing is not None and missing.answers == answers


def test_a_line_item_that_a_launch_names_gets_what_waited_for_the_one_before(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, there = book.connected.world, book.connected.line_item
    with book.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=f"{there}&earlier"))
        of_mentee = ScoreState.participant_id == world.mentee_id
        db.execute(sa.update(ScoreState).where(of_mentee).values(status="satisfied", score=100))
    with monkeypatch.context() as patched:
        book.take_away(404, patched)
        book.record("satisfied", 100)
        book.deliver()
        assert book.status() is GradeStatus.WAITING
        with book.services.database.transaction() as db:
            db.execute(sa.update(ResourceLink).values(line_item_url=there))
            # As such a launch does, for everybody.
            assert backfill_scores(db, world.resource_link_id, utcnow(), person_id=book.person_id()) == 1
        assert len(book.waits()) == 2
        book.deliver()
        # The score for the one before is given up.
        assert len(book.waits()) == 1
    book.deliver()
    with book.services.database.reading() as db:
        found = db.execute(sa.select(ScoreTrail.line_item_url, ScoreTrail.grade_status)).all()
    assert sorted(map(tuple, found)) == [(there, "recorded"), (f"{there}&earlier", "refused")]
    assert book.grade() == 100


def test_what_is_revived_in_vain_rests_again_after_as_long(
    book: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = book.take_away(404, monkeypatch)
    book.complete()
    book.days(6)
    with composition.transaction(book.services, TOOL) as db:
        revive(db, book.connected.world.resource_link_id, TOOL)
    missing = book.missing()
    assert missing is not None
    assert (missing.answers, missing.rests_since) == (0, None)
    book.days(10)
    before = len(asked)
    book.days(3)
    assert len(asked) == before


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("for_so_long", "least", "most"),
    [
        (dt.timedelta(days=1), dt.timedelta(minutes=25), dt.timedelta(hours=1)),
        # Until then the platform may be out of order, and what waits is sent within a minute after.
        (dt.timedelta(hours=23), dt.timedelta(), dt.timedelta(minutes=1)),
        # It failed in another way.
        (None, dt.timedelta(), dt.timedelta(minutes=1)),
    ],
)
def test_it_is_asked_ever_more_rarely(
    book: Gone,
    monkeypatch: pytest.MonkeyPatch,
    for_so_long: dt.timedelta | None,
    least: dt.timedelta,
    most: dt.timedelta,
    status: int,
) -> None:
    book.take_away(status, monkeypatch)
    book.record("satisfied", 100)
    with book.services.database.transaction() as db:
        db.add(
            DeliveryPause(
                kind="score",
                receiver=str(book.connected.world.registration_id),
                part=db.scalars(sa.select(Delivery.part)).one(),
                until=utcnow(),
                since=utcnow() - dt.timedelta(days=9),
                missing_since=utcnow() - for_so_long if for_so_long else None,
                failures=30,
                refused=False,
                reason="HTTP 403",
            )
        )
    make_worker(book.services).deliver("score", str(book.connected.world.registration_id))
    with book.services.database.reading() as db:
        [pause] = db.scalars(sa.select(DeliveryPause))
    assert least < pause.until - utcnow() < most


def test_a_launch_from_it_has_everybodys_grades_read(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, **SERVICES)
    with services.database.transaction() as db:
        db.add(
            MissingLineItem(
                registration_id=platform.registration_id,
                line_item_url=SERVICES[AGS]["lineitem"],
                answers=9,
                began_at=utcnow() - dt.timedelta(days=9),
                reason="HTTP 404",
                rests_since=utcnow(),
            )
        )
    for _ in range(2):
        assert platform.launch(browser, **SERVICES).status_code == 303
    with services.database.reading() as db:
        assert db.scalars(sa.select(MissingLineItem.rests_since)).all() == [None]
        [job] = db.scalars(sa.select(Job).where(Job.kind == "read_results"))
    assert job.arguments["person_id"] is None
