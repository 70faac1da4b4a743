"""Results read back from a strict LMS over HTTP: what is missing is sent again, what is somebody's own is kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_worker
from lti_tool.database import utcnow
from lti_tool.demo.lms import teaching
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.jobs import queue
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import answers, results
from lti_tool.lti.ags.check_gradebooks_job import CheckGradebooks
from lti_tool.lti.ags.grade_queries import named_grades
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail, UnreadableResults
from lti_tool.lti.ags.reconciliation import UNREAD_FAILURES
from lti_tool.lti.ags.scores import SCORE_SCOPE, ReachedScore, record_scores
from lti_tool.lti.ags.unreadable_results import note_failure
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.nrps.read_roster_job import request_roster
from lti_tool.lti.platform_service import Answer, PlatformService, TokenRefused
from lti_tool.lti.platforms.canvas import Canvas
from lti_tool.lti.registration.models import Registration
from lti_tool.messaging.models import Delivery, DeliveryKind
from lti_tool.translation import using_language
from lti_tool.web import grade_wording
from schemas.ags import ResultSchema
from tests.builder.connected import MENTEE, MENTOR, Connected, connect
from tests.lti.ags.reading_back import ReadingBack


@pytest.fixture
def book(connected: Connected) -> ReadingBack:
    """The tool and an LMS with Moodle's rules."""
    return ReadingBack(connected)


@pytest.fixture
def canvas_book(services, canvas, httpserver) -> ReadingBack:
    """The tool and an LMS with Canvas's rules."""
    return ReadingBack(connect(services, canvas, httpserver))


def test_a_grade_that_the_platform_took_is_recorded(book: ReadingBack) -> None:
    book.complete()
    assert (book.status(), book.trail().accepted_score) == (GradeStatus.RECORDED, 100)


def test_a_reading_of_a_grade_that_stands_sends_nothing(book: ReadingBack) -> None:
    book.complete()
    found = book.read()
    assert (found["sent_again"], book.posted, book.trail().result_score) == (0, 1, 100)


def test_a_reset_course_gets_each_grade_once_more(book: ReadingBack) -> None:
    for subject in (MENTOR, MENTEE):
        book.complete(subject)
    book.reset()
    book.later(hours=1)
    assert book.read()["sent_again"] == 2
    assert [(book.grade(subject), book.status(subject)) for subject in (MENTOR, MENTEE)] == [
        (100, GradeStatus.RECORDED)
    ] * 2
    assert (book.read()["sent_again"], book.posted) == (0, 4)


def test_a_grade_that_is_deleted_a_second_time_is_left_and_the_tutor_is_asked(book: ReadingBack) -> None:
    book.complete()
    book.take_away_twice()
    assert (book.grade(), book.status(), book.posted) == (None, GradeStatus.REMOVED, 2)
    book.later(days=1)
    book.read()
    assert (book.grade(), book.posted) == (None, 2)


def test_two_readings_of_one_deletion_send_one_score(book: ReadingBack) -> None:
    book.complete()
    book.reset()
    book.later(hours=1)
    book.read()
    book.read()
    assert (book.posted, book.status()) == (2, GradeStatus.RECORDED)


def test_a_person_who_was_refused_and_came_back_gets_their_grade(book: ReadingBack) -> None:
    book.enrol(enrolled=False)
    book.complete()
    assert (book.status(), book.trail().refusal) == (GradeStatus.REFUSED, "not_a_learner")
    book.enrol()
    book.read(MENTEE)
    assert (book.grade(), book.status(), book.trail().reason) == (100, GradeStatus.RECORDED, None)


def test_one_who_is_still_away_is_refused_once_more_and_no_oftener_on_that_day(book: ReadingBack) -> None:
    book.enrol(enrolled=False)
    book.complete()
    book.read()
    book.read()
    assert book.posted == 1
    book.later(days=1)
    book.read()
    book.read()
    assert (book.posted, book.status()) == (2, GradeStatus.REFUSED)


def test_a_grade_that_a_teacher_entered_before_is_kept_and_known(book: ReadingBack) -> None:
    book.enter(55)
    book.later(hours=1)
    book.complete()
    assert (book.grade(), book.posted) == (55, 0)
    assert (book.status(), book.trail().result_score) == (GradeStatus.SOMEBODY_ELSES, 55)


def test_a_grade_that_a_teacher_entered_afterwards_is_kept_and_known(book: ReadingBack) -> None:
    book.complete()
    book.enter(55)
    book.later(hours=1)
    found = book.read()
    assert (found["somebody_elses"], book.grade(), book.posted) == (1, 55, 1)
    assert (book.status(), book.trail().result_score) == (GradeStatus.SOMEBODY_ELSES, 55)


def test_once_the_teacher_has_taken_theirs_away_ours_goes_there(book: ReadingBack) -> None:
    book.enter(55)
    book.later(hours=1)
    book.complete()
    book.enter(None)
    book.later(hours=1)
    book.read()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


@pytest.mark.parametrize("restored", [100.0, 40.0])
def test_a_course_restored_with_its_users_keeps_their_grades(book: ReadingBack, restored: float) -> None:
    book.restore(restored)
    for status in ("onboarded", "agreement_signed", "under_way"):
        book.record(status)
        book.deliver()
    assert (book.grade(), book.posted) == (restored, 0)
    assert (book.status(), book.waiting()) == (GradeStatus.SOMEBODY_ELSES, 0)


def test_a_restored_grade_that_is_the_right_one_is_recorded_on_completion(book: ReadingBack) -> None:
    book.restore(100)
    book.record("under_way")
    book.deliver()
    book.complete()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def test_a_state_without_a_grade_still_arrives_where_there_is_none(book: ReadingBack) -> None:
    book.record("under_way")
    book.deliver()
    assert book.connected.cell(MENTEE)["activity_progress"] == "InProgress"


def test_a_platform_that_lets_nobody_read_results_gets_no_state_that_could_erase_one(
    book: ReadingBack,
) -> None:
    book.connected.world.activity.set_line_item(book.connected.line_item)
    book.enter(55)
    book.record("under_way")
    book.deliver()
    assert (book.grade(), book.posted, book.waiting()) == (55, 0, 0)


def test_a_teachers_grade_that_no_tool_can_see_is_never_erased_on_canvas(canvas_book: ReadingBack) -> None:
    """Canvas's results are the tool's own word about somebody whose grade was there before its first score."""
    book = canvas_book
    book.enter(55)
    for status in ("onboarded", "agreement_signed", "under_way", "satisfied"):
        book.record(status, 100)
        book.deliver()
        assert book.grade() == 55
    book.later(hours=1)
    book.read()
    with book.services.database.reading() as db:
        [named] = named_grades(db)
    with using_language("en"):
        said = [wording(named.grade) for wording in (grade_wording.status, grade_wording.for_learner)]
    assert (book.grade(), said) == (
        55,
        [
            "Accepted by Canvas",
            "Canvas has accepted your grade. A grade that a teacher entered there stays.",
        ],
    )


def test_a_teachers_grade_between_two_scores_is_seen_on_canvas(canvas_book: ReadingBack) -> None:
    """A state posted after it would empty its result, so that nobody could see it any more."""
    book = canvas_book
    book.record("onboarded")
    book.deliver()
    book.enter(55)
    for status in ("agreement_signed", "under_way", "satisfied"):
        book.later(minutes=1)
        book.record(status, 100)
        book.deliver()
    assert (book.grade(), book.status(), book.posted) == (55, GradeStatus.SOMEBODY_ELSES, 1)
    # Nothing of ours was submitted, and the tutor reads what that leaves open, and how to close it.
    with book.services.database.reading() as db, using_language("en"):
        [named] = named_grades(db)
        assert "counts as no submission in Canvas" in grade_wording.for_tutor(named.grade)
    book.enter(None)
    book.later(days=1)
    book.read()
    book.deliver()
    assert (book.grade(), book.status(), book.connected.cell(MENTEE)["attempts"]) == (
        100,
        GradeStatus.RECORDED,
        1,
    )


def test_a_teachers_grade_stays_on_canvas_when_ours_is_sent_again(canvas_book: ReadingBack) -> None:
    """One that was there before Canvas knew anybody's score is shown to no tool."""
    book = canvas_book
    book.enter(55)
    book.complete()
    book.teach(lambda db: db.execute("UPDATE scores SET accepted_count = 0"))
    book.later(hours=1)
    assert (book.read()["sent_again"], book.grade()) == (1, 55)


def test_a_teachers_grade_from_before_is_not_replaced_by_one_that_grows_on_canvas(
    canvas_book: ReadingBack,
) -> None:
    """Whose the first grade is that is there, Canvas does not say: a second, different one could only guess."""
    book = canvas_book
    book.enter(55)
    for status, score in (("under_way", 20), ("under_way", 40), ("awaiting_tutor", 99), ("satisfied", 100)):
        book.record(status, score, report="live")
        book.deliver()
        book.later(minutes=1)
        assert book.grade() == 55


def test_only_the_final_grade_is_given_on_canvas_with_its_comment(canvas_book: ReadingBack) -> None:
    book = canvas_book
    for score in (20, 40):
        book.record("under_way", score, report="live")
        book.deliver()
        book.later(minutes=1)
    assert (book.grade(), book.connected.cell(MENTEE)["activity_progress"]) == (None, "InProgress")
    book.record("satisfied", 100, report="live")
    book.deliver()
    with book.lms.lms.store.reading() as db:
        [attempts] = [row["attempts"] for row in db.execute("SELECT attempts FROM scores")]
    assert (book.grade(), attempts, book.status()) == (100, 1, GradeStatus.RECORDED)


def test_a_completion_on_canvas_is_a_submission_and_a_teachers_own_grade_is_none(
    canvas_book: ReadingBack,
) -> None:
    book = canvas_book
    book.enter(100, MENTOR)
    book.complete()
    assert [book.connected.completion(each) for each in (MENTEE, MENTOR)] == ["complete", "incomplete"]


def test_who_comes_back_to_a_course_on_canvas_has_their_grade_and_gets_no_score_again(
    canvas_book: ReadingBack,
) -> None:
    book = canvas_book
    book.complete()
    for enrolled in (False, True):
        book.enrol(enrolled=enrolled)
        book.later(hours=1)
        book.read()
    assert (book.grade(), book.posted, book.status()) == (100, 1, GradeStatus.RECORDED)


def test_a_grade_lost_on_canvas_comes_back_without_another_attempt(canvas_book: ReadingBack) -> None:
    book = canvas_book
    book.complete()
    book.enter(None)
    book.later(hours=1)
    book.read()
    with book.lms.lms.store.reading() as db:
        [attempts] = [row["attempts"] for row in db.execute("SELECT attempts FROM scores")]
    assert (book.grade(), attempts) == (100, 1)


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda book: book.teach(teaching.set_concluded, 1, concluded=True), "course_ended"),
        (lambda book: book.enrol(enrolled=False), "not_a_learner"),
        (lambda book: book.teach(lambda db: db.execute("UPDATE links SET published = 0")), "unpublished"),
    ],
)
def test_canvas_says_in_words_why_it_refuses(canvas_book: ReadingBack, act, refusal: str) -> None:
    act(canvas_book)
    canvas_book.complete()
    assert (canvas_book.status(), canvas_book.trail().refusal) == (GradeStatus.REFUSED, refusal)


def test_a_refusal_that_used_up_the_only_attempt_keeps_no_grade_away_on_canvas(
    canvas_book: ReadingBack,
) -> None:
    """The attempt is counted before Canvas finds that the assignment is unpublished."""
    book = canvas_book
    book.teach(lambda db: db.execute("UPDATE line_items SET allowed_attempts = 1"))
    book.teach(lambda db: db.execute("UPDATE links SET published = 0"))
    book.complete()
    book.teach(lambda db: db.execute("UPDATE links SET published = 1"))
    book.later(days=1)
    book.read()
    assert (book.grade(), book.status(), book.connected.cell(MENTEE)["attempts"]) == (
        100,
        GradeStatus.RECORDED,
        1,
    )


def test_a_course_that_is_opened_again_gets_its_grades_on_the_next_day(canvas_book: ReadingBack) -> None:
    book = canvas_book
    book.teach(teaching.set_concluded, 1, concluded=True)
    book.complete()
    book.teach(teaching.set_concluded, 1, concluded=False)
    book.later(days=1)
    book.read()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def read_roster(book: ReadingBack) -> None:
    with composition.transaction(book.services, TOOL) as db:
        request_roster(db, book.connected.world.course_id, TOOL)
    book.run_jobs()
    book.deliver()


def test_a_roster_that_lists_somebody_again_brings_their_grade_back(book: ReadingBack) -> None:
    for subject in (MENTOR, MENTEE):
        book.complete(subject)
    read_roster(book)
    leave(book)
    book.enrol()
    book.later(hours=1)
    read_roster(book)
    assert [(book.grade(subject), book.status(subject)) for subject in (MENTOR, MENTEE)] == [
        (100, GradeStatus.RECORDED)
    ] * 2
    assert book.posted == 3


def leave(book: ReadingBack) -> None:
    """The mentee leaves the course, and a roster says so."""
    book.enrol(enrolled=False)
    with book.services.database.transaction() as db:
        # Else their launch would be later than the reading of the roster.
        db.execute(sa.update(Membership).values(launched_at=utcnow() - dt.timedelta(days=1)))
    read_roster(book)


def test_leaving_and_coming_back_again_and_again_is_no_reason_to_ask_the_tutor(book: ReadingBack) -> None:
    book.complete()
    read_roster(book)
    for _ in range(3):
        leave(book)
        book.enrol()
        book.later(hours=1)
        read_roster(book)
        assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)
    assert book.posted == 4


def test_a_roster_that_lists_somebody_again_sends_what_was_refused_meanwhile(book: ReadingBack) -> None:
    read_roster(book)
    leave(book)
    book.complete()
    assert book.status() is GradeStatus.REFUSED
    book.enrol()
    read_roster(book)
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def test_a_roster_like_the_last_one_reads_no_results(book: ReadingBack) -> None:
    book.complete()
    read_roster(book)
    read_roster(book)
    with book.services.database.reading() as db:
        assert db.scalars(sa.select(Job).where(Job.kind == "read_results")).all() == []


def test_once_a_day_each_line_item_with_grades_is_read(book: ReadingBack) -> None:
    with composition.transaction(book.services, TOOL) as db:
        queue.enqueue(db, CheckGradebooks, {}, requested_by=TOOL)
    book.run_jobs()
    assert book.connected.calls("/results") == []
    book.complete()
    book.reset()
    book.later(hours=1)
    with composition.transaction(book.services, TOOL) as db:
        queue.enqueue(db, CheckGradebooks, {}, requested_by=TOOL)
    book.run_jobs()
    book.deliver()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def test_results_are_read_page_by_page(canvas_book: ReadingBack, monkeypatch: pytest.MonkeyPatch) -> None:
    book = canvas_book
    for subject in (MENTOR, MENTEE):
        book.complete(subject)
    monkeypatch.setattr(results, "PAGE_SIZE", 1)
    book.read()
    assert (book.posted, len(book.connected.calls("/results"))) == (2, 2 + 2)


def test_a_locked_column_waits_with_the_platforms_words_and_arrives_once_it_is_open(
    book: ReadingBack,
) -> None:
    book.teach(teaching.set_locked, book.item_id, locked=True)
    book.complete()
    assert (book.status(), "locked" in str(book.trail().reason)) == (GradeStatus.WAITING, True)
    assert book.read()["sent_again"] == 0
    book.teach(teaching.set_locked, book.item_id, locked=False)
    book.deliver()
    assert (book.grade(), book.status(), book.trail().reason) == (100, GradeStatus.RECORDED, None)
    assert book.connected.cell(MENTEE)["accepted_count"] == 1


@pytest.mark.parametrize("was_read", [True, False])
def test_a_column_that_is_gone_is_said_to_be_and_filled_once_it_is_there_again(
    book: ReadingBack, was_read: bool
) -> None:
    book.complete()
    if was_read:
        book.read()
    book.teach(
        lambda db: db.execute(
            "INSERT INTO courses (id, label, title_fr, title_en) VALUES (99, 'x', 'x', 'x')"
        )
    )
    book.teach(lambda db: db.execute("UPDATE line_items SET course_id = 99"))
    book.later(hours=1)
    book.read()
    assert (book.status(), book.trail().refusal) == (GradeStatus.REFUSED, "line_item_gone")
    book.teach(lambda db: db.execute("UPDATE line_items SET course_id = 1"))
    book.reset()
    book.later(days=1)
    book.read()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def test_results_that_are_not_found_do_not_say_that_the_line_item_is_gone(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moodle answers 404 with a web page to a fault of its own; the line item is there."""
    book.complete()
    book.read()
    monkeypatch.setattr(results, "_first_url", lambda _service, url, _user: f"{url}&x".replace("?", "/none?"))
    book.later(hours=1)
    book.read()
    assert (book.status(), book.trail().refusal) == (GradeStatus.RECORDED, None)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_grade_that_was_taken_for_gone_is_put_right_by_the_next_good_reading(
    book: ReadingBack, is_there: bool
) -> None:
    book.complete()
    with book.services.database.transaction() as db:
        db.execute(
            sa.update(ScoreTrail).values(
                grade_status="refused", refusal="line_item_gone", reason="404", refused_at=utcnow()
            )
        )
    if not is_there:
        book.reset()
    book.later(minutes=1)
    book.read()
    assert (book.grade(), book.status(), book.trail().refusal) == (100, GradeStatus.RECORDED, None)


def test_a_teachers_grade_in_a_column_that_the_tool_made_stays_in_moodle(book: ReadingBack) -> None:
    """It is a manual grade item there, which has no overriding: each score of the tool replaces what is there."""
    book.teach(lambda db: db.execute("UPDATE line_items SET coupled = 0"))
    with book.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(own_line_item_url=ResourceLink.line_item_url))
    book.record("under_way", 25, report="live")
    book.deliver()
    book.enter(80)
    book.later(minutes=1)
    book.record("under_way", 50, report="live")
    book.deliver()
    assert (book.posted, book.trail().result_score, book.status()) == (1, 80, GradeStatus.SOMEBODY_ELSES)


def test_a_number_that_canvas_makes_of_ours_is_not_said_to_be_a_teachers(canvas_book: ReadingBack) -> None:
    """``scaled_result_score`` in app/models/lti/result.rb: beside a teacher's 6 of 10, our 100 becomes 1000."""
    book = canvas_book
    book.teach(lambda db: db.execute("UPDATE line_items SET score_maximum = 10"))
    book.enter(6)
    book.complete()
    book.later(hours=1)
    book.read()
    with book.services.database.reading() as db:
        [named] = named_grades(db)
    with using_language("en"):
        said = [words(named.grade) for words in (grade_wording.for_learner, grade_wording.for_tutor)]
    assert (book.grade(), said) == (
        6,
        [
            "Your course shows a grade that was entered there. It stays.",
            "The gradebook keeps a grade entered by hand; the journey here would give 100 out of 100.",
        ],
    )


def test_a_merged_person_listed_under_another_id_has_their_grade_on_canvas(
    canvas_book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``lookup_lti_id``: launches keep the past id, and the results have the present one."""
    book = canvas_book
    book.complete()
    book.complete(MENTOR)
    load = ResultSchema.load_page

    def merged(schema: ResultSchema, listed: Any) -> Any:
        now = [{**each, "userId": "other"} if each["userId"] == MENTEE else each for each in listed]
        return load(schema, now)

    monkeypatch.setattr(ResultSchema, "load_page", merged)
    for subject in (None, MENTEE):
        book.later(hours=1)
        found = book.read(subject)
        assert (found["sent_again"], book.posted, book.trail().result_score) == (0, 2, 100)


def test_a_grade_emptied_in_moodle_is_sent_once_more_and_then_explained(book: ReadingBack) -> None:
    book.complete()
    book.read()
    book.later(hours=1)
    book.teach(teaching.clear_grade, book.item_id, int(MENTEE))
    for _ in range(4):
        book.later(hours=1)
        book.read()
        book.read(MENTEE)
    with book.services.database.reading() as db:
        [named] = named_grades(db)
    with using_language("en"):
        said = grade_wording.for_tutor(named.grade)
    assert (book.grade(), book.posted, book.status()) == (None, 2, GradeStatus.REMOVED)
    assert "“Overridden”" in said
    book.teach(teaching.clear_grade, book.item_id, int(MENTEE), cleared=False)
    book.later(hours=1)
    book.read()
    assert (book.grade(), book.posted, book.trail().refusal) == (100, 2, None)


@pytest.mark.parametrize("was_seen", [True, False])
def test_nobody_is_said_to_have_deleted_twice_what_a_column_does_not_show(
    book: ReadingBack, was_seen: bool
) -> None:
    """Moodle's grade type “None”: the score gets 200, and nothing is stored."""
    book.complete()
    if was_seen:
        book.read()
    for _ in range(3):
        book.reset()
        book.later(hours=1)
        book.read()
    with book.services.database.reading() as db:
        [named] = named_grades(db)
    with using_language("en"):
        said = grade_wording.for_tutor(named.grade)
    assert book.posted == 2
    assert said == (
        "It was deleted in the gradebook, sent again, and deleted a second time."
        if was_seen
        else "Your platform accepted it twice, and its gradebook does not show it."
    )


def test_a_platform_of_which_nothing_is_known_may_show_a_grade_a_little_later(book: ReadingBack) -> None:
    with book.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(platform_family=None))
    book.complete()
    book.reset()
    assert (book.read()["sent_again"], book.status()) == (0, GradeStatus.RECORDED)
    book.later(minutes=2)
    assert (book.read()["sent_again"], book.grade()) == (1, 100)


class Killed(BaseException):
    """The process ends here."""


def send_and_be_killed(book: ReadingBack) -> None:
    """A worker sends what waits, and is killed before it writes down that the platform has it."""

    def end(step: str) -> None:
        if step == "score:sent":
            raise Killed

    worker = make_worker(book.services, at_step=end)
    with pytest.raises(Killed):
        worker.deliver(DeliveryKind.SCORE.value, str(book.connected.world.registration_id))


@pytest.mark.parametrize("final", [("under_way", 80), ("satisfied", 100)])
def test_a_grade_whose_sender_was_killed_is_no_somebody_elses_to_the_next_one(
    book: ReadingBack, final: tuple[str, int]
) -> None:
    book.record("under_way", 60, report="live")
    send_and_be_killed(book)
    assert book.grade() == 60
    book.record(*final, report="live")
    book.later(minutes=1)
    book.deliver()
    assert (book.grade(), book.status(), book.posted) == (final[1], GradeStatus.RECORDED, 2)


@pytest.mark.parametrize(
    ("target", "name"), [(PlatformService, "get_access_token"), (answers, "read_results")]
)
@pytest.mark.parametrize("final", [("under_way", 80), ("satisfied", 100)])
def test_the_same_once_what_the_killed_one_sent_was_tried_again_in_vain(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch, final: tuple[str, int], target: object, name: str
) -> None:
    def away(*_: object, **__: object) -> str:
        raise (
            requests.ConnectionError("away")
            if target is PlatformService
            else results.ResultsUnreadable("away")
        )

    book.record("under_way", 60, report="live")
    send_and_be_killed(book)
    with monkeypatch.context() as patched:
        patched.setattr(target, name, away)
        book.deliver()
    assert (book.grade(), book.status(), book.waiting()) == (60, GradeStatus.WAITING, 1)
    book.later(minutes=1)
    book.record(*final, report="live")
    book.deliver()
    assert (book.grade(), book.status()) == (final[1], GradeStatus.RECORDED)


def test_one_who_is_refused_over_an_earlier_grade_is_sent_no_oftener_than_once_a_day(
    canvas_book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = canvas_book
    with monkeypatch.context() as patched:
        # An earlier version of the tool has sent it.
        patched.setattr(Canvas, "only_final_grades_note", None)
        book.record("under_way", 40, report="live")
    book.deliver()
    book.teach(lambda db: db.execute("UPDATE links SET published = 0"))
    book.later(minutes=5)
    book.complete()
    for _ in range(2):
        book.read()
    assert (book.grade(), book.status(), book.posted) == (40, GradeStatus.REFUSED, 2)
    book.later(days=1)
    book.read()
    assert book.posted == 3


@pytest.mark.parametrize(
    "garbled", [{"userId": "999", "resultScore": "A"}, {"userId": 999, "resultScore": True}]
)
def test_a_result_of_another_person_that_cannot_be_read_keeps_nobody_elses_grade_away(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch, garbled: dict[str, object]
) -> None:
    page = results._page

    def with_garbled(service: PlatformService, url: str) -> Answer:
        answer = page(service, url)
        return dataclasses.replace(answer, body=json.dumps([*answer.json(), garbled]).encode())

    monkeypatch.setattr(results, "_page", with_garbled)
    book.complete()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)
    book.reset()
    book.later(hours=1)
    assert (book.read()["sent_again"], book.grade()) == (1, 100)


@pytest.mark.parametrize(
    "listed",
    [
        {"userId": MENTEE, "resultScore": "A"},
        {"resultScore": "A"},
        {"userId": MENTEE, "resultScore": 1e300},
        {"userId": MENTEE, "resultScore": 1, "resultMaximum": -1e25},
    ],
)
def test_a_result_that_cannot_be_read_and_may_be_the_persons_own_lets_the_grade_wait(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch, listed: dict[str, object]
) -> None:
    page = results._page
    body = json.dumps([listed]).encode()
    monkeypatch.setattr(
        results, "_page", lambda service, url: dataclasses.replace(page(service, url), body=body)
    )
    book.complete()
    assert (book.grade(), book.status(), book.posted) == (None, GradeStatus.WAITING, 0)


def test_the_dead_letter_of_somebody_who_is_no_learner_any_more_stays(book: ReadingBack) -> None:
    book.enrol(enrolled=False)
    book.complete()
    with book.services.database.transaction() as db:
        db.execute(sa.update(Membership).values(role=CourseRole.TUTOR))
    book.later(days=1)
    assert book.read()["sent_again"] == 0
    with book.services.database.reading() as db:
        assert db.scalars(sa.select(Delivery.status)).all() == ["dead"]
    assert book.status() is GradeStatus.REFUSED


def test_the_first_scores_of_the_same_people_are_written_by_two_at_once(book: ReadingBack) -> None:
    world, everybody = book.connected.world, [uuid.uuid4() for _ in range(300)]
    with book.services.database.transaction() as db:
        for number, person_id in enumerate(everybody):
            person = Person(id=person_id, registration_id=world.registration_id, subject=f"many {number}")
            db.add(person)
        db.flush()
        for person_id in everybody:
            db.add(
                Membership(
                    course_id=world.course_id, person_id=person_id, role=CourseRole.LEARNER, active=True
                )
            )

    together = threading.Barrier(2)

    def record(people: list[uuid.UUID]) -> int:
        reached = [ReachedScore(world.resource_link_id, each, "satisfied", 100, "live") for each in people]
        together.wait()
        with book.services.database.transaction() as db:
            # Row by row, so that they meet in the middle.
            db.connection(execution_options={"insertmanyvalues_page_size": 1})
            return record_scores(db, reached, utcnow())

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(record, [everybody, everybody[::-1]])) >= len(everybody)
    with book.services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(ScoreTrail)) == len(everybody)


def lose_answer(book: ReadingBack, monkeypatch: pytest.MonkeyPatch, *, arrives: bool) -> None:
    """Send what waits, and lose the answer to each score, which arrives or not."""
    call = PlatformService.call

    def lost(service: PlatformService, method: Any, url: str, *args: Any, **options: Any) -> Answer:
        if method != "POST":
            return call(service, method, url, *args, **options)
        if arrives:
            call(service, method, url, *args, **options)
        raise requests.ReadTimeout("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(PlatformService, "call", lost)
        book.deliver()


def test_of_two_lost_answers_the_earlier_one_may_be_the_one_that_arrived(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.record("under_way", 60, report="live")
    lose_answer(book, monkeypatch, arrives=True)
    book.later(minutes=1)
    book.record("under_way", 80, report="live")
    lose_answer(book, monkeypatch, arrives=False)
    book.later(minutes=1)
    assert (book.grade(), book.trail().unanswered_scores) == (60, [60, 80])
    book.deliver()
    assert (book.grade(), book.status(), book.trail().unanswered_scores) == (80, GradeStatus.RECORDED, [])


def test_what_never_left_the_tool_is_not_taken_for_what_is_there(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher enters the very grade whose score could not be sent."""

    def away(*_: object, **__: object) -> str:
        raise requests.ConnectionError("away")

    book.record("under_way", 60, report="live")
    with monkeypatch.context() as patched:
        patched.setattr(PlatformService, "get_access_token", away)
        book.deliver()
    book.enter(60)
    book.record("under_way", 80, report="live")
    book.deliver()
    assert (book.grade(), book.status()) == (60, GradeStatus.SOMEBODY_ELSES)


@pytest.fixture
def unreadable(book: ReadingBack, monkeypatch: pytest.MonkeyPatch) -> ReadingBack:
    """A results service that answers an error page for ever."""
    page = results._page
    monkeypatch.setattr(
        results,
        "_page",
        lambda service, url: dataclasses.replace(page(service, url), body=b"<html>Oops</html>"),
    )
    return book


def read_in_vain(book: ReadingBack, times: int) -> None:
    """Let readings fail at once."""
    with book.services.database.transaction() as db:
        for _ in range(times):
            note_failure(
                db, book.connected.world.registration_id, book.connected.line_item, "not JSON", utcnow()
            )


def test_a_final_grade_goes_out_once_where_results_can_never_be_read(unreadable: ReadingBack) -> None:
    book = unreadable
    book.record("under_way", 40, subject=MENTOR, report="live")
    book.complete()
    assert (book.posted, book.status(), "result" in str(book.trail().reason)) == (0, "waiting", True)
    read_in_vain(book, UNREAD_FAILURES)
    book.deliver()
    assert book.posted == 0
    book.later(days=1)
    book.deliver()
    assert (book.grade(), book.status(), book.posted) == (100, GradeStatus.RECORDED, 1)
    assert (book.grade(MENTOR), book.status(MENTOR)) == (None, GradeStatus.WAITING)
    book.later(days=1)
    assert book.read() == {**book.read(), "readable": False, "sent_again": 0}
    assert book.posted == 1


def test_one_complete_reading_ends_what_was_known_of_failures(book: ReadingBack) -> None:
    book.complete()
    read_in_vain(book, UNREAD_FAILURES)
    book.read()
    with book.services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(UnreadableResults)) == 0


def test_failures_of_another_week_count_no_more(book: ReadingBack) -> None:
    book.complete()
    read_in_vain(book, UNREAD_FAILURES)
    book.later(days=7)
    read_in_vain(book, 1)
    with book.services.database.reading() as db:
        row = db.scalars(sa.select(UnreadableResults)).one()
    assert (row.failures, row.began_at) == (1, row.failed_at)


def without_right(monkeypatch: pytest.MonkeyPatch, refused: Callable[[list[str]], bool]) -> None:
    """Let the platform refuse tokens for these scopes."""
    new_token = PlatformService._new_token

    def give(service: PlatformService, scopes: str) -> str:
        if refused(scopes.split()):
            raise TokenRefused("the token endpoint answered HTTP 400: invalid_scope")
        return new_token(service, scopes)

    monkeypatch.setattr(PlatformService, "_new_token", give)


def test_a_token_that_is_refused_for_results_alone_keeps_no_grade_away(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_right(monkeypatch, lambda scopes: results.RESULT_SCOPE in scopes)
    book.record("under_way")
    book.deliver()
    book.complete()
    assert (book.grade(), book.status(), book.posted) == (100, GradeStatus.RECORDED, 1)
    assert book.read()["readable"] is False


def test_results_that_are_refused_are_asked_for_once_in_a_round(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(_service: PlatformService, url: str) -> Answer:
        asked.append(url)
        raise results.ResultsRefused("HTTP 403")

    monkeypatch.setattr(results, "_page", refuse)
    for subject in (MENTOR, MENTEE):
        book.record("satisfied", 100, subject=subject)
    book.deliver()
    assert (book.grade(MENTOR), book.grade(), len(asked)) == (100, 100, 1)


def test_a_token_that_is_refused_for_everything_lets_the_grade_wait(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token for scores that was given before says nothing of now."""
    PlatformService(book.services, book.connected.world.registration_id).get_access_token([SCORE_SCOPE])
    without_right(monkeypatch, lambda _scopes: True)
    book.complete()
    assert (book.grade(), book.status(), book.posted) == (None, GradeStatus.WAITING, 0)


def test_a_platform_that_takes_grades_and_never_shows_them_is_said_to_do_so(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = results._page
    monkeypatch.setattr(
        results, "_page", lambda service, url: dataclasses.replace(page(service, url), body=b"[]")
    )
    book.complete()
    for _ in range(3):
        book.later(hours=1)
        book.read()
    assert (book.grade(), book.status(), book.posted) == (100, GradeStatus.NOT_SHOWN, 2)


@pytest.mark.parametrize("maximum", ["", "ten", 1e300, [], None])
def test_a_result_without_a_score_is_no_grade_whatever_its_maximum(
    book: ReadingBack, monkeypatch: pytest.MonkeyPatch, maximum: object
) -> None:
    page = results._page
    body = json.dumps([{"userId": MENTEE, "resultScore": None, "resultMaximum": maximum}]).encode()
    with monkeypatch.context() as patched:
        patched.setattr(
            results, "_page", lambda service, url: dataclasses.replace(page(service, url), body=body)
        )
        book.complete()
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


def test_a_completion_that_is_reopened_keeps_its_hundred_until_completed_again(book: ReadingBack) -> None:
    book.record("under_way", 40, report="live")
    book.deliver()
    book.record("satisfied", 100, report="live")
    book.deliver()
    for status, score in (("awaiting_tutor", 99), ("under_way", 50)):
        book.later(minutes=1)
        assert not book.record(status, score, report="live")
        book.deliver()
    assert (book.grade(), book.posted) == (100, 2)
    book.later(hours=1)
    assert book.read()["sent_again"] == 0
    book.reset()
    assert (book.read()["sent_again"], book.grade()) == (0, None)
    book.record("satisfied", 100, report="live")
    book.deliver()
    assert (book.grade(), book.status(), book.posted) == (100, GradeStatus.RECORDED, 3)


def test_a_teachers_grade_after_a_completion_was_reopened_is_known_when_completed_again(
    book: ReadingBack,
) -> None:
    """Moodle takes the second hundred and goes on showing what the teacher entered."""
    book.complete()
    book.later(minutes=1)
    book.record("awaiting_tutor", 99)
    book.deliver()
    book.enter(80)
    book.later(minutes=1)
    book.complete()
    assert (book.grade(), book.status(), book.trail().result_score) == (80, GradeStatus.SOMEBODY_ELSES, 80)
