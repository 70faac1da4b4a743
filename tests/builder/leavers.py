"""Situations of people who were taken out of the programme, or put aside before they had a role in it."""

from __future__ import annotations

from lti_tool.mentoring.enrolment.leaving import put_aside, take_out
from tests.builder import situations
from tests.builder.cohorts import BuiltParticipant
from tests.builder.situations import Situation


def taken_out(situation: Situation) -> None:
    """Somebody who was taken out half-way, at their next visit, in a course with a tutor."""
    situations.tutor(situation)
    pair = situation.pair("Hélène Marchand", "Karim Benali")
    situation.history(pair, 2)
    situation.me = _out(situation, pair.mentee).person


def partner_of_taken_out(situation: Situation) -> None:
    """Their partner."""
    situations.tutor(situation)
    pair = situation.pair("Hélène Marchand", "Karim Benali")
    situation.history(pair, 2)
    _out(situation, pair.mentee)
    situation.me = pair.mentor.person


def tutor_of_taken_out(situation: Situation) -> None:
    """A tutor of pairs, of somebody who was taken out of one, of somebody put aside, and of a pair ended early."""
    situations.tutor(situation)
    assert situation.cohort is not None
    pair = situation.pair("Hélène Marchand", "Karim Benali")
    situation.history(pair, 2)
    _out(situation, pair.mentee)
    situation.pair("Anne Roy", "Paul Girard").end()
    aside = situation.person("Nadia Lemoine")
    put_aside(situation.db, person_id=aside.id, cohort_id=situation.cohort.id, now=situation.now)


def _out(situation: Situation, participant: BuiltParticipant) -> BuiltParticipant:
    assert situation.cohort is not None
    take_out(
        situation.db,
        participant_id=participant.id,
        cohort_id=situation.cohort.id,
        reason="left-organisation",
        now=situation.now,
    )
    return participant
