"""The demo's second course: a programme that has run for weeks, made by launches and by the tool's own actions.

Its activity is added through the content picker and its people come by the LMS's roster, as in any course. Then what
they did in the past happens, day by day: no launch can do that, for every launch is today's.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import add_activity
from lti_tool.demo.lms.second_course import add_second_course
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.seeding.cohorts import DAYS, live
from lti_tool.demo.seeding.groups import group_of_link
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment
from lti_tool.mentoring.programmes.actions import open_placement
from lti_tool.mentoring.programmes.template import load_template

COUPLES = 12
TEMPLATE = "digital-skills"
ROSTER_SECONDS = 30.0


class CourseNotMade(Exception):
    """The second course could not be made. The text says why, in one line."""


def add_running_course(lms: RunningLms, services: Services, *, locale: str) -> None:
    """Add the course to the LMS, open its activity in the past, and let :data:`DAYS` happen.

    ``locale``: the language in which its people write, ``en`` or ``fr``. Raises :class:`CourseNotMade`, and
    :class:`lti_tool.demo.browser.PageError`.
    """
    with lms.lms.store.transaction() as db:
        course, learners = add_second_course(db)
    tutor = Browser(locale)
    tutor.open(f"{lms.base_url}/courses/{course.id}")
    link_id = add_activity(tutor, lms.base_url, template=TEMPLATE)
    # A learner's launch makes the activity known, and leaves its opening to a tutor.
    learner = Browser(locale)
    learner.open(f"{lms.base_url}/login", {"person_id": str(learners[-1].id), "next": "/"})
    learner.open(f"{lms.base_url}/launch/{link_id}")
    resource_link_id, tutor_id = _open_in_the_past(services, course.label)
    tutor.open(f"{lms.base_url}/launch/{link_id}")
    subjects = [str(person.id) for person in learners]
    people = _people_of_roster(services, resource_link_id, subjects)
    group = group_of_link(services, resource_link_id, tutor_id)
    live(group, people, couples=COUPLES, now=utcnow(), locale=locale)


def _open_in_the_past(services: Services, label: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Open the newest activity as its tutor would have, :data:`DAYS` ago; returns the activity and the tutor."""
    with services.database.reading() as db:
        link, organisation_id = db.execute(
            sa.select(ResourceLink, Deployment.organisation_id)
            .join(Course, Course.id == ResourceLink.course_id)
            .join(Deployment, Deployment.id == Course.deployment_id)
            .order_by(Course.created_at.desc())
            .limit(1)
        ).one()
        tutor_id = db.scalar(
            sa.select(Membership.person_id).where(
                Membership.course_id == link.course_id, Membership.role == CourseRole.TUTOR
            )
        )
    if tutor_id is None or organisation_id is None:
        raise CourseNotMade(f"nobody teaches {label}")
    opened_at = utcnow() - dt.timedelta(days=DAYS)
    principal = Principal(
        kind=PrincipalKind.PERSON,
        person_id=tutor_id,
        organisation_id=organisation_id,
        course_id=link.course_id,
        role=CourseRole.TUTOR,
    )
    with transaction(services, principal, now=opened_at) as db:
        open_placement(
            db,
            organisation_id=organisation_id,
            course_id=link.course_id,
            resource_link_id=link.id,
            content_id=link.content_id,
            template=load_template(TEMPLATE),
            opened_by=tutor_id,
            now=opened_at,
        )
    return link.id, tutor_id


def _people_of_roster(
    services: Services, resource_link_id: uuid.UUID, subjects: list[str]
) -> list[uuid.UUID]:
    """The persons of these subjects, once the roster has been read."""
    course = sa.select(ResourceLink.course_id).where(ResourceLink.id == resource_link_id).scalar_subquery()
    deadline = time.monotonic() + ROSTER_SECONDS
    while True:
        with services.database.reading() as db:
            found = dict(
                db.execute(
                    sa.select(Person.subject, Person.id)
                    .join(Membership, Membership.person_id == Person.id)
                    .where(Membership.course_id == course, Person.subject.in_(subjects))
                )
                .tuples()
                .all()
            )
        if len(found) == len(subjects):
            return [found[subject] for subject in subjects]
        if time.monotonic() > deadline:
            raise CourseNotMade(f"the roster lists {len(found)} of {len(subjects)} people")
        time.sleep(0.2)
