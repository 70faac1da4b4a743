"""A tool and a strict LMS that know each other: registration, course, activity, people and a running cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.demo.lms.claims import line_item_url, memberships_url
from lti_tool.demo.lms.course import add_link, coupled_line_item, the_course
from lti_tool.demo.lms.gradebook import gradebook
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import SUPPORTED_SCOPES
from lti_tool.demo.lms.tools import Tool as RegisteredTool
from lti_tool.identity.principal import OPERATOR, CourseRole
from lti_tool.lti.registration import registrations
from lti_tool.mentoring.roles import Role
from tests.builder.build import Builder
from tests.builder.places import BuiltPlatform
from tests.builder.rows import add_organisation, add_registration
from tests.builder.snapshot import Snapshot
from tests.builder.world import World

TUTOR, MENTOR, MENTEE = "1", "2", "4"
"""Subjects of people of the demo LMS."""


@dataclass
class Connected:
    """The two of them, and the world in the tool's database."""

    services: Services
    lms: RunningLms
    registered: RegisteredTool
    link_id: int
    world: World

    @property
    def line_item(self) -> str:
        """The address of the activity's coupled line item."""
        with self.lms.lms.store.reading() as db:
            item = coupled_line_item(db, self.link_id)
        assert item is not None
        return line_item_url(self.lms.base_url, item)

    def calls(self, ending: str) -> list[tuple[int, str, str]]:
        """Status, reason and detail of the LMS's log for paths that end like this, oldest first."""
        with self.lms.lms.store.reading() as db:
            rows = db.execute("SELECT path, status, reason, detail FROM calls ORDER BY id").fetchall()
        return [(row["status"], row["reason"], row["detail"]) for row in rows if row["path"].endswith(ending)]

    def scores(self) -> list[tuple[int, str, str]]:
        """What the score service answered to each score that it received."""
        return self.calls("/scores")

    def has_services_at(self, address: str) -> None:
        """Let the platform's services be at another address too, as an operator would say."""
        with composition.transaction(self.services, OPERATOR) as db:
            registrations.allow_service_host(db, self.world.registration_id, urlsplit(address).netloc)

    def cell(self, subject: str) -> dict[str, Any]:
        """A student's cell in the activity's column of the gradebook."""
        with self.lms.lms.store.reading() as db:
            book = gradebook(db, rules=self.lms.settings.grade_rules)
            item = coupled_line_item(db, self.link_id)
        assert item is not None
        [student] = [student for student in book["students"] if student["id"] == subject]
        cell: dict[str, Any] = student["grades"][str(item.id)]
        return cell

    def completion(self, subject: str) -> str:
        """Whether the activity is complete for a student."""
        with self.lms.lms.store.reading() as db:
            book = gradebook(db, rules=self.lms.settings.grade_rules)
        [student] = [student for student in book["students"] if student["id"] == subject]
        return str(student["completion"][str(self.link_id)])


def connect(
    services: Services, lms: RunningLms, server: HTTPServer, *, name: str = "one", graded: bool = True
) -> Connected:
    """Register the tool at the LMS and the LMS in the tool's database, with a cohort of two people."""
    registered, link_id = _at_lms(lms, server.url_for("/"), name)
    world = _at_tool(services, lms, registered, link_id, name=name, graded=graded)
    server.expect_request("/jwks").respond_with_json(services.keys.published_jwks())
    return Connected(services, lms, registered, link_id, world)


@dataclass(frozen=True)
class KeptConnection:
    """What the tool's database held once it was connected with an LMS, for others of the same settings."""

    connected: Connected
    address: str
    """Host and port of the LMS."""
    snapshot: Snapshot

    @classmethod
    def of(cls, connected: Connected) -> KeptConnection:
        """What it holds now."""
        address = urlsplit(connected.lms.base_url).netloc
        return cls(connected, address, Snapshot.of(connected.services.database))

    def connect(self, services: Services, lms: RunningLms, server: HTTPServer) -> Connected:
        """The same in an empty database, with an LMS at another port."""
        registered, link_id = _at_lms(lms, server.url_for("/"), "one")
        before = self.connected
        assert (link_id, registered.deployment_id) == (before.link_id, before.registered.deployment_id)
        here = self.snapshot.with_address(self.address, urlsplit(lms.base_url).netloc)
        here.restore(services.database)
        server.expect_request("/jwks").respond_with_json(services.keys.published_jwks())
        return Connected(services, lms, registered, link_id, before.world.by(Builder(services)))


def _at_lms(lms: RunningLms, tool: str, name: str) -> tuple[RegisteredTool, int]:
    """Register the tool at this address and add an activity; the tool as the LMS knows it, and the activity's id."""
    registered = lms.register_tool(
        RegisteredTool(
            client_id=f"client-{name}",
            name="Tandem",
            initiate_login_uri=tool + "login",
            redirect_uris=[tool + "launch"],
            jwks_uri=tool + "jwks",
            target_link_uri=tool + "launch",
        )
    )
    with lms.lms.store.transaction() as db:
        link = add_link(db, the_course(db).id, registered, "Mentoring", line_item={"scoreMaximum": 100.0})
    return registered, link.id


def _at_tool(
    services: Services, lms: RunningLms, registered: RegisteredTool, link_id: int, *, name: str, graded: bool
) -> World:
    with lms.lms.store.reading() as lms_db:
        item = coupled_line_item(lms_db, link_id)
        roster_url = memberships_url(lms.base_url, the_course(lms_db).id, registered)
    assert item is not None
    build = Builder(services)
    # As the world: what is sent begins with what a test does.
    with build.without_statements(), build.transaction() as db:
        organisation = add_organisation(db, f"Company {name}")
        registration, deployment = add_registration(
            db,
            organisation,
            lms.base_url,
            lms.settings.product_family_code,
            client_id=registered.client_id,
            deployment_id=registered.deployment_id,
            auth_login_path="/oidc/auth",
            token_path="/oauth/token",
        )
        platform = BuiltPlatform(build, registration.id, organisation.id, deployment.id)
        course = platform.course(None, context_id="1", roster_url=roster_url)
        activity = course.activity(str(link_id))
        tutor = course.person(f"Person {TUTOR}", CourseRole.TUTOR, subject=TUTOR)
        cohort = activity.programme(opened_by=tutor).cohort()
        mentor, mentee = (
            cohort.participant(course.person(f"Person {subject}", subject=subject), role)
            for subject, role in ((MENTOR, Role.MENTOR), (MENTEE, Role.MENTEE))
        )
    # Only now: no score tells of what was built.
    activity.set_line_item(line_item_url(lms.base_url, item) if graded else None, SUPPORTED_SCOPES)
    return World(cohort, tutor, mentor, mentee)
