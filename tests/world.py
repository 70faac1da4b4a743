"""A small mentoring world in the database: a platform, a course, a running cohort, and people."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from lti_tool.database import Database
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration
from lti_tool.mentoring import actions
from lti_tool.mentoring.models import Cohort, Pair, Participant, Role
from lti_tool.mentoring.programme_templates import load_template
from lti_tool.people import Course, CourseRole, Membership, Person
from lti_tool.tool import Tool

NOW = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


@dataclass
class World:
    """The ids of what a test begins with. ``mentor`` and ``mentee`` are participants already."""

    database: Database
    registration_id: uuid.UUID
    course_id: uuid.UUID
    cohort_id: uuid.UUID
    tutor_id: uuid.UUID
    mentor_id: uuid.UUID
    mentee_id: uuid.UUID

    def cohort(self, db: Session) -> Cohort:
        return db.get_one(Cohort, self.cohort_id)

    def mentor(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentor_id)

    def mentee(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentee_id)

    def pair(self, db: Session, *, now: dt.datetime = NOW, signed: bool = True) -> Pair:
        """Put the two together; ``signed``: both have signed the agreement."""
        pair = actions.form_pair(
            db, cohort=self.cohort(db), mentor=self.mentor(db), mentee=self.mentee(db), now=now
        )
        if signed:
            for by in (self.mentor(db), self.mentee(db)):
                actions.sign_agreement(db, pair=pair, by=by, now=now)
        return pair


def add_person(
    db: Session, registration_id: uuid.UUID, course: Course, name: str, role: CourseRole = CourseRole.LEARNER
) -> Person:
    """Somebody in the course; ``name`` is also the platform's subject."""
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
    db.add(Membership(course_id=course.id, person_id=person.id, role=role))
    return person


def build_world(database: Database, template: str = "demo") -> World:
    """A platform, a course with a tutor, and a running cohort with one mentor and one mentee, not yet paired."""
    with database.transaction() as db:
        registration = Registration(
            id=uuid.uuid4(),
            issuer="https://lms.example",
            client_id="client-1",
            auth_login_url="https://lms.example/auth",
            auth_token_url="https://lms.example/token",
            jwks_url="https://lms.example/jwks",
            frame_origins=["https://lms.example"],
            platform_family="moodle",
        )
        deployment = Deployment(
            id=uuid.uuid4(), registration=registration, deployment_id="1", status=DeploymentStatus.APPROVED
        )
        db.add_all([registration, deployment])
        db.flush()
        course = Course(
            id=uuid.uuid4(), deployment_id=deployment.id, context_id="course-7", title="Digital cultures"
        )
        db.add(course)
        db.flush()
        tutor = add_person(db, registration.id, course, "Claire Fontaine", CourseRole.TUTOR)
        cohort = actions.open_programme(db, course=course, template=load_template(template), now=NOW)
        mentor, mentee = (
            actions.join(
                db, cohort=cohort, person=add_person(db, registration.id, course, name), role=role, now=NOW
            )
            for name, role in (("Inès Benali", Role.MENTOR), ("Paul Moreau", Role.MENTEE))
        )
        return World(
            database=database,
            registration_id=registration.id,
            course_id=course.id,
            cohort_id=cohort.id,
            tutor_id=tutor.id,
            mentor_id=mentor.id,
            mentee_id=mentee.id,
        )


@pytest.fixture
def world(tool: Tool) -> World:
    """A world under the demo template: the agreement and one confirmed session complete it."""
    return build_world(tool.database)
