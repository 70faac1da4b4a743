"""One example for each criterion, each mode, and each turn of a completion."""

import json
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest

from lti_tool.mentoring.completion.evaluation import evaluate, latch
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.rule import Completion, Evaluation, read_rule
from schemas.problem import ShapeError

DAY = date(2026, 11, 2)
SIGNED = AgreementFact(signed_by_mentor=True, signed_by_mentee=True)


def uid(number: int) -> UUID:
    return UUID(int=number)


def rule(*criteria, mode="all", k=None, pairs="best", **more):
    named = [{"id": f"c{index}", **criterion} for index, criterion in enumerate(criteria)]
    return read_rule({"v": 1, "mode": mode, "k": k, "pairs": pairs, "criteria": named, **more})


def session(number, status="confirmed", minutes=45, format="coaching"):
    return SessionFact(uid(number), status, minutes, format, DAY)


def objective(number, status="reached", required=True, evidence="self", direction="mentee"):
    return ObjectiveFact(uid(number), direction, status, required, evidence)


def pair(*facts, number=1000, agreement=SIGNED):
    return PairFacts(
        uid(number),
        agreement,
        tuple(fact for fact in facts if isinstance(fact, SessionFact)),
        tuple(fact for fact in facts if isinstance(fact, ObjectiveFact)),
    )


def judged(a_rule, *pairs, role="mentee", validated=False):
    return evaluate(a_rule, role, pairs, PersonFacts(role, tutor_validated=validated))


AGREEMENT = {"type": "agreement"}
ONE_SESSION = {"type": "sessions", "min": 1}
SIX_SESSIONS = {"type": "sessions", "min": 6}
TUTOR = {"type": "tutor_validation"}
OBJECTIVES = {"type": "objectives"}


def test_an_agreement_signed_by_both_is_satisfied():
    assert judged(rule(AGREEMENT), pair()).satisfied


def test_an_agreement_signed_by_one_says_who_is_missing():
    seen = judged(rule(AGREEMENT), pair(agreement=AgreementFact(signed_by_mentor=True)))
    assert seen.explanation[0].params["missing"] == ("mentee",)


def test_an_agreement_may_ask_for_one_side_only():
    half = pair(agreement=AgreementFact(signed_by_mentor=True))
    assert judged(rule({**AGREEMENT, "by": "mentor"}), half).satisfied


def test_without_a_pair_the_agreement_misses_both():
    assert judged(rule(AGREEMENT)).explanation[0].params["missing"] == ("mentor", "mentee")


def test_an_agreement_names_its_pair_as_the_fact_used():
    assert judged(rule(AGREEMENT), pair(number=7)).explanation[0].facts_used == (uid(7),)


@pytest.mark.parametrize("status", ["planned", "held", "disputed", "cancelled", "withdrawn"])
def test_only_confirmed_sessions_count_by_default(status):
    assert judged(rule(ONE_SESSION), pair(session(1, status))).score == 0


@pytest.mark.parametrize("status", ["held", "confirmed"])
def test_a_rule_may_take_sessions_as_soon_as_they_are_held(status):
    assert judged(rule({**ONE_SESSION, "status": "held"}), pair(session(1, status))).satisfied


@pytest.mark.parametrize("status", ["planned", "disputed", "cancelled", "withdrawn"])
def test_a_rule_for_held_sessions_leaves_out_those_that_were_not(status):
    assert not judged(rule({**ONE_SESSION, "status": "held"}), pair(session(1, status))).satisfied


def test_a_session_that_is_too_short_does_not_count():
    assert not judged(rule({**ONE_SESSION, "min_minutes_each": 30}), pair(session(1, minutes=29))).satisfied


def test_a_session_that_is_just_long_enough_counts():
    assert judged(rule({**ONE_SESSION, "min_minutes_each": 30}), pair(session(1, minutes=30))).satisfied


def test_a_session_in_another_format_does_not_count():
    assert not judged(rule({**ONE_SESSION, "formats": ["audio"]}), pair(session(1, format="video"))).satisfied


def test_a_session_in_an_accepted_format_counts():
    accepted = {**ONE_SESSION, "formats": ["audio", "trade-show"]}
    assert judged(rule(accepted), pair(session(1, format="trade-show"))).satisfied


def test_a_format_of_the_first_version_that_said_how_two_spoke_accepts_what_such_meetings_are_since():
    former = {**ONE_SESSION, "formats": ["video", "chat"]}
    assert judged(rule(former), pair(session(1, format="coaching"))).satisfied
    assert not judged(rule(former), pair(session(1, format="audio"))).satisfied


def test_every_format_counts_by_default_even_one_that_a_business_added():
    assert judged(rule(ONE_SESSION), pair(session(1, format="fab-lab"))).satisfied


def test_sessions_say_which_ones_were_used():
    seen = judged(rule(SIX_SESSIONS), pair(session(2), session(1), session(3, "disputed")))
    assert seen.explanation[0].facts_used == (uid(1), uid(2))


def test_sessions_say_value_and_target():
    (result,) = judged(rule(SIX_SESSIONS), pair(session(1), session(2))).explanation
    assert (result.value, result.target) == (2, 6)


def test_minutes_add_up_over_sessions():
    a_rule = rule({"type": "minutes", "min": 100})
    assert judged(a_rule, pair(session(1, minutes=40), session(2, minutes=35))).score == 75


def test_minutes_of_a_disputed_session_do_not_count():
    assert judged(rule({"type": "minutes", "min": 40}), pair(session(1, "disputed", 40))).score == 0


def test_all_required_objectives_reached_satisfy():
    assert judged(rule(OBJECTIVES), pair(objective(1), objective(2, "agreed", required=False))).satisfied


def test_one_of_two_required_objectives_is_half():
    assert judged(rule(OBJECTIVES), pair(objective(1), objective(2, "claimed"))).progress == Fraction(1, 2)


def test_a_withdrawn_objective_is_not_looked_at():
    assert judged(rule(OBJECTIVES), pair(objective(1), objective(2, "withdrawn"))).satisfied


def test_no_objective_at_all_is_not_every_objective_reached():
    assert not judged(rule(OBJECTIVES), pair()).satisfied


def test_an_objective_reached_with_another_evidence_does_not_count():
    by_partner = {**OBJECTIVES, "evidence": ["partner", "tutor"]}
    assert not judged(rule(by_partner), pair(objective(1, evidence="self"))).satisfied


def test_a_count_of_objectives_takes_any_of_them():
    two = {**OBJECTIVES, "which": "all", "count": 2}
    assert judged(
        rule(two), pair(objective(1), objective(2, required=False), objective(3, "agreed"))
    ).satisfied


def test_objectives_count_for_both_people_whatever_their_direction():
    towards_mentor = pair(objective(1, direction="mentor"))
    assert judged(rule(OBJECTIVES), towards_mentor, role="mentee").satisfied


def test_the_tutor_s_validation_satisfies():
    assert judged(rule(TUTOR), validated=True).satisfied


def test_a_criterion_for_the_other_role_is_not_looked_at():
    a_rule = rule(AGREEMENT, {**OBJECTIVES, "roles": ["mentee"]})
    assert judged(a_rule, pair(), role="mentor").satisfied


def test_a_criterion_for_the_other_role_is_not_in_the_explanation():
    a_rule = rule(AGREEMENT, {**OBJECTIVES, "roles": ["mentee"]})
    assert [result.id for result in judged(a_rule, pair(), role="mentor").explanation] == ["c0"]


def test_a_group_of_which_nothing_concerns_the_role_is_left_out():
    group = {"type": "group", "mode": "all", "criteria": [{"id": "g", **TUTOR, "roles": ["mentee"]}]}
    assert judged(rule(AGREEMENT, group), pair(), role="mentor").satisfied


def test_all_is_the_weighted_mean():
    a_rule = rule({**AGREEMENT, "w": 1}, {**SIX_SESSIONS, "w": 4})
    assert judged(a_rule, pair(session(1), session(2), session(3))).progress == Fraction(3, 5)


def test_weights_may_be_fractions():
    a_rule = rule({**AGREEMENT, "w": "1/3"}, {**TUTOR, "w": "2/3"})
    assert judged(a_rule, pair()).progress == Fraction(1, 3)


def test_any_is_the_best_criterion():
    a_rule = rule(SIX_SESSIONS, {"type": "minutes", "min": 90}, mode="any")
    assert judged(a_rule, pair(session(1, minutes=45))).progress == Fraction(1, 2)


def test_any_is_satisfied_by_one():
    assert judged(rule(AGREEMENT, SIX_SESSIONS, mode="any"), pair()).satisfied


def test_at_least_k_is_the_mean_of_the_k_best():
    a_rule = rule(AGREEMENT, SIX_SESSIONS, TUTOR, mode="at_least", k=2)
    assert judged(a_rule, pair(session(1))).progress == Fraction(7, 12)


def test_at_least_k_is_satisfied_by_k():
    a_rule = rule(AGREEMENT, ONE_SESSION, TUTOR, mode="at_least", k=2)
    assert judged(a_rule, pair(session(1))).satisfied


@pytest.mark.parametrize(("mode", "k"), [("all", None), ("any", None), ("at_least", 1)])
def test_a_weight_of_zero_gates_completion_in_every_mode(mode, k):
    assert not judged(rule(AGREEMENT, {**TUTOR, "w": 0}, mode=mode, k=k), pair()).satisfied


@pytest.mark.parametrize(("mode", "k"), [("all", None), ("any", None), ("at_least", 1)])
def test_a_weight_of_zero_leaves_the_percentage_alone(mode, k):
    assert judged(rule(AGREEMENT, {**TUTOR, "w": 0}, mode=mode, k=k), pair()).progress == 1


def test_a_full_percentage_behind_a_gate_is_99():
    assert judged(rule(AGREEMENT, {**TUTOR, "w": 0}), pair()).score == 99


def test_a_gate_inside_a_group_gates_the_group():
    group = {
        "type": "group",
        "mode": "any",
        "criteria": [{"id": "a", **AGREEMENT}, {"id": "b", **TUTOR, "w": 0}],
    }
    assert not judged(rule(group), pair()).satisfied


def test_a_group_counts_its_criteria():
    group = {"type": "group", "mode": "all", "criteria": [{"id": "a", **AGREEMENT}, {"id": "b", **TUTOR}]}
    (result,) = judged(rule(group), pair()).explanation
    assert (result.value, result.target, result.ratio) == (1, 2, Fraction(1, 2))


def test_twenty_nine_hundredths_are_29_not_28():
    assert judged(rule({"type": "minutes", "min": 100}), pair(session(1, minutes=29))).score == 29


def test_a_score_below_completion_never_reaches_100():
    assert judged(rule({"type": "minutes", "min": 1000}), pair(session(1, minutes=999))).score == 99


def test_best_takes_the_pair_that_brings_the_person_furthest():
    seen = judged(rule(SIX_SESSIONS), pair(session(1), number=1), pair(session(2), session(3), number=2))
    assert seen.progress == Fraction(2, 6)


def test_best_does_not_mix_the_agreement_of_one_pair_with_the_sessions_of_another():
    unsigned = pair(session(1), number=2, agreement=AgreementFact())
    assert not judged(rule(AGREEMENT, ONE_SESSION), pair(number=1), unsigned).satisfied


def test_sum_adds_the_sessions_of_all_pairs():
    a_rule = rule(SIX_SESSIONS, pairs="sum")
    seen = judged(a_rule, pair(session(1), number=1), pair(session(2), session(3), number=2))
    assert seen.progress == Fraction(3, 6)


def test_sum_takes_the_objectives_of_the_best_pair():
    a_rule = rule(OBJECTIVES, pairs="sum")
    assert judged(a_rule, pair(objective(1), number=1), pair(objective(2, "agreed"), number=2)).satisfied


def test_only_the_tutor_missing_is_awaiting_the_tutor():
    assert judged(rule(ONE_SESSION, {**TUTOR, "w": 0}), pair(session(1))).awaiting_tutor


def test_something_else_missing_is_not_awaiting_the_tutor():
    assert not judged(rule(SIX_SESSIONS, {**TUTOR, "w": 0}), pair(session(1))).awaiting_tutor


def test_who_is_satisfied_awaits_nobody():
    assert not judged(rule(ONE_SESSION, TUTOR), pair(session(1)), validated=True).awaiting_tutor


def test_who_can_finish_without_the_tutor_is_not_waiting():
    assert not judged(rule(SIX_SESSIONS, TUTOR, mode="any"), pair(session(1))).awaiting_tutor


def test_a_tutor_s_validation_inside_a_group_can_be_awaited():
    group = {"type": "group", "mode": "all", "criteria": [{"id": "a", **AGREEMENT}, {"id": "b", **TUTOR}]}
    assert judged(rule(group), pair()).awaiting_tutor


def test_an_explanation_is_json():
    group = {"type": "group", "mode": "any", "criteria": [{"id": "a", **AGREEMENT}]}
    seen = judged(rule(SIX_SESSIONS, group, {**OBJECTIVES, "w": "1/3"}), pair(session(1), objective(2)))
    written = json.loads(json.dumps([result.as_json() for result in seen.explanation]))
    assert [entry["facts"] for entry in written] == [[str(uid(1))], [], [str(uid(2))]]


def test_facts_about_another_role_are_refused():
    with pytest.raises(ValueError, match="another role"):
        evaluate(rule(AGREEMENT), "mentor", [], PersonFacts("mentee"))


@pytest.mark.parametrize(
    "criterion",
    [
        {"type": "assessment", "phase": "after"},
        {"type": "training"},
        {
            "type": "xapi",
            "verb": "http://adlnet.gov/expapi/verbs/passed",
            "activity": "https://lms.example/c",
        },
    ],
    ids=lambda criterion: criterion["type"],
)
def test_a_criterion_that_cannot_be_measured_yet_is_refused(criterion):
    with pytest.raises(ShapeError) as refused:
        rule(AGREEMENT, criterion)
    assert refused.value.problems == {"criteria.1.type": ["criterion_not_measurable"]}


def test_a_criterion_that_cannot_be_measured_yet_is_found_inside_a_group():
    group = {"type": "group", "mode": "any", "criteria": [{"id": "a", "type": "training"}]}
    with pytest.raises(ShapeError) as refused:
        rule(AGREEMENT, group)
    assert list(refused.value.problems) == ["criteria.1.criteria.0.type"]


def test_a_rule_has_the_roles_whose_grades_are_sent():
    a_rule = rule(AGREEMENT, ags={"report": "live", "mentor": False})
    assert [a_rule.reporting.covers(role) for role in ("mentee", "mentor")] == [True, False]


def verdict(*, satisfied, score):
    return Evaluation(Fraction(score, 100), score, satisfied, awaiting_tutor=False, explanation=())


SATISFIED = verdict(satisfied=True, score=100)
NOT_YET = verdict(satisfied=False, score=40)


def test_a_satisfied_rule_completes():
    assert latch(Completion.OPEN, SATISFIED).completion is Completion.COMPLETED


def test_the_moment_of_completion_is_returned():
    assert latch(Completion.OPEN, SATISFIED).just_completed


def test_the_moment_of_completion_is_returned_once():
    assert not latch(Completion.COMPLETED, SATISFIED).just_completed


def test_a_completion_stays_when_the_facts_change():
    assert latch(Completion.COMPLETED, NOT_YET).completion is Completion.COMPLETED


def test_the_score_of_a_completion_stays_at_100():
    assert latch(Completion.COMPLETED, NOT_YET).score == 100


def test_an_unsatisfied_rule_leaves_the_score_as_it_is():
    assert latch(Completion.OPEN, NOT_YET).score == 40


def test_the_facts_that_a_tutor_set_aside_do_not_complete_again():
    assert latch(Completion.REOPENED, SATISFIED).completion is Completion.REOPENED


def test_a_reopened_completion_shows_no_100():
    assert latch(Completion.REOPENED, SATISFIED).score == 99


def test_a_reopened_completion_can_be_earned_again():
    unsatisfied = latch(Completion.REOPENED, NOT_YET).completion
    assert latch(unsatisfied, SATISFIED).completion is Completion.COMPLETED
