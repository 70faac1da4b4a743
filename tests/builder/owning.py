"""Situations of an owner who does not teach, and who acts in a group of the programme from another course."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.identity.models import Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.scaling import scale_up
from lti_tool.mentoring.roles import Role
from tests.builder import situations
from tests.builder.moving import second_group
from tests.builder.places import BuiltPerson
from tests.builder.situations import Situation


def _owner(situation: Situation) -> BuiltPerson:
    """Somebody who owns the programme, and is a learner of the course alone."""
    assert situation.cohort is not None
    owner = situation.person("Hélène Marchand")
    programme_id = situation.cohort.programme.id
    name_owner(situation.db, programme_id=programme_id, person_id=owner.id, now=situation.now)
    return owner


def owner_of_people(situation: Situation) -> None:
    """An owner of pairs at every point of the way, of people without a partner, and of another group."""
    situations.tutor(situation)
    free = sa.select(Person.name, Participant.id).join(Participant, Participant.person_id == Person.id)
    ids = dict(situation.db.execute(free.where(Person.name.in_(["Marc Tessier", "Léa Nguyen"]))).all())
    save_details(
        situation.db,
        {
            ids["Marc Tessier"]: Details(wants=(("data", None), ("generative-ai", None)), languages=("fr",)),
            ids["Léa Nguyen"]: Details(offers=(("data", 4),), languages=("fr", "en")),
        },
    )
    second_group(situation)
    situation.db.get_one(ResourceLink, situation.activity.id).title = "Mentorat inversé"
    situation.me = _owner(situation)


def owner_to_approve(situation: Situation) -> None:
    """An owner for whose word two people wait, where a pair is on hold and another has completed nothing yet."""
    situations.tutor_to_validate(situation)
    situation.pair("Françoise Le Goff", "Yanis Haddad").pause()
    situation.joined("Marc Tessier", Role.MENTEE)
    situation.joined("Léa Nguyen", Role.MENTOR)
    situation.me = _owner(situation)


def owner_of_waiting_group(situation: Situation) -> None:
    """An owner of a pilot, and of the full-scale group that was made from it and has no activity yet."""
    situations.tutor(situation)
    assert situation.cohort is not None
    scale_up(
        situation.db, cohort_id=situation.cohort.id, now=situation.now, language="fr", name="Tout le groupe"
    )
    situation.me = _owner(situation)
