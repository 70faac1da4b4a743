"""What another rule would change, and for whom: a pure function of both rules and everybody's facts.

A completion that was earned stays, so nobody loses one; a percentage may rise and fall.
"""

from __future__ import annotations

import enum
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lti_tool.mentoring.completion.evaluation import evaluate, latch
from lti_tool.mentoring.completion.facts import PairFacts, PersonFacts
from lti_tool.mentoring.completion.latched import Latched, united
from lti_tool.mentoring.completion.rule import Completion, CompletionRule, CriterionResult


class Effect(enum.StrEnum):
    """What another rule does to one person. Everybody has exactly one."""

    COMPLETES = "completes"
    """They complete the programme the moment it is applied."""
    STAYS_COMPLETE = "stays_complete"
    UP = "up"
    """Their percentage rises."""
    DOWN = "down"
    UNCHANGED = "unchanged"
    NOT_BEGUN = "not_begun"
    """0 % by either rule."""


@dataclass(frozen=True, slots=True)
class PersonToJudge:
    """A participant with what they are judged on."""

    participant_id: uuid.UUID
    completion: Completion
    """As it was latched before."""
    person: PersonFacts
    pairs: Sequence[PairFacts]
    """Those that count for them, in the role that they have."""


@dataclass(frozen=True, slots=True)
class PersonPreview:
    """What becomes of one participant. ``before`` and ``after`` are whole percentages, as pages show them."""

    participant_id: uuid.UUID
    role: str
    effect: Effect
    before: int
    after: int
    satisfied: bool
    """Whether what they did satisfies the rule, were they judged for the first time."""
    explanation: tuple[CriterionResult, ...]
    """By the other rule, of whoever completes by it; empty of everybody else."""


@dataclass(frozen=True)
class Preview:
    """What becomes of everybody."""

    people: tuple[PersonPreview, ...]

    @cached_property
    def counts(self) -> Mapping[Effect, int]:
        """How many there are of each effect; together, everybody."""
        counted = Counter(each.effect for each in self.people)
        return {effect: counted[effect] for effect in Effect}

    def of(self, effect: Effect) -> list[PersonPreview]:
        """Those whom it does this to."""
        return [each for each in self.people if each.effect is effect]


def preview(now: CompletionRule, drafted: CompletionRule, people: Sequence[PersonToJudge]) -> Preview:
    """Say what becomes of ``people`` when ``drafted`` takes the place of ``now``. Their order is kept."""
    return Preview(tuple(_of_person(now, drafted, each) for each in people))


def _of_person(now: CompletionRule, drafted: CompletionRule, each: PersonToJudge) -> PersonPreview:
    role = each.person.role
    before = latch(each.completion, evaluate(now, role, each.pairs, each.person)).score
    evaluation = evaluate(drafted, role, each.pairs, each.person)
    latched = latch(each.completion, evaluation)
    if each.completion is Completion.COMPLETED:
        effect = Effect.STAYS_COMPLETE
    elif latched.just_completed:
        effect = Effect.COMPLETES
    else:
        effect = _of_score(before, latched.score)
    explanation = evaluation.explanation if effect is Effect.COMPLETES else ()
    return PersonPreview(
        each.participant_id, role, effect, before, latched.score, evaluation.satisfied, explanation
    )


def since(seen: PersonPreview, before: int) -> PersonPreview:
    """The same of somebody who was at another percentage before."""
    if seen.effect in (Effect.COMPLETES, Effect.STAYS_COMPLETE):
        return replace(seen, before=before)
    return replace(seen, before=before, effect=_of_score(before, seen.after))


def united_to_judge(one: PersonToJudge, other: PersonToJudge) -> PersonToJudge:
    """Somebody with what two enrolments of theirs are judged on, in the role of the first."""
    person = replace(
        one.person,
        tutor_validated=one.person.tutor_validated or other.person.tutor_validated,
        reflections=one.person.reflections + other.person.reflections,
        feedback_given=one.person.feedback_given + other.person.feedback_given,
        feedback_received=one.person.feedback_received + other.person.feedback_received,
    )
    completion = united(Latched(one.completion), Latched(other.completion)).completion
    pairs = [*one.pairs, *(other.pairs if other.person.role == one.person.role else ())]
    return PersonToJudge(one.participant_id, completion, person, pairs)


def _of_score(before: int, after: int) -> Effect:
    if after > before:
        return Effect.UP
    if after < before:
        return Effect.DOWN
    return Effect.UNCHANGED if after else Effect.NOT_BEGUN
