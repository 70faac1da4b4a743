"""``tandem jobs`` and ``tandem roster``: what waits and failed, repeating it, and reading rosters now."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Course
from lti_tool.jobs.models import Job
from tests.builder.connected import Connected
from tests.jobs.kinds import WriteRows, ask, job


def fail(services: Services, job_id: int, reason: str = "HTTP 403") -> None:
    with services.database.transaction() as db:
        found = db.get_one(Job, job_id)
        found.status, found.done_at, found.error = "failed", utcnow(), reason


def test_jobs_are_listed_newest_first(services, run):
    made = [ask(services, WriteRows, name) for name in "ab"]
    listed = json.loads(run("jobs", "list", "--json").stdout)
    assert [(each["id"], each["kind"], each["state"]) for each in listed] == [
        (made[1], "write_rows", "waiting"), (made[0], "write_rows", "waiting"),
    ]  # fmt: skip
    assert (listed[1]["arguments"], listed[1]["requested_by"]) == ({"name": "a", "rows": 0}, "tool")


def test_jobs_of_one_state_are_listed_with_their_reason(services, run):
    failed = ask(services, WriteRows, "a")
    ask(services, WriteRows, "b")
    fail(services, failed)
    answer = run("jobs", "list", "--state", "failed")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert (lines[0].split()[:3], lines[1].split()[:3], len(lines)) == (
        ["ID", "KIND", "STATE"], [str(failed), "write_rows", "failed"], 2,
    )  # fmt: skip
    assert "HTTP 403" in lines[1]


def test_a_job_of_a_kind_that_this_version_does_not_know_says_so(services, run):
    ask(services, WriteRows, "a")
    assert "this version does not know its kind" in run("jobs", "list").stdout
    [listed] = json.loads(run("jobs", "list", "--json").stdout)
    assert (listed["kind_is_known"], listed["error"]) == (False, None)


def test_a_state_that_there_is_not_is_refused(run):
    answer = run("jobs", "list", "--state", "lost")
    assert (answer.exit_code, "'lost' is not one of" in answer.stderr) == (2, True)


def test_no_jobs_are_said_to_be_none(run):
    assert run("jobs", "list").stdout == "No jobs.\n"


def test_a_failed_job_is_repeated(services, run):
    made = ask(services, WriteRows, "a")
    fail(services, made)
    answer = run("jobs", "retry", str(made))
    assert (answer.exit_code, answer.stdout) == (0, f"Job {made} will run again.\n")
    assert (job(services, made).status, job(services, made).attempts) == ("waiting", 0)


def test_a_failed_job_that_waits_under_another_number_is_not_said_to_run_again(services, run):
    made = ask(services, WriteRows, "a", key="k")
    fail(services, made)
    twin = ask(services, WriteRows, "a", key="k")
    answer = run("jobs", "retry", str(made))
    assert (answer.exit_code, answer.stdout) == (
        0,
        f"The same job waits already, as job {twin}. Job {made} stays failed.\n",
    )
    assert json.loads(run("jobs", "retry", str(made), "--json").stdout) == {"id": twin, "state": "waiting"}
    assert job(services, made).status == "failed"


@pytest.mark.parametrize("identifier", ["12345", "1"], ids=["unknown", "waiting"])
def test_what_has_not_failed_is_not_repeated(services, run, identifier):
    ask(services, WriteRows, "a")
    answer = run("jobs", "retry", identifier)
    assert (answer.exit_code, answer.stderr) == (
        1,
        f"Error: there is no failed job {identifier}; `tandem jobs list --state failed` shows them\n",
    )


def course(services: Services) -> Course:
    with services.database.reading() as db:
        return db.scalars(sa.select(Course)).one()


def test_rosters_are_read_now_without_any_worker(connected: Connected, run):
    answer = run("roster", "sync", "--json")
    [shown] = json.loads(answer.stdout)
    assert (answer.exit_code, shown["state"], shown["members"], shown["error"]) == (0, "done", 5, None)
    assert course(connected.services).roster_read_at is not None


def test_the_roster_of_one_course_is_read_by_title_or_id(connected: Connected, run):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Course).values(title="Digital cultures"))
    for named in ("Digital cultures", str(connected.world.course_id)):
        answer = run("roster", "sync", "--course", named)
        assert (answer.exit_code, "Digital cultures" in answer.stdout) == (0, True)
    with connected.services.database.reading() as db:
        assert db.scalars(sa.select(Job.status)).all() == ["done", "done"]


def test_a_roster_that_cannot_be_read_ends_the_command_with_its_reason(connected: Connected, run):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Course).values(roster_url=connected.lms.base_url + "/nothing-here"))
    answer = run("roster", "sync", "--json")
    [shown] = json.loads(answer.stdout)
    assert (answer.exit_code, shown["state"], "404" in shown["error"]) == (1, "failed", True)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("No such course", "'No such course' is not an id; the list shows them"),
        ("5b1d0a5e-0000-4000-8000-000000000000", "has a roster that can be read"),
    ],
)
def test_a_course_that_is_not_there_is_refused(connected: Connected, run, named, said):
    answer = run("roster", "sync", "--course", named)
    assert (answer.exit_code, said in answer.stderr) == (2, True)


def test_without_a_course_there_is_nothing_to_read(run):
    answer = run("roster", "sync")
    assert (answer.exit_code, answer.stdout) == (0, "No course has a roster that can be read.\n")


def test_jobs_that_others_wait_for_are_left_alone(connected: Connected, run):
    other = ask(connected.services, WriteRows, "a")
    run("roster", "sync")
    assert job(connected.services, other).status == "waiting"
