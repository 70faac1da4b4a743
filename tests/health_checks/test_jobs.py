"""What ``tandem doctor`` says of background jobs: which failed, when and why, and what nobody runs."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition import jobs
from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks import Finding, Verdict
from lti_tool.health_checks.jobs import MOST_NAMED, OVERDUE
from lti_tool.identity import organisations
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs import queue, schedule
from lti_tool.jobs.models import Job, JobStatus
from tests.builder import add_registration
from tests.health_checks.test_doctor import findings
from tests.jobs.kinds import Hourly, WriteRows, ask

AT = dt.datetime(2026, 11, 12, 8, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that makes ``WriteRows`` a kind of this version."""
    monkeypatch.setattr(jobs, "JOB_KINDS", (*jobs.JOB_KINDS, lambda _services: WriteRows()))


def found(services: Services) -> list[Finding]:
    return findings(services, "jobs")


def end(
    services: Services, job_id: int, status: JobStatus, error: str | None = None, at: dt.datetime = AT
) -> None:
    with services.database.transaction() as db:
        job = db.get_one(Job, job_id)
        job.status, job.done_at, job.error = status, at, error


def wait(services: Services, job_id: int, *, since: dt.datetime, **values: object) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(Job).where(Job.id == job_id).values(not_before=since, **values))


def test_a_failed_job_is_named_with_its_time_its_reason_and_what_to_do(services: Services) -> None:
    job_id = ask(services, WriteRows, "a")
    end(services, job_id, JobStatus.FAILED, "the file holds a row without a name\nsecond line")
    assert found(services) == [
        Finding(
            "jobs",
            Verdict.WARNING,
            "write_rows failed at 2026-11-12 08:30 UTC: the file holds a row without a name second line",
            f"once the cause is gone, run it again: tandem jobs retry {job_id}",
        )
    ]
    with composition.transaction(services, OPERATOR) as db:
        queue.retry(db, job_id)
    assert [each.verdict for each in found(services)] == [Verdict.OK]


def test_a_job_that_failed_again_and_again_is_named_once_until_it_succeeds(services: Services) -> None:
    ids = []
    for number in range(3):
        ids.append(ask(services, WriteRows, "a", key="same"))
        end(services, ids[-1], JobStatus.FAILED, f"fault {number}")
    [only] = found(services)
    assert ("fault 2" in only.message, only.fix.endswith(f" {ids[-1]}")) == (True, True)
    end(services, ask(services, WriteRows, "a", key="same"), JobStatus.DONE)
    assert [each.verdict for each in found(services)] == [Verdict.OK]


def test_what_failed_alike_for_one_platform_is_one_finding_that_names_it(services: Services) -> None:
    with services.database.transaction() as db:
        registration, _deployment = add_registration(db, organisations.add_for(db, "Example"))
        platform, group_key = registration.issuer, str(registration.id)
    for number in range(3):
        job_id = ask(services, WriteRows, str(number))
        end(services, job_id, JobStatus.FAILED, "a page is no roster", AT + dt.timedelta(minutes=number))
        with services.database.transaction() as db:
            db.get_one(Job, job_id).group_key = group_key
    [only] = found(services)
    expected = f"write_rows for {platform} failed at 2026-11-12 08:32 UTC, like 2 more: a page is no roster"
    assert only.message == expected


def test_a_few_failed_jobs_are_named_and_the_others_counted(services: Services) -> None:
    for number in range(MOST_NAMED + 2):
        end(
            services,
            ask(services, WriteRows, str(number)),
            JobStatus.FAILED,
            f"fault {number}",
            AT + dt.timedelta(minutes=number),
        )
    messages = [each.message for each in found(services)]
    assert len(messages) == MOST_NAMED + 1
    assert "fault 6" in messages[0]
    assert messages[-1] == "2 more failed"


def test_a_job_that_nobody_runs_is_an_error(services: Services) -> None:
    ids = [ask(services, WriteRows, name) for name in "ab"]
    assert [each.verdict for each in found(services)] == [Verdict.OK]
    since = utcnow() - OVERDUE - dt.timedelta(minutes=1)
    for job_id in ids:
        wait(services, job_id, since=since)
    assert found(services) == [
        Finding(
            "jobs",
            Verdict.ERROR,
            f"2 write_rows jobs due since {since:%Y-%m-%d %H:%M} UTC, and no worker runs",
            "start one: tandem serve, or tandem worker",
        )
    ]


def test_a_job_whose_process_was_killed_and_that_nobody_took_up_is_an_error(services: Services) -> None:
    job_id = ask(services, WriteRows, "a")
    wait(services, job_id, since=utcnow() - OVERDUE * 2, status="running")
    assert [each.verdict for each in found(services)] == [Verdict.ERROR]


def test_a_job_that_waits_although_a_worker_runs_is_a_warning(services: Services) -> None:
    wait(services, ask(services, WriteRows, "a"), since=utcnow() - OVERDUE * 2)
    with services.database.transaction() as db:
        schedule.hold_lease(db, uuid.uuid4(), utcnow())
    [only] = found(services)
    assert (only.verdict, "although a worker runs" in only.message) == (Verdict.WARNING, True)


def test_a_job_that_waits_for_others_of_its_group_is_not_overdue(services: Services) -> None:
    running, waiting = (ask(services, WriteRows, name, group_key="slow") for name in "ab")
    wait(services, waiting, since=utcnow() - OVERDUE * 2)
    wait(services, running, since=utcnow() + dt.timedelta(seconds=30), status="running")
    assert [each.verdict for each in found(services)] == [Verdict.OK]


def test_a_job_of_a_kind_that_nobody_knows_is_named_at_once(services: Services) -> None:
    ask(services, WriteRows, "a")
    with composition.transaction(services, OPERATOR) as db:
        job_id = queue.enqueue(db, Hourly, {}, requested_by=OPERATOR)
    expected = Finding(
        "jobs",
        Verdict.WARNING,
        "1 job of a kind that this version does not know: hourly",
        "they wait for a version with this kind (a line in composition/jobs.py)",
    )
    assert found(services) == [expected]
    wait(services, job_id, since=utcnow() - OVERDUE * 2)
    assert found(services) == [expected]
