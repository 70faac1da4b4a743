"""A deployment is approved once by the tool's administrator, and belongs to one registration."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.launch import tool_config
from lti_tool.lti.launch.models import LaunchSession, PlatformKey
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import (
    Deployment,
    DeploymentStatus,
    Registration,
    deployment_reference,
)
from lti_tool.lti.registration.registrations import approve
from tests.certification.test_sessions import hand_off
from tests.certification.verdicts import assert_refused, opened, refusals
from tests.commands.running import Run
from tests.platform.keys import key
from tests.platform.platform import ABSENT, INSTRUCTOR, Browser, Platform

ANY_DEPLOYMENT = {"lti_deployment_id": ABSENT}


def deployments(services: Services, platform: Platform) -> dict[str, str]:
    """This registration's deployments and their status."""
    with services.database.reading() as db:
        rows: Any = db.execute(
            sa.select(Deployment.deployment_id, Deployment.status).where(
                Deployment.registration_id == platform.registration_id
            )
        )
        return {row.deployment_id: row.status for row in rows}


def test_an_approved_deployment_is_let_in(services: Services, platform: Platform, browser: Browser) -> None:
    assert opened(services, platform.launch(browser))


def test_an_unknown_deployment_awaits_approval(
    services: Services, platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    row = assert_refused(services, response, "deployment_awaits_approval")
    assert row.deployment_id == "new"


def test_the_page_for_an_unknown_deployment_says_that_approval_is_awaited(
    platform: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    assert "approval is awaited" in response.text


def test_an_unknown_deployment_is_noted_for_the_administrator(
    services: Services, platform: Platform, browser: Browser
) -> None:
    for _ in range(2):
        platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    assert deployments(services, platform)["new"] == DeploymentStatus.PENDING


def test_a_deployment_named_by_a_forged_token_is_not_noted(
    services: Services, platform: Platform, browser: Browser
) -> None:
    forger = key(owner="forger")
    response = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new", signing=forger)
    assert_refused(services, response, "signature_wrong")
    assert "new" not in deployments(services, platform)


def test_a_pending_deployment_still_awaits_approval(
    services: Services, platform: Platform, browser: Browser
) -> None:
    with services.database.transaction() as db:
        platform.add_deployment(db, "pending", approved=False)
    response = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="pending")
    assert_refused(services, response, "deployment_awaits_approval")


def test_a_deployment_may_launch_once_it_is_approved(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    with composition.transaction(services, OPERATOR) as db:
        waiting = db.scalars(sa.select(Deployment).where(Deployment.deployment_id == "new")).one()
        approve(db, waiting.id)
    assert opened(services, platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new"))


def test_another_tenant_s_deployment_is_refused(
    services: Services, platform: Platform, other_tenant: Platform, browser: Browser
) -> None:
    response = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id=other_tenant.deployment_id)
    assert_refused(services, response, "deployment_of_another_tenant")


def test_another_tenant_s_deployment_is_not_noted(
    services: Services, platform: Platform, other_tenant: Platform, browser: Browser
) -> None:
    platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id=other_tenant.deployment_id)
    assert other_tenant.deployment_id not in deployments(services, platform)


def test_a_deployment_of_the_same_name_at_another_issuer_is_another_one(
    services: Services, platform: Platform, other_platform: Platform, browser: Browser
) -> None:
    assert opened(services, other_platform.launch(browser))


def test_a_deployment_other_than_the_login_s_is_refused(
    services: Services, platform: Platform, browser: Browser
) -> None:
    with services.database.transaction() as db:
        platform.add_deployment(db, "deployment-9")
    response = platform.launch(browser, deployment_id="deployment-9")
    assert_refused(services, response, "deployment_differs")


def withdraw(services: Services) -> None:
    """Withdraw every approval, as the command does; what processes have in memory stays."""
    with composition.transaction(services, OPERATOR) as db:
        approved = sa.select(Deployment.id).where(Deployment.status == DeploymentStatus.APPROVED)
        for deployment_id in db.scalars(approved).all():
            registrations.withdraw(db, deployment_id)


def test_what_was_open_is_closed_when_the_deployment_is_withdrawn(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home = platform.launch(browser).headers["Location"]
    assert browser.get(home).status_code == 200
    withdraw(services)
    page = browser.get(home)
    row = assert_refused(services, page, "deployment_withdrawn")
    assert "closed for now" in page.text
    assert row.deployment_id is not None
    with services.database.transaction() as db:
        db.execute(sa.update(Deployment).values(status=DeploymentStatus.APPROVED))
    assert browser.get(home).status_code == 200


def test_half_a_minute_after_the_command_every_process_refuses_launches(
    services: Services, platform: Platform, browser: Browser, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command runs with services of its own, as in another process: it empties no memory but its own."""
    now = time.monotonic()
    monkeypatch.setattr(tool_config, "time", SimpleNamespace(monotonic=lambda: now))
    platform.launch(
        browser
    )  # tells something new of the platform, after which a process reads everything anew
    home = platform.launch(browser).headers["Location"]
    with services.database.reading() as db:
        named = sa.select(Deployment.id).where(Deployment.deployment_id == platform.deployment_id)
        deployment_id = str(db.scalars(named).one())
    assert run("deployments", "withdraw", deployment_id).exit_code == 0

    now += tool_config.CACHED_FOR - 1
    late = platform.launch(browser)
    assert late.status_code == 303
    for opened_before in (home, late.headers["Location"]):
        assert_refused(services, browser.get(opened_before), "deployment_withdrawn")
    now += 2
    refused = platform.launch(browser)
    assert (refused.status_code, "approval is awaited" in refused.text) == (403, True)
    assert "introduced itself" not in refused.text
    reasons = {"deployment_withdrawn", "deployment_awaits_approval"}
    assert {row.reason for row in refusals(services)} == reasons

    assert run("deployments", "approve", deployment_id).exit_code == 0
    assert opened(services, platform.launch(browser))
    assert browser.get(home).status_code == 200


def test_a_stranger_does_not_learn_that_a_deployment_was_withdrawn(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    home = platform.launch(browser).headers["Location"]
    withdraw(services)
    assert_refused(services, new_browser().get(home), "session_of_another_browser")


def test_whoever_uses_a_withdrawn_deployment_can_still_sign_out(
    services: Services, platform: Platform, browser: Browser
) -> None:
    home = platform.launch(browser).headers["Location"]
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(home).text)
    assert token
    withdraw(services)
    assert browser.post(f"{home}sign-out", data={"csrf_token": token[1]}).status_code == 303


def test_a_launch_that_waits_does_not_open_once_the_deployment_is_withdrawn(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    browser.get(address)
    withdraw(services)
    refused = browser.post(address)
    assert (refused.status_code, refusals(services)[-1].reason) == (403, "deployment_withdrawn")
    assert "closed for now" in refused.text
    with services.database.reading() as db:
        assert db.scalars(sa.select(LaunchSession.id)).all() == []


def delete_platform(services: Services) -> None:
    """Delete the platform by hand, while this process has it in memory."""
    with services.database.transaction() as db:
        for table in (PlatformKey, Deployment, Registration):
            db.execute(sa.delete(table))


def test_a_launch_of_a_platform_that_was_deleted_by_hand_is_refused(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    hand_off(
        platform, new_browser(cookies=False)
    )  # reads everything into memory, and makes no rows that refer to it
    login = platform.begin(browser)
    delete_platform(services)
    response = browser.launch(login.state, platform.token(login.nonce))
    assert response.status_code == 403
    assert refusals(services)[-1].reason == "registration_deleted"


def test_a_launch_that_waits_does_not_open_once_its_platform_was_deleted(
    services: Services, platform: Platform, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    address = hand_off(platform, new_browser(cookies=False))
    delete_platform(services)
    assert browser.post(address).status_code == 403
    assert refusals(services)[-1].reason == "deployment_withdrawn"


def waiting_deployment(services: Services) -> Deployment:
    with services.database.reading() as db:
        return db.scalars(sa.select(Deployment).where(Deployment.deployment_id == "new")).one()


def test_the_page_of_who_waits_has_the_reference_by_which_the_deployment_is_approved(
    services: Services, platform: Platform, browser: Browser
) -> None:
    first = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    again = platform.launch(browser, login=ANY_DEPLOYMENT, deployment_id="new")
    reference = deployment_reference(waiting_deployment(services).id)
    assert reference in first.text
    assert reference in again.text
    assert refusals(services)[-1].reference == reference


ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"


def test_an_administrator_who_waits_is_given_nothing_to_approve_with(
    services: Services, platform: Platform, browser: Browser
) -> None:
    page = platform.launch(
        browser, login=ANY_DEPLOYMENT, deployment_id="new", roles=[ADMINISTRATOR, INSTRUCTOR]
    )
    assert (page.status_code, "<form" in page.text, "<button" in page.text) == (403, False, False)
    assert page.headers.get_all("Set-Cookie") == [] or "/l/" not in str(page.headers)
    with services.database.reading() as db:
        assert db.scalars(sa.select(LaunchSession.id)).all() == []
    assert waiting_deployment(services).status == DeploymentStatus.PENDING


def test_a_login_may_name_its_deployment_as_older_documents_of_canvas_do(
    services: Services, platform: Platform, browser: Browser
) -> None:
    older = {"lti_deployment_id": ABSENT, "deployment_id": platform.deployment_id}
    assert opened(services, platform.launch(browser, login=older))
    wrong = {"lti_deployment_id": ABSENT, "deployment_id": "another"}
    assert_refused(services, platform.launch(browser, login=wrong), "deployment_differs")
