"""From facts to the standing that the LMS's grade is made from."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest

from lti_tool.mentoring.rule_types import (
    AgreementFact,
    Completion,
    Evaluation,
    ObjectiveFact,
    PairFacts,
    SessionFact,
)
from lti_tool.mentoring.standing import ParticipantFacts, Standing, standing

NOT_YET = Evaluation(Fraction(0), 0, satisfied=False, awaiting_tutor=False, explanation=())
AWAITING = replace(NOT_YET, awaiting_tutor=True)
SATISFIED = Evaluation(Fraction(1), 100, satisfied=True, awaiting_tutor=False, explanation=())

UNSIGNED = PairFacts(UUID(int=1), AgreementFact(signed_by_mentor=True))
SIGNED = PairFacts(UUID(int=1), AgreementFact(signed_by_mentor=True, signed_by_mentee=True))


def met(status):
    return replace(SIGNED, sessions=(SessionFact(UUID(int=2), status, 45, "video", date(2026, 11, 2)),))


def working(status):
    return replace(SIGNED, objectives=(ObjectiveFact(UUID(int=3), "mentee", status, required=True),))


def test_who_has_no_pair_is_onboarded():
    assert standing(ParticipantFacts(), NOT_YET) is Standing.ONBOARDED


def test_a_half_signed_agreement_is_not_signed():
    assert standing(ParticipantFacts(pairs=[UNSIGNED]), NOT_YET) is Standing.ONBOARDED


def test_an_agreement_of_both_is_signed():
    assert standing(ParticipantFacts(pairs=[SIGNED]), NOT_YET) is Standing.AGREEMENT_SIGNED


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_the_first_session_is_under_way(status):
    assert standing(ParticipantFacts(pairs=[met(status)]), NOT_YET) is Standing.UNDER_WAY


@pytest.mark.parametrize("status", ["planned", "disputed", "cancelled", "withdrawn"])
def test_a_session_that_was_not_is_not_under_way(status):
    assert standing(ParticipantFacts(pairs=[met(status)]), NOT_YET) is Standing.AGREEMENT_SIGNED


@pytest.mark.parametrize("status", ["in_progress", "claimed", "reached"])
def test_an_objective_being_worked_on_is_under_way(status):
    assert standing(ParticipantFacts(pairs=[working(status)]), NOT_YET) is Standing.UNDER_WAY


@pytest.mark.parametrize("status", ["agreed", "dropped"])
def test_an_objective_nobody_works_on_is_not_under_way(status):
    assert standing(ParticipantFacts(pairs=[working(status)]), NOT_YET) is Standing.AGREEMENT_SIGNED


def test_only_the_tutor_missing_is_awaiting_the_tutor():
    assert standing(ParticipantFacts(pairs=[met("confirmed")]), AWAITING) is Standing.AWAITING_TUTOR


def test_a_satisfied_rule_is_satisfied():
    assert standing(ParticipantFacts(pairs=[met("confirmed")]), SATISFIED) is Standing.SATISFIED


def test_a_completion_stays_satisfied_when_the_facts_change():
    assert standing(ParticipantFacts(), NOT_YET, Completion.COMPLETED) is Standing.SATISFIED


def test_what_the_tutor_reopened_awaits_the_tutor():
    assert standing(ParticipantFacts(), SATISFIED, Completion.REOPENED) is Standing.AWAITING_TUTOR


def test_who_withdrew_is_withdrawn_even_after_completing():
    left = ParticipantFacts(withdrawn=True, pairs=[met("confirmed")])
    assert standing(left, SATISFIED, Completion.COMPLETED) is Standing.WITHDRAWN
