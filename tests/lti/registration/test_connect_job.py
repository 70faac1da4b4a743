"""The job that connects a platform: asked once at most, whatever step its process ends at."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from lti_tool.composition import transaction as composition
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.principal import NOBODY, OPERATOR
from lti_tool.jobs import queue
from lti_tool.jobs.models import Job
from lti_tool.lti.expiry import delete_expired_rows
from lti_tool.lti.models import Refusal
from lti_tool.lti.registration.attempts import AttemptStatus, progress_of
from lti_tool.lti.registration.connect_job import REQUEST_KEPT_FOR, begin_attempt
from lti_tool.lti.registration.dynamic import PlatformAnswerLost, RegistrationRequest, RegistrationTooLate
from lti_tool.lti.registration.invitations import RESERVED_FOR, InvitationBusy, invite, reserve
from lti_tool.lti.registration.models import Invitation, Registration, RegistrationAttempt
from tests.jobs.kinds import job, wait_until_ended
from tests.killed_process import run_until_killed
from tests.lti.registration.registering import RegisteringPlatform, registering_platform
from tests.slow_platforms.slow_server import wait_until

ROOT = Path(__file__).parents[3]
TOKEN = "header.payload.signature"


@pytest.fixture
def platform() -> Iterator[RegisteringPlatform]:
    with registering_platform() as running:
        yield running


def begin(services: Services, platform: RegisteringPlatform) -> tuple[uuid.UUID, int]:
    """A new attempt with an invitation of its own; its id and that of its job."""
    with composition.transaction(services, NOBODY) as db:
        _, secret = invite(db, label="Our Moodle")
        attempt_id = begin_attempt(
            db,
            services.vault,
            RegistrationRequest(f"{platform.url}/configuration", TOKEN, secret),
            form_key=uuid.uuid4(),
            secret="the secret of a browser",
            language="en",
            reference="0a1b2c3d",
        )
        return attempt_id, db.scalars(sa.select(Job.id).where(Job.subject_id == attempt_id)).one()


def run(services: Services, *jobs: int) -> None:
    """Run what waits until these jobs have ended."""
    runner = make_job_runner(services, lease=dt.timedelta(seconds=1), sweep_seconds=0.05)
    runner.start()
    wait_until_ended(services, *jobs)
    runner.stop()
    wait_until(lambda: not services.platform_keys.running, 20)


def attempt(services: Services, attempt_id: uuid.UUID) -> RegistrationAttempt:
    with services.database.reading() as db:
        return db.get_one(RegistrationAttempt, attempt_id)


def status(services: Services, attempt_id: uuid.UUID) -> AttemptStatus:
    with services.database.reading() as db:
        return progress_of(db, attempt_id).status


def count(services: Services, table: type[Registration] | type[Refusal]) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def invitation_of(services: Services, attempt_id: uuid.UUID) -> Invitation:
    with services.database.reading() as db:
        return db.get_one(Invitation, attempt(services, attempt_id).invitation_id)


def test_the_platforms_permission_is_encrypted_and_deleted_before_it_is_used(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, made = begin(services, platform)
    stored = attempt(services, attempt_id).request
    assert stored is not None
    assert TOKEN.encode() not in stored
    assert TOKEN in services.vault.open(stored).decode()
    platform.may_register.clear()
    runner = make_job_runner(services, sweep_seconds=0.05)
    runner.start()
    wait_until(lambda: platform.requests["/register"], 20)
    assert attempt(services, attempt_id).request is None
    assert status(services, attempt_id) == AttemptStatus.ASKING
    platform.may_register.set()
    wait_until_ended(services, made)
    runner.stop()
    assert platform.tokens == {f"Bearer {TOKEN}"}
    assert (status(services, attempt_id), job(services, made).status) == ("connected", "done")
    wait_until(lambda: not services.platform_keys.running, 20)


def test_a_permission_that_was_not_used_is_deleted_when_it_has_expired(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, _ = begin(services, platform)
    now = dt.datetime.now(dt.UTC)
    for later, kept in ((dt.timedelta(0), True), (REQUEST_KEPT_FOR + dt.timedelta(seconds=1), False)):
        with services.database.transaction() as db:
            delete_expired_rows(db, now + later)
        assert (attempt(services, attempt_id).request is not None) == kept
    with services.database.transaction() as db:
        delete_expired_rows(db, now + dt.timedelta(days=2))
        assert db.get(RegistrationAttempt, attempt_id) is None


def test_a_platform_is_not_asked_after_its_permission_has_expired(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, made = begin(services, platform)
    with time_machine.travel(dt.datetime.now(dt.UTC) + REQUEST_KEPT_FOR + dt.timedelta(seconds=1)):
        run(services, made)
    assert attempt(services, attempt_id).refusal == RegistrationTooLate.reason
    assert platform.requests == {}
    assert invitation_of(services, attempt_id).reserved_until is None


def test_whoever_had_the_invitation_connected_the_platform(
    services: Services, platform: RegisteringPlatform
) -> None:
    _, made = begin(services, platform)
    run(services, made)
    with services.database.reading() as db:
        actors = sa.select(EventRow.acted_by_kind).where(EventRow.kind == "PlatformConnected")
        assert list(db.scalars(actors)) == ["nobody"]


POINTS = {
    **{f"connect_platform:{step}": "connected" for step in ("claiming", "claimed", "reporting", "reported")},
    "configuration:asking": "connected",
    "configuration:answered": "connected",
    "registration:asking": "refused",
    "registration:answered": "refused",
    "connect_platform:finishing": "refused",
    "connect_platform:finished": "connected",
}
"""Where the process is killed, and how the attempt ends then: once the platform was about to be asked nobody knows
whether it has the tool, until the answer is stored."""


@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_at_any_step_asks_the_platform_once_at_most(
    services: Services, platform: RegisteringPlatform, point: str, tmp_path: Path
) -> None:
    attempt_id, made = begin(services, platform)
    assert run_until_killed(services, "runner", point, tmp_path) == -signal.SIGKILL
    run(services, made)
    expected = POINTS[point]
    assert status(services, attempt_id) == expected
    assert platform.requests["/register"] == (0 if point == "registration:asking" else 1)
    connected = expected == "connected"
    assert count(services, Registration) == connected
    assert (invitation_of(services, attempt_id).used_at is not None) == connected
    if not connected:
        failed = job(services, made)
        assert (failed.status, attempt(services, attempt_id).refusal) == ("failed", PlatformAnswerLost.reason)
        assert "may have registered the tool" in failed.error
        assert "Delete the tool in the platform if it is there" in failed.error
        assert refusals_because(services, PlatformAnswerLost.reason) == 1


def refusals_because(services: Services, reason: str) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.sum(Refusal.count)).where(Refusal.reason == reason)) or 0


def test_a_job_whose_answer_was_lost_asks_nobody_when_it_is_repeated(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, made = begin(services, platform)
    platform.status = 500
    run(services, made)
    platform.status = 201
    with composition.transaction(services, OPERATOR) as db:
        queue.retry(db, made)
    run(services, made)
    assert "is not asked twice" in (job(services, made).error or "")
    assert (status(services, attempt_id), platform.requests["/register"]) == ("refused", 1)


def test_a_job_that_could_not_read_the_configuration_can_be_repeated(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, made = begin(services, platform)
    with services.database.transaction() as db:
        closed = db.get_one(RegistrationAttempt, attempt_id)
        sealed = closed.request
        closed.request = services.vault.seal(b'["http://127.0.0.1:9/closed", null]')
    run(services, made)
    assert attempt(services, attempt_id).refusal == "configuration_unreadable"
    assert "could not be read" in (job(services, made).error or "")
    assert invitation_of(services, attempt_id).reserved_until is None
    with composition.transaction(services, OPERATOR) as db:
        db.get_one(RegistrationAttempt, attempt_id).request = sealed
        queue.retry(db, made)
    assert status(services, attempt_id) == AttemptStatus.WAITING
    run(services, made)
    assert (status(services, attempt_id), count(services, Registration)) == ("connected", 1)


def test_an_attempt_asks_nobody_while_another_has_its_invitation(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, made = begin(services, platform)
    invitation_id = invitation_of(services, attempt_id).id
    # Nobody ran it for longer than its reservation, and another attempt was begun.
    with services.database.transaction() as db:
        past = dt.datetime.now(dt.UTC) - RESERVED_FOR
        db.execute(sa.update(Invitation).values(reserved_until=past))
        reserve(db, invitation_id, uuid.uuid4())
    run(services, made)
    assert (attempt(services, attempt_id).refusal, platform.requests) == (InvitationBusy.reason, {})
    assert invitation_of(services, attempt_id).reserved_until is not None


def test_a_job_that_fails_before_it_knows_its_attempt_ends_the_attempt(
    services: Services, platform: RegisteringPlatform
) -> None:
    """Such as after the secret key was changed."""
    attempt_id, made = begin(services, platform)
    with services.database.transaction() as db:
        db.get_one(RegistrationAttempt, attempt_id).request = b"of another key"
    run(services, made)
    assert (status(services, attempt_id), platform.requests) == ("refused", {})
    assert "TANDEM_SECRET_KEY" in (job(services, made).error or "")


def test_an_answer_that_arrives_while_the_process_stops_is_stored(
    services: Services, platform: RegisteringPlatform
) -> None:
    attempt_id, _ = begin(services, platform)
    platform.may_register.clear()
    runner = make_job_runner(services, sweep_seconds=0.05)
    runner.start()
    wait_until(lambda: platform.requests["/register"], 20)
    stopping = threading.Thread(target=runner.stop)
    stopping.start()
    wait_until(lambda: runner.is_stopping, 5)
    platform.may_register.set()
    wait_until(lambda: status(services, attempt_id) == "connected", 20)
    stopping.join()
    wait_until(lambda: not services.platform_keys.running, 20)


def test_a_platform_has_two_jobs_at_a_time_and_keeps_no_other_waiting(
    services: Services, platform: RegisteringPlatform
) -> None:
    platform.may_configure.clear()
    slow = [begin(services, platform) for _ in range(4)]
    with registering_platform() as quick:
        attempt_id, made = begin(services, quick)
        runner = make_job_runner(services, sweep_seconds=0.05)
        runner.start()
        wait_until_ended(services, made)
        assert status(services, attempt_id) == "connected"
        assert platform.requests["/configuration"] <= 2
        runner.stop()
    platform.may_configure.set()
    wait_until(lambda: not runner.running, 20)
    wait_until(lambda: not services.platform_keys.running, 20)
    assert len(slow) == 4
