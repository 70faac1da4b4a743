"""Everything that a page can show, each situation in a course of its own, with a launch session to open it by."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import TOOL, CourseRole, Principal, PrincipalKind
from lti_tool.jobs.models import Job
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.nrps.read_roster_job import request_roster
from lti_tool.lti.nrps.roster import RETRY_AFTER
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import pause_pair, remind_partner
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.profiles.actions import save_profile
from lti_tool.mentoring.profiles.queries import Profile
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.models import ActivityChoice, Placement, RoleView
from lti_tool.mentoring.programmes.rights import make_hr_link, share, use_hr_link
from lti_tool.mentoring.roles import Role
from tests.builder.build import Builder
from tests.builder.cohorts import NAMES, BuiltCohort, BuiltParticipant
from tests.builder.launches import SECRET, session_id_of
from tests.builder.pairs import BuiltPair
from tests.builder.places import BuiltActivity, BuiltPerson, BuiltPlatform
from tests.builder.snapshot import KeptSnapshots, Snapshot, is_empty

__all__ = ["SECRET", "SITUATIONS", "Situation", "build_situation"]

ROSTER_URL = "https://lms.example/members"


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


def welcome(situation: Situation) -> None:
    """A learner who has not chosen a role."""
    situation.open()
    situation.me = situation.person("Paul Moreau")


def not_open(situation: Situation) -> None:
    """A learner before any tutor has come."""
    situation.me = situation.person("Paul Moreau")


def welcome_to_teach(situation: Situation) -> None:
    """A first visit of the activity for those who teach, beside which there is one for those who learn."""
    _two_activities(situation)
    situation.me = situation.person("Inès Benali")


def elsewhere(situation: Situation) -> None:
    """Somebody who learns, in the activity for those who teach."""
    _two_activities(situation)
    pair = situation.pair()
    situation.history(pair, 2)
    situation.me = pair.mentee.person


def _two_activities(situation: Situation) -> None:
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


def waiting(situation: Situation) -> None:
    """A learner without a partner yet."""
    situation.open()
    situation.me = situation.joined("Paul Moreau", Role.MENTEE).person


def proposed(situation: Situation) -> None:
    """A tutor proposes a partner, whom I have not answered."""
    situation.open()
    situation.me = situation.pair(signed="", accepted="").mentee.person


def waits_for_acceptance(situation: Situation) -> None:
    """I have accepted; my partner has not."""
    situation.open()
    situation.me = situation.pair(signed="", accepted="mentee").mentee.person


def to_sign(situation: Situation) -> None:
    """A new pair: nobody has signed."""
    situation.open()
    situation.me = situation.pair(signed="").mentee.person


def leave_course(situation: Situation, participant: BuiltParticipant, *, back: bool = False) -> None:
    """Let the roster list somebody no longer; ``back``: let it list them again."""
    situation.db.execute(
        sa.update(Membership).where(Membership.person_id == participant.person.id).values(active=back)
    )


def partner_left(situation: Situation) -> None:
    """Half-way, with a partner who is no longer in the course."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    leave_course(situation, pair.mentor)
    situation.me = pair.mentee.person


def waits_for_signature(situation: Situation) -> None:
    """I have signed; my partner has not."""
    situation.open()
    situation.me = situation.pair(signed="mentee").mentee.person


def begins(situation: Situation) -> None:
    """Both have signed; nothing has happened yet."""
    situation.open()
    situation.me = situation.pair().mentee.person


def under_way(situation: Situation) -> None:
    """Half-way, with one meeting that waits for the partner."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    pair.session(by=Role.MENTEE, days_ago=2)
    situation.me = pair.mentee.person


def in_a_window(situation: Situation) -> None:
    """Half-way, in a window of its own."""
    under_way(situation)
    situation.document_target = "window"


def to_confirm(situation: Situation) -> None:
    """The partner noted a meeting."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    pair.session(by=Role.MENTOR, days_ago=2)
    situation.me = pair.mentee.person


def words_of_both(situation: Situation) -> None:
    """Both wrote notes and feedback; the partner thanks me, proposes an objective, and says no to two of mine."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 2)
    note = "Je posais des questions trop larges. Avec un exemple de ce que j’attends, tout change."
    for author, words, shared in (
        (pair.mentee, note, True),
        (pair.mentee, "J’écoute avant de répondre.", False),
        (pair.mentor, "Je prépare mes démonstrations avec un cas réel.", True),
    ):
        pair.reflection(words, by=author, shared=shared)
    met = pair.session(by=Role.MENTOR, days_ago=3, confirmed=True)
    pair.feedback(met, by=pair.mentor, words="Merci pour l’exemple du budget.")
    pair.thanks(by=pair.mentor, words="Merci pour ces deux mois\u00a0: vos conseils m’ont beaucoup servi.")
    pair.objective(
        "Publier chaque semaine sur le réseau interne", Role.MENTEE, by=Role.MENTOR, status="proposed"
    )
    pair.objective("Négocier avec un fournisseur", Role.MENTOR, by=Role.MENTEE, status="proposed").say_no()
    pair.objective("Interroger un tableau de bord", Role.MENTEE, status="claimed").say_no()
    situation.me = pair.mentee.person


def to_correct(situation: Situation) -> None:
    """The partner did not recognise a meeting that I noted."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 1)
    pair.session(by=Role.MENTEE, days_ago=2).dispute("wrong-date")
    situation.me = pair.mentee.person


def to_accept(situation: Situation) -> None:
    """The partner says that a meeting that I noted was longer."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    pair.session(by=Role.MENTEE, days_ago=2).dispute("wrong-length", minutes=60)
    situation.me = pair.mentee.person


def not_met(situation: Situation) -> None:
    """The partner says that a meeting that I noted did not take place."""
    situation.open()
    pair = situation.pair()
    pair.session(by=Role.MENTEE, days_ago=2).dispute("did-not-meet")
    situation.me = pair.mentee.person


def waits_for_correction(situation: Situation) -> None:
    """I have proposed another length for a meeting that my partner noted, and can still take that back."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 1)
    pair.session(by=Role.MENTOR, days_ago=2).dispute("wrong-length", minutes=60)
    situation.me = pair.mentee.person


def reminded(situation: Situation) -> None:
    """My partner has reminded me of the meeting that they noted."""
    to_confirm(situation)
    cohort = situation.cohort
    assert cohort is not None
    row = situation.db.scalars(sa.select(Pair).where(Pair.cohort_id == cohort.id)).one()
    with situation.activity.build.transaction() as db:
        remind_partner(db, pair_id=row.id, by=row.mentor_id, now=situation.now)


def nothing_waits(situation: Situation) -> None:
    """Half-way, and nothing waits for anybody."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 3)
    situation.me = pair.mentee.person


def paused(situation: Situation) -> None:
    """The tutor has put the pair on hold, until next month."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 2)
    pause_pair(
        situation.db, pair_id=pair.id, until=situation.now.date() + dt.timedelta(days=30), now=situation.now
    )
    situation.me = pair.mentee.person


def ended(situation: Situation) -> None:
    """The tutor has ended the pair early."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 2)
    pair.end()
    situation.me = pair.mentee.person


def declined(situation: Situation) -> None:
    """The partner whom the tutor proposed could not."""
    situation.open()
    pair = situation.pair(signed="", accepted="mentee")
    pair.decline(pair.mentor)
    situation.me = pair.mentee.person


def i_declined(situation: Situation) -> None:
    """I said “not this time”, and can still take that back."""
    situation.open()
    pair = situation.pair(signed="", accepted="")
    pair.decline(pair.mentee)
    situation.me = pair.mentee.person


def objective_to_confirm(situation: Situation) -> None:
    """The partner says that an objective is reached."""
    situation.open()
    pair = situation.pair()
    situation.history(pair, 2)
    pair.objective("Animer une réunion à distance", Role.MENTEE, status="claimed")
    situation.me = pair.mentor.person


def complete(situation: Situation) -> None:
    """The rule is met."""
    situation.open("demo")
    pair = situation.pair()
    situation.history(pair, 1)
    situation.me = pair.mentee.person


def complete_and_refused(situation: Situation) -> None:
    """The rule is met, and the platform has refused the grade."""
    situation.open("demo")
    pair = situation.pair()
    situation.history(pair, 1)
    situation.grade(
        pair.mentee, GradeStatus.REFUSED, refusal="not_a_learner", reason="HTTP 400: not enrolled"
    )
    situation.me = pair.mentee.person


def awaits_tutor(situation: Situation) -> None:
    """Everything is done but the tutor's word."""
    _tutor_validates(situation)
    pair = situation.pair()
    situation.history(pair, 1)
    situation.me = pair.mentee.person


def _tutor_validates(situation: Situation) -> None:
    cohort = situation.open("demo")
    version = cohort.rule(situation.db)
    version.rule = {
        **version.rule,
        "criteria": [*version.rule["criteria"], {"id": "t", "type": "tutor_validation", "w": 0}],
    }
    situation.db.flush()


def tutor(situation: Situation) -> None:
    """A tutor with people at every point of the way."""
    situation.open()
    _people_of_every_kind(situation)


def _people_of_every_kind(situation: Situation) -> None:
    if situation.tutor is None:
        _tutor(situation)
    situation.history(situation.pair(), 4)
    second = situation.pair("Françoise Le Goff", "Yanis Haddad")
    second.session(by=Role.MENTOR, days_ago=3)
    situation.pair("Bernard Lefèvre", "Chloé Dubois", signed="mentor")
    situation.joined("Marc Tessier", Role.MENTEE)
    situation.joined("Léa Nguyen", Role.MENTOR)
    for name in ("Sophie Garnier", "Thomas Weber"):
        situation.person(name)
    situation.line_item = False


def owner(situation: Situation) -> None:
    """A tutor who owns the programme, with a colleague, a share, somebody who reads it, and a link that waits."""
    _tutor(situation)
    situation.open(by=situation.me)
    situation.tutor = situation.me
    _people_of_every_kind(situation)
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
    _tutor(situation)


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


def tutor_of_copy(situation: Situation) -> None:
    """A tutor whose activity came with a copy of a course, to which nobody has come yet."""
    original = situation.activity.course.platform.course("Cultures numériques, printemps")
    original.activity("link-1").programme("digital-skills")
    situation.course.context_history = situation.db.get_one(Course, original.id).context_id
    situation.db.flush()
    situation.open(days_ago=0)
    _tutor(situation)


def tutor_of_duplicate(situation: Situation) -> None:
    """A tutor whose activity was duplicated from one in the same course, in which a pair is at work."""
    content_id = uuid.uuid4()
    original = situation.activity.course.activity("link-0", content_id=content_id)
    situation.db.get_one(ResourceLink, original.id).title = "Mentorat inversé, groupe du matin"
    situation.link.content_id = content_id
    situation.cohort = original.programme("digital-skills", content_id=content_id).cohort()
    situation.history(situation.pair(), 2)
    _tutor(situation)


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
    _tutor(situation)


def tutor_of_new_choice(situation: Situation) -> None:
    """A tutor of an activity in which a pair is at work, for which another programme was chosen since."""
    situation.open()
    situation.history(situation.pair(), 1)
    _tutor(situation)
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


def _tutor(situation: Situation) -> None:
    situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)


def menu_of_tutor(situation: Situation) -> None:
    """A tutor in the menu of a course where no activity has been opened."""
    _is_course_itself(situation)
    _tutor(situation)


def menu_of_learner(situation: Situation) -> None:
    """A learner in the menu of a course where no activity has been opened."""
    _is_course_itself(situation)
    situation.me = situation.person("Paul Moreau")


def menu_of_several(situation: Situation) -> None:
    """A learner in the menu of a course with two activities."""
    for name, title in (("link-2", "Mentorat du siège"), ("link-3", "Mentorat des régions")):
        other = situation.activity.course.activity(name)
        other.programme()
        situation.db.get_one(ResourceLink, other.id).title = title
    menu_of_learner(situation)


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
    _tutor(situation)


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


SITUATIONS: tuple[Callable[[Situation], None], ...] = (
    welcome, welcome_to_teach, elsewhere, not_open, waiting, proposed, waits_for_acceptance,
    to_sign, waits_for_signature, partner_left, begins,
    under_way, to_confirm, to_correct, to_accept, not_met, waits_for_correction, reminded, nothing_waits, paused, ended,
    declined, i_declined,
    objective_to_confirm, complete, complete_and_refused, awaits_tutor, tutor, tutor_of_leavers, tutor_to_validate,
    tutor_of_complete, tutor_of_grades, tutor_alone, tutor_whose_roster_is_read, tutor_whose_roster_failed,
    tutor_of_copy, tutor_of_duplicate, tutor_of_waiting_duplicate, learner_of_duplicate, tutor_who_chooses,
    owner, human_resources,
    tutor_of_new_choice, switched_role, observer, observer_of_two, review, anonymous, test_student,
)  # fmt: skip


def build_situation(
    services: Services,
    build: Callable[[Situation], None],
    *,
    family: str | None = "moodle",
    locale: str = "en",
) -> str:
    """Build a situation in a course of its own; return the path of its home page.

    In an empty database, a situation that is listed in :data:`SITUATIONS` is built once for each kind of database and
    copied for the next four minutes.
    """
    if build not in SITUATIONS or not is_empty(services.database):
        return _build(services, build, family, locale)
    kind = services.database.engine.dialect.name
    key = f"{kind} {services.config.base_url} {build.__name__} {family}"
    kept = KEPT_SITUATIONS.get(key)
    if kept is None:
        home = _build(services, build, family, _BUILT_IN)
        KEPT_SITUATIONS.keep(key, home, Snapshot.of(services.database))
    else:
        home, snapshot = kept
        snapshot.restore(services.database)
    if locale != _BUILT_IN:
        with services.database.writing_connection() as connection:
            opened = sa.update(LaunchSession).where(LaunchSession.id == session_id_of(home))
            connection.execute(opened.values(locale=locale))
    return home


_BUILT_IN = "en"
KEPT_SITUATIONS = KeptSnapshots()
"""The homes and the rows of situations, which the processes of one test run may share."""


def _build(services: Services, build: Callable[[Situation], None], family: str | None, locale: str) -> str:
    builder = Builder(services)
    with builder.transaction() as db:
        issuer = f"https://{family or 'other'}.example"
        platform = _platform(builder, db, issuer, family)
        activity = platform.course("Cultures numériques").activity("link-1")
        situation = Situation(db, activity)
        build(situation)
        situation.link.line_item_url = line_item_of(issuer) if situation.line_item else None
        shows = [db.get_one(Person, person.id).subject for person in situation.shows] or None
        key = situation.activity.launch(
            situation.me,
            locale=locale,
            return_url=f"{issuer}/course/1",
            shown_subjects=shows,
            document_target=situation.document_target,
            is_test_user=situation.is_test_user,
        )
        return f"/l/{key}/"


def _platform(builder: Builder, db: Session, issuer: str, family: str | None) -> BuiltPlatform:
    """The platform of all situations of a family."""
    known = db.scalars(sa.select(Registration).where(Registration.issuer == issuer)).first()
    if known is None or known.organisation_id is None:
        return builder.organisation().platform(issuer, family)
    return BuiltPlatform(builder, known.id, known.organisation_id, known.deployments[0].id)
