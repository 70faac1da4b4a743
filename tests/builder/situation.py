"""One course with what has happened in it, which the situations of learners, tutors, owners and platforms describe."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.identity.models import Course
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.profiles.actions import save_profile
from lti_tool.mentoring.profiles.queries import Profile
from lti_tool.mentoring.roles import Role
from tests.builder.cohorts import NAMES, BuiltCohort, BuiltParticipant
from tests.builder.pairs import BuiltPair
from tests.builder.places import BuiltActivity, BuiltPerson


@dataclass
class Situation:
    """One course with what has happened in it, in one open transaction; ``me`` is who looks."""

    db: Session
    activity: BuiltActivity
    cohort: BuiltCohort | None = None
    me: BuiltPerson | None = None
    tutor: BuiltPerson | None = None
    """Who pairs people; the tool does where nobody is named."""
    line_item: bool = True
    shows: tuple[BuiltPerson, ...] = ()
    """Those whose progress the launch may show."""
    document_target: str = "iframe"
    is_test_user: bool = False

    @property
    def now(self) -> dt.datetime:
        return self.activity.build.now

    @property
    def course(self) -> Course:
        """The row of the course."""
        return self.db.get_one(Course, self.activity.course.id)

    @property
    def link(self) -> ResourceLink:
        """The row of the activity."""
        return self.db.get_one(ResourceLink, self.activity.id)

    def person(self, name: str, role: CourseRole = CourseRole.LEARNER) -> BuiltPerson:
        """Somebody of the course."""
        return self.activity.course.person(name, role, subject=str(uuid.uuid4()))

    def open(
        self, template: str = "digital-skills", *, by: BuiltPerson | None = None, days_ago: int = 70
    ) -> BuiltCohort:
        """The programme, as a tutor's first launch opened it, ten weeks ago; ``by``: the tutor, who then owns it."""
        before = log.acting_principal(self.db)
        if by is not None:
            log.set_principal(self.db, Principal(kind=PrincipalKind.PERSON, person_id=by.id))
        opened = self.activity.programme(template, opened_by=by, now=self.now - dt.timedelta(days=days_ago))
        log.set_principal(self.db, before)
        self.cohort = opened.cohort()
        return self.cohort

    def joined(self, name: str, role: Role) -> BuiltParticipant:
        """Somebody who has chosen a role."""
        assert self.cohort is not None
        return self.cohort.participant(self.person(name), role)

    def pair(
        self,
        mentee: str = NAMES[Role.MENTEE],
        mentor: str = NAMES[Role.MENTOR],
        *,
        signed: str = "both",
        accepted: str = "both",
    ) -> BuiltPair:
        """Two people together, who signed sixty days ago; ``signed``: ``both``, ``mentor``, ``mentee`` or empty.

        ``accepted``: the same, of who has accepted.
        """
        assert self.cohort is not None
        second = self.joined(mentee, Role.MENTEE)
        first = self.joined(mentor, Role.MENTOR)
        signed_at = self.now - dt.timedelta(days=60)
        return self.cohort.pair(
            first, second, signed=signed, accepted=accepted, signed_at=signed_at, formed_by=self.tutor
        )

    def describe_everybody(self, profile: Profile, *, but: BuiltPerson | None = None) -> None:
        """Everybody of the group says the same of themselves, except one."""
        assert self.cohort is not None
        people = sa.select(Participant.id).where(
            Participant.cohort_id == self.cohort.id, Participant.person_id != (but.id if but else None)
        )
        for participant_id in self.db.scalars(people).all():
            save_profile(self.db, participant_id=participant_id, profile=profile, now=self.now)

    def history(self, pair: BuiltPair, confirmed: int) -> None:
        """A pair that has met ``confirmed`` times and works on objectives in both directions."""
        for number in range(confirmed):
            pair.session(
                by=Role.MENTOR if number % 2 else Role.MENTEE,
                days_ago=10 + 14 * (confirmed - number),
                minutes=45 + 15 * (number % 2),
                format=("coaching", "professional-training", "coaching")[number % 3],
                mode=("in-person", "video", "phone")[number % 3],
                confirmed=True,
            )
        pair.objective("Rédiger des consignes efficaces pour un assistant IA", Role.MENTEE, status="reached")
        pair.objective("Publier un premier article sur le réseau interne", Role.MENTEE)
        pair.objective("Présenter un budget en comité de direction", Role.MENTOR)

    def grade(self, participant: BuiltParticipant, status: GradeStatus, **values: Any) -> None:
        """Let this be where a participant's grade of a hundred is; ``values``: columns of ``ScoreTrail``."""
        issuer = self.db.get_one(Registration, self.activity.course.platform.id).issuer
        known: dict[str, Any] = {"status": "satisfied", "score": 100, "graded": True, "grade_status": status}
        self.db.add(
            ScoreTrail(
                line_item_url=line_item_of(issuer),
                person_id=participant.person.id,
                last_timestamp=self.now,
                **{**known, **values},
            )
        )
        self.db.flush()


def line_item_of(issuer: str) -> str:
    """The line item of every activity of a platform here."""
    return f"{issuer}/items/1"
