"""A group to seed: whose cohort it is, who is in it, and acting in it at any moment as one of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import OPERATOR, CourseRole, Principal, PrincipalKind
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.programmes.actions import open_placement
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme
from lti_tool.mentoring.programmes.template import load_template

SEEDED_ISSUER = "https://seeded.invalid"
"""Of the platform that seeded courses belong to where no real one is: nothing can be sent to it."""


@dataclass(frozen=True)
class Group:
    """A cohort with its activity, and its tutor (a person)."""

    services: Services
    organisation_id: uuid.UUID
    course_id: uuid.UUID
    placement_id: uuid.UUID
    cohort_id: uuid.UUID
    programme_id: uuid.UUID
    tutor_id: uuid.UUID

    def principal(self, person_id: uuid.UUID) -> Principal:
        """Somebody of the group, as if they had come by a launch of its activity."""
        return Principal(
            kind=PrincipalKind.PERSON,
            person_id=person_id,
            organisation_id=self.organisation_id,
            course_id=self.course_id,
            placement_id=self.placement_id,
            cohort_id=self.cohort_id,
            programme_id=self.programme_id,
            role=CourseRole.TUTOR if person_id == self.tutor_id else CourseRole.LEARNER,
        )

    @contextmanager
    def acting(self, person_id: uuid.UUID, moment: dt.datetime) -> Iterator[Session]:
        """A transaction in which somebody of the group acts at a moment (aware), with all its consequences."""
        with transaction(self.services, self.principal(person_id), now=moment) as db:
            yield db


def group_of_link(services: Services, resource_link_id: uuid.UUID, tutor_id: uuid.UUID) -> Group:
    """The group that an opened activity opens. Raises :class:`sqlalchemy.exc.NoResultFound`."""
    with services.database.reading() as db:
        placement, programme = db.execute(
            sa.select(Placement, Programme)
            .join(Cohort, Cohort.id == Placement.cohort_id)
            .join(Programme, Programme.id == Cohort.programme_id)
            .where(Placement.resource_link_id == resource_link_id)
        ).one()
        return Group(
            services,
            programme.organisation_id,
            placement.course_id,
            placement.id,
            placement.cohort_id,
            programme.id,
            tutor_id,
        )


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be added to a course: the platform's id of them, and their names."""

    subject: str
    given_name: str
    family_name: str
    locale: str | None = None


def add_course(
    services: Services,
    *,
    title: str,
    tutor: NewPerson,
    learners: list[NewPerson],
    template: str,
    opened_at: dt.datetime,
) -> tuple[Group, list[uuid.UUID]]:
    """A course with its people at the seeded platform, and its activity as a tutor's first launch opened it.

    What registrations, launches and rosters leave behind is written as rows, for no platform is there to send it.
    Returns the group, and the learners in their order.
    """
    with transaction(services, OPERATOR, now=opened_at) as db:
        registration, deployment = _platform(db)
        course = Course(
            id=uuid.uuid4(), deployment_id=deployment.id, context_id=str(uuid.uuid4()), title=title
        )
        link = ResourceLink(
            id=uuid.uuid4(), course_id=course.id, resource_link_id=str(uuid.uuid4()), title=title, scopes=[]
        )
        db.add(course)
        db.flush()
        db.add(link)
        tutor_id = _add_person(db, registration, course, tutor, CourseRole.TUTOR, opened_at)
        people = [
            _add_person(db, registration, course, learner, CourseRole.LEARNER, opened_at)
            for learner in learners
        ]
        db.flush()
        log.set_principal(db, Principal(kind=PrincipalKind.PERSON, person_id=tutor_id))
        open_placement(
            db,
            organisation_id=deployment.organisation_id or registration.organisation_id or uuid.uuid4(),
            course_id=course.id,
            resource_link_id=link.id,
            content_id=None,
            template=load_template(template),
            opened_by=tutor_id,
            now=opened_at,
        )
        link_id = link.id
    return group_of_link(services, link_id, tutor_id), people


def _platform(db: Session) -> tuple[Registration, Deployment]:
    known = db.scalars(sa.select(Registration).where(Registration.issuer == SEEDED_ISSUER)).first()
    if known is None:
        known = registrations.add(
            db,
            registrations.NewRegistration(
                issuer=SEEDED_ISSUER,
                client_id="seeded",
                auth_login_url=f"{SEEDED_ISSUER}/auth",
                auth_token_url=f"{SEEDED_ISSUER}/token",
                jwks_url=f"{SEEDED_ISSUER}/jwks",
                label="Seeded",
                organisation_id=organisations.add_for(db, "Seeded").id,
                deployment_ids=("1",),
            ),
        )
    return known, known.deployments[0]


def _add_person(
    db: Session,
    registration: Registration,
    course: Course,
    person: NewPerson,
    role: CourseRole,
    moment: dt.datetime,
) -> uuid.UUID:
    row = Person(
        id=uuid.uuid4(),
        registration_id=registration.id,
        subject=person.subject,
        name=f"{person.given_name} {person.family_name}".strip(),
        given_name=person.given_name,
        family_name=person.family_name,
        locale=person.locale,
    )
    membership = Membership(
        course_id=course.id, person_id=row.id, role=role, launched_at=moment, listed_at=utcnow()
    )
    db.add_all((row, membership))
    return row.id
