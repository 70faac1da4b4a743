"""Scores in the gradebook of a strict LMS, and what the worker does about each of its answers."""

import datetime as dt
import json
import uuid
from functools import partial

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti_tool.composition.channels import make_channels, make_worker
from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.lti.ags import answers, reports
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.models import AccessToken
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging import backlog, outbox, pauses
from lti_tool.messaging.models import Delivery, DeliveryKind, DeliveryPause
from lti_tool.messaging.worker import Worker
from tests.builder.connected import MENTEE, connect


def record(
    connected, status: str, score: int = 0, *, report: str = "final_only", now=None, comment=None
) -> bool:
    """Record where the mentee is; whether a score was enqueued."""
    with connected.services.database.transaction() as db:
        person_id = db.get_one(Participant, connected.world.mentee_id).person_id
        reached = grades.ReachedScore(
            connected.world.resource_link_id, person_id, status, score, report, comment
        )
        return grades.record_scores(db, [reached], now or utcnow()) == 1


def deliver(connected) -> int:
    return deliver_with(make_worker(connected.services), connected)


def deliver_with(worker: Worker, connected) -> int:
    return worker.deliver(DeliveryKind.SCORE, str(connected.world.registration_id))


def due_now(connected) -> None:
    """Let what waits for its second, or for its back-off, go out at once."""
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(not_before=utcnow()))
        db.execute(sa.update(DeliveryPause).values(until=utcnow()))


def the_pauses(connected) -> list[DeliveryPause]:
    with connected.services.database.reading() as db:
        return list(pauses.read(db, DeliveryKind.SCORE).rows)


def the_pause(connected) -> DeliveryPause:
    [pause] = the_pauses(connected)
    return pause


def deliveries(connected) -> list[tuple[str, str | None]]:
    with connected.services.database.reading() as db:
        return [(row.status, row.last_error) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


def bodies(connected) -> list[dict]:
    with connected.services.database.reading() as db:
        return [json.loads(row.body) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


def took_before(connected, score: int) -> None:
    """Let the platform have taken a grade of the tool for everybody before."""
    with connected.services.database.transaction() as db:
        db.execute(sa.update(ScoreTrail).values(accepted_score=score, accepted_at=utcnow()))


def answer_with(connected, server: HTTPServer, *answers: Response, result: object = ()) -> list[bytes]:
    """A line item that gives these answers to scores, and this list of results; the scores it got."""
    got: list[bytes] = []
    script = list(answers)

    def take(request):
        got.append(request.get_data())
        return script.pop(0)

    server.expect_request("/item/scores").respond_with_handler(take)
    server.expect_request("/item/results").respond_with_json(result)
    connected.has_services_at(server.url_for("/"))
    with connected.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url=server.url_for("/item?type_id=3")))
    return got


def test_a_finished_programme_is_a_grade_of_100(connected):
    record(connected, "satisfied", 100)
    deliver(connected)
    assert connected.cell(MENTEE)["grade"] == 100


def test_a_finished_programme_completes_the_activity(connected):
    record(connected, "satisfied", 100)
    deliver(connected)
    assert connected.completion(MENTEE) == "complete"


def test_progress_is_shown_without_a_grade(connected):
    record(connected, "under_way", 40)
    deliver(connected)
    cell = connected.cell(MENTEE)
    assert (cell["activity_progress"], cell["grade"]) == ("InProgress", None)


def test_live_progress_is_a_grade_that_grows(connected):
    record(connected, "under_way", 40, report="live")
    deliver(connected)
    record(connected, "under_way", 60, report="live")
    due_now(connected)
    deliver(connected)
    assert connected.cell(MENTEE)["grade"] == 60


def test_two_scores_of_one_second_are_a_second_apart(connected):
    now = utcnow()
    record(connected, "under_way", 40, report="live", now=now)
    deliver(connected)
    record(connected, "under_way", 60, report="live", now=now)
    first, second = (dt.datetime.fromisoformat(body["timestamp"]) for body in bodies(connected))
    assert second - first == dt.timedelta(seconds=1)


def test_a_score_never_goes_out_before_its_own_second(connected):
    now = utcnow() + dt.timedelta(seconds=30)
    record(connected, "under_way", 40, report="live", now=now)
    assert deliver(connected) == 0


def test_a_score_that_nobody_sent_leaves_its_second_free(connected):
    now = utcnow()
    record(connected, "under_way", 40, report="live", now=now)
    record(connected, "under_way", 60, report="live", now=now)
    first, second = bodies(connected)
    assert first["timestamp"] == second["timestamp"]


def test_a_state_after_a_grade_is_not_sent(connected):
    record(connected, "satisfied", 100)
    assert not record(connected, "under_way", 80)


def test_a_comment_once_sent_is_sent_again_with_the_next_score(connected):
    record(connected, "under_way", 40, report="live", comment="Well begun")
    record(connected, "under_way", 60, report="live")
    assert bodies(connected)[-1]["comment"] == "Well begun"


def test_an_empty_comment_is_not_sent(connected):
    record(connected, "under_way", 40, report="live")
    assert "comment" not in bodies(connected)[0]


def test_the_same_bytes_again_are_delivered_once(connected):
    record(connected, "satisfied", 100)
    deliver(connected)
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(status="waiting", done_at=None, not_before=utcnow()))
    deliver(connected)
    assert (deliveries(connected), connected.cell(MENTEE)["accepted_count"]) == ([("sent", None)], 1)


def test_a_stale_score_about_something_else_is_sent_again_with_a_later_time(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 10, "resultMaximum": 100, "timestamp": "2020-01-01T00:00:00Z"}]
    got = answer_with(connected, httpserver, Response("earlier", 409), Response(status=200), result=held)
    record(connected, "satisfied", 100)
    took_before(connected, 10)
    deliver(connected)
    due_now(connected)
    deliver(connected)
    first, second = (json.loads(body) for body in got)
    assert second["timestamp"] > first["timestamp"]


def test_a_score_that_was_taken_is_sent_whatever_the_link_of_the_answer_is(connected, httpserver):
    answer_with(
        connected, httpserver, Response("{}", 200, headers={"Link": '<http://[x>; rel="next"'}), result=[]
    )
    record(connected, "satisfied", 100)
    deliver(connected)
    assert deliveries(connected) == [("sent", None)]


@pytest.mark.parametrize(
    "words", [b"<![<", b"<p>x</p><![foo bar]>", b"a\0b", b"<p>&#xD800;&#0;</p>", b"<!--" * 99]
)
@pytest.mark.parametrize(("status", "becomes"), [(400, "dead"), (503, "waiting")])
def test_whatever_a_platform_says_is_kept_as_a_line(connected, httpserver, words, status, becomes):
    answer_with(connected, httpserver, Response(words, status), result=[])
    record(connected, "satisfied", 100)
    deliver(connected)
    [(stored, reason)] = deliveries(connected)
    assert (stored, (reason or "").startswith(f"HTTP {status}")) == (becomes, True)


def test_a_later_result_of_somebody_else_stays(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 10, "resultMaximum": 100, "timestamp": "2099-01-01T00:00:00Z"}]
    got = answer_with(connected, httpserver, Response("earlier", 409), result=held)
    record(connected, "satisfied", 100)
    deliver(connected)
    assert (got, deliveries(connected)) == ([], [("superseded", None)])


def test_a_later_result_of_somebody_else_stays_where_the_tool_has_graded_before(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 10, "resultMaximum": 100, "timestamp": "2099-01-01T00:00:00Z"}]
    answer_with(connected, httpserver, Response("earlier", 409), result=held)
    record(connected, "satisfied", 100)
    took_before(connected, 40)
    deliver(connected)
    assert deliveries(connected) == [("superseded", None)]


def test_an_earlier_grade_of_ours_without_a_time_does_not_say_that_the_new_one_arrived(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 40, "resultMaximum": 100}]
    got = answer_with(connected, httpserver, Response("earlier", 409), Response(status=200), result=held)
    record(connected, "satisfied", 100)
    took_before(connected, 40)
    deliver(connected)
    assert deliveries(connected)[0] == ("superseded", None)
    due_now(connected)
    deliver(connected)
    first, second = (json.loads(body) for body in got)
    assert (second["timestamp"] > first["timestamp"], deliveries(connected)[-1]) == (True, ("sent", None))


def test_another_grade_without_a_time_is_kept_when_ours_is_said_to_be_earlier(
    connected, httpserver, monkeypatch
):
    """Somebody enters it between the reading and the score."""
    held = [{"userId": MENTEE, "resultScore": 55, "resultMaximum": 100}]
    got = answer_with(connected, httpserver, Response("earlier", 409), result=held)
    record(connected, "satisfied", 100)
    monkeypatch.setattr(answers.KnownGrade, "is_read_first", lambda *_, **__: False)
    deliver(connected)
    assert (len(got), deliveries(connected)) == (1, [("superseded", None)])
    with connected.services.database.reading() as db:
        assert db.scalars(sa.select(ScoreTrail.grade_status)).all() == ["somebody_elses"]


def test_where_results_are_refused_a_first_score_that_is_said_to_be_earlier_goes_again(connected, httpserver):
    httpserver.expect_request("/item/results").respond_with_data("no", 403)
    got = answer_with(connected, httpserver, Response("earlier", 409), Response(status=200))
    record(connected, "satisfied", 100)
    deliver(connected)
    due_now(connected)
    deliver(connected)
    assert (len(got), [status for status, _ in deliveries(connected)]) == (2, ["superseded", "sent"])


def test_a_platform_that_finds_every_time_too_early_is_not_asked_for_ever(connected, httpserver, monkeypatch):
    monkeypatch.setattr(answers, "_MAX_RESTAMPS", 2)
    got = answer_with(connected, httpserver, *[Response("earlier", 409)] * 5)
    record(connected, "satisfied", 100)
    for _ in range(5):
        deliver(connected)
        due_now(connected)
    assert (len(got), deliveries(connected)[-1][0]) == (3, "dead")


def test_canvas_is_understood_when_it_refuses_an_earlier_time(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 100, "resultMaximum": 100}]
    words = "Provided timestamp of X before last updated timestamp of Y"
    answer_with(connected, httpserver, Response(words, 400), result=held)
    record(connected, "satisfied", 100)
    deliver(connected)
    assert deliveries(connected) == [("sent", None)]


def test_a_score_for_somebody_without_a_place_in_the_gradebook_is_dead_with_the_platforms_words(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.subject == MENTEE).values(subject="99"))
    record(connected, "satisfied", 100)
    deliver(connected)
    [(status, words)] = deliveries(connected)
    assert (status, "400" in words) == ("dead", True)


def test_a_score_for_a_line_item_that_is_gone_waits(connected):
    record(connected, "satisfied", 100)
    with connected.lms.lms.store.transaction() as lms_db:
        lms_db.execute("DELETE FROM line_items")
    deliver(connected)
    [(status, reason)] = deliveries(connected)
    assert (status, (reason or "").startswith("HTTP 404")) == ("waiting", True)


@pytest.mark.parametrize("status", [404, 410])
def test_a_score_arrives_within_a_minute_after_a_proxy_that_called_everything_missing(
    connected, httpserver, status
):
    answer_with(connected, httpserver, *[Response("maintenance", status)] * 9, Response(status=200))
    record(connected, "satisfied", 100)
    now = [utcnow()]
    services = connected.services
    worker = Worker(services.database, make_channels(services), wake=services.wake, clock=lambda: now[0])
    said, lengths = [], []
    for _ in range(10):
        deliver_with(worker, connected)
        with services.database.reading() as db:
            trail = db.scalars(sa.select(ScoreTrail)).one()
        said.append((trail.grade_status, trail.refusal))
        lengths += [pause.until - now[0] for pause in the_pauses(connected)]
        now[0] += dt.timedelta(minutes=1)
    assert said == [("waiting", "line_item_gone")] * 9 + [("recorded", None)]
    assert max(lengths) <= dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("days", "failures", "becomes"), [(3, 4, "dead"), (2, 9, "waiting"), (9, 1, "waiting")]
)
def test_a_score_that_alone_is_answered_as_missing_for_days_is_refused(
    connected, book, days, failures, becomes
):
    book.missing.add("1")
    book.enqueue("a", *"12", at=utcnow() - dt.timedelta(days=days))
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(failures=failures))
    deliver(connected)
    assert ([status for status, _ in deliveries(connected)], the_pauses(connected)) == ([becomes, "sent"], [])


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_platform_in_trouble_gets_the_same_bytes_later(connected, httpserver, status):
    got = answer_with(connected, httpserver, Response("busy", status), Response(status=200))
    record(connected, "satisfied", 100)
    deliver(connected)
    due_now(connected)
    deliver(connected)
    assert got[0] == got[1]


def test_retry_after_is_honoured(connected, httpserver):
    answer_with(connected, httpserver, Response("busy", 503, {"Retry-After": "40"}))
    record(connected, "satisfied", 100)
    deliver(connected)
    assert the_pause(connected).until - utcnow() > dt.timedelta(seconds=30)


def test_retry_after_as_a_date_is_honoured_and_never_beyond_a_minute(connected, httpserver):
    answer_with(
        connected, httpserver, Response("busy", 429, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})
    )
    record(connected, "satisfied", 100)
    deliver(connected)
    assert dt.timedelta(seconds=50) < the_pause(connected).until - utcnow() <= dt.timedelta(minutes=1)


def test_a_platform_that_is_away_keeps_its_scores(connected):
    record(connected, "satisfied", 100)
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(auth_token_url="http://127.0.0.1:9/token"))
    deliver(connected)
    assert deliveries(connected)[0][0] == "waiting"


def test_a_platform_that_gives_no_token_is_left_alone_and_nothing_is_dropped(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(client_id="nobody"))
    record(connected, "satisfied", 100)
    worker = make_worker(connected.services)
    deliver_with(worker, connected)
    assert (the_pause(connected).refused, deliveries(connected)[0][0]) == (True, "waiting")


def test_a_platform_that_is_left_alone_is_not_asked(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(client_id="nobody"))
    record(connected, "satisfied", 100)
    worker = make_worker(connected.services)
    deliver_with(worker, connected)
    deliver_with(worker, connected)
    assert len(connected.calls("/oauth/token")) == 1


def person_of(user: str) -> uuid.UUID:
    """Somebody whom the tool does not know."""
    return uuid.uuid5(uuid.NAMESPACE_URL, user)


class Gradebook:
    """The line items ``a`` and ``b``: each takes scores, or answers every score with a status."""

    def __init__(self, connected, server: HTTPServer) -> None:
        self.services, self.registration_id = connected.services, connected.world.registration_id
        self.answers: dict[str, int] = {}
        self.poison: set[str] = set()
        """Users whose scores are answered with 500 wherever they are posted."""
        self.missing: set[str] = set()
        """The same with 404."""
        self.got: list[tuple[str, str]] = []
        self.url = server.url_for("")
        for item in ("a", "b"):
            server.expect_request(f"/{item}/scores").respond_with_handler(partial(self.take, item))
        connected.has_services_at(server.url_for("/"))

    def take(self, item: str, request: Request) -> Response:
        user = request.get_json(force=True)["userId"]
        self.got.append((item, user))
        alone = 500 if user in self.poison else 404 if user in self.missing else None
        return Response("locked", alone or self.answers.get(item, 200))

    def enqueue(self, item: str, *users: str, at: dt.datetime | None = None) -> None:
        url = item if "://" in item else f"{self.url}{item}"
        with self.services.database.transaction() as db:
            for user in users:
                outbox.enqueue(
                    db,
                    kind=DeliveryKind.SCORE,
                    receiver=str(self.registration_id),
                    part=grades.part(url),
                    key=uuid.uuid4(),
                    order_key=grades.order_key(url, person_of(user)),
                    body=json.dumps(
                        {"userId": user, "timestamp": reports.timestamp(at or utcnow())}
                    ).encode(),
                    target={"line_item_url": url, "user_id": user, "person_id": str(person_of(user))},
                )

    def waiting(self) -> list[str]:
        with self.services.database.reading() as db:
            rows = db.scalars(sa.select(Delivery).where(Delivery.status == "waiting").order_by(Delivery.id))
            return [f"{row.target['line_item_url'][-1]}{row.target['user_id']}" for row in rows if row.target]


@pytest.fixture
def book(connected, httpserver) -> Gradebook:
    return Gradebook(connected, httpserver)


@pytest.mark.parametrize("status", [403, 404, 405, 410, 423, 500])
def test_a_line_item_that_fails_holds_its_own_scores_alone(connected, book, status):
    book.answers["a"] = status
    book.enqueue("a", *"12")
    book.enqueue("b", *"12")
    deliver(connected)
    assert book.waiting() == ["a1", "a2"]
    book.enqueue("b", "3")
    assert deliver(connected) == 1


def test_a_line_item_that_fails_is_asked_twice_in_a_round_for_all_of_its_scores(connected, book):
    book.answers["a"] = 500
    book.enqueue("a", *map(str, range(15)))
    book.enqueue("b", "1")
    deliver(connected)
    assert book.got == [("a", "0"), ("a", "1"), ("b", "1")]


def test_all_scores_of_a_line_item_go_out_within_a_minute_of_its_recovery(connected, book):
    now = [utcnow() + dt.timedelta(seconds=1)]
    services = connected.services
    worker = Worker(services.database, make_channels(services), wake=services.wake, clock=lambda: now[0])
    book.answers["a"] = 500
    book.enqueue("a", *map(str, range(30)))
    for _ in range(60):
        while deliver_with(worker, connected):
            pass
        now[0] = the_pause(connected).until
    book.answers.clear()
    while deliver_with(worker, connected):
        pass
    assert (book.waiting(), the_pauses(connected)) == ([], [])
    assert len(book.got) < 60 * 2 + 60


def test_one_score_that_a_line_item_cannot_take_holds_nobody_else(connected, book):
    book.poison.add("1")
    book.enqueue("a", *"12345")
    deliver(connected)
    with connected.services.database.reading() as db:
        failures = db.scalars(sa.select(Delivery.failures).where(Delivery.status == "waiting")).all()
    assert (book.waiting(), failures, the_pauses(connected)) == (["a1"], [1], [])


def test_a_platform_that_is_away_holds_all_of_its_line_items(connected, book):
    book.answers["a"] = 503
    book.enqueue("a", "1")
    book.enqueue("b", "1")
    deliver(connected)
    assert (book.got, book.waiting()) == ([("a", "1")], ["a1", "b1"])


def test_a_course_that_the_tool_was_removed_from_holds_its_own_scores_alone(connected, book):
    """Canvas answers 401 there, whatever the token."""
    book.answers["a"] = 401
    book.enqueue("a", *"12")
    book.enqueue("b", "1")
    deliver(connected)
    [pause] = the_pauses(connected)
    assert (book.waiting(), pause.part, pause.refused) == (["a1", "a2"], grades.part(f"{book.url}a"), False)


def test_why_a_course_takes_no_grades_is_kept_until_it_does(connected, httpserver):
    answer_with(connected, httpserver, *[Response("not linked to a Tool", 401)] * 2, Response(status=200))
    record(connected, "satisfied", 100)
    said = []
    for _ in range(2):
        deliver(connected)
        due_now(connected)
        with connected.services.database.reading() as db:
            trail = db.scalars(sa.select(ScoreTrail)).one()
        said.append((trail.grade_status, trail.refusal))
    assert said == [("waiting", "not_installed"), ("recorded", None)]


def test_a_host_of_a_platform_that_is_away_holds_no_other_host(connected, httpserver, book):
    """A Canvas of many schools has one registration, and a host for each."""
    other = HTTPServer()
    other.expect_request("/c/scores").respond_with_data("", 200)
    with other:
        connected.has_services_at(other.url_for("/"))
        url = other.url_for("/c")
        book.answers |= {"a": 503, "b": 503}
        book.enqueue("a", "1")
        book.enqueue("b", "2")
        book.enqueue(url, "3")
        deliver(connected)
        [pause] = the_pauses(connected)
        assert (book.got, book.waiting()) == ([("a", "1")], ["a1", "b2"])
        assert pause.part == pauses.group_of(grades.part(f"{book.url}b"))
        book.enqueue("b", "4")
        book.enqueue(url, "5")
        assert (deliver(connected), book.waiting()) == (1, ["a1", "b2", "b4"])


def test_a_score_at_which_its_host_fails_is_not_the_first_for_ever(connected, book):
    book.answers["a"] = 503
    book.enqueue("a", "1")
    book.enqueue("b", "2")
    deliver(connected)
    with connected.services.database.transaction() as db:
        db.execute(sa.delete(DeliveryPause))
    deliver(connected)
    assert (book.got, book.waiting()) == ([("a", "1"), ("b", "2")], ["a1"])


def test_a_slow_platform_gives_the_sender_back_before_its_batch_is_done(connected, book, monkeypatch):
    monkeypatch.setattr(answers, "ROUND_SECONDS", 0.0)
    book.enqueue("a", *"123")
    deliver(connected)
    assert len(book.got) < 3
    monkeypatch.undo()
    deliver(connected)
    assert (book.waiting(), the_pauses(connected)) == ([], [])


def test_the_latest_state_wins_over_one_that_is_being_sent_again(connected, httpserver):
    got = answer_with(connected, httpserver, Response("busy", 503), Response(status=200))
    record(connected, "under_way", 40, report="live")
    deliver(connected)
    record(connected, "satisfied", 100, report="live")
    due_now(connected)
    deliver(connected)
    assert [json.loads(body)["scoreGiven"] for body in got] == [40, 100]


def test_canvas_gets_a_submission_only_at_the_end(services, canvas, httpserver):
    connected = connect(services, canvas, httpserver)
    record(connected, "under_way", 40)
    record(connected, "satisfied", 100)
    assert [
        body["https://canvas.instructure.com/lti/submission"]["new_submission"] for body in bodies(connected)
    ] == [
        False,
        True,
    ]


def test_canvas_takes_the_score(services, canvas, httpserver):
    connected = connect(services, canvas, httpserver)
    record(connected, "satisfied", 100)
    deliver(connected)
    assert connected.cell(MENTEE)["grade"] == 100


def test_canvas_counts_one_attempt_of_who_completes_again_while_the_score_is_being_sent(
    services, canvas, httpserver
):
    connected = connect(services, canvas, httpserver)

    def complete_again(step: str) -> None:
        if step == "score:claimed" and len(bodies(connected)) == 1:
            record(connected, "under_way", 90)
            record(connected, "satisfied", 100)

    worker = Worker(services.database, make_channels(services), wake=services.wake, at_step=complete_again)
    record(connected, "satisfied", 100)
    deliver_with(worker, connected)
    due_now(connected)
    deliver_with(worker, connected)
    cell = connected.cell(MENTEE)
    assert (cell["grade"], cell["accepted_count"], cell["attempts"]) == (100, 2, 1)


def test_progress_without_a_grade_waits_for_a_line_item_that_canvas_says_is_not_there(
    services, canvas, httpserver
):
    connected = connect(services, canvas, httpserver)
    record(connected, "awaiting_tutor", 80)
    with canvas.lms.store.transaction() as db:
        db.execute("UPDATE line_items SET id = id + 1000")
    deliver(connected)
    with canvas.lms.store.transaction() as db:
        db.execute("UPDATE line_items SET id = id - 1000")
    due_now(connected)
    deliver(connected)
    assert connected.cell(MENTEE)["activity_progress"] == "Submitted"


def test_another_platforms_scores_do_not_wait_for_one_that_is_away(connected, httpserver, tmp_path):
    other = connect(connected.services, connected.lms, httpserver, name="two")
    record(connected, "satisfied", 100)
    record(other, "satisfied", 100)
    with connected.services.database.transaction() as db:
        db.execute(
            sa.update(Registration)
            .where(Registration.id == connected.world.registration_id)
            .values(auth_token_url="http://127.0.0.1:9/token")
        )
        db.execute(sa.delete(AccessToken))
    worker = make_worker(connected.services)
    for receiver in (connected.world.registration_id, other.world.registration_id):
        worker.deliver(DeliveryKind.SCORE, str(receiver))
    assert other.cell(MENTEE)["grade"] == 100


def test_a_restamped_score_moves_the_trail(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 10, "resultMaximum": 100, "timestamp": "2020-01-01T00:00:00Z"}]
    answer_with(connected, httpserver, Response("earlier", 409), result=held)
    record(connected, "satisfied", 100)
    took_before(connected, 10)
    deliver(connected)
    with connected.services.database.reading() as db:
        trail = db.scalars(sa.select(ScoreTrail)).one()
    assert reports.timestamp(trail.last_timestamp) == bodies(connected)[-1]["timestamp"]


def test_a_registration_that_is_gone_leaves_dead_letters(connected):
    record(connected, "satisfied", 100)
    gone = str(uuid.uuid4())
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(receiver=gone))
    make_worker(connected.services).deliver(DeliveryKind.SCORE, gone)
    with connected.services.database.reading() as db:
        assert backlog.read(db, DeliveryKind.SCORE).dead == 1
