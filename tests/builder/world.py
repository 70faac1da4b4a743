"""The small programme that most tests begin with: a platform, a course, an activity, a running cohort, and people."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.identity.models import Course
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.roles import Role
from tests.builder.build import Builder
from tests.builder.cohorts import NAMES, BuiltCohort, BuiltParticipant
from tests.builder.pairs import BuiltObjective, BuiltPair, BuiltSession
from tests.builder.places import BuiltActivity, BuiltCourse, BuiltPerson

LINE_ITEM = "https://lms.example/lineitems/1/lineitem?type_id=1"


@dataclass(frozen=True)
class World:
    """A course with a tutor, and a running cohort with one mentor and one mentee, who are not a pair yet.

    The ids are those of the rows; ``mentor_id`` and ``mentee_id`` are participants'.
    """

    built_cohort: BuiltCohort
    tutor: BuiltPerson
    built_mentor: BuiltParticipant
    built_mentee: BuiltParticipant

    @property
    def build(self) -> Builder:
        """Makes further facts."""
        return self.built_cohort.build

    @property
    def services(self) -> Services:
        return self.build.services

    @property
    def course(self) -> BuiltCourse:
        return self.built_cohort.course

    @property
    def activity(self) -> BuiltActivity:
        return self.built_cohort.programme.activity

    @property
    def organisation_id(self) -> uuid.UUID:
        return self.course.platform.organisation_id

    @property
    def registration_id(self) -> uuid.UUID:
        return self.course.platform.id

    @property
    def deployment_id(self) -> uuid.UUID:
        return self.course.platform.deployment_id

    @property
    def course_id(self) -> uuid.UUID:
        return self.course.id

    @property
    def resource_link_id(self) -> uuid.UUID:
        return self.activity.id

    @property
    def placement_id(self) -> uuid.UUID:
        return self.built_cohort.programme.placement_id

    @property
    def cohort_id(self) -> uuid.UUID:
        return self.built_cohort.id

    @property
    def tutor_id(self) -> uuid.UUID:
        return self.tutor.id

    @property
    def mentor_id(self) -> uuid.UUID:
        return self.built_mentor.id

    @property
    def mentee_id(self) -> uuid.UUID:
        return self.built_mentee.id

    def cohort(self, db: Session) -> Cohort:
        return db.get_one(Cohort, self.cohort_id)

    def mentor(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentor_id)

    def mentee(self, db: Session) -> Participant:
        return db.get_one(Participant, self.mentee_id)

    def by(self, build: Builder) -> World:
        """The same world, of which another builder makes further facts."""
        return World(
            self.built_cohort.by(build),
            self.tutor.by(build),
            self.built_mentor.by(build),
            self.built_mentee.by(build),
        )

    def on(self, services: Services) -> World:
        """The same world, in another process of the tool."""
        return self.by(self.build.on(services))

    def acting_as(self, principal: Principal) -> World:
        """The same world, in which somebody else acts."""
        return self.by(self.build.acting_as(principal))

    @contextmanager
    def acting(self) -> Iterator[Session]:
        """A transaction with its consequences; what is built in the block is part of it."""
        with self.build.transaction() as db:
            yield db

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction in which actions may be called, without their consequences."""
        with self.build.without_consequences() as db:
            yield db

    def pair(
        self, db: Session | None = None, *, now: dt.datetime | None = None, signed: bool = True
    ) -> BuiltPair:
        """Pair the two; ``signed``: both have signed the agreement. ``db``: the transaction that it belongs to."""
        with self.build.within(db):
            return self.built_cohort.pair(
                self.built_mentor, self.built_mentee, signed="both" if signed else "", now=now
            )

    def proposed(self) -> BuiltPair:
        """Propose the two to each other; neither has accepted."""
        with self.build.transaction():
            return self.built_cohort.pair(self.built_mentor, self.built_mentee, signed="", accepted="")

    def the_pair(self) -> BuiltPair:
        """The two, who are a pair already."""
        with self.build.transaction() as db:
            pair_id = db.scalars(
                sa.select(Pair.id).where(Pair.mentor_id == self.mentor_id, Pair.mentee_id == self.mentee_id)
            ).one()
        return BuiltPair(self.build, pair_id, self.built_mentor, self.built_mentee)

    def log_session(self) -> uuid.UUID:
        """The mentor logs a session of 45 minutes today; its id."""
        with self.build.transaction():
            return self.the_pair().session().id

    def _session(self, session_id: uuid.UUID) -> BuiltSession:
        return BuiltSession(self.build, session_id, self.the_pair(), Role.MENTOR)

    def confirm(self, session_id: uuid.UUID) -> None:
        """The mentee confirms it."""
        with self.build.transaction():
            self._session(session_id).confirm()

    def dispute(self, session_id: uuid.UUID) -> None:
        """The mentee says that it did not take place."""
        with self.build.transaction():
            self._session(session_id).dispute()

    def correct(self, session_id: uuid.UUID) -> None:
        """The mentor says that it was 30 minutes."""
        with self.build.transaction():
            self._session(session_id).correct()

    def withdraw(self, session_id: uuid.UUID) -> None:
        """The mentor removes it."""
        with self.build.transaction():
            self._session(session_id).withdraw()

    def agree(self, title: str, direction: Role = Role.MENTEE) -> uuid.UUID:
        """The mentor sets an objective; its id."""
        with self.build.transaction():
            made: BuiltObjective = self.the_pair().objective(title, direction, by=Role.MENTOR)
            return made.id

    def grade_column(self, url: str = LINE_ITEM, scopes: list[str] | None = None) -> uuid.UUID:
        """Let the activity accept grades, as its next launch says; return its id."""
        self.activity.set_line_item(url, [SCORE_SCOPE] if scopes is None else scopes)
        return self.resource_link_id

    def second_activity(self, url: str | None = None, role_view: str = "both") -> BuiltActivity:
        """Another activity of the same group, for one role or both; with ``url`` it has a line item of its own."""
        with self.build.transaction():
            activity = self.course.activity("activity-2", url)
            content_id = activity.share(self.cohort_id, chosen_by=self.tutor_id, role_view=role_view)
            activity.programme(opened_by=self.tutor, content_id=content_id)
            return activity

    def another_group(self, title: str = "Second course", line_item_url: str | None = None) -> BuiltCohort:
        """A cohort of the same programme that runs in another course, which the same tutor teaches; nobody is in it."""
        with self.build.transaction():
            course = self.course.platform.course(title)
            course.enrol(self.tutor, CourseRole.TUTOR)
            activity = course.activity("activity-elsewhere", line_item_url)
            return activity.programme(following=(self.built_cohort.programme, self.tutor)).cohort()

    def another_person(self, db: Session | None = None, name: str = "Anne Roy") -> BuiltPerson:
        """One more learner of the course."""
        with self.build.within(db):
            return self.course.person(name)

    def course_row(self, db: Session) -> Course:
        return db.get_one(Course, self.course_id)


def make_world(build: Builder, template: str, issuer: str, now: dt.datetime) -> World:
    """Build it in one transaction that makes no statement."""
    with build.without_statements(), build.transaction():
        platform = build.organisation().platform(issuer, client_id="client-1")
        course = platform.course(context_id="course-7")
        activity = course.activity()
        tutor = course.tutor()
        cohort = activity.programme(template, opened_by=tutor, now=now).cohort()
        first, second = cohort.mentor(now=now), cohort.mentee(now=now)
    return World(cohort, tutor, first, second)


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


__all__ = ["LINE_ITEM", "NAMES", "World", "make_world", "person_principal"]
