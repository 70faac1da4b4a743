"""Everything that a page can show, each situation in a course of its own, with a launch session to open it by."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity import organisations
from lti_tool.identity.models import Course, Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.jobs.models import Job
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.nrps.read_roster_job import request_roster
from lti_tool.lti.nrps.roster import RETRY_AFTER
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.objectives.actions import agree_objective, claim_objective, confirm_objective
from lti_tool.mentoring.pairs.actions import form_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.actions import open_placement
from lti_tool.mentoring.programmes.models import Cohort, CompletionRuleVersion
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import confirm_session, dispute_session, log_session
from tests.world import add_person, add_registration

ROSTER_URL = "https://lms.example/members"

SECRET = "s" * 43
"""Every situation's launch travels by its address, so that a test needs no cookie."""


@dataclass
class Situation:
    """One course with what has happened in it; ``me`` is who looks."""

    db: Session
    course: Course
    link: ResourceLink
    family: str | None
    locale: str
    cohort: Cohort | None = None
    people: dict[str, Person] = field(default_factory=dict)
    me: Person | None = None
    role: CourseRole = CourseRole.LEARNER
    line_item: bool = True
    now: dt.datetime = field(default_factory=utcnow)

    def person(self, name: str, role: CourseRole = CourseRole.LEARNER) -> Person:
        """Somebody of the course."""
        registration = self.db.get_one(Deployment, self.course.deployment_id).registration_id
        found = add_person(self.db, registration, self.course, f"{name}", role)
        found.subject = str(uuid.uuid4())
        self.people[name] = found
        return found

    def open(self, template: str = "digital-skills") -> Cohort:
        """The programme, as a tutor's first launch opens it."""
        deployment = self.db.get_one(Deployment, self.course.deployment_id)
        assert deployment.organisation_id is not None
        placement = open_placement(
            self.db,
            organisation_id=deployment.organisation_id,
            course_id=self.course.id,
            resource_link_id=self.link.id,
            content_id=None,
            template=load_template(template),
            opened_by=None,
            now=self.now - dt.timedelta(days=70),
        )
        self.cohort = self.db.get_one(Cohort, placement.cohort_id)
        return self.cohort

    def joined(self, name: str, role: Role) -> Participant:
        """Somebody who has chosen a role."""
        assert self.cohort is not None
        person = self.person(name)
        return join(self.db, cohort_id=self.cohort.id, person_id=person.id, role=role, now=self.now)

    def person_of(self, participant_id: uuid.UUID) -> Person:
        return self.db.get_one(Person, self.db.get_one(Participant, participant_id).person_id)

    def pair(self, mentee: str = "Paul Moreau", mentor: str = "Inès Benali", *, signed: str = "both") -> Pair:
        """Two people together; ``signed``: ``both``, ``mentor``, ``mentee`` or empty."""
        assert self.cohort is not None
        pair = form_pair(
            self.db,
            cohort_id=self.cohort.id,
            mentee_id=self.joined(mentee, Role.MENTEE).id,
            mentor_id=self.joined(mentor, Role.MENTOR).id,
            now=self.now,
        )
        for by, role in ((pair.mentee_id, "mentee"), (pair.mentor_id, "mentor")):
            if signed in ("both", role):
                sign_agreement(self.db, pair_id=pair.id, by=by, now=self.now - dt.timedelta(days=60))
        return pair

    def met(
        self,
        pair: Pair,
        days_ago: int,
        *,
        by: uuid.UUID,
        minutes: int = 45,
        form: str = "video",
        confirmed: bool = True,
    ) -> uuid.UUID:
        """A meeting that one logged, and that the other has confirmed or not."""
        session = log_session(
            self.db,
            pair_id=pair.id,
            by=by,
            held_on=self.now.date() - dt.timedelta(days=days_ago),
            minutes=minutes,
            format=form,
            form_key=None,
            now=self.now,
        )
        if confirmed:
            other = pair.mentor_id if by == pair.mentee_id else pair.mentee_id
            confirm_session(self.db, session_id=session.id, by=other, now=self.now)
        return session.id

    def objective(self, pair: Pair, title: str, direction: Role, status: str = "agreed") -> uuid.UUID:
        """An objective; ``status``: ``agreed``, ``claimed`` or ``reached``."""
        learner, other = (
            (pair.mentee_id, pair.mentor_id) if direction == Role.MENTEE else (pair.mentor_id, pair.mentee_id)
        )
        objective = agree_objective(
            self.db,
            pair_id=pair.id,
            by=learner,
            title=title,
            direction=direction,
            tag="skills",
            required=True,
            now=self.now,
        )
        if status in ("claimed", "reached"):
            claim_objective(self.db, objective_id=objective.id, by=learner, now=self.now)
        if status == "reached":
            confirm_objective(self.db, objective_id=objective.id, by=other, now=self.now)
        return objective.id

    def history(self, pair: Pair, confirmed: int) -> None:
        """A pair that has met ``confirmed`` times and works on objectives in both directions."""
        for number in range(confirmed):
            by = pair.mentor_id if number % 2 else pair.mentee_id
            form = ("in-person", "video", "coaching")[number % 3]
            self.met(pair, 10 + 14 * (confirmed - number), by=by, minutes=45 + 15 * (number % 2), form=form)
        self.objective(pair, "Rédiger des consignes efficaces pour un assistant IA", Role.MENTEE, "reached")
        self.objective(pair, "Publier un premier article sur le réseau interne", Role.MENTEE)
        self.objective(pair, "Présenter un budget en comité de direction", Role.MENTOR)


def welcome(situation: Situation) -> None:
    """A learner who has not chosen a role."""
    situation.open()
    situation.me = situation.person("Paul Moreau")


def not_open(situation: Situation) -> None:
    """A learner before any tutor has come."""
    situation.me = situation.person("Paul Moreau")


def waiting(situation: Situation) -> None:
    """A learner without a partner yet."""
    situation.open()
    situation.me = situation.person_of(situation.joined("Paul Moreau", Role.MENTEE).id)


def to_sign(situation: Situation) -> None:
    """A new pair: nobody has signed."""
    situation.open()
    situation.me = situation.person_of(situation.pair(signed="").mentee_id)


def waits_for_signature(situation: Situation) -> None:
    """I have signed; my partner has not."""
    situation.open()
    situation.me = situation.person_of(situation.pair(signed="mentee").mentee_id)


def begins(situation: Situation) -> None:
    """Both have signed; nothing has happened yet."""
    situation.open()
    situation.me = situation.person_of(situation.pair().mentee_id)


def under_way(situation: Situation) -> None:
    """Half-way, with one meeting that waits for the partner."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    situation.met(pair, 2, by=pair.mentee_id, confirmed=False)
    situation.me = situation.person_of(pair.mentee_id)


def to_confirm(situation: Situation) -> None:
    """The partner noted a meeting."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    situation.met(pair, 2, by=pair.mentor_id, confirmed=False)
    situation.me = situation.person_of(pair.mentee_id)


def to_correct(situation: Situation) -> None:
    """The partner did not recognise a meeting that I noted."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 1)
    session_id = situation.met(pair, 2, by=pair.mentee_id, confirmed=False)
    dispute_session(
        situation.db,
        session_id=session_id,
        by=pair.mentor_id,
        reason="wrong-date",
        now=situation.now,
    )
    situation.me = situation.person_of(pair.mentee_id)


def objective_to_confirm(situation: Situation) -> None:
    """The partner says that an objective is reached."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 2)
    situation.objective(pair, "Animer une réunion à distance", Role.MENTEE, "claimed")
    situation.me = situation.person_of(pair.mentor_id)


def complete(situation: Situation) -> None:
    """The rule is met."""
    situation.open("demo")
    pair = situation.pair()
    situation.history(pair, 1)
    situation.me = situation.person_of(pair.mentee_id)


def awaits_tutor(situation: Situation) -> None:
    """Everything is done but the tutor's word."""
    _tutor_validates(situation)
    pair = situation.pair()
    situation.history(pair, 1)
    situation.me = situation.person_of(pair.mentee_id)


def _tutor_validates(situation: Situation) -> None:
    cohort = situation.open("demo")
    version = situation.db.scalars(
        sa.select(CompletionRuleVersion).where(CompletionRuleVersion.cohort_id == cohort.id)
    ).one()
    version.rule = {
        **version.rule,
        "criteria": [*version.rule["criteria"], {"id": "t", "type": "tutor_validation", "w": 0}],
    }
    situation.db.flush()


def tutor(situation: Situation) -> None:
    """A tutor with people at every point of the way."""
    situation.open()
    situation.history(situation.pair(), 4)
    second = situation.pair("Françoise Le Goff", "Yanis Haddad")
    situation.met(second, 3, by=second.mentor_id, confirmed=False)
    situation.pair("Bernard Lefèvre", "Chloé Dubois", signed="mentor")
    situation.joined("Marc Tessier", Role.MENTEE)
    situation.joined("Léa Nguyen", Role.MENTOR)
    for name in ("Sophie Garnier", "Thomas Weber"):
        situation.person(name)
    situation.line_item = False
    _tutor(situation)


def tutor_to_validate(situation: Situation) -> None:
    """A tutor for whose word two people wait."""
    _tutor_validates(situation)
    pair = situation.pair()
    situation.history(pair, 1)
    _tutor(situation)


def tutor_of_complete(situation: Situation) -> None:
    """A tutor whose only pair has completed."""
    situation.open("demo")
    situation.history(situation.pair(), 1)
    _tutor(situation)


def tutor_alone(situation: Situation) -> None:
    """A tutor before anybody is enrolled."""
    situation.open()
    _tutor(situation)


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


def _tutor(situation: Situation) -> None:
    situation.me, situation.role = situation.person("Claire Fontaine", CourseRole.TUTOR), CourseRole.TUTOR


def observer(situation: Situation) -> None:
    """Somebody who may only look."""
    situation.open()
    situation.me, situation.role = situation.person("Odile Blanc", CourseRole.OBSERVER), CourseRole.OBSERVER


def anonymous(situation: Situation) -> None:
    """A launch without a name."""
    situation.open()


SITUATIONS: tuple[Callable[[Situation], None], ...] = (
    welcome, not_open, waiting, to_sign, waits_for_signature, begins, under_way, to_confirm, to_correct,
    objective_to_confirm, complete, awaits_tutor, tutor, tutor_to_validate, tutor_of_complete, tutor_alone,
    tutor_whose_roster_is_read, tutor_whose_roster_failed, observer, anonymous,
)  # fmt: skip


def build_situation(
    services: Services,
    build: Callable[[Situation], None],
    *,
    family: str | None = "moodle",
    locale: str = "en",
) -> str:
    """Build a situation in a course of its own; return the path of its home page."""
    with composition.transaction(services, TOOL) as db:
        issuer = f"https://{family or 'other'}.example"
        registration = db.scalars(sa.select(Registration).where(Registration.issuer == issuer)).first()
        if registration is None:
            organisation = organisations.add_for(db, "Example")
            registration, _ = add_registration(db, organisation, issuer, family)
        deployment = registration.deployments[0]
        course = Course(
            id=uuid.uuid4(),
            deployment_id=deployment.id,
            context_id=str(uuid.uuid4()),
            title="Cultures numériques",
            roster_url=None,
        )
        db.add(course)
        db.flush()
        link = ResourceLink(id=uuid.uuid4(), course_id=course.id, resource_link_id="link-1")
        db.add(link)
        db.flush()
        situation = Situation(db, course, link, family, locale)
        build(situation)
        link.line_item_url = f"{issuer}/items/1" if situation.line_item else None
        launch = LaunchSession(
            secret_hash=secret_hash(SECRET),
            csrf_key="k" * 64,
            registration_id=registration.id,
            deployment_id=deployment.id,
            person_id=situation.me.id if situation.me else None,
            course_id=course.id,
            resource_link_id=link.id,
            role=situation.role,
            message_type="LtiResourceLinkRequest",
            locale=locale,
            return_url=f"{issuer}/course/1",
            expires_at=utcnow() + dt.timedelta(hours=8),
        )
        db.add(launch)
        db.flush()
        return f"/l/{launch.id}.{SECRET}/"
