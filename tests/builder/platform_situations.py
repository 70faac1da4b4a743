"""What depends on the platform: several activities, copied courses, the course's menu, and who comes in which role."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from lti_tool.identity.models import Course
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.models import ActivityChoice, Placement, RoleView
from lti_tool.mentoring.roles import Role
from tests.builder.situation import Situation
from tests.builder.tutor_situations import look_as_tutor, tutor


def welcome_to_teach(situation: Situation) -> None:
    """A first visit of the activity for those who teach, beside which there is one for those who learn."""
    two_activities(situation)
    situation.me = situation.person("Inès Benali")


def elsewhere(situation: Situation) -> None:
    """Somebody who learns, in the activity for those who teach."""
    two_activities(situation)
    pair = situation.pair()
    situation.history(pair, 2)
    situation.me = pair.mentee.person


def two_activities(situation: Situation) -> None:
    """An activity for each role, of one group; this one is for those who teach."""
    cohort = situation.open()
    other = situation.activity.course.activity("link-0")
    situation.db.get_one(ResourceLink, other.id).title = "Mentorat inversé : je veux apprendre"
    placement = situation.db.scalars(sa.select(Placement).where(Placement.cohort_id == cohort.id)).one()
    placement.role_view = RoleView.MENTOR
    situation.db.add(
        Placement(
            cohort_id=cohort.id,
            course_id=placement.course_id,
            resource_link_id=other.id,
            role_view=RoleView.MENTEE,
        )
    )
    situation.db.flush()


def tutor_of_copy(situation: Situation) -> None:
    """A tutor whose activity came with a copy of a course, to which nobody has come yet."""
    original = situation.activity.course.platform.course("Cultures numériques, printemps")
    original.activity("link-1").programme("digital-skills")
    situation.course.context_history = situation.db.get_one(Course, original.id).context_id
    situation.db.flush()
    situation.open(days_ago=0)
    look_as_tutor(situation)


def tutor_of_duplicate(situation: Situation) -> None:
    """A tutor whose activity was duplicated from one in the same course, in which a pair is at work."""
    content_id = uuid.uuid4()
    original = situation.activity.course.activity("link-0", content_id=content_id)
    situation.db.get_one(ResourceLink, original.id).title = "Mentorat inversé, groupe du matin"
    situation.link.content_id = content_id
    situation.cohort = original.programme("digital-skills", content_id=content_id).cohort()
    situation.history(situation.pair(), 2)
    look_as_tutor(situation)


def tutor_of_waiting_duplicate(situation: Situation) -> None:
    """A tutor of a group at work, of whose activity a duplicate waits for an answer."""
    tutor(situation)
    assert situation.cohort is not None
    content_id = situation.link.content_id or uuid.uuid4()
    placement = situation.db.scalars(
        sa.select(Placement).where(Placement.resource_link_id == situation.link.id)
    ).one()
    placement.content_id = situation.link.content_id = content_id
    copy = situation.activity.course.activity("link-copy", content_id=content_id)
    situation.db.get_one(ResourceLink, copy.id).title = "Mentorat inversé, groupe du soir"
    situation.db.flush()


def tutor_who_chooses(situation: Situation) -> None:
    """A tutor whose activity was added without the content picker, in a course with another one."""
    situation.db.get_one(ResourceLink, situation.activity.id).title = "Mentorat 2027"
    original = situation.activity.course.activity("link-0")
    situation.db.get_one(ResourceLink, original.id).title = "Mentorat inversé, groupe du matin"
    situation.cohort = original.programme("digital-skills").cohort()
    situation.history(situation.pair(), 2)
    look_as_tutor(situation)


def tutor_of_new_choice(situation: Situation) -> None:
    """A tutor of an activity in which a pair is at work, for which another programme was chosen since."""
    situation.open()
    situation.history(situation.pair(), 1)
    look_as_tutor(situation)
    assert situation.me is not None
    situation.link.content_id, situation.link.template = uuid.uuid4(), "demo"
    situation.db.add(
        ActivityChoice(
            content_id=situation.link.content_id,
            course_id=situation.course.id,
            role_view=RoleView.BOTH,
            chosen_by=situation.me.id,
        )
    )
    situation.db.flush()


def learner_of_duplicate(situation: Situation) -> None:
    """A learner of an activity of which the tutor has not said which group it opens."""
    tutor_of_duplicate(situation)
    situation.me = situation.person("Paul Moreau")


def menu_of_tutor(situation: Situation) -> None:
    """A tutor in the menu of a course where no activity has been opened."""
    _is_course_itself(situation)
    look_as_tutor(situation)


def menu_of_learner(situation: Situation) -> None:
    """A learner in the menu of a course where no activity has been opened."""
    _is_course_itself(situation)
    situation.me = situation.person("Paul Moreau")


def menu_of_several(situation: Situation) -> None:
    """A learner in the menu of a course with two activities, who takes part in the first."""
    situation.person("Claire Fontaine", CourseRole.TUTOR)
    me = situation.person("Paul Moreau")
    for name, title in (("link-2", "Mentorat du siège"), ("link-3", "Mentorat des régions")):
        other = situation.activity.course.activity(name)
        opened = other.programme()
        situation.db.get_one(ResourceLink, other.id).title = title
        if name == "link-2":
            opened.cohort().participant(me, Role.MENTEE)
    _is_course_itself(situation)
    situation.me = me


def _is_course_itself(situation: Situation) -> None:
    """The launch names the course as its link, as Canvas does from the course's menu."""
    situation.link.resource_link_id = situation.course.context_id
    situation.line_item = False


def observer(situation: Situation) -> None:
    """Somebody who may only look."""
    situation.open()
    situation.me = situation.person("Odile Blanc", CourseRole.OBSERVER)


def observer_of_two(situation: Situation) -> None:
    """Somebody whom the platform lets observe two learners, one of whom takes no part yet."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    newcomer = situation.person("Sophie Garnier")
    situation.me = situation.person("Odile Blanc", CourseRole.OBSERVER)
    situation.shows = (pair.mentee.person, newcomer)


def review(situation: Situation) -> None:
    """A tutor who comes from the gradebook to see one learner's progress, at ``review/``."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    pair.session(by=Role.MENTEE, days_ago=2)
    sent_at = situation.now - dt.timedelta(days=10)
    situation.grade(pair.mentee, GradeStatus.RECORDED, score=60, accepted_score=60, accepted_at=sent_at)
    situation.shows = (pair.mentee.person,)
    look_as_tutor(situation)


def switched_role(situation: Situation) -> None:
    """A teacher whom the course launches as a learner."""
    situation.open()
    situation.me = situation.person("Claire Fontaine", CourseRole.SWITCHED)


def anonymous(situation: Situation) -> None:
    """A launch without a name."""
    situation.open()


def test_student(situation: Situation) -> None:
    """The platform's test student."""
    situation.open()
    situation.is_test_user = True
