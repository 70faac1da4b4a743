"""A small mentoring programme in the database: a platform, a course, an activity, a running cohort, and people."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.events import log
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Membership, Organisation, Person
from lti_tool.identity.principal import TOOL, CourseRole, Principal, PrincipalKind
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import form_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.actions import open_placement
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.roles import Role

NOW = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


@dataclass
class World:
    """The ids of what a test begins with. ``mentor`` and ``mentee`` are participants already."""

    services: Services
    organisation_id: uuid.UUID
    registration_id: uuid.UUID
    deployment_id: uuid.UUID
    course_id: uuid.UUID
    resource_link_id: uuid.UUID
    placement_id: uuid.UUID
    cohort_id: uuid.UUID
    tutor_id: uuid.UUID
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID
    principal: Principal = field(default=TOOL)
    """Who acts in :meth:`acting`."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction in which actions may be called, without their consequences."""
        with self.services.database.transaction() as db:
            log.set_principal(db, self.principal)
            yield db

    @contextmanager
    def acting(self) -> Iterator[Session]:
        """A transaction with its consequences."""
        with composition.transaction(self.services, self.principal) as db:
            yield db

    def cohort(self, db: Session) -> Cohort:
        return db.get_one(Cohort, self.cohort_id)

    def mentor(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentor_id)

    def mentee(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentee_id)

    def pair(self, db: Session, *, now: dt.datetime = NOW, signed: bool = True) -> Pair:
        """Pair the two; ``signed``: both have signed the agreement."""
        pair = form_pair(
            db, cohort_id=self.cohort_id, mentor_id=self.mentor_id, mentee_id=self.mentee_id, now=now
        )
        if signed:
            for by in (self.mentor_id, self.mentee_id):
                sign_agreement(db, pair_id=pair.id, by=by, now=now)
        return pair


def add_registration(
    db: Session,
    organisation: Organisation,
    issuer: str = "https://lms.example",
    family: str | None = "moodle",
) -> tuple[Registration, Deployment]:
    """A platform with an approved deployment."""
    registration = Registration(
        id=uuid.uuid4(),
        organisation_id=organisation.id,
        issuer=issuer,
        client_id="client-1",
        auth_login_url=f"{issuer}/auth",
        auth_token_url=f"{issuer}/token",
        token_audience=f"{issuer}/token",
        service_hosts=[],
        jwks_url=f"{issuer}/jwks",
        frame_origins=[issuer],
        platform_family=family,
    )
    deployment = Deployment(
        id=uuid.uuid4(),
        registration=registration,
        organisation_id=organisation.id,
        deployment_id="1",
        status=DeploymentStatus.APPROVED,
    )
    db.add_all([registration, deployment])
    db.flush()
    return registration, deployment


def add_person(
    db: Session,
    registration_id: uuid.UUID,
    course: Course,
    name: str,
    role: CourseRole = CourseRole.LEARNER,
    *,
    launched: bool = True,
) -> Person:
    """Somebody in the course; ``name`` is also the platform's subject. ``launched``: they have been here."""
    given, _, family = name.partition(" ")
    person = Person(
        id=uuid.uuid4(),
        registration_id=registration_id,
        subject=name,
        name=name,
        given_name=given,
        family_name=family,
    )
    db.add(person)
    db.flush()
    db.add(
        Membership(course_id=course.id, person_id=person.id, role=role, launched_at=NOW if launched else None)
    )
    db.flush()
    return person


def build_world(services: Services, template: str = "demo", issuer: str = "https://lms.example") -> World:
    """A platform, a course with a tutor, and a running cohort with one mentor and one mentee, not yet paired.

    The consequences of all that are not handled: statements and scores begin with what a test does.
    """
    with services.database.transaction() as db:
        log.set_principal(db, TOOL)
        organisation = organisations.add_for(db, "Example")
        registration, deployment = add_registration(db, organisation, issuer)
        course = Course(
            id=uuid.uuid4(), deployment_id=deployment.id, context_id="course-7", title="Digital cultures"
        )
        db.add(course)
        db.flush()
        link = add_link(db, course)
        tutor = add_person(db, registration.id, course, "Claire Fontaine", CourseRole.TUTOR)
        placement = open_placement(
            db,
            organisation_id=organisation.id,
            course_id=course.id,
            resource_link_id=link.id,
            content_id=None,
            template=load_template(template),
            opened_by=tutor.id,
            now=NOW,
        )
        mentor, mentee = (
            join(
                db,
                cohort_id=placement.cohort_id,
                person_id=add_person(db, registration.id, course, name).id,
                role=role,
                now=NOW,
            )
            for name, role in (("Inès Benali", Role.MENTOR), ("Paul Moreau", Role.MENTEE))
        )
        return World(
            services=services,
            organisation_id=organisation.id,
            registration_id=registration.id,
            deployment_id=deployment.id,
            course_id=course.id,
            resource_link_id=link.id,
            placement_id=placement.id,
            cohort_id=placement.cohort_id,
            tutor_id=tutor.id,
            mentor_id=mentor.id,
            mentee_id=mentee.id,
        )


def add_link(
    db: Session, course: Course, name: str = "activity-1", line_item_url: str | None = None
) -> ResourceLink:
    """An activity in the course; with ``line_item_url`` it has a column in the gradebook."""
    link = ResourceLink(
        id=uuid.uuid4(),
        course_id=course.id,
        resource_link_id=name,
        title="Reverse mentoring",
        line_item_url=line_item_url,
        scopes=["https://purl.imsglobal.org/spec/lti-ags/scope/score"] if line_item_url else [],
    )
    db.add(link)
    db.flush()
    return link


def person_principal(world: World, person_id: uuid.UUID, role: CourseRole) -> Principal:
    """Somebody who came by a launch of the world's activity."""
    return Principal(
        kind=PrincipalKind.PERSON,
        person_id=person_id,
        organisation_id=world.organisation_id,
        course_id=world.course_id,
        placement_id=world.placement_id,
        cohort_id=world.cohort_id,
        role=role,
    )


@pytest.fixture
def world(services: Services) -> World:
    """A world under the demo template: the agreement and one confirmed session complete it."""
    return build_world(services)
