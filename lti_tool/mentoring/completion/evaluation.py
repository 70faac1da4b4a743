"""Completion: how far a person is by a rule, and where that leaves them.

:func:`evaluate` says how far a person is; :func:`latch` keeps a completion once it is earned. Both are pure: no clock,
no database, no network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lti_tool.mentoring.completion.criteria.base import Criterion, CriterionFacts
from lti_tool.mentoring.completion.criteria.tutor_validation import TutorValidation
from lti_tool.mentoring.completion.facts import PairFacts, PersonFacts
from lti_tool.mentoring.completion.progress_state import ProgressState, progress_state
from lti_tool.mentoring.completion.rule import (
    Completion,
    CompletionRule,
    CriterionResult,
    Evaluation,
    Group,
    Mode,
)

_NEARLY = 99
"""The highest score of a person whose programme is not completed."""


def evaluate(rule: CompletionRule, role: str, pairs: Sequence[PairFacts], person: PersonFacts) -> Evaluation:
    """Say how far the person is, in that role, with the pairs they have in it.

    Each criterion is r = min(1, value / target). ``all`` is the weighted mean of the r, ``any`` the best of them,
    ``at_least`` k the mean of the k best. Criteria of weight 0 are demanded in every mode and stay out of the
    percentage. The order of pairs, sessions and objectives changes nothing.
    """
    if role != person.role:
        raise ValueError("the facts are about another role")
    ordered = sorted(pairs, key=lambda pair: pair.pair_id)
    if rule.pairs == "sum" or not ordered:
        views: list[list[PairFacts]] = [ordered]
    else:
        views = [[pair] for pair in ordered]
    # max() keeps the first of equals, so the oldest order of ids decides, never the order of the rows.
    best = max((_judge(rule, view, person) for view in views), key=lambda seen: (seen[1], seen[0]))
    progress, satisfied, explanation = best
    return Evaluation(
        progress=progress,
        score=100 if satisfied else min(_NEARLY, math.floor(100 * progress)),
        satisfied=satisfied,
        awaiting_tutor=not satisfied and _only_validation_missing(rule, views, person),
        explanation=explanation,
    )


_Verdict = tuple[Fraction, bool, tuple[CriterionResult, ...]]


def _judge(rule: CompletionRule, pairs: Sequence[PairFacts], person: PersonFacts) -> _Verdict:
    facts = CriterionFacts(person, pairs)
    results = _results(rule.criteria, person.role, lambda leaf: _measure(leaf, facts))
    return *_combine(rule.mode, rule.k, results), results


def _leaves(criteria: Sequence[Criterion | Group], role: str) -> Iterator[Criterion]:
    """The criteria that concern the role, those of groups included."""
    for criterion in criteria:
        if role not in criterion.roles:
            continue
        if isinstance(criterion, Group):
            yield from _leaves(criterion.criteria, role)
        else:
            yield criterion


def _measure(leaf: Criterion, facts: CriterionFacts) -> CriterionResult:
    measure = leaf.measure(facts)
    ratio = measure.ratio
    return CriterionResult(
        id=leaf.id,
        type=leaf.type,
        params=measure.params,
        value=measure.value,
        target=measure.target,
        ratio=ratio,
        satisfied=ratio.numerator == ratio.denominator,
        weight=leaf.weight,
        facts_used=measure.facts_used,
    )


def _results(
    criteria: Sequence[Criterion | Group], role: str, measure: Callable[[Criterion], CriterionResult]
) -> tuple[CriterionResult, ...]:
    """Results of the criteria that concern the role; a group of which nothing does is left out too."""
    results = []
    for criterion in criteria:
        if role not in criterion.roles:
            continue
        if not isinstance(criterion, Group):
            results.append(measure(criterion))
            continue
        children = _results(criterion.criteria, role, measure)
        if children:
            results.append(_group_result(criterion, children))
    return tuple(results)


def _group_result(group: Group, children: tuple[CriterionResult, ...]) -> CriterionResult:
    ratio, satisfied = _combine(group.mode, group.k, children)
    done = sum(child.satisfied for child in children)
    needed = {"all": len(children), "any": 1, "at_least": group.k or 1}[group.mode]
    return CriterionResult(
        id=group.id,
        type=group.type,
        params={"mode": group.mode, "k": group.k},
        value=done,
        target=needed,
        ratio=ratio,
        satisfied=satisfied,
        weight=group.weight,
        children=children,
    )


def _combine(mode: Mode, k: int | None, results: Sequence[CriterionResult]) -> tuple[Fraction, bool]:
    """Progress and verdict of criteria taken together; gates (weight 0) count for the verdict alone."""
    gates_open = all(result.satisfied for result in results if not result.weight)
    weighted = [result for result in results if result.weight]
    if mode == "all":
        return _weighted_mean(weighted), gates_open and all(result.satisfied for result in weighted)
    needed = 1 if mode == "any" else (k or 1)
    ratios = sorted((result.ratio for result in weighted), reverse=True)[:needed]
    progress = sum(ratios, Fraction(0)) / needed
    return progress, gates_open and sum(result.satisfied for result in weighted) >= needed


def _weighted_mean(results: Sequence[CriterionResult]) -> Fraction:
    """The mean of the ratios by their weights. In whole numbers: sums of fractions would be reduced at each step."""
    parts = [
        (result.weight.numerator, result.weight.denominator, result.ratio.numerator, result.ratio.denominator)
        for result in results
    ]
    common = math.lcm(*(below * of for _weight, below, _value, of in parts))
    reached = sum(weight * value * (common // (below * of)) for weight, below, value, of in parts)
    return Fraction(reached, sum(weight * (common // below) for weight, below, _value, _of in parts))


def _only_validation_missing(
    rule: CompletionRule, views: Sequence[Sequence[PairFacts]], person: PersonFacts
) -> bool:
    """True when the tutor's validation would complete the programme, and nothing else ever could.

    Where validation is only one way among others (``any``), the person still has things to do and is not
    waiting.
    """
    if not any(isinstance(leaf, TutorValidation) for leaf in _leaves(rule.criteria, person.role)):
        return False
    validated = replace(person, tutor_validated=True)
    if not any(_judge(rule, view, validated)[1] for view in views):
        return False

    def all_met_except_validation(leaf: Criterion) -> CriterionResult:
        done = not isinstance(leaf, TutorValidation)
        return CriterionResult(leaf.id, leaf.type, {}, int(done), 1, Fraction(int(done)), done, leaf.weight)

    otherwise = _results(rule.criteria, person.role, all_met_except_validation)
    return not _combine(rule.mode, rule.k, otherwise)[1]


def can_be_satisfied(rule: CompletionRule, role: str, can_be_met: Callable[[Criterion], bool]) -> bool:
    """Whether somebody in ``role`` can complete, where ``can_be_met`` says so of each criterion by itself."""

    def measure(leaf: Criterion) -> CriterionResult:
        met = can_be_met(leaf)
        return CriterionResult(leaf.id, leaf.type, {}, int(met), 1, Fraction(int(met)), met, leaf.weight)

    return _combine(rule.mode, rule.k, _results(rule.criteria, role, measure))[1]


@dataclass(frozen=True, slots=True)
class Latched:
    """The completion after an evaluation, the score to show and report, and whether this is the moment."""

    completion: Completion
    score: int
    just_completed: bool


def latch(previous: Completion, evaluation: Evaluation) -> Latched:
    """Say where the completion stands after an evaluation.

    A completion once earned stays, whatever the facts become. A reopened one is not earned back by the facts that the
    tutor has just set aside: the rule has to be unsatisfied first (a session removed, a validation taken back).
    """
    if previous is Completion.COMPLETED:
        return Latched(Completion.COMPLETED, 100, just_completed=False)
    if previous is Completion.REOPENED and evaluation.satisfied:
        return Latched(Completion.REOPENED, _NEARLY, just_completed=False)
    if evaluation.satisfied:
        return Latched(Completion.COMPLETED, 100, just_completed=True)
    return Latched(Completion.OPEN, evaluation.score, just_completed=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where a person stands now."""

    completion: Completion
    """As it was latched before: what has just been completed is completed by the event that says so."""
    score: int
    state: ProgressState
    explanation: tuple[CriterionResult, ...]
    just_completed: bool


def judge(
    rule: CompletionRule, previous: Completion, pairs: Sequence[PairFacts], person: PersonFacts
) -> Judgement:
    """Evaluate a person, and keep what is latched. ``previous``: where their completion stood."""
    evaluation = evaluate(rule, person.role, pairs, person)
    latched = latch(previous, evaluation)
    if person.withdrawn and latched.just_completed:
        # A rule may ask for less once somebody has left: that completes nobody who takes no part any more.
        latched = Latched(previous, _NEARLY, just_completed=False)
    return Judgement(
        completion=previous if latched.just_completed else latched.completion,
        score=latched.score,
        state=progress_state(person, pairs, evaluation, latched.completion),
        explanation=evaluation.explanation,
        just_completed=latched.just_completed,
    )
