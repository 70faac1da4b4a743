"""Programmes, their cohorts, and who takes part."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.completion.actions import reopen, validate_participant
from lti_tool.mentoring.enrolment.actions import change_role, invite, join
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import form_pair
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.mentoring.roles import Role
from tests.builder.build import Built
from tests.builder.pairs import BuiltPair

if TYPE_CHECKING:
    from tests.builder.places import BuiltActivity, BuiltCourse, BuiltPerson

NAMES = {Role.MENTOR: "Inès Benali", Role.MENTEE: "Paul Moreau"}


@dataclass(frozen=True)
class BuiltProgramme(Built):
    """A programme, opened by an activity."""

    activity: BuiltActivity
    cohort_id: uuid.UUID
    placement_id: uuid.UUID

    def cohort(self) -> BuiltCohort:
        """Its first cohort, which runs from the beginning."""
        return BuiltCohort(self.build, self.cohort_id, self)


@dataclass(frozen=True)
class BuiltCohort(Built):
    """A cohort, in the course of the activity that opened it."""

    programme: BuiltProgramme

    @property
    def course(self) -> BuiltCourse:
        """Where its people are."""
        return self.programme.activity.course

    def participant(
        self,
        person: BuiltPerson | str,
        role: Role,
        *,
        invited: bool = False,
        now: dt.datetime | None = None,
    ) -> BuiltParticipant:
        """Somebody joins in a role; a name adds a person to the course. ``invited``: a tutor gave them the role."""
        with self.build.transaction() as db:
            found = self.course.person(person) if isinstance(person, str) else person
            enrol = invite if invited else join
            made = enrol(db, cohort_id=self.id, person_id=found.id, role=role, now=now or self.build.now)
            return BuiltParticipant(self.build, made.id, found, role)

    def mentor(self, name: str = NAMES[Role.MENTOR], *, now: dt.datetime | None = None) -> BuiltParticipant:
        """Somebody new who joins as a mentor."""
        return self.participant(name, Role.MENTOR, now=now)

    def mentee(self, name: str = NAMES[Role.MENTEE], *, now: dt.datetime | None = None) -> BuiltParticipant:
        """Somebody new who joins as a mentee."""
        return self.participant(name, Role.MENTEE, now=now)

    def pair(
        self,
        mentor: BuiltParticipant | str = NAMES[Role.MENTOR],
        mentee: BuiltParticipant | str = NAMES[Role.MENTEE],
        *,
        signed: str = "both",
        accepted: str = "both",
        signed_at: dt.datetime | None = None,
        now: dt.datetime | None = None,
        formed_by: BuiltPerson | None = None,
    ) -> BuiltPair:
        """A mentor and a mentee together; a name adds somebody who joins. ``signed`` and ``accepted``: ``both``,
        ``mentor``, ``mentee`` or empty; nobody signs before both have accepted. ``formed_by``: a tutor.
        """
        moment = now or self.build.now
        with self.build.transaction() as db:
            first = self.mentor(mentor, now=moment) if isinstance(mentor, str) else mentor
            second = self.mentee(mentee, now=moment) if isinstance(mentee, str) else mentee
            before = log.acting_principal(db)
            if formed_by is not None:
                tutor = Principal(
                    kind=PrincipalKind.PERSON,
                    person_id=formed_by.id,
                    organisation_id=self.course.platform.organisation_id,
                    course_id=self.course.id,
                    cohort_id=self.id,
                    programme_id=self.programme.id,
                    role=CourseRole.TUTOR,
                )
                log.set_principal(db, tutor)
            # What both have answered was proposed before they did.
            proposed = min(moment, signed_at) if signed_at and accepted == "both" else moment
            made = form_pair(db, cohort_id=self.id, mentor_id=first.id, mentee_id=second.id, now=proposed)
            log.set_principal(db, before)
            pair = BuiltPair(self.build, made.id, first, second)
            for by in (first, second):
                if accepted in ("both", by.role):
                    pair.accept(by, now=signed_at or moment)
            for by in (first, second) if accepted == "both" else ():
                if signed in ("both", by.role):
                    pair.sign(by, now=signed_at or moment)
            return pair

    def rule(self, db: Session) -> CompletionRuleVersion:
        """The row of the first version of its completion rule."""
        return db.scalars(
            sa.select(CompletionRuleVersion).where(CompletionRuleVersion.cohort_id == self.id)
        ).one()


@dataclass(frozen=True)
class BuiltParticipant(Built):
    """Somebody's enrolment in a cohort."""

    person: BuiltPerson
    role: Role

    def row(self, db: Session) -> Participant:
        return db.get_one(Participant, self.id)

    def change_role(self, role: Role) -> None:
        """They chose the other role by mistake."""
        with self.build.transaction() as db:
            change_role(db, participant_id=self.id, role=role, now=self.build.now)

    def approve(self) -> None:
        """The tutor approves what they did."""
        with self.build.transaction() as db:
            validate_participant(db, participant_id=self.id, now=self.build.now)

    def reopen(self, reason: str = "An error") -> None:
        """The tutor reopens their completion."""
        with self.build.transaction() as db:
            reopen(db, participant_id=self.id, reason=reason, now=self.build.now)
