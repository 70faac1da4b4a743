"""Situations of two groups of one programme: before a pair moves from one to the other, and afterwards."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.moving import move_pairs
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.mentoring.roles import Role
from tests.builder.cohorts import BuiltCohort
from tests.builder.pairs import BuiltPair
from tests.builder.places import BuiltPerson
from tests.builder.situations import Situation

SECOND_COURSE = "Cultures numériques, automne"


def second_group(situation: Situation, title: str = SECOND_COURSE, meetings: int = 8) -> BuiltCohort:
    """Another group of the programme, in a course of the same tutor, whose rule asks for so many meetings."""
    assert situation.cohort is not None
    assert situation.me is not None
    course = situation.activity.course.platform.course(title)
    course.enrol(situation.me, CourseRole.TUTOR)
    activity = course.activity("42", f"https://lms.example/lineitems/{course.id}")
    situation.db.get_one(ResourceLink, activity.id).title = "Mentorat inversé"
    there = activity.programme(following=(situation.cohort.programme, situation.me)).cohort()
    row = situation.db.scalars(
        sa.select(CompletionRuleVersion).where(CompletionRuleVersion.cohort_id == there.id)
    ).one()
    criteria = [
        {**each, "min": meetings} if each["type"] == "sessions" else each for each in row.rule["criteria"]
    ]
    row.rule = {**row.rule, "criteria": criteria}
    situation.db.flush()
    return there


def _two_groups(situation: Situation) -> tuple[BuiltPair, BuiltCohort]:
    """A pair that has met four times, of whom one is in the other course already, a mentor of two, and the group."""
    situation.open()
    situation.me = situation.tutor = situation.person("Claire Fontaine", CourseRole.TUTOR)
    pair = situation.pair()
    situation.history(pair, 4)
    second = situation.pair("Françoise Le Goff", "Yanis Haddad")
    second.session(by=Role.MENTOR, days_ago=3, confirmed=True)
    situation.db.get_one(Participant, second.mentor.id).capacity = 2
    assert situation.cohort is not None
    third = situation.joined("Bernard Lefèvre", Role.MENTEE)
    situation.cohort.pair(second.mentor, third, signed="", accepted="")
    there = second_group(situation)
    there.course.enrol(pair.mentee.person)
    return pair, there


def tutor_of_two_groups(situation: Situation) -> None:
    """A tutor of these pairs and of the other group."""
    _two_groups(situation)


def tutor_of_three_groups(situation: Situation) -> None:
    """The same with one more group, so that there is a choice."""
    _two_groups(situation)
    second_group(situation, "Numérique responsable", 2)


def tutor_of_people_in_both(situation: Situation) -> None:
    """The same, where one of the first pair is invited there, and the mentor of two has a partner there as well."""
    pair, there = _two_groups(situation)
    there.participant(pair.mentee.person, Role.MENTEE, invited=True)
    yanis = situation.db.scalars(sa.select(Person).where(Person.name == "Yanis Haddad")).all()[-1]
    mentor = BuiltPerson(there.course.build, yanis.id, "Yanis Haddad", there.course, CourseRole.LEARNER)
    there.course.enrol(mentor)
    other = there.pair(there.participant(mentor, Role.MENTOR), "Marie Costa")
    situation.activity.course.enrol(other.mentee.person)


def _second_activity(situation: Situation) -> tuple[BuiltPair, BuiltCohort]:
    """A pair, and another group of the programme in the same course, which the launch opens."""
    situation.open()
    situation.tutor = situation.person("Claire Fontaine", CourseRole.TUTOR)
    pair = situation.pair()
    situation.history(pair, 4)
    assert situation.cohort is not None
    situation.db.get_one(ResourceLink, situation.activity.id).title = "Mentorat inversé, printemps"
    activity = situation.activity.course.activity("second-activity")
    there = activity.programme(following=(situation.cohort.programme, situation.tutor)).cohort()
    situation.activity, situation.cohort = activity, there
    return pair, there


def tutor_of_second_group(situation: Situation) -> None:
    """The tutor of a course with two groups: in one a pair, in the other one mentor; and somebody without a role."""
    _pair, there = _second_activity(situation)
    there.participant("Yanis Haddad", Role.MENTOR)
    situation.person("Bernard Lefèvre")
    situation.me = situation.tutor


def learner_of_first_group(situation: Situation) -> None:
    """One who learns in a pair, and opens the activity of the other group of the course."""
    pair, _there = _second_activity(situation)
    situation.me = pair.mentee.person


def moved_learner(situation: Situation) -> None:
    """The person learning in the first pair, which has moved, and who opens the activity of before."""
    pair, there = _two_groups(situation)
    assert situation.cohort is not None
    move_pairs(
        situation.db,
        pair_ids=[pair.id],
        from_cohort_id=situation.cohort.id,
        to_cohort_id=there.id,
        now=situation.now,
    )
    situation.me = pair.mentee.person
