"""A tool and a strict LMS that know each other: registration, course, activity, people and a running cohort."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_httpserver import HTTPServer

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.lms.claims import line_item_url, memberships_url
from lti_tool.demo.lms.course import add_link, coupled_line_item, find_link, the_course
from lti_tool.demo.lms.gradebook import gradebook
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.tools import SUPPORTED_SCOPES
from lti_tool.demo.lms.tools import Tool as RegisteredTool
from lti_tool.events import log
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import OPERATOR, TOOL, CourseRole
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.programmes.actions import open_placement
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.roles import Role
from tests.world import World

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
            book = gradebook(db)
            item = coupled_line_item(db, self.link_id)
        assert item is not None
        [student] = [student for student in book["students"] if student["id"] == subject]
        cell: dict[str, Any] = student["grades"][str(item.id)]
        return cell

    def completion(self, subject: str) -> str:
        """Whether the activity is complete for a student."""
        with self.lms.lms.store.reading() as db:
            book = gradebook(db)
        [student] = [student for student in book["students"] if student["id"] == subject]
        return str(student["completion"][str(self.link_id)])


def connect(
    services: Services, lms: RunningLms, server: HTTPServer, *, name: str = "one", graded: bool = True
) -> Connected:
    """Register the tool at the LMS and the LMS in the tool's database, with a cohort of two people."""
    server.expect_request("/jwks").respond_with_json(services.keys.published_jwks())
    here = server.url_for("/")
    registered = lms.register_tool(
        RegisteredTool(
            client_id=f"client-{name}",
            name="Tandem",
            initiate_login_uri=here + "login",
            redirect_uris=[here + "launch"],
            jwks_uri=here + "jwks",
            target_link_uri=here + "launch",
        )
    )
    with lms.lms.store.transaction() as lms_db:
        link_id = add_link(
            lms_db, the_course(lms_db).id, registered, "Mentoring", line_item={"scoreMaximum": 100.0}
        ).id
        item = coupled_line_item(lms_db, link_id)
        roster_url = memberships_url(lms.base_url, the_course(lms_db).id, registered)
        find_link(lms_db, link_id)
    assert item is not None
    now = utcnow()
    with services.database.transaction() as db:
        log.set_principal(db, TOOL)
        organisation = organisations.add_for(db, f"Company {name}")
        registration = Registration(
            id=uuid.uuid4(),
            organisation_id=organisation.id,
            issuer=lms.base_url,
            client_id=registered.client_id,
            auth_login_url=f"{lms.base_url}/oidc/auth",
            auth_token_url=f"{lms.base_url}/oauth/token",
            token_audience=f"{lms.base_url}/oauth/token",
            service_hosts=[],
            jwks_url=f"{lms.base_url}/jwks",
            frame_origins=[lms.base_url],
            platform_family=lms.settings.product_family_code,
        )
        deployment = Deployment(
            id=uuid.uuid4(),
            registration=registration,
            organisation_id=organisation.id,
            deployment_id=registered.deployment_id,
            status=DeploymentStatus.APPROVED,
        )
        db.add_all([registration, deployment])
        db.flush()
        course = Course(id=uuid.uuid4(), deployment_id=deployment.id, context_id="1", roster_url=roster_url)
        db.add(course)
        db.flush()
        link = ResourceLink(
            id=uuid.uuid4(),
            course_id=course.id,
            resource_link_id=str(link_id),
            line_item_url=line_item_url(lms.base_url, item) if graded else None,
            scopes=list(SUPPORTED_SCOPES),
        )
        db.add(link)
        db.flush()
        people = {
            subject: _person(db, registration.id, course.id, subject, role)
            for subject, role in (
                (TUTOR, CourseRole.TUTOR),
                (MENTOR, CourseRole.LEARNER),
                (MENTEE, CourseRole.LEARNER),
            )
        }
        placement = open_placement(
            db,
            organisation_id=organisation.id,
            course_id=course.id,
            resource_link_id=link.id,
            content_id=None,
            template=load_template("demo"),
            opened_by=people[TUTOR].id,
            now=now,
        )
        mentor, mentee = (
            join(
                db,
                cohort_id=placement.cohort_id,
                person_id=people[subject].id,
                role=role,
                now=now,
            )
            for subject, role in ((MENTOR, Role.MENTOR), (MENTEE, Role.MENTEE))
        )
        world = World(
            services=services,
            organisation_id=organisation.id,
            registration_id=registration.id,
            deployment_id=deployment.id,
            course_id=course.id,
            resource_link_id=link.id,
            placement_id=placement.id,
            cohort_id=placement.cohort_id,
            tutor_id=people[TUTOR].id,
            mentor_id=mentor.id,
            mentee_id=mentee.id,
        )
    return Connected(services, lms, registered, link_id, world)


def _person(
    db: Any, registration_id: uuid.UUID, course_id: uuid.UUID, subject: str, role: CourseRole
) -> Person:
    person = Person(
        id=uuid.uuid4(), registration_id=registration_id, subject=subject, name=f"Person {subject}"
    )
    db.add(person)
    db.flush()
    db.add(Membership(course_id=course_id, person_id=person.id, role=role, launched_at=utcnow()))
    db.flush()
    return person


@pytest.fixture
def lms(tmp_path: Path) -> Iterator[RunningLms]:
    """A strict LMS with Moodle's rules."""
    with RunningLms(LmsSettings(data_dir=tmp_path / "lms", port=0)) as running:
        yield running


@pytest.fixture
def canvas(tmp_path: Path) -> Iterator[RunningLms]:
    """A strict LMS with Canvas's rules."""
    settings = LmsSettings(
        data_dir=tmp_path / "canvas", port=0, grade_rules="canvas", product_family_code="canvas"
    )
    with RunningLms(settings) as running:
        yield running


@pytest.fixture
def connected(services: Services, lms: RunningLms, httpserver: HTTPServer) -> Connected:
    """The tool and the LMS with Moodle's rules."""
    return connect(services, lms, httpserver)
