"""Lists of people that a tutor has given, in each state that a page shows; and people whom a list has named."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from lti_tool.composition.people_import import request_adding
from lti_tool.identity.models import Person
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs.models import Job
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.people.actions import count_added, keep_file
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import read_table
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.roles import Role
from tests.builder import setting_up, situations
from tests.builder.situations import Situation

RIGHT = """Rôle;Courriel;Nom;Service;Pointure
mentoré;philippe.garnier@example.org;Philippe Garnier;Direction financière;43
mentor;lina.haddad@example.org;Lina Haddad;Données;38
mentorée;marie-charlotte.de-la-rochefoucauld@example.org;Marie-Charlotte de La Rochefoucauld-Montbazon;Achats;39
mentor;nguyen.van.an@example.org;Nguyễn Văn An;Informatique;41
"""
OUTDATED = """Rôle;Courriel;Nom;Compétences proposées
apprend;philippe.garnier@example.org;Philippe Garnier;
transmet;lina.haddad@example.org;Lina Haddad;Lire et faire parler les données:3
"""
WRONG = """Rôle;Courriel;Nom;Compétences proposées;Langues
chef;philippe.garnier@example.org;Philippe Garnier;;fr
mentor;lina.haddad@;Lina Haddad;Jonglage:3;elfique
mentor;nguyen.van.an@example.org;Nguyễn Văn An;;fr
mentor;nguyen.van.an@example.org;Nguyễn Văn An;;fr
"""


def _list(situation: Situation, text: str = RIGHT) -> uuid.UUID:
    situations.tutor(situation)
    return _given(situation, text)


def _given(situation: Situation, text: str) -> uuid.UUID:
    assert situation.cohort is not None
    return keep_file(
        situation.db,
        cohort_id=situation.cohort.id,
        file_name="promotion-automne.csv",
        table=read_table(text.encode(), count_names),
        now=situation.now,
    )


def list_to_look_at(situation: Situation) -> None:
    """A list with which nothing is wrong, and which nobody has added."""
    _list(situation)


def list_with_problems(situation: Situation) -> None:
    """A list that has to be corrected."""
    _list(situation, WRONG)


def list_gone_wrong(situation: Situation) -> None:
    """A list that names a skill which a colleague has taken out of the programme since."""
    _list(situation, OUTDATED)
    setting_up.take_out(situation, Section.SKILLS, "data", by_colleague=True)


def list_being_added(situation: Situation) -> None:
    """A list of 5,000 people, of whom 1,500 are added."""
    many = "".join(f"mentor;person.{number}@example.org;\n" for number in range(5000))
    made = _list(situation, f"Rôle;Courriel;Nom\n{many}")
    assert situation.cohort is not None
    job_id = request_adding(
        situation.db, import_id=made, cohort_id=situation.cohort.id, requested_by=OPERATOR
    )
    job = situation.db.get_one(Job, job_id)
    job.status, job.progress, job.total = "running", 1500, 5000
    job.not_before = situation.now + dt.timedelta(minutes=10)
    situation.db.flush()


def list_added(situation: Situation) -> None:
    """A list whose people are added."""
    made = _list(situation)
    counts = {"awaited": 4}
    count_added(situation.db, import_id=made, counts=counts, is_last=True, now=situation.now)
    _await(situation)


def _await(situation: Situation) -> None:
    assert situation.cohort is not None
    for name, address, role in (
        ("Philippe Garnier", "philippe.garnier@example.org", "mentee"),
        ("Lina Haddad", "lina.haddad@example.org", "mentor"),
        (
            "Marie-Charlotte de La Rochefoucauld-Montbazon",
            "marie-charlotte.de-la-rochefoucauld@example.org",
            "mentee",
        ),
        ("Nguyễn Văn An", "nguyen.van.an@example.org", "mentor"),
    ):
        situation.db.add(
            AwaitedPerson(
                cohort_id=situation.cohort.id,
                name=name,
                email=address,
                role=role,
                details=Details().as_json(),
                invited_by_kind="operator",
            )
        )
    situation.db.flush()


def people_of_whom_much_is_known(situation: Situation) -> None:
    """A tutor's group with several free mentees; answers or a list say what helps to choose partners."""
    situations.tutor(situation)
    for name in ("Anne-Sophie Bellanger", "Olivier Petit"):
        situation.joined(name, Role.MENTEE)
    said = {
        "Léa Nguyen": Details(
            2,
            (("generative-ai", 5), ("data", 4), ("digital-safety", None)),
            (("audience", None), ("know-how", None)),
            "Direction des achats et de la logistique",
            "marie.bernard@example.org",
            ("fr", "en"),
            "Europe/Paris",
        ),
        "Marc Tessier": Details(
            1, (("digital-safety", None),), (("trends", 1),), "Direction financière", None, ("de",)
        ),
        "Olivier Petit": Details(
            1,
            (("know-how", None),),
            (("data", 2), ("generative-ai", 1)),
            "Direction commerciale",
            "Paul Roche",
            ("fr",),
        ),
    }
    ids = situation.db.execute(
        sa.select(Person.name, Participant.id)
        .join(Participant, Participant.person_id == Person.id)
        .where(Participant.cohort_id == situation.cohort.id if situation.cohort is not None else sa.false())
    )
    save_details(situation.db, {each: said[name] for name, each in ids if name in said})


def invited_by_list(situation: Situation) -> None:
    """The first visit of somebody whom a list has named by their e-mail address."""
    situations.welcome(situation)
    assert situation.me is not None
    situation.db.execute(
        sa.update(Person).where(Person.id == situation.me.id).values(email="Lina.Haddad@example.org")
    )
    _await(situation)
