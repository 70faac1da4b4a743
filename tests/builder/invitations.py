"""Situations of people whom a tutor invited by name, and who answer at their first visit."""

from __future__ import annotations

from lti_tool.mentoring.enrolment.actions import refuse_invitation
from lti_tool.mentoring.roles import Role
from tests.builder import situations
from tests.builder.cohorts import BuiltParticipant
from tests.builder.situations import Situation


def invited(situation: Situation) -> None:
    """Somebody whom a tutor invited as a mentee, at their first visit."""
    situation.open()
    situation.me = _invited(situation).person


def refused(situation: Situation) -> None:
    """The same, who has said that they do not take part."""
    situation.open()
    situation.me = _refused(situation).person


def tutor_of_refused(situation: Situation) -> None:
    """A tutor whose invitation was refused two days ago."""
    situations.tutor(situation)
    _refused(situation)


def _invited(situation: Situation) -> BuiltParticipant:
    assert situation.cohort is not None
    return situation.cohort.participant(situation.person("Anne Roy"), Role.MENTEE, invited=True)


def _refused(situation: Situation) -> BuiltParticipant:
    made = _invited(situation)
    refuse_invitation(situation.db, participant_id=made.id, reason="no-time", now=situation.now)
    return made
