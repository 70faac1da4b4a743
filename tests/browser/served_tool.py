"""The tool, served in this process, with its pages in every state that ``tests/builder/situations.py`` can build.

It notes which route answered each page, so that a test of a route knows that it has seen that very route.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, Response, request
from sqlalchemy.orm import Session

from lti_tool.app import create_app
from lti_tool.commands.migrate import bring_up_to_date
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.demo.browser import Browser, Form
from lti_tool.demo.connect import add_activity, connect_tool, log_in_as
from lti_tool.demo.lms.registration import start_registration
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.server_thread import ServerThread, listen
from lti_tool.identity.principal import CourseRole
from lti_tool.jobs.models import Job
from lti_tool.lti.launch import handoffs
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.launch.persist import RESOURCE_LINK_REQUEST, VerifiedLaunch
from lti_tool.lti.registration.attempts import LONG_WAIT
from lti_tool.lti.registration.connect_job import begin_attempt
from lti_tool.lti.registration.dynamic import RegistrationRequest
from lti_tool.lti.registration.invitations import invite
from lti_tool.lti.registration.models import Deployment, Registration, RegistrationAttempt
from tests.builder.launches import SECRET, add_next_launch, key_of, session_id_of
from tests.builder.situations import Situation, build_situation
from tests.web.setup.conftest import running_jobs

Route = tuple[str, str]
"""An endpoint and a method."""


ACTIVITY = {"en": "Reverse mentoring", "fr": "Mentorat inversé"}
"""What a teacher calls the activity."""


@dataclass
class ServedTool:
    """A running tool, and the LMS beside it."""

    services: Services
    app: Flask
    url: str
    lms: RunningLms
    pages: list[Route] = field(default_factory=list)
    """The routes that answered with a page, the oldest first."""
    _link_id: str | None = None
    _homes: dict[Callable[[Situation], None], str] = field(default_factory=dict)

    def build_situation(self, build: Callable[[Situation], None], locale: str, *, again: bool = False) -> str:
        """The address of a situation's home page. It is built once, or ``again`` for who changes something in it."""
        home = None if again else self._homes.get(build)
        if home is None:
            home = build_situation(self.services, build, locale=locale)
            if not again:
                self._homes[build] = home
        with self.services.database.transaction() as db:
            launch = self._launch(db, home)
            launch.locale = locale
            if launch.resource_link is not None and launch.resource_link.title in ACTIVITY.values():
                launch.resource_link.title = ACTIVITY[locale]
        return self.url + home

    def course_menu(self, build: Callable[[Situation], None], locale: str) -> str:
        """The address of a page in a course's menu, which Canvas has."""
        return self.url + build_situation(self.services, build, family="canvas", locale=locale)

    @staticmethod
    def _launch(db: Session, home: str) -> LaunchSession:
        return db.get_one(LaunchSession, session_id_of(home))

    def expire(self, home: str) -> None:
        """End the session of a situation's home."""
        with self.services.database.transaction() as db:
            self._launch(db, home.removeprefix(self.url)).expires_at = utcnow() - dt.timedelta(seconds=1)

    def launch_again(self, address: str) -> str:
        """The home of the same person's next launch, whatever page of the last one this is."""
        with self.services.database.transaction() as db:
            launch = add_next_launch(db, session_id_of(address.removeprefix(self.url)))
            return f"{self.url}/l/{key_of(launch)}/"

    def choose_content(self, build: Callable[[Situation], None], locale: str) -> str:
        """A tutor in the platform's content picker; returns the address of the choice."""
        home = self.build_situation(build, locale, again=True)
        with self.services.database.transaction() as db:
            launch = self._launch(db, home.removeprefix(self.url))
            assert launch.resource_link is not None
            # What the course already has is shown under the name that the course gives it.
            launch.resource_link.title = "Mentorat du siège"
            launch.message_type = "LtiDeepLinkingRequest"
            launch.deep_linking = {
                "deep_link_return_url": f"{launch.registration.issuer}/return",
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe"],
                "accept_multiple": True,
            }
        return f"{home}deep-linking"

    def invitation(self) -> str:
        """The address of a set-up page."""
        with self.services.database.transaction() as db:
            _, secret = invite(db, label="Campus Horizon")
        return f"{self.url}/setup?invite={secret}"

    def registration(self) -> str:
        """The address that an LMS opens to be connected."""
        secret = self.invitation().partition("invite=")[2]
        return start_registration(self.lms.lms, f"{self.url}/lti/register?invite={secret}")["url"]

    def registration_under_way(self) -> str:
        """The address of a registration that waits for a worker for long."""
        request = RegistrationRequest(
            f"{self.lms.base_url}/.well-known/openid-configuration",
            None,
            self.invitation().partition("invite=")[2],
        )
        with self.services.database.transaction() as db:
            attempt_id = begin_attempt(
                db,
                self.services.vault,
                request,
                form_key=uuid.uuid4(),
                secret=SECRET,
                language="en",
                reference="0a1b2c3d4e5f",
            )
            later = utcnow() + dt.timedelta(hours=8)
            db.execute(sa.update(Job).where(Job.subject_id == attempt_id).values(not_before=later))
            db.get_one(RegistrationAttempt, attempt_id).created_at = utcnow() - LONG_WAIT * 2
        return f"{self.url}/lti/register/{attempt_id}.{SECRET}"

    def handed_over(self) -> str:
        """The address that asks “Continue as …?”."""
        with self.services.database.transaction() as db:
            known = db.scalars(sa.select(Deployment)).first()
            assert known is not None
            token = handoffs.create(
                db,
                VerifiedLaunch(
                    registration_id=known.registration_id,
                    deployment_id=known.id,
                    message_type=RESOURCE_LINK_REQUEST,
                    role=CourseRole.LEARNER,
                    subject="someone",
                    name="Paul Moreau",
                    return_url=f"{db.get_one(Registration, known.registration_id).issuer}/course/1",
                ),
            )
        return f"{self.url}/lti/continue/{token}"

    def login_form(self, browser: Browser) -> Form:
        """What the LMS's page posts to the tool's login, for a learner."""
        if self._link_id is None:
            connect_tool(browser, self.lms.base_url, self.invitation())
            self._link_id = add_activity(browser, self.lms.base_url, template="demo")
        log_in_as(browser, self.lms.base_url, "student")
        return browser._step(f"{self.lms.base_url}/launch/{self._link_id}", None).forms[0]

    def login_fields_with_storage(self) -> dict[str, str]:
        """The same, by a platform that has Platform Storage in its page."""
        return {**self.login_form(Browser()).fields, "lti_storage_target": "_parent"}

    def launch_form(self, *, proof_is_kept: bool = False) -> Form:
        """What the LMS's page posts to the tool's launch, taken out of a browser that began the login elsewhere.

        ``proof_is_kept``: the platform has said that it keeps the proof of the login.
        """
        browser = Browser()
        login = self.login_form(browser)
        if not proof_is_kept:
            return browser._step(login.action, login.fields).forms[0]
        first = Browser()
        first.http.headers["Sec-Fetch-Mode"] = "navigate"
        page = first._step(login.action, {**login.fields, "lti_storage_target": "_parent"})
        [address] = re.findall(r'data-address-once-kept="([^"]+)"', page.text)
        return browser._step(html.unescape(address), None).forms[0]


@contextmanager
def serving_tool(folder: Path, migrated: Path | None = None) -> Iterator[ServedTool]:
    """The tool and the LMS, served by threads while the block lasts.

    ``migrated``: a SQLite file with every migration applied; to apply them anew takes two seconds.
    """
    if migrated is not None:
        shutil.copyfile(migrated, folder / "tool.db")
    # The port is known before the address that the tool is told to have.
    listener = listen(0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = Config(
        base_url=url,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tool.db'}",
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
        privacy_url="https://www.example.com/personal-data",
        accessibility_url="https://www.example.com/accessibility",
        source_url="https://www.example.com/tandem",
    )
    services = make_services(config)
    bring_up_to_date(services)
    app = create_app(config, services)
    with running_jobs(services), RunningLms(LmsSettings(data_dir=folder / "lms", port=0)) as lms:
        served_tool = ServedTool(services, app, url, lms)

        def note(response: Response) -> Response:
            is_page = response.mimetype == "text/html" and response.status_code // 100 != 3
            # An open page that asks for itself again is no page that somebody came to.
            if is_page and "HX-Request" not in request.headers and request.endpoint is not None:
                served_tool.pages.append((request.endpoint, request.method))
            return response

        app.after_request(note)
        try:
            with ServerThread(app, listener):
                yield served_tool
        finally:
            services.http.close()
            services.database.dispose()
