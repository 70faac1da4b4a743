"""Every face that a page can have, each in a course of its own, with a launch session to open it by."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.lti.login_states import secret_hash
from lti_tool.lti.models import Deployment, DeploymentStatus, LaunchSession, Registration, ResourceLink
from lti_tool.mentoring import actions
from lti_tool.mentoring.models import Cohort, CompletionRuleVersion, Pair, Participant, Role
from lti_tool.mentoring.programme_templates import load_template
from lti_tool.people import Course, CourseRole, Person
from lti_tool.tool import Tool
from tests.world import add_person

SECRET = "s" * 43
"""Every scene's launch travels by its address, so that a test needs no cookie."""


@dataclass
class Scene:
    """One course with what has happened in it; ``me`` is who looks."""

    db: Session
    course: Course
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
        self.cohort = actions.open_programme(
            self.db,
            course=self.course,
            template=load_template(template),
            now=self.now - dt.timedelta(days=70),
        )
        return self.cohort

    def joined(self, name: str, role: Role) -> Participant:
        """Somebody who has chosen a role."""
        assert self.cohort is not None
        return actions.join(self.db, cohort=self.cohort, person=self.person(name), role=role, now=self.now)

    def pair(self, mentee: str = "Paul Moreau", mentor: str = "Inès Benali", *, signed: str = "both") -> Pair:
        """Two people together; ``signed``: ``both``, ``mentor``, ``mentee`` or empty."""
        assert self.cohort is not None
        pair = actions.form_pair(
            self.db,
            cohort=self.cohort,
            mentee=self.joined(mentee, Role.MENTEE),
            mentor=self.joined(mentor, Role.MENTOR),
            now=self.now,
        )
        for by in (pair.mentee, pair.mentor):
            if signed in ("both", by.role):
                actions.sign_agreement(self.db, pair=pair, by=by, now=self.now - dt.timedelta(days=60))
        return pair

    def met(
        self,
        pair: Pair,
        days_ago: int,
        *,
        by: Participant,
        minutes: int = 45,
        form: str = "video",
        confirmed: bool = True,
    ) -> uuid.UUID:
        """A meeting that one noted, and that the other has confirmed or not."""
        session = actions.log_session(
            self.db,
            pair=pair,
            by=by,
            held_on=self.now.date() - dt.timedelta(days=days_ago),
            minutes=minutes,
            format=form,
            form_key=None,
            now=self.now,
        )
        if confirmed:
            other = pair.mentor if by.id == pair.mentee_id else pair.mentee
            actions.confirm_session(self.db, session=session, by=other, now=self.now)
        return session.id

    def objective(self, pair: Pair, title: str, direction: Role, state: str = "agreed") -> uuid.UUID:
        """An objective; ``state``: ``agreed``, ``claimed`` or ``reached``."""
        learner, other = (
            (pair.mentee, pair.mentor) if direction == Role.MENTEE else (pair.mentor, pair.mentee)
        )
        objective = actions.agree_objective(
            self.db,
            pair=pair,
            by=learner,
            title=title,
            direction=direction,
            tag="skills",
            required=True,
            now=self.now,
        )
        if state in ("claimed", "reached"):
            actions.claim_objective(self.db, objective=objective, by=learner, now=self.now)
        if state == "reached":
            actions.confirm_objective(self.db, objective=objective, by=other, now=self.now)
        return objective.id

    def history(self, pair: Pair, confirmed: int) -> None:
        """A pair that has met ``confirmed`` times and works on objectives in both directions."""
        for number in range(confirmed):
            by = pair.mentor if number % 2 else pair.mentee
            form = ("in-person", "video", "coaching")[number % 3]
            self.met(pair, 10 + 14 * (confirmed - number), by=by, minutes=45 + 15 * (number % 2), form=form)
        self.objective(pair, "Rédiger des consignes efficaces pour un assistant IA", Role.MENTEE, "reached")
        self.objective(pair, "Publier un premier article sur le réseau interne", Role.MENTEE)
        self.objective(pair, "Présenter un budget en comité de direction", Role.MENTOR)


def welcome(scene: Scene) -> None:
    """A learner who has not chosen a role."""
    scene.open()
    scene.me = scene.person("Paul Moreau")


def not_open(scene: Scene) -> None:
    """A learner before any tutor has come."""
    scene.me = scene.person("Paul Moreau")


def waiting(scene: Scene) -> None:
    """A learner without a partner yet."""
    scene.open()
    scene.me = scene.joined("Paul Moreau", Role.MENTEE).person


def to_sign(scene: Scene) -> None:
    """A new pair: nobody has signed."""
    scene.open()
    scene.me = scene.pair(signed="").mentee.person


def waits_for_signature(scene: Scene) -> None:
    """I have signed; my partner has not."""
    scene.open()
    scene.me = scene.pair(signed="mentee").mentee.person


def begins(scene: Scene) -> None:
    """Both have signed; nothing has happened yet."""
    scene.open()
    scene.me = scene.pair().mentee.person


def under_way(scene: Scene) -> None:
    """Half-way, with one meeting that waits for the partner."""
    scene.open()
    pair = scene.pair()
    scene.history(pair, 3)
    scene.met(pair, 2, by=pair.mentee, confirmed=False)
    scene.me = pair.mentee.person


def to_confirm(scene: Scene) -> None:
    """The partner noted a meeting."""
    scene.open()
    pair = scene.pair()
    scene.history(pair, 3)
    scene.met(pair, 2, by=pair.mentor, confirmed=False)
    scene.me = pair.mentee.person


def to_mend(scene: Scene) -> None:
    """The partner did not recognise a meeting that I noted."""
    scene.open()
    pair = scene.pair()
    scene.history(pair, 1)
    session_id = scene.met(pair, 2, by=pair.mentee, confirmed=False)
    from lti_tool.mentoring.models import MentoringSession

    actions.dispute_session(
        scene.db,
        session=scene.db.get_one(MentoringSession, session_id),
        by=pair.mentor,
        reason="wrong-date",
        now=scene.now,
    )
    scene.me = pair.mentee.person


def objective_to_confirm(scene: Scene) -> None:
    """The partner says that an objective is reached."""
    scene.open()
    pair = scene.pair()
    scene.history(pair, 2)
    scene.objective(pair, "Animer une réunion à distance", Role.MENTEE, "claimed")
    scene.me = pair.mentor.person


def complete(scene: Scene) -> None:
    """The rule is met."""
    scene.open("demo")
    pair = scene.pair()
    scene.history(pair, 1)
    scene.me = pair.mentee.person


def awaits_tutor(scene: Scene) -> None:
    """Everything is done but the tutor's word."""
    _tutor_validates(scene)
    pair = scene.pair()
    scene.history(pair, 1)
    scene.me = pair.mentee.person


def _tutor_validates(scene: Scene) -> None:
    cohort = scene.open("demo")
    version = scene.db.scalars(
        sa.select(CompletionRuleVersion).where(CompletionRuleVersion.cohort_id == cohort.id)
    ).one()
    version.rule = {
        **version.rule,
        "criteria": [*version.rule["criteria"], {"id": "t", "type": "tutor_validation", "w": 0}],
    }
    scene.db.flush()


def tutor(scene: Scene) -> None:
    """A tutor with people at every point of the way."""
    scene.open()
    scene.history(scene.pair(), 4)
    second = scene.pair("Françoise Le Goff", "Yanis Haddad")
    scene.met(second, 3, by=second.mentor, confirmed=False)
    scene.pair("Bernard Lefèvre", "Chloé Dubois", signed="mentor")
    scene.joined("Marc Tessier", Role.MENTEE)
    scene.joined("Léa Nguyen", Role.MENTOR)
    for name in ("Sophie Garnier", "Thomas Weber"):
        scene.person(name)
    scene.line_item = False
    _tutor(scene)


def tutor_to_validate(scene: Scene) -> None:
    """A tutor for whose word two people wait."""
    _tutor_validates(scene)
    pair = scene.pair()
    scene.history(pair, 1)
    _tutor(scene)


def tutor_of_complete(scene: Scene) -> None:
    """A tutor whose only pair has completed."""
    scene.open("demo")
    scene.history(scene.pair(), 1)
    _tutor(scene)


def tutor_alone(scene: Scene) -> None:
    """A tutor before anybody is enrolled."""
    scene.open()
    _tutor(scene)


def _tutor(scene: Scene) -> None:
    scene.me, scene.role = scene.person("Claire Fontaine", CourseRole.TUTOR), CourseRole.TUTOR


def observer(scene: Scene) -> None:
    """Somebody who may only look."""
    scene.open()
    scene.me, scene.role = scene.person("Odile Blanc", CourseRole.OBSERVER), CourseRole.OBSERVER


def anonymous(scene: Scene) -> None:
    """A launch without a name."""
    scene.open()


SCENES: tuple[Callable[[Scene], None], ...] = (
    welcome, not_open, waiting, to_sign, waits_for_signature, begins, under_way, to_confirm, to_mend,
    objective_to_confirm, complete, awaits_tutor, tutor, tutor_to_validate, tutor_of_complete, tutor_alone,
    observer, anonymous,
)  # fmt: skip


def play(
    tool: Tool, build: Callable[[Scene], None], *, family: str | None = "moodle", locale: str = "en"
) -> str:
    """Build a scene in a course of its own; return the path of its home page."""
    with recording.transaction(tool) as db:
        issuer = f"https://{family or 'other'}.example"
        registration = db.scalars(sa.select(Registration).where(Registration.issuer == issuer)).first()
        if registration is None:
            registration = Registration(
                issuer=issuer,
                client_id="client-1",
                auth_login_url=f"{issuer}/auth",
                auth_token_url=f"{issuer}/token",
                jwks_url=f"{issuer}/jwks",
                frame_origins=[issuer],
                platform_family=family,
            )
            deployment = Deployment(
                registration=registration, deployment_id="1", status=DeploymentStatus.APPROVED
            )
            db.add_all([registration, deployment])
            db.flush()
        deployment = registration.deployments[0]
        course = Course(
            deployment_id=deployment.id,
            context_id=str(uuid.uuid4()),
            title="Cultures numériques",
            roster_url=None,
        )
        db.add(course)
        db.flush()
        scene = Scene(db, course, family, locale)
        build(scene)
        link = ResourceLink(
            course_id=course.id,
            resource_link_id="link-1",
            line_item_url=f"{issuer}/items/1" if scene.line_item else None,
        )
        db.add(link)
        db.flush()
        launch = LaunchSession(
            secret_hash=secret_hash(SECRET),
            csrf_key="k" * 64,
            registration_id=registration.id,
            deployment_id=deployment.id,
            person_id=scene.me.id if scene.me else None,
            course_id=course.id,
            resource_link_id=link.id,
            role=scene.role,
            message_type="LtiResourceLinkRequest",
            locale=locale,
            expires_at=utcnow() + dt.timedelta(hours=8),
        )
        db.add(launch)
        db.flush()
        return f"/l/{launch.id}.{SECRET}/"
