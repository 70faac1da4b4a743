"""What the owners of a programme and human resources may come to."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from lti_tool.events import log
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.rights import make_hr_link, share, use_hr_link
from tests.builder.places import BuiltPerson
from tests.builder.situation import Situation
from tests.builder.tutor_situations import look_as_tutor, people_of_every_kind


def owner(situation: Situation) -> None:
    """A tutor who owns the programme, with a colleague, a share, somebody who reads it, and a link that waits."""
    look_as_tutor(situation)
    situation.open(by=situation.me)
    situation.tutor = situation.me
    people_of_every_kind(situation)
    assert situation.cohort is not None
    assert situation.me is not None
    db, now, me = situation.db, situation.now, situation.me
    programme_id = situation.cohort.programme.id
    organisation_id = situation.activity.course.platform.organisation_id
    by_tool = log.acting_principal(db)
    log.set_principal(db, Principal(kind=PrincipalKind.PERSON, person_id=me.id))
    name_owner(db, programme_id=programme_id, person_id=situation.person("Hélène Marchand").id, now=now)
    situation.person("Karim Benali", CourseRole.TUTOR)
    other = situation.activity.course.platform.course("Numérique responsable")
    other.person("Nadia Lemoine", CourseRole.TUTOR, subject=str(uuid.uuid4()))
    share(db, programme_id=programme_id, course_id=other.id, now=now)
    third = situation.activity.course.platform.course("Formation des managers")
    third.person("Paul Girard", CourseRole.TUTOR, subject=str(uuid.uuid4()))
    secret = make_hr_link(db, programme_id=programme_id, made_by=me.id, made_for="Sylvie Perrot", now=now)
    reader = situation.person("Sylvie Perrot")
    log.set_principal(db, Principal(kind=PrincipalKind.PERSON, person_id=reader.id))
    use_hr_link(db, secret, person_id=reader.id, organisation_id=organisation_id, now=now)
    log.set_principal(db, Principal(kind=PrincipalKind.PERSON, person_id=me.id))
    make_hr_link(db, programme_id=programme_id, made_by=me.id, made_for="RH du site de Lyon", now=now)
    log.set_principal(db, by_tool)


def human_resources(situation: Situation) -> None:
    """Somebody who reads the programme for human resources, and has no other part in it."""
    owner(situation)
    found = situation.db.scalars(sa.select(Person).where(Person.name == "Sylvie Perrot")).all()[-1]
    course = situation.activity.course
    situation.me = BuiltPerson(course.build, found.id, "Sylvie Perrot", course, CourseRole.LEARNER)
