"""Scores in the gradebook of a strict LMS, and what the worker does about each of its answers."""

import datetime as dt
import json
import uuid

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Response

from lti_tool.composition.channels import make_worker
from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.models import AccessToken
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging import outbox
from lti_tool.messaging.models import Delivery, DeliveryKind
from lti_tool.messaging.worker import Worker
from tests.connected import MENTEE, connect


def record(
    connected, status: str, score: int = 0, *, report: str = "final_only", now=None, comment=None
) -> bool:
    """Record where the mentee is; whether a score was enqueued."""
    with connected.services.database.transaction() as db:
        person_id = db.get_one(Participant, connected.world.mentee_id).person_id
        return grades.record_score(
            db,
            resource_link_id=connected.world.resource_link_id,
            person_id=person_id,
            status=status,
            score=score,
            report=report,
            now=now or utcnow(),
            comment=comment,
        )


def deliver(connected) -> int:
    return deliver_with(make_worker(connected.services), connected)


def deliver_with(worker: Worker, connected) -> int:
    return worker.deliver(DeliveryKind.SCORE, str(connected.world.registration_id))


def due_now(connected) -> None:
    """Let what waits for its second, or for its back-off, go out at once."""
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(not_before=utcnow()))


def deliveries(connected) -> list[tuple[str, str | None]]:
    with connected.services.database.reading() as db:
        return [(row.status, row.last_error) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


def bodies(connected) -> list[dict]:
    with connected.services.database.reading() as db:
        return [json.loads(row.body) for row in db.scalars(sa.select(Delivery).order_by(Delivery.id))]


def answer_with(connected, server: HTTPServer, *answers: Response, result: object = None) -> list[bytes]:
    """A line item that gives these answers to scores, and this list of results; the scores it got."""
    got: list[bytes] = []
    script = list(answers)

    def take(request):
        got.append(request.get_data())
        return script.pop(0)

    server.expect_request("/item/scores").respond_with_handler(take)
    if result is not None:
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
    deliver(connected)
    due_now(connected)
    deliver(connected)
    first, second = (json.loads(body) for body in got)
    assert second["timestamp"] > first["timestamp"]


def test_a_later_result_of_somebody_else_stays(connected, httpserver):
    held = [{"userId": MENTEE, "resultScore": 10, "resultMaximum": 100, "timestamp": "2099-01-01T00:00:00Z"}]
    answer_with(connected, httpserver, Response("earlier", 409), result=held)
    record(connected, "satisfied", 100)
    deliver(connected)
    assert deliveries(connected) == [("sent", None)]


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


def test_a_line_item_that_is_gone_is_a_dead_letter(connected):
    record(connected, "satisfied", 100)
    with connected.lms.lms.store.transaction() as lms_db:
        lms_db.execute("DELETE FROM line_items")
    deliver(connected)
    assert deliveries(connected)[0][0] == "dead"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_platform_in_trouble_gets_the_same_bytes_later(connected, httpserver, status):
    got = answer_with(connected, httpserver, Response("busy", status), Response(status=200))
    record(connected, "satisfied", 100)
    deliver(connected)
    due_now(connected)
    deliver(connected)
    assert got[0] == got[1]


def test_retry_after_is_honoured(connected, httpserver):
    answer_with(connected, httpserver, Response("busy", 503, {"Retry-After": "1200"}))
    record(connected, "satisfied", 100)
    deliver(connected)
    with connected.services.database.reading() as db:
        again = db.scalars(sa.select(Delivery.not_before)).one()
    assert again - utcnow() > dt.timedelta(minutes=19)


def test_retry_after_as_a_date_is_honoured_and_never_beyond_an_hour(connected, httpserver):
    answer_with(
        connected, httpserver, Response("busy", 429, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})
    )
    record(connected, "satisfied", 100)
    deliver(connected)
    with connected.services.database.reading() as db:
        again = db.scalars(sa.select(Delivery.not_before)).one()
    assert dt.timedelta(minutes=59) < again - utcnow() <= dt.timedelta(hours=1)


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
    [pause] = worker.pauses.values()
    assert (pause.blocked, deliveries(connected)[0][0]) == (True, "waiting")


def test_a_platform_that_is_left_alone_is_not_asked(connected):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(client_id="nobody"))
    record(connected, "satisfied", 100)
    worker = make_worker(connected.services)
    deliver_with(worker, connected)
    deliver_with(worker, connected)
    assert len(connected.calls("/oauth/token")) == 1


def test_a_403_holds_back_its_own_line_item_alone(connected, httpserver):
    answer_with(connected, httpserver, Response("no such line item", 403))
    record(connected, "satisfied", 100)
    worker = make_worker(connected.services)
    deliver_with(worker, connected)
    assert deliveries(connected)[0][0] == "waiting"


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
    deliver(connected)
    with connected.services.database.reading() as db:
        trail = db.scalars(sa.select(ScoreTrail)).one()
    assert grades.timestamp(trail.last_timestamp) == bodies(connected)[-1]["timestamp"]


def test_a_registration_that_is_gone_leaves_dead_letters(connected):
    record(connected, "satisfied", 100)
    gone = str(uuid.uuid4())
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(receiver=gone))
    make_worker(connected.services).deliver(DeliveryKind.SCORE, gone)
    with connected.services.database.reading() as db:
        assert outbox.backlog(db, DeliveryKind.SCORE).dead == 1
