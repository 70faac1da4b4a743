"""Rosters read by jobs: when one is due, how far it is, what follows a failure, and what the schedule reads."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs
from werkzeug import Request, Response

from lti_tool.composition import transaction as composition
from lti_tool.composition.jobs import make_job_runner
from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.principal import OPERATOR, TOOL
from lti_tool.jobs import queue, runner
from lti_tool.jobs.models import Job
from lti_tool.lti.nrps import due_rosters_job, roster
from lti_tool.lti.nrps.due_rosters_job import USED_WITHIN, EnqueueDueRosters
from lti_tool.lti.nrps.read_roster_job import (
    RosterStatus,
    may_be_due,
    request_roster,
    roster_is_due,
    roster_status,
)
from tests.builder.connected import Connected
from tests.jobs.kinds import wait_until_ended

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def run(connected: Connected) -> Iterator[Callable[[], None]]:
    """Run every job that was asked for, and what these ask for."""

    def run_all() -> None:
        made = make_job_runner(connected.services, sweep_seconds=0.05)
        made.start()
        try:
            wait_until_ended(connected.services)
        finally:
            made.stop()

    return run_all


def request(connected: Connected) -> int:
    with composition.transaction(connected.services, OPERATOR) as db:
        return request_roster(db, connected.world.course_id, OPERATOR)


def change_course(connected: Connected, **values: object) -> None:
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Course).values(**values))


def is_due(connected: Connected) -> bool:
    with connected.services.database.reading() as db:
        return roster_is_due(db, connected.world.course_id, utcnow())


def status(connected: Connected) -> RosterStatus:
    with connected.services.database.reading() as db:
        return roster_status(db, [connected.world.course_id])


def jobs(connected: Connected, kind: str = "read_roster") -> list[Job]:
    with connected.services.database.reading() as db:
        return list(db.scalars(sa.select(Job).where(Job.kind == kind).order_by(Job.id)))


def course(connected: Connected) -> Course:
    with connected.services.database.reading() as db:
        return db.get_one(Course, connected.world.course_id)


@pytest.mark.parametrize(
    ("read_ago", "has_address", "due"),
    [(None, True, True), (59 * MINUTE, True, False), (61 * MINUTE, True, True), (None, False, False)],
    ids=["never read", "read within the hour", "older than an hour", "no address"],
)
def test_a_roster_is_due(connected, read_ago, has_address, due):
    if read_ago is not None:
        change_course(connected, roster_read_at=utcnow() - read_ago)
    if not has_address:
        change_course(connected, roster_url=None)
    assert is_due(connected) is due


def test_a_due_roster_is_read_once(connected, run):
    request(connected)
    run()
    [job] = jobs(connected)
    assert (job.status, job.result["members"], is_due(connected)) == ("done", 5, False)


def test_what_a_reading_belongs_to_is_kept(connected):
    request(connected)
    [job] = jobs(connected)
    world = connected.world
    assert (job.organisation_id, job.group_key, job.subject_id, job.requested_by_kind) == (
        world.organisation_id, str(world.registration_id), world.course_id, "operator",
    )  # fmt: skip


def test_a_roster_that_somebody_asked_for_is_not_due(connected):
    request(connected)
    assert is_due(connected) is False


def test_a_second_tutor_does_not_have_it_read_at_the_same_time(connected):
    assert request(connected) == request(connected)
    with connected.services.database.transaction() as db:
        assert queue.claim(db, make_job_runner(connected.services).kinds, lease=MINUTE)
    # Asked for while it is being read: that one waits for the end of the first.
    request(connected)
    with connected.services.database.transaction() as db:
        assert queue.claim(db, make_job_runner(connected.services).kinds, lease=MINUTE) is None


def test_a_failure_leaves_the_old_roster_and_keeps_its_reason(connected, run):
    change_course(connected, roster_url=connected.lms.base_url + "/nothing-here")
    request(connected)
    run()
    [job] = jobs(connected)
    with connected.services.database.reading() as db:
        known = db.scalar(sa.select(sa.func.count()).select_from(Membership))
    assert (job.status, job.attempts, "404" in job.error, known) == ("failed", 1, True, 3)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("<![<", 500), "HTTP 500: <![<"),
        (Response("a\0b", 400), "HTTP 400: a b"),
        (
            Response('{"id": "x", "members": []}', headers={"Link": '<http://[x>; rel="next"'}),
            "the link to the next page is no address",
        ),
    ],
    ids=["markup", "NUL", "link"],
)
def test_whatever_a_platform_answers_the_job_fails_at_once_with_a_reason(
    connected, run, httpserver, answer, reason
):
    httpserver.expect_request("/members").respond_with_response(answer)
    connected.has_services_at(httpserver.url_for("/"))
    change_course(connected, roster_url=httpserver.url_for("/members"))
    request(connected)
    run()
    [job] = jobs(connected)
    assert (job.status, job.attempts, job.error) == ("failed", 1, reason)
    with connected.services.database.reading() as db:
        assert all(db.scalars(sa.select(Membership.active)))


def test_after_a_failure_no_reading_begins_by_itself_for_a_while(connected, run):
    """The pause is counted from the failure, not from the beginning of the reading."""
    change_course(connected, roster_url=connected.lms.base_url + "/nothing-here")
    request(connected)
    run()
    assert course(connected).roster_paused_until > utcnow() + 4 * MINUTE
    assert (is_due(connected), status(connected).has_failed) == (False, True)


def test_after_a_failure_a_reading_can_be_asked_for(connected, run):
    address = course(connected).roster_url
    change_course(connected, roster_url=connected.lms.base_url + "/nothing-here")
    request(connected)
    run()
    change_course(connected, roster_url=address)
    request(connected)
    run()
    assert [job.status for job in jobs(connected)] == ["failed", "done"]
    assert course(connected).roster_paused_until is None


def test_the_pause_ends(connected):
    change_course(connected, roster_paused_until=utcnow() - dt.timedelta(seconds=1))
    assert (is_due(connected), status(connected).has_failed) == (True, False)


def test_a_fault_of_our_own_is_logged_and_paused(connected, run, monkeypatch):
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(roster, "_finish", fail)
    monkeypatch.setattr(runner, "next_attempt", lambda _attempts: dt.timedelta(0))
    request(connected)
    with capture_logs() as logs:
        run()
    [job] = jobs(connected)
    assert (job.status, job.error) == ("failed", "RuntimeError: a fault")
    assert "job_fault" in {entry["event"] for entry in logs}
    assert course(connected).roster_paused_until > utcnow()


def test_a_course_that_is_gone_fails_its_job(connected, run):
    request(connected)
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Job).values(arguments={"course_id": str(connected.world.cohort_id)}))
    run()
    assert jobs(connected)[0].error == "the course is not known any more"


def test_the_people_read_so_far_are_known_while_it_is_read(connected, httpserver):
    asked, go_on = threading.Event(), threading.Event()
    pages = {"0": [{"user_id": f"person-{number}", "roles": ["Learner"]} for number in range(1200)], "1": []}

    def answer(request: Request) -> Response:
        page = request.args["page"]
        if page == "1":
            asked.set()
            go_on.wait(30)
        headers = {"Link": f'<{httpserver.url_for("/members?page=1")}>; rel="next"'} if page == "0" else {}
        return Response(json.dumps({"id": "x", "members": pages[page]}), 200, headers)

    httpserver.expect_request("/members").respond_with_handler(answer)
    connected.has_services_at(httpserver.url_for("/"))
    change_course(connected, roster_url=httpserver.url_for("/members?page=0"))
    request_id = request(connected)
    waiting = status(connected)
    made = make_job_runner(connected.services, sweep_seconds=0.05)
    made.start()
    assert asked.wait(30)
    reading = status(connected)
    go_on.set()
    wait_until_ended(connected.services, request_id)
    made.stop()
    after = status(connected)
    assert [(each.is_being_read, each.people) for each in (waiting, reading, after)] == [
        (True, 0), (True, 1200), (False, 0),
    ]  # fmt: skip
    assert (waiting.read_at, after.read_at) == ((None,), (course(connected).roster_read_at,))


def schedule_rosters(connected: Connected) -> None:
    with composition.transaction(connected.services, TOOL) as db:
        queue.enqueue(db, EnqueueDueRosters, {}, requested_by=TOOL)


def test_the_schedule_reads_a_due_roster_of_a_course_in_use(connected, run):
    schedule_rosters(connected)
    run()
    assert [(job.status, job.requested_by_kind) for job in jobs(connected)] == [("done", "tool")]
    assert jobs(connected, "enqueue_due_rosters")[0].result == {"rosters": 1}


def test_many_rosters_are_asked_for_some_at_a_time(connected, monkeypatch):
    monkeypatch.setattr(due_rosters_job, "AT_ONCE", 2)
    with connected.services.database.transaction() as db:
        first = db.scalars(sa.select(Course)).one()
        person_id = db.scalars(sa.select(Membership.person_id)).first()
        for number in range(4):
            further = Course(deployment_id=first.deployment_id, context_id=f"further {number}", title="")
            further.roster_url = first.roster_url
            db.add(further)
            db.flush()
            db.add(
                Membership(course_id=further.id, person_id=person_id, role="learner", launched_at=utcnow())
            )
    schedule_rosters(connected)
    kinds = [lambda _services: EnqueueDueRosters()]
    runner = make_job_runner(connected.services, kinds, sweep_seconds=0.05)
    runner.start()
    wait_until_ended(connected.services, jobs(connected, "enqueue_due_rosters")[0].id)
    runner.stop()
    assert len(jobs(connected)) == 5
    assert jobs(connected, "enqueue_due_rosters")[0].result == {"rosters": 5}


@pytest.mark.parametrize(
    "values",
    [
        {"roster_read_at": -10 * MINUTE},
        {"roster_paused_until": 4 * MINUTE},
        {"roster_url": None},
    ],
    ids=["read lately", "failed lately", "no address"],
)
def test_the_schedule_leaves_a_roster_that_is_not_due(connected, run, values):
    times = {
        name: utcnow() + value if isinstance(value, dt.timedelta) else value for name, value in values.items()
    }
    change_course(connected, **times)
    schedule_rosters(connected)
    run()
    assert jobs(connected) == []


@pytest.mark.parametrize("column", ["roster_read_at", "roster_paused_until"])
def test_the_schedule_reads_a_roster_that_a_clock_a_year_ahead_put_off(connected, column):
    change_course(connected, **{column: utcnow() + dt.timedelta(days=365)})
    with connected.services.database.reading() as db:
        assert roster_is_due(db, course(connected).id, utcnow())
    assert may_be_due(course(connected), utcnow())


def test_the_schedule_leaves_a_course_that_nobody_uses(connected, run):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Membership).values(launched_at=utcnow() - USED_WITHIN - MINUTE))
    schedule_rosters(connected)
    run()
    assert jobs(connected) == []
