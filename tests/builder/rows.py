"""Rows that registrations, launches and rosters leave behind, each written into an open transaction and returned.

:class:`~tests.builder.Builder` uses them; a test does so too where it holds a transaction of its own.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Membership, Organisation, Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Registration

ISSUER = "https://lms.example"


def ensure_principal(db: Session) -> None:
    """Let the tool act in this transaction, unless somebody does already."""
    try:
        log.acting_principal(db)
    except LookupError:
        log.set_principal(db, TOOL)


def add_organisation(db: Session, name: str = "Example") -> Organisation:
    """A company; with a number behind the name where it is taken."""
    return organisations.add_for(db, name)


def add_registration(
    db: Session,
    organisation: Organisation,
    issuer: str = ISSUER,
    family: str | None = "moodle",
    *,
    client_id: str = "client-1",
    deployment_id: str = "1",
    auth_login_path: str = "/auth",
    token_path: str = "/token",
) -> tuple[Registration, Deployment]:
    """A platform with an approved deployment, as ``tandem registrations add`` stores them."""
    ensure_principal(db)
    registration = registrations.add(
        db,
        registrations.NewRegistration(
            issuer=issuer,
            client_id=client_id,
            auth_login_url=issuer + auth_login_path,
            auth_token_url=issuer + token_path,
            jwks_url=f"{issuer}/jwks",
            platform_family=family,
            organisation_id=organisation.id,
            deployment_ids=(deployment_id,),
        ),
    )
    return registration, registration.deployments[0]


def add_deployment(
    db: Session,
    registration_id: uuid.UUID,
    deployment_id: str,
    *,
    organisation_id: uuid.UUID | None = None,
) -> Deployment:
    """One more deployment of a platform. It awaits approval, unless it belongs to an organisation."""
    deployment = Deployment(
        id=uuid.uuid4(),
        registration_id=registration_id,
        organisation_id=organisation_id,
        deployment_id=deployment_id,
        status=DeploymentStatus.APPROVED if organisation_id else DeploymentStatus.PENDING,
    )
    db.add(deployment)
    db.flush()
    return deployment


def add_course(
    db: Session,
    deployment_id: uuid.UUID,
    context_id: str | None = None,
    title: str | None = "Digital cultures",
    roster_url: str | None = None,
) -> Course:
    """A course of a deployment; ``context_id``: the platform's name for it, one of its own by default."""
    course = Course(
        id=uuid.uuid4(),
        deployment_id=deployment_id,
        context_id=context_id or str(uuid.uuid4()),
        title=title,
        roster_url=roster_url,
    )
    db.add(course)
    db.flush()
    return course


def add_link(
    db: Session,
    course: Course,
    name: str = "activity-1",
    line_item_url: str | None = None,
    *,
    content_id: uuid.UUID | None = None,
) -> ResourceLink:
    """An activity in the course; with ``line_item_url`` it has a column in the gradebook."""
    link = ResourceLink(
        id=uuid.uuid4(),
        course_id=course.id,
        resource_link_id=name,
        title="Reverse mentoring",
        content_id=content_id,
        line_item_url=line_item_url,
        scopes=[SCORE_SCOPE] if line_item_url else [],
    )
    db.add(link)
    db.flush()
    return link


def add_person(
    db: Session,
    registration_id: uuid.UUID,
    course: Course,
    name: str,
    role: CourseRole = CourseRole.LEARNER,
    *,
    subject: str | None = None,
    launched: bool = True,
    active: bool = True,
    now: dt.datetime | None = None,
) -> Person:
    """Somebody in the course. ``subject``: the platform's ``sub``, the name by default. ``launched``: they have been
    here, else only a roster lists them. ``active``: they have not left the course.
    """
    given, _, family = name.partition(" ")
    person = Person(
        id=uuid.uuid4(),
        registration_id=registration_id,
        subject=subject or name,
        name=name,
        given_name=given,
        family_name=family,
    )
    db.add(person)
    db.flush()
    db.add(
        Membership(
            course_id=course.id,
            person_id=person.id,
            role=role,
            active=active,
            launched_at=(now or utcnow()) if launched else None,
        )
    )
    db.flush()
    return person
