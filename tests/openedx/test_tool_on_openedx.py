"""The whole tool, served over HTTP, launched by the independent platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa

from lti_tool.app import create_app
from lti_tool.composition import transaction as composition
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.demo.server_thread import ServerThread, listen
from lti_tool.identity.models import Course, CourseRole, Membership, Person
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration import registrations
from tests.jobs.kinds import wait_until_ended
from tests.openedx import browserless
from tests.openedx.fixtures import RunningPlatform


@dataclass
class Served:
    """The tool at work, known to the platform and knowing it."""

    platform: RunningPlatform
    services: Services
    base_url: str

    def launch(self, user: str, method: str = "GET") -> requests.Response:
        """Launches the tool as the person; returns the page they see."""
        with browserless.Browser() as browser:
            return browserless.launch(self.platform, user, browser, method=method)

    def person(self, username: str) -> tuple[str | None, CourseRole]:
        """The name and role that the tool has noted of the person in the platform's course."""
        with self.services.database.reading() as db:
            name, role = db.execute(
                sa.select(Person.name, Membership.role)
                .join(Membership, Membership.person_id == Person.id)
                .join(Course, Course.id == Membership.course_id)
                .where(
                    Person.subject == self.platform.user_id(username),
                    Course.context_id == self.platform.info["context_id"],
                )
            ).one()
            return name, CourseRole(role)


@pytest.fixture
def served(config: Config, openedx: RunningPlatform) -> Iterator[Served]:
    """The tool on a free port, and a registration of each side with the other."""
    # The tool must know its address before it is made.
    listener = listen(0)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    services = make_services(replace(config, base_url=base_url))
    openedx.reset()
    openedx.connect_tool(
        login_url=f"{base_url}/lti/login",
        launch_url=f"{base_url}/lti/launch",
        jwks_url=f"{base_url}/.well-known/jwks.json",
        deep_linking_url=f"{base_url}/lti/launch",
    )
    known = openedx.info
    with composition.transaction(services, OPERATOR) as db:
        registrations.add(
            db,
            registrations.NewRegistration(
                issuer=known["issuer"],
                client_id=known["client_id"],
                auth_login_url=known["auth_login_url"],
                auth_token_url=known["auth_token_url"],
                jwks_url=known["jwks_url"],
                deployment_ids=(known["deployment_id"],),
            ),
        )
    with ServerThread(create_app(services.config, services), listener):
        yield Served(openedx, services, base_url)
    services.http.close()
    services.database.dispose()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_learner_who_launches_is_let_in(served: Served, method: str) -> None:
    page = served.launch("maya", method=method)
    assert (page.status_code, urlsplit(page.url).netloc) == (200, urlsplit(served.base_url).netloc)


def test_a_learner_is_known_by_name_and_role_after_the_launch(served: Served) -> None:
    served.launch("maya")
    assert served.person("maya") == ("Maya Mentor", CourseRole.LEARNER)


def test_an_instructor_of_open_edx_is_a_tutor(served: Served) -> None:
    served.launch("tess")
    assert served.person("tess") == ("Tess Tutor", CourseRole.TUTOR)


def test_a_member_of_the_course_s_staff_is_a_tutor(served: Served) -> None:
    served.launch("stan")
    assert served.person("stan") == ("Stan Staff", CourseRole.TUTOR)


def test_the_line_item_of_the_launch_is_the_one_that_scores_go_to(served: Served) -> None:
    served.launch("maya")
    with served.services.database.reading() as db:
        stored = db.scalars(sa.select(ResourceLink.line_item_url)).one()
    assert stored == served.platform.refresh()["line_item_url"]


def test_a_launch_posted_twice_is_refused_the_second_time(served: Served) -> None:
    with browserless.Browser() as browser:
        form = browserless.launch_form(served.platform, "maya", browser)
        browserless.submit(browser, form)
        again = browserless.submit(browser, form)
    assert again.status_code in range(400, 500)


def test_the_launch_of_another_browser_is_not_let_in(served: Served) -> None:
    with browserless.Browser() as theirs, browserless.Browser() as ours:
        page = browserless.submit(ours, browserless.launch_form(served.platform, "maya", theirs))
    assert page.status_code in range(400, 500)


def test_a_learner_s_launch_reads_no_roster(served: Served) -> None:
    served.launch("maya")
    assert [seen for seen in served.platform.requests() if "/memberships" in seen["path"]] == []


def test_a_tutor_s_first_launch_makes_everyone_of_the_course_known(served: Served) -> None:
    served.launch("tess")
    runner = make_job_runner(served.services, sweep_seconds=0.05)
    runner.start()
    try:
        wait_until_ended(served.services)
    finally:
        runner.stop()
    assert served.person("zoé") == ("Zoé Ørsted", CourseRole.LEARNER)
