"""What holds for every rule and all facts."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from lti_tool.mentoring.completion.criteria import criterion_schemas
from lti_tool.mentoring.completion.evaluation import evaluate, latch
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.preview import Effect, PersonToJudge, preview
from lti_tool.mentoring.completion.rule import Completion, read_rule
from schemas.completion_rule import dump_completion_rule, load_completion_rule
from schemas.problem import ShapeError
from tests.mentoring.completion.naive_evaluator import is_satisfied, percentage

ROLES = ("mentee", "mentor")
FORMATS = ("coaching", "audio", "fab-lab")
WEIGHTS = st.sampled_from([0, 0, 1, 1, 2, 5, "1/3", 0.25])


def of_type(name, **fields):
    return st.fixed_dictionaries({"type": st.just(name), **fields})


LEAVES = st.one_of(
    of_type("agreement", by=st.sampled_from(["both", "mentor", "mentee"])),
    of_type(
        "sessions",
        min=st.integers(1, 8),
        status=st.sampled_from(["held", "confirmed"]),
        formats=st.sampled_from([["*"], ["audio"], ["coaching", "fab-lab"]]),
        min_minutes_each=st.sampled_from([0, 15, 45]),
    ),
    of_type("minutes", min=st.integers(1, 300), status=st.sampled_from(["held", "confirmed"])),
    of_type(
        "objectives",
        which=st.sampled_from(["required", "all"]),
        count=st.one_of(st.just("all"), st.integers(1, 3)),
        evidence=st.sampled_from([["self"], ["partner", "tutor"], ["self", "partner", "tutor", "xapi"]]),
    ),
    of_type("reflection", min=st.integers(1, 3)),
    of_type("feedback", by=st.sampled_from(["self", "partner", "both"]), min=st.integers(1, 3)),
    of_type("tutor_validation"),
)
ROLE_LISTS = st.sampled_from([list(ROLES), list(ROLES), ["mentee"], ["mentor"]])
CRITERIA = st.builds(lambda leaf, w, roles: {**leaf, "w": w, "roles": roles}, LEAVES, WEIGHTS, ROLE_LISTS)


@st.composite
def levels(draw, inner):
    """A mode, a k that goes with it, and criteria."""
    criteria = draw(st.lists(inner, min_size=1, max_size=5))
    mode = draw(st.sampled_from(["all", "any", "at_least"]))
    k = draw(st.integers(1, len(criteria))) if mode == "at_least" else None
    return {"mode": mode, "k": k, "criteria": criteria}


GROUPS = st.builds(lambda level, w: {"type": "group", "w": w, **level}, levels(CRITERIA), WEIGHTS)


@st.composite
def rule_documents(draw):
    level = draw(levels(st.one_of(CRITERIA, CRITERIA, GROUPS)))
    every = [entry for each in level["criteria"] for entry in (each, *each.get("criteria", ()))]
    for number, criterion in enumerate(every):
        criterion["id"] = f"c{number}"
    return {"v": 1, "pairs": draw(st.sampled_from(["best", "sum"])), **level}


@st.composite
def documents_and_rules(draw):
    document = draw(rule_documents())
    try:
        return document, read_rule(document)
    except ShapeError:
        assume(False)


def rules():
    return documents_and_rules().map(lambda found: found[1])


SESSIONS = st.builds(
    SessionFact,
    id=st.uuids(),
    status=st.sampled_from(["planned", "held", "confirmed", "disputed", "cancelled", "withdrawn"]),
    minutes=st.integers(5, 480),
    format=st.sampled_from(FORMATS),
    held_on=st.just(date(2026, 11, 2)),
)
OBJECTIVES = st.builds(
    ObjectiveFact,
    id=st.uuids(),
    direction=st.sampled_from(ROLES),
    status=st.sampled_from(["agreed", "in_progress", "claimed", "reached", "withdrawn"]),
    required=st.booleans(),
    evidence=st.sampled_from(["self", "partner", "tutor", "xapi"]),
)
PAIRS = st.builds(
    PairFacts,
    pair_id=st.uuids(),
    agreement=st.builds(AgreementFact, st.booleans(), st.booleans()),
    sessions=st.lists(SESSIONS, max_size=8).map(tuple),
    objectives=st.lists(OBJECTIVES, max_size=4).map(tuple),
)
PAIR_LISTS = st.lists(PAIRS, max_size=3, unique_by=lambda pair: pair.pair_id)
IDS = st.lists(st.uuids(), max_size=3).map(tuple)
PEOPLE = st.builds(
    PersonFacts,
    role=st.sampled_from(ROLES),
    tutor_validated=st.booleans(),
    reflections=IDS,
    feedback_given=IDS,
    feedback_received=IDS,
)


IN_FORCE = {
    "v": 1,
    "mode": "all",
    "criteria": [{"id": "a", "type": "agreement"}, {"id": "s", "type": "sessions", "min": 4, "w": 3}],
}
COMPLETIONS = st.sampled_from(list(Completion))


def judged(rule, pairs, person):
    return evaluate(rule, person.role, pairs, person)


@given(documents_and_rules(), PAIR_LISTS, PEOPLE)
def test_another_evaluator_says_the_same(found, pairs, person):
    document, rule = found
    seen = judged(rule, pairs, person)
    assert (seen.score, seen.satisfied) == (
        percentage(document, person.role, pairs, person),
        is_satisfied(document, person.role, pairs, person),
    )


@given(documents_and_rules(), st.lists(st.tuples(PAIR_LISTS, PEOPLE, COMPLETIONS), max_size=6))
def test_a_preview_says_of_everybody_what_both_rules_say(drafted, people):
    asked = [
        PersonToJudge(UUID(int=number), completion, person, pairs)
        for number, (pairs, person, completion) in enumerate(people)
    ]
    tried = preview(read_rule(IN_FORCE), drafted[1], asked)
    assert sum(tried.counts.values()) == len(people)
    for each, (pairs, person, completion) in zip(tried.people, people, strict=True):
        done = is_satisfied(drafted[0], person.role, pairs, person)
        after = percentage(drafted[0], person.role, pairs, person)
        match completion:
            case Completion.COMPLETED:
                assert (each.effect, each.before, each.after) == (Effect.STAYS_COMPLETE, 100, 100)
            case Completion.REOPENED:
                assert each.after == min(99, after)
            case Completion.OPEN:
                assert each.after == after
                assert each.before == percentage(IN_FORCE, person.role, pairs, person)
                assert (each.effect is Effect.COMPLETES) == done
        rises = (each.after > each.before) - (each.after < each.before)
        if each.effect not in (Effect.STAYS_COMPLETE, Effect.COMPLETES):
            assert {1: Effect.UP, -1: Effect.DOWN}.get(rises, each.effect) is each.effect
            assert (each.effect is Effect.NOT_BEGUN) == (each.before == each.after == 0)


@given(rules(), PAIR_LISTS, PEOPLE)
def test_a_score_is_between_0_and_100(rule, pairs, person):
    assert 0 <= judged(rule, pairs, person).score <= 100


@given(rules(), PAIR_LISTS, PEOPLE)
def test_a_score_is_100_exactly_when_the_rule_is_satisfied(rule, pairs, person):
    seen = judged(rule, pairs, person)
    assert (seen.score == 100) == seen.satisfied


@given(rules(), PAIR_LISTS, PEOPLE)
def test_who_is_satisfied_has_made_all_the_progress(rule, pairs, person):
    seen = judged(rule, pairs, person)
    assert not seen.satisfied or seen.progress == 1


@given(rules(), PAIR_LISTS, PEOPLE)
def test_progress_is_an_exact_fraction_between_0_and_1(rule, pairs, person):
    progress = judged(rule, pairs, person).progress
    assert isinstance(progress, Fraction)
    assert 0 <= progress <= 1


@given(
    rules(), st.lists(PAIRS, min_size=1, max_size=3, unique_by=lambda pair: pair.pair_id), PEOPLE, SESSIONS
)
def test_one_more_confirmed_session_never_lowers_progress(rule, pairs, person, session):
    confirmed = replace(session, status="confirmed")
    more = [replace(pairs[0], sessions=(*pairs[0].sessions, confirmed)), *pairs[1:]]
    before, after = judged(rule, pairs, person), judged(rule, more, person)
    assert (after.satisfied, after.score) >= (before.satisfied, before.score)


@given(
    rules(), st.lists(PAIRS, min_size=1, max_size=3, unique_by=lambda pair: pair.pair_id), PEOPLE, SESSIONS
)
def test_confirming_a_session_never_unsatisfies(rule, pairs, person, session):
    held = [replace(pairs[0], sessions=(*pairs[0].sessions, replace(session, status="held"))), *pairs[1:]]
    confirmed = [
        replace(pairs[0], sessions=(*pairs[0].sessions, replace(session, status="confirmed"))),
        *pairs[1:],
    ]
    assert judged(rule, confirmed, person).progress >= judged(rule, held, person).progress


@given(rules(), PAIR_LISTS, PEOPLE, PAIRS)
def test_one_more_pair_never_lowers_the_score(rule, pairs, person, pair):
    assert judged(rule, [*pairs, pair], person).score >= judged(rule, pairs, person).score


@given(rules(), PAIR_LISTS, PEOPLE)
def test_the_tutor_s_validation_never_lowers_the_score(rule, pairs, person):
    validated = replace(person, tutor_validated=True)
    assert judged(rule, pairs, validated).score >= judged(rule, pairs, person).score


@given(rules(), PAIR_LISTS, PEOPLE)
def test_who_awaits_the_tutor_is_completed_by_the_tutor(rule, pairs, person):
    if judged(rule, pairs, person).awaiting_tutor:
        assert judged(rule, pairs, replace(person, tutor_validated=True)).satisfied


@given(rules(), PAIR_LISTS, PEOPLE)
def test_nobody_both_awaits_the_tutor_and_is_satisfied(rule, pairs, person):
    seen = judged(rule, pairs, person)
    assert not (seen.awaiting_tutor and seen.satisfied)


@given(rules(), PAIR_LISTS, PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_changes_nothing(rule, pairs, person, random):
    def shuffled(facts):
        return tuple(random.sample(facts, len(facts)))

    mixed = [
        replace(pair, sessions=shuffled(pair.sessions), objectives=shuffled(pair.objectives))
        for pair in shuffled(pairs)
    ]
    assert judged(rule, mixed, person) == judged(rule, pairs, person)


@given(rules(), PAIR_LISTS, PEOPLE, st.integers(-400, 400))
def test_the_days_of_the_sessions_change_nothing(rule, pairs, person, days):
    moved = [
        replace(
            pair,
            sessions=tuple(
                replace(session, held_on=session.held_on + timedelta(days)) for session in pair.sessions
            ),
        )
        for pair in pairs
    ]
    assert judged(rule, moved, person) == judged(rule, pairs, person)


@given(st.lists(LEAVES, min_size=1, max_size=5), PAIR_LISTS, st.booleans())
def test_both_people_of_a_pair_get_the_same_where_nothing_is_for_one_role(leaves, pairs, validated):
    criteria = [{**leaf, "id": f"c{index}"} for index, leaf in enumerate(leaves)]
    rule = read_rule({"v": 1, "mode": "all", "criteria": criteria})
    mentee, mentor = (judged(rule, pairs, PersonFacts(role, validated)) for role in ROLES)
    assert mentee == mentor


@given(st.lists(CRITERIA, min_size=1, max_size=5), CRITERIA, PAIR_LISTS, PEOPLE)
def test_a_criterion_of_weight_zero_never_moves_the_percentage(criteria, gate, pairs, person):
    weighted = [
        {**entry, "id": f"c{index}", "w": 1, "roles": list(ROLES)} for index, entry in enumerate(criteria)
    ]
    without = read_rule({"v": 1, "mode": "all", "criteria": weighted})
    gated = read_rule({"v": 1, "mode": "all", "criteria": [*weighted, {**gate, "id": "gate", "w": 0}]})
    # One pair at most: with several, a gate may make another pair the furthest.
    assert judged(gated, pairs[:1], person).progress == judged(without, pairs[:1], person).progress


@given(st.lists(LEAVES, min_size=1, max_size=5), PAIR_LISTS, PEOPLE)
def test_all_is_at_most_half_is_at_most_any(leaves, pairs, person):
    criteria = [{**leaf, "id": f"c{index}"} for index, leaf in enumerate(leaves)]
    everything, some, one = (
        read_rule({"v": 1, "mode": mode, "k": k, "criteria": criteria})
        for mode, k in (("all", None), ("at_least", (len(criteria) + 1) // 2), ("any", None))
    )
    scores = [judged(rule, pairs[:1], person).progress for rule in (everything, some, one)]
    assert scores == sorted(scores)


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_the_percentage_is_rounded_down_exactly(target, minutes):
    rule = read_rule({"v": 1, "mode": "all", "criteria": [{"id": "m", "type": "minutes", "min": target}]})
    session = SessionFact(id=PAIR.pair_id, status="confirmed", minutes=minutes, format="audio", held_on=DAY)
    seen = judged(rule, [replace(PAIR, sessions=(session,))], PersonFacts("mentee"))
    assert seen.score == (100 if minutes >= target else minutes * 100 // target)


@given(rules(), st.lists(st.tuples(PAIR_LISTS, PEOPLE), max_size=6))
def test_a_completion_once_earned_is_never_lost(rule, moments):
    completion, earned = Completion.OPEN, False
    for pairs, person in moments:
        seen = judged(rule, pairs, person)
        earned = earned or seen.satisfied
        completion = latch(completion, seen).completion
        assert (completion is Completion.COMPLETED) == earned


@given(rule_documents())
def test_a_rule_is_read_back_as_it_was_written(document):
    try:
        loaded = load_completion_rule(document, criterion_schemas())
    except ShapeError:
        assume(False)
    assert (
        load_completion_rule(dump_completion_rule(loaded, criterion_schemas()), criterion_schemas()) == loaded
    )


DAY = date(2026, 11, 2)
PAIR = PairFacts(pair_id=UUID(int=1))
