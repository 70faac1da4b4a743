"""What a launch costs the database, once the process has seen the platform: BEGIN and COMMIT are not counted."""

from __future__ import annotations

from collections.abc import Callable

from lti_tool.composition.services import Services
from tests.certification.test_platform_storage import ask, page_of_login
from tests.certification.verdicts import opened
from tests.platform.platform import Browser, Platform
from tests.sql_counter import counting

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SERVICES = {
    AGS: {
        "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
        "lineitem": "https://lms.example/line/1",
    }
}


def test_a_launch_like_the_last_one_runs_at_most_six_statements_in_one_transaction(
    services: Services, platform: Platform, browser: Browser
) -> None:
    for _ in range(2):  # the first tells the platform's family
        platform.launch(browser, **SERVICES)
    with counting(services.database) as counter:
        assert opened_by(platform, browser)
    counter.require_at_most(6)
    assert (counter.transactions, counter.commits) == (1, 1)
    # What the launch tells as it is known, the person included, is not written again. On PostgreSQL all that is written
    # is one statement.
    expected = 4 if services.database.is_sqlite else 2
    assert len(counter.statements) == expected, counter.statements


def opened_by(platform: Platform, browser: Browser) -> bool:
    return platform.launch(browser, **SERVICES).status_code == 303


def test_the_first_launch_of_a_person_in_a_known_course_runs_at_most_as_many(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    for _ in range(2):
        platform.launch(browser)
    with counting(services.database) as counter:
        assert opened(services, platform.launch(new_browser(), sub="person-2", name="Somebody Else"))
    # Reading the session back, for this test, is the seventh.
    counter.require_at_most(7)


def test_a_refused_launch_without_proof_writes_the_audit_alone(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser)
    with counting(services.database) as counter:
        assert browser.launch("made-up", platform.token("made-up")).status_code == 403
    counter.require_at_most(1)


def test_a_proof_from_the_platforms_storage_costs_a_page_that_reads_and_a_launch_that_writes(
    services: Services, platform: Platform, new_browser: Callable[..., Browser]
) -> None:
    browser = new_browser(cookies=False)
    for _ in range(2):
        asked = ask(platform, browser)
        with counting(services.database) as counter:
            assert browser.post(asked.address, data={"proof": asked.proof}).status_code == 303
    counter.require_at_most(9)
    with counting(services.database) as counter:
        page_of_login(platform, browser)
    assert counter.statements == []
