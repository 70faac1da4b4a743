"""A platform that takes its time to register the tool: no page waits for it, and a page says how far it is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.jobs.models import Job
from lti_tool.lti.registration.attempts import LONG_WAIT
from lti_tool.lti.registration.models import Registration
from tests.killed_process import ROOT, command, run_until_killed
from tests.lti.registration.registering import RegisteringPlatform, registering_platform
from tests.slow_platforms.slow_server import wait_until
from tests.web.setup.conftest import Administrator, follow_to_the_end, new_invitation, running_jobs

LIMIT = 2.0
"""Seconds within which a page must be there."""


@pytest.fixture
def slow() -> Iterator[RegisteringPlatform]:
    """A platform that gives its configuration, and is silent when it is asked to register the tool."""
    with registering_platform() as platform:
        platform.may_register.clear()
        yield platform


@pytest.fixture
def waiting(services: Services, client: FlaskClient) -> Administrator:
    """An administrator at a process that runs no job."""
    return Administrator(client, services, new_invitation(services))


def timed(work: Callable[[], TestResponse]) -> TestResponse:
    started = time.monotonic()
    answer = work()
    assert time.monotonic() - started < LIMIT
    return answer


def finish(administrator: Administrator, slow: RegisteringPlatform, answer: TestResponse) -> TestResponse:
    slow.may_register.set()
    page = follow_to_the_end(administrator, answer)
    wait_until(lambda: not administrator.services.platform_keys.running, 20)
    return page


def test_the_page_is_there_within_two_seconds_and_ends_connected(
    administrator: Administrator, slow: RegisteringPlatform
) -> None:
    page = timed(lambda: administrator.open(slow.configuration_url))
    answer = timed(lambda: administrator.press(page))
    assert answer.status_code == 303
    progress = timed(lambda: administrator.client.get(answer.headers["Location"]))
    assert (progress.status_code, "Your platform is adding the tool" in progress.text) == (200, True)
    ended = finish(administrator, slow, answer)
    assert "data-close-now" in ended.text
    assert [stored.client_id for stored in administrator.registrations()] == ["ours"]
    assert slow.requests["/register"] == 1


def test_the_page_may_be_framed_by_the_platform_alone(
    administrator: Administrator, slow: RegisteringPlatform
) -> None:
    answer = administrator.press(administrator.open(slow.configuration_url))
    for path in (answer.headers["Location"], answer.headers["Location"] + "/live"):
        policy = administrator.client.get(path).headers["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors 'self' {slow.url}")
    ended = finish(administrator, slow, answer)
    assert ended.headers["Content-Security-Policy"].endswith(f"frame-ancestors 'self' {slow.url}")


def test_the_part_that_changes_is_sent_when_it_has_and_ends_with_a_reload(
    administrator: Administrator, slow: RegisteringPlatform
) -> None:
    answer = administrator.press(administrator.open(slow.configuration_url))
    live = answer.headers["Location"] + "/live"
    first = administrator.client.get(live)
    assert (first.status_code, "Your platform is adding the tool" in first.text) == (200, True)
    again = administrator.client.get(live, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (304, first.headers["ETag"])
    in_french = administrator.client.get(
        live, headers={"Accept-Language": "fr", "If-None-Match": first.headers["ETag"]}
    )
    assert "Votre plateforme ajoute l’outil" in in_french.text
    finish(administrator, slow, answer)
    last = administrator.client.get(live, headers={"If-None-Match": first.headers["ETag"]})
    assert (last.status_code, last.headers["HX-Refresh"]) == (200, "true")


def test_the_same_form_leads_its_browser_to_the_same_attempt(
    administrator: Administrator, slow: RegisteringPlatform
) -> None:
    page = administrator.open(slow.configuration_url)
    with ThreadPoolExecutor(2) as twice:
        answers = list(twice.map(lambda _number: administrator.press(page), range(2)))
    answers.append(administrator.press(page))
    [location] = {answer.headers["Location"] for answer in answers}
    finish(administrator, slow, answers[0])
    assert "Your platform is connected" in administrator.press(page).text
    assert "Your platform is connected" in administrator.client.get(location).text
    assert slow.requests["/register"] == 1


def test_another_browser_sees_nothing_of_it(administrator: Administrator, slow: RegisteringPlatform) -> None:
    page = administrator.open(slow.configuration_url)
    answer = administrator.press(page)
    other = administrator.in_another_browser()
    assert other.press(page).status_code == 409
    for path in (answer.headers["Location"], answer.headers["Location"] + "/live"):
        refused = other.client.get(path)
        assert (refused.status_code, slow.url.removeprefix("http://") in refused.text) == (404, False)
    finish(administrator, slow, answer)
    assert other.client.get(answer.headers["Location"]).status_code == 404
    assert {reason for _, reason in administrator.reasons()} == {
        "invitation_busy",
        "registration_page_unknown",
    }


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "é.é", ".", "%00"])
def test_an_unknown_address_is_refused(administrator: Administrator, key: str) -> None:
    assert administrator.client.get(f"/lti/register/{key}").status_code == 404


def test_a_browser_that_refuses_every_cookie_has_the_secret_in_its_address(
    administrator: Administrator, app: Flask, slow: RegisteringPlatform
) -> None:
    without = Administrator(app.test_client(use_cookies=False), administrator.services, administrator.invite)
    answer = without.press(without.open(slow.configuration_url))
    key = answer.headers["Location"].rpartition("/")[2]
    assert "." in key
    assert "adding the tool" in without.client.get(answer.headers["Location"]).text
    assert without.client.get(answer.headers["Location"].partition(".")[0]).status_code == 404
    assert "Your platform is connected" in finish(without, slow, answer).text


def test_a_page_whose_job_nobody_runs_says_so(waiting: Administrator, slow: RegisteringPlatform) -> None:
    answer = timed(lambda: waiting.press(waiting.open(slow.configuration_url)))
    page = waiting.client.get(answer.headers["Location"])
    assert ("Your request was received" in page.text, "tandem worker" in page.text) == (True, False)
    with time_machine.travel(utcnow() + LONG_WAIT * 2):
        assert "tandem worker" in waiting.client.get(answer.headers["Location"]).text


def test_the_reason_is_shown_when_the_platform_says_no(
    administrator: Administrator, slow: RegisteringPlatform
) -> None:
    slow.status = 403
    answer = administrator.press(administrator.open(slow.configuration_url))
    ended = finish(administrator, slow, answer)
    assert "did not accept the registration" in ended.text
    assert administrator.reasons() == [("registration", "platform_refused_tool")]
    # The reference on the page is the one in the log.
    assert ended.text.partition('class="reference">')[2][:12].isalnum()
    assert not administrator.invitation_used()


def test_a_process_that_only_serves_pages_runs_its_own_registrations(
    services: Services, waiting: Administrator, slow: RegisteringPlatform
) -> None:
    slow.may_register.set()
    with running_jobs(services):
        answer = waiting.press(waiting.open(slow.configuration_url))
        assert (answer.status_code, "Your platform is connected" in answer.text) == (200, True)
    wait_until(lambda: not services.platform_keys.running, 20)


def test_another_process_connects_the_platform(
    services: Services, waiting: Administrator, slow: RegisteringPlatform, tmp_path: Path
) -> None:
    """One process serves the pages, another runs the jobs and is killed; a third goes on."""
    answer = waiting.press(waiting.open(slow.configuration_url))
    assert run_until_killed(services, "runner", "connect_platform:reported", tmp_path) == -9
    progress = waiting.client.get(answer.headers["Location"])
    assert "Your platform’s configuration is being read" in progress.text
    runner = subprocess.Popen(command(services, "runner", "none", tmp_path), cwd=ROOT, stdout=subprocess.PIPE)
    try:
        wait_until(lambda: slow.requests["/register"], 60)
        assert "adding the tool" in waiting.client.get(answer.headers["Location"]).text
        assert "Your platform is connected" in finish(waiting, slow, answer).text
    finally:
        runner.kill()
        runner.communicate()
    assert slow.requests["/register"] == 1
    with services.database.reading() as db:
        assert db.scalars(sa.select(Registration.client_id)).all() == ["ours"]
        attempts = db.scalars(sa.select(Job.attempts).where(Job.kind == "connect_platform"))
        assert attempts.all() == [2]
