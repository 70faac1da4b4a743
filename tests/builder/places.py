"""Organisations, platforms, courses, the people in them, and activities."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lti_tool.identity.models import Course, Membership, OpenedLink, Organisation
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.actions import Choice, choose_activity, open_placement
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.programmes.template import load_template
from tests.builder import launches, rows
from tests.builder.build import Built
from tests.builder.cohorts import BuiltProgramme


@dataclass(frozen=True)
class BuiltOrganisation(Built):
    """A company."""

    def platform(
        self, issuer: str = rows.ISSUER, family: str | None = "moodle", *, client_id: str | None = None
    ) -> BuiltPlatform:
        """A learning platform that it has connected. ``client_id``: a new one by default."""
        with self.build.transaction() as db:
            registration, deployment = rows.add_registration(
                db,
                db.get_one(Organisation, self.id),
                issuer,
                family,
                client_id=client_id or f"client-{uuid.uuid4().hex[:12]}",
            )
            return BuiltPlatform(self.build, registration.id, self.id, deployment.id)


@dataclass(frozen=True)
class BuiltPlatform(Built):
    """A registration with one approved deployment; its id is the registration's."""

    organisation_id: uuid.UUID
    deployment_id: uuid.UUID

    def course(
        self,
        title: str | None = "Digital cultures",
        *,
        context_id: str | None = None,
        roster_url: str | None = None,
    ) -> BuiltCourse:
        """A course. ``context_id``: the platform's name for it, one of its own by default."""
        with self.build.transaction() as db:
            course = rows.add_course(db, self.deployment_id, context_id, title, roster_url)
            return BuiltCourse(self.build, course.id, self)


@dataclass(frozen=True)
class BuiltCourse(Built):
    """A course (an LTI context)."""

    platform: BuiltPlatform

    def person(
        self,
        name: str,
        role: CourseRole = CourseRole.LEARNER,
        *,
        subject: str | None = None,
        launched: bool = True,
        active: bool = True,
    ) -> BuiltPerson:
        """Somebody in the course; keywords as in :func:`~tests.builder.rows.add_person`."""
        with self.build.transaction() as db:
            course = db.get_one(Course, self.id)
            person = rows.add_person(
                db,
                self.platform.id,
                course,
                name,
                role,
                subject=subject,
                launched=launched,
                active=active,
                now=self.build.now,
            )
            return BuiltPerson(self.build, person.id, name, self, role)

    def enrol(self, person: BuiltPerson, role: CourseRole = CourseRole.LEARNER) -> None:
        """Somebody of another course is in this one as well, and has been here."""
        with self.build.transaction() as db:
            here = {"course_id": self.id, "person_id": person.id, "role": role}
            db.add(Membership(**here, active=True, launched_at=self.build.now))
            db.flush()

    def opened(self, person: BuiltPerson, activity: BuiltActivity) -> None:
        """Somebody has opened an activity of the course as a learner, which is noted."""
        with self.build.transaction() as db:
            noted = {"person_id": person.id, "resource_link_id": activity.id}
            db.add(OpenedLink(**noted, first_opened_at=self.build.now))

    def tutor(self, name: str = "Claire Fontaine") -> BuiltPerson:
        """A tutor of the course."""
        return self.person(name, CourseRole.TUTOR)

    def activity(
        self,
        name: str = "activity-1",
        line_item_url: str | None = None,
        *,
        content_id: uuid.UUID | None = None,
    ) -> BuiltActivity:
        """A link to the tool; with ``line_item_url`` it has a column in the gradebook, open to scores."""
        with self.build.transaction() as db:
            course = db.get_one(Course, self.id)
            link = rows.add_link(db, course, name, line_item_url, content_id=content_id)
            return BuiltActivity(self.build, link.id, self)

    def programme(self, template: str = "demo", *, opened_by: BuiltPerson | None = None) -> BuiltProgramme:
        """A programme, as a tutor's first launch of a new activity opens it."""
        return self.activity(str(uuid.uuid4())).programme(template, opened_by=opened_by)


@dataclass(frozen=True)
class BuiltPerson(Built):
    """Somebody in a course."""

    name: str
    course: BuiltCourse
    role: CourseRole


@dataclass(frozen=True)
class BuiltActivity(Built):
    """A resource link in a course."""

    course: BuiltCourse

    def programme(
        self,
        template: str = "demo",
        *,
        opened_by: BuiltPerson | None = None,
        content_id: uuid.UUID | None = None,
        beginning: Beginning | None = None,
        following: tuple[BuiltProgramme, BuiltPerson] | None = None,
        now: dt.datetime | None = None,
    ) -> BuiltProgramme:
        """The programme that the activity opens: a new one, unless its ``content_id`` chose a group to share.

        ``beginning``: how its cohort begins, where the tutor says so at the activity. ``following``: a programme, and a
        tutor of it who has it opened here by a new cohort.
        """
        choice = None
        if following is not None:
            choice = Choice(following[1].id, programme_id=following[0].id)
        elif beginning is not None:
            choice = Choice(uuid.uuid4(), beginning=beginning)
        with self.build.transaction() as db:
            placement = open_placement(
                db,
                organisation_id=self.course.platform.organisation_id,
                course_id=self.course.id,
                resource_link_id=self.id,
                content_id=content_id,
                template=load_template(template),
                opened_by=opened_by.id if opened_by else None,
                now=now or self.build.now,
                choice=choice,
            )
            programme_id = db.get_one(Cohort, placement.cohort_id).programme_id
        return BuiltProgramme(self.build, programme_id, self, placement.cohort_id, placement.id)

    def share(self, cohort_id: uuid.UUID, *, chosen_by: uuid.UUID, role_view: str = "both") -> uuid.UUID:
        """Let a tutor of the cohort choose it for this activity, for one role or both; the content's id.

        The activity opens that cohort with the next :meth:`programme` of this content.
        """
        with self.build.transaction() as db:
            link = db.get_one(ResourceLink, self.id)
            link.content_id = uuid.uuid4()
            choose_activity(
                db,
                content_id=link.content_id,
                course_id=self.course.id,
                organisation_id=self.course.platform.organisation_id,
                cohort_id=cohort_id,
                role_view=role_view,
                chosen_by=chosen_by,
                now=self.build.now,
            )
            return link.content_id

    def set_line_item(self, url: str | None, scopes: Sequence[str] = (SCORE_SCOPE,)) -> None:
        """Give it this line item and these rights, as its next launch says."""
        with self.build.transaction() as db:
            link = db.get_one(ResourceLink, self.id)
            link.line_item_url, link.scopes = url, list(scopes)

    def launch(self, person: BuiltPerson | None, **values: Any) -> str:
        """Somebody's launch (None: an anonymous one); its key, for ``/l/<key>/``.

        ``values``: columns of the launch session.
        """
        defaults = {
            "registration_id": self.course.platform.id,
            "deployment_id": self.course.platform.deployment_id,
            "person_id": person.id if person else None,
            "course_id": self.course.id,
            "resource_link_id": self.id,
            "role": person.role if person else CourseRole.LEARNER,
        }
        if person is not None and person.role == CourseRole.SWITCHED:
            defaults["role"] = CourseRole.LEARNER  # what the launch says; the place in the course knows more
        with self.build.transaction() as db:
            return launches.key_of(launches.add_launch(db, **(defaults | values)))
