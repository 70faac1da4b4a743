"""What tutors may come to: groups at every point of the way, grades, and rosters."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.jobs.models import Job
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.nrps.read_roster_job import request_roster
from lti_tool.lti.nrps.roster import RETRY_AFTER
from lti_tool.mentoring.roles import Role
from tests.builder.learner_situations import leave_course, tutor_validates
from tests.builder.situation import Situation

ROSTER_URL = "https://lms.example/members"


def tutor(situation: Situation) -> None:
    """A tutor with people at every point of the way."""
    situation.open()
    people_of_every_kind(situation)


def people_of_every_kind(situation: Situation) -> None:
    if situation.tutor is None:
        look_as_tutor(situation)
    situation.history(situation.pair(), 4)
    second = situation.pair("Françoise Le Goff", "Yanis Haddad")
    second.session(by=Role.MENTOR, days_ago=3)
    situation.pair("Bernard Lefèvre", "Chloé Dubois", signed="mentor")
    situation.joined("Marc Tessier", Role.MENTEE)
    situation.joined("Léa Nguyen", Role.MENTOR)
    for name in ("Sophie Garnier", "Thomas Weber"):
        situation.person(name)
    situation.line_item = False


def tutor_of_leavers(situation: Situation) -> None:
    """A tutor of three pairs: a mentor and a mentee have left the course, and nobody waits for a partner but theirs."""
    situation.open()
    first = situation.pair()
    situation.history(first, 4)
    second = situation.pair("Françoise Le Goff", "Yanis Haddad", signed="mentee")
    situation.history(situation.pair("Bernard Lefèvre", "Chloé Dubois"), 2)
    situation.joined("Léa Nguyen", Role.MENTOR)
    leave_course(situation, first.mentor)
    leave_course(situation, second.mentee)
    look_as_tutor(situation)


def tutor_to_validate(situation: Situation) -> None:
    """A tutor for whose word two people wait."""
    tutor_validates(situation)
    pair = situation.pair()
    situation.history(pair, 1)
    look_as_tutor(situation)


def tutor_of_complete(situation: Situation) -> None:
    """A tutor whose only pair has completed."""
    situation.open("demo")
    situation.history(situation.pair(), 1)
    look_as_tutor(situation)


def tutor_of_grades(situation: Situation) -> None:
    """A tutor of people whose grades are everywhere."""
    situation.open("demo")
    names = (
        ("Inès Benali", "Paul Moreau"), ("Françoise Le Goff", "Yanis Haddad"), ("Bernard Lefèvre", "Chloé Dubois"),
    )  # fmt: skip
    people = []
    for mentee, mentor in names:
        pair = situation.pair(mentee, mentor)
        situation.history(pair, 1)
        people += [pair.mentee, pair.mentor]
    for participant, (status, values) in zip(people, GRADES, strict=True):
        situation.grade(participant, status, **values)
    look_as_tutor(situation)


GRADES: tuple[tuple[GradeStatus, dict[str, Any]], ...] = (
    (GradeStatus.RECORDED, {}),
    (GradeStatus.ON_ITS_WAY, {"deletions": 1}),
    (GradeStatus.WAITING, {"reason": "HTTP 503: Site is undergoing maintenance"}),
    (
        GradeStatus.REFUSED,
        {"refusal": "course_ended", "reason": "HTTP 422: This course has concluded."},
    ),
    (GradeStatus.REMOVED, {"deletions": 1}),
    (GradeStatus.SOMEBODY_ELSES, {"result_score": 13.5, "result_maximum": 20.0}),
)


def tutor_of_unsigned(situation: Situation) -> None:
    """A tutor of three pairs whose agreements have waited for two months; the platform gave addresses of all."""
    situation.open()
    for mentee, mentor, signed in (
        ("Bernard Lefèvre", "Chloé Dubois", "mentor"),
        ("Françoise Le Goff", "Yanis Haddad", "mentee"),
        ("Paul Moreau", "Inès Benali", "mentor"),
    ):
        situation.pair(mentee, mentor, signed=signed)
    for person in situation.db.scalars(sa.select(Person)):
        person.email = f"{(person.name or '').lower().replace(' ', '.')}@example.org"
    situation.db.flush()
    look_as_tutor(situation)


def tutor_alone(situation: Situation) -> None:
    """A tutor before anybody is enrolled."""
    situation.open()
    look_as_tutor(situation)


def tutor_whose_roster_is_read(situation: Situation) -> None:
    """A tutor before anybody is enrolled, while the roster is being read."""
    tutor_alone(situation)
    situation.course.roster_url = ROSTER_URL
    situation.db.flush()
    made = request_roster(situation.db, situation.course.id, TOOL)
    situation.db.get_one(Job, made).progress = 1500


def tutor_whose_roster_failed(situation: Situation) -> None:
    """A tutor of a course whose roster could not be read."""
    tutor(situation)
    situation.course.roster_url = ROSTER_URL
    situation.course.roster_paused_until = utcnow() + RETRY_AFTER
    situation.course.roster_read_at = utcnow() - dt.timedelta(days=1)


def look_as_tutor(situation: Situation) -> None:
    situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)
