"""What learners may come to, from the first visit to the end of the programme."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from lti_tool.identity.models import Membership
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.mentoring.pairs.actions import pause_pair, remind_partner
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from tests.builder.cohorts import BuiltParticipant
from tests.builder.situation import Situation


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
    """Let the roster list somebody no longer, since five days ago; ``back``: let it list them again."""
    listed_at = situation.now if back else situation.now - dt.timedelta(days=5)
    place = sa.update(Membership).where(Membership.person_id == participant.person.id)
    situation.db.execute(place.values(active=back, listed_at=listed_at))


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
    """The rule is met, and the course shows the grade."""
    situation.open("demo")
    pair = situation.pair()
    situation.history(pair, 1)
    situation.grade(pair.mentee, GradeStatus.RECORDED)
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
    tutor_validates(situation)
    pair = situation.pair()
    situation.history(pair, 1)
    situation.me = pair.mentee.person


def tutor_validates(situation: Situation) -> None:
    cohort = situation.open("demo")
    version = cohort.rule(situation.db)
    version.rule = {
        **version.rule,
        "criteria": [*version.rule["criteria"], {"id": "t", "type": "tutor_validation", "w": 0}],
    }
    situation.db.flush()
