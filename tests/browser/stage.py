"""The tool on stage: its own pages in every state that ``tests/unit/views/scenes.py`` can build, in this process.

It notes which route answered each page, so that a test of a route knows that it has seen that very route.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from lti_tool.app import create_app
from lti_tool.config import Config
from lti_tool.demo.browser import Browser, Form
from lti_tool.demo.connect import add_activity, become, connect_tool
from lti_tool.demo.lms.registration import start_registration
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.lti import handoffs
from lti_tool.lti.arrivals import RESOURCE_LINK_REQUEST, VerifiedLaunch
from lti_tool.lti.invitations import invite
from lti_tool.lti.models import LaunchSession
from lti_tool.migrations import migrate
from lti_tool.people import CourseRole
from lti_tool.tool import Tool, make_tool
from tests.unit.views.scenes import Scene, play

Route = tuple[str, str]
"""An endpoint and a method."""


@dataclass
class Stage:
    """A running tool, and the LMS beside it."""

    tool: Tool
    app: Flask
    url: str
    lms: RunningLms
    pages: list[Route] = field(default_factory=list)
    """The routes that answered with a page, the oldest first."""
    _link_id: str | None = None
    _homes: dict[Callable[[Scene], None], str] = field(default_factory=dict)

    def play(self, build: Callable[[Scene], None], locale: str, *, again: bool = False) -> str:
        """The address of a scene's home page. It is built once, or ``again`` for who changes something in it."""
        home = None if again else self._homes.get(build)
        if home is None:
            home = play(self.tool, build, locale=locale)
            if not again:
                self._homes[build] = home
        with self.tool.database.transaction() as db:
            self._launch(db, home).locale = locale
        return self.url + home

    @staticmethod
    def _launch(db: Session, home: str) -> LaunchSession:
        return db.get_one(LaunchSession, uuid.UUID(home.split("/")[2].partition(".")[0]))

    def choose_content(self, build: Callable[[Scene], None], locale: str) -> str:
        """A tutor in the platform's content picker; returns the address of the choice."""
        home = self.play(build, locale, again=True)
        with self.tool.database.transaction() as db:
            launch = self._launch(db, home.removeprefix(self.url))
            launch.message_type = "LtiDeepLinkingRequest"
            launch.deep_linking = {
                "deep_link_return_url": f"{launch.registration.issuer}/return",
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe"],
            }
        return f"{home}deep-linking"

    def invitation(self) -> str:
        """The address of a set-up page."""
        with self.tool.database.transaction() as db:
            _, secret = invite(db, label="Campus Horizon")
        return f"{self.url}/setup?invite={secret}"

    def registration(self) -> str:
        """The address that an LMS opens to be connected."""
        secret = self.invitation().partition("invite=")[2]
        return start_registration(self.lms.lms, f"{self.url}/lti/register?invite={secret}")["url"]

    def handed_over(self) -> str:
        """The address that asks “Continue as …?”."""
        with self.tool.database.transaction() as db:
            known = db.scalars(sa.select(LaunchSession)).first()
            assert known is not None
            token = handoffs.leave(
                db,
                VerifiedLaunch(
                    registration_id=known.registration_id,
                    deployment_id=known.deployment_id,
                    message_type=RESOURCE_LINK_REQUEST,
                    role=CourseRole.LEARNER,
                    subject="someone",
                    name="Paul Moreau",
                ),
            )
        return f"{self.url}/lti/continue/{token}"

    def launch_form(self) -> Form:
        """What the LMS's page posts to the tool's launch, taken out of a browser that began the login elsewhere."""
        browser = Browser()
        if self._link_id is None:
            connect_tool(browser, self.lms.base_url, self.invitation())
            self._link_id = add_activity(browser, self.lms.base_url, template="demo")
        become(browser, self.lms.base_url, "student")
        login = browser._step(f"{self.lms.base_url}/launch/{self._link_id}", None).forms[0]
        return browser._step(login.action, login.fields).forms[0]


@contextmanager
def running_stage(folder: Path) -> Iterator[Stage]:
    """The tool and the LMS, served by threads while the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # The port is known before the address that the tool is told to have.
    placeholder: Any = Flask(__name__)
    server = make_server("127.0.0.1", 0, placeholder, threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    config = Config(
        base_url=url,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'stage.db'}",
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
    )
    tool = make_tool(config)
    migrate(tool.database)
    app = create_app(config, tool)
    with RunningLms(LmsSettings(data_dir=folder / "lms", port=0)) as lms:
        stage = Stage(tool, app, url, lms)

        def note(response: Response) -> Response:
            is_page = response.mimetype == "text/html" and response.status_code // 100 != 3
            if is_page and request.endpoint is not None:
                stage.pages.append((request.endpoint, request.method))
            return response

        app.after_request(note)
        server.app = app
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield stage
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            tool.http.close()
            tool.database.dispose()
