"""From facts to the state that the LMS's grade is made from."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest

from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.progress_state import ProgressState, progress_state
from lti_tool.mentoring.completion.rule import Completion, Evaluation

NOT_YET = Evaluation(Fraction(0), 0, satisfied=False, awaiting_tutor=False, explanation=())
AWAITING = replace(NOT_YET, awaiting_tutor=True)
SATISFIED = Evaluation(Fraction(1), 100, satisfied=True, awaiting_tutor=False, explanation=())

UNSIGNED = PairFacts(UUID(int=1), AgreementFact(signed_by_mentor=True))
SIGNED = PairFacts(UUID(int=1), AgreementFact(signed_by_mentor=True, signed_by_mentee=True))


def state_of(pairs, evaluation, completion=Completion.OPEN):
    return progress_state(PersonFacts("mentee"), pairs, evaluation, completion)


def met(status):
    return replace(SIGNED, sessions=(SessionFact(UUID(int=2), status, 45, "video", date(2026, 11, 2)),))


def working(status):
    return replace(SIGNED, objectives=(ObjectiveFact(UUID(int=3), "mentee", status, required=True),))


def test_who_has_no_pair_is_onboarded():
    assert state_of((), NOT_YET) is ProgressState.ONBOARDED


def test_a_half_signed_agreement_is_not_signed():
    assert state_of([UNSIGNED], NOT_YET) is ProgressState.ONBOARDED


def test_an_agreement_of_both_is_signed():
    assert state_of([SIGNED], NOT_YET) is ProgressState.AGREEMENT_SIGNED


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_the_first_session_is_under_way(status):
    assert state_of([met(status)], NOT_YET) is ProgressState.UNDER_WAY


@pytest.mark.parametrize("status", ["planned", "disputed", "cancelled", "withdrawn"])
def test_a_session_that_was_not_is_not_under_way(status):
    assert state_of([met(status)], NOT_YET) is ProgressState.AGREEMENT_SIGNED


@pytest.mark.parametrize("status", ["in_progress", "claimed", "reached"])
def test_an_objective_being_worked_on_is_under_way(status):
    assert state_of([working(status)], NOT_YET) is ProgressState.UNDER_WAY


@pytest.mark.parametrize("status", ["agreed", "withdrawn"])
def test_an_objective_nobody_works_on_is_not_under_way(status):
    assert state_of([working(status)], NOT_YET) is ProgressState.AGREEMENT_SIGNED


def test_only_the_tutor_missing_is_awaiting_the_tutor():
    assert state_of([met("confirmed")], AWAITING) is ProgressState.AWAITING_TUTOR


def test_a_satisfied_rule_is_satisfied():
    assert state_of([met("confirmed")], SATISFIED) is ProgressState.SATISFIED


def test_a_completion_stays_satisfied_when_the_facts_change():
    assert state_of((), NOT_YET, Completion.COMPLETED) is ProgressState.SATISFIED


def test_what_the_tutor_reopened_awaits_the_tutor():
    assert state_of((), SATISFIED, Completion.REOPENED) is ProgressState.AWAITING_TUTOR


def test_who_withdrew_is_withdrawn_even_after_completing():
    left = PersonFacts("mentee", withdrawn=True)
    assert (
        progress_state(left, [met("confirmed")], SATISFIED, Completion.COMPLETED) is ProgressState.WITHDRAWN
    )
