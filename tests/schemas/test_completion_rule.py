"""What a completion rule may look like, and one refusal for each way it may not."""

import json
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti_tool.mentoring.completion.criteria import criterion_schemas
from schemas import completion_rule
from schemas.problem import Problem, ShapeError

CRITERIA = criterion_schemas()


def load_completion_rule(document):
    return completion_rule.load_completion_rule(document, CRITERIA)


def dump_completion_rule(loaded):
    return completion_rule.dump_completion_rule(loaded, CRITERIA)


# One criterion of each type, those that cannot be measured yet included.
WHOLE = {
    "v": 1,
    "scope": "participant",
    "mode": "all",
    "k": None,
    "criteria": [
        {"id": "c1", "type": "agreement", "by": "both", "w": 1, "roles": ["mentee", "mentor"]},
        {
            "id": "c2",
            "type": "sessions",
            "min": 6,
            "status": "confirmed",
            "formats": ["*"],
            "min_minutes_each": 30,
            "w": 4,
        },
        {"id": "c3", "type": "minutes", "min": 270, "status": "confirmed", "w": 2},
        {
            "id": "c4",
            "type": "objectives",
            "which": "required",
            "count": "all",
            "evidence": ["self", "partner", "tutor", "xapi"],
            "w": 3,
            "roles": ["mentee"],
        },
        {"id": "c5", "type": "assessment", "phase": "after", "w": 1},
        {"id": "c6", "type": "feedback", "by": "self", "min": 1, "w": 1},
        {
            "id": "c7",
            "type": "xapi",
            "verb": [
                "http://adlnet.gov/expapi/verbs/completed",
                "http://adlnet.gov/expapi/verbs/passed",
            ],
            "activity": "https://lms.example/course/ia-generative",
            "match": "exact",
            "min_scaled": 0.7,
            "since": "cohort_start",
            "until": "cohort_end+30d",
            "w": 1,
            "roles": ["mentor"],
        },
        {
            "id": "c8",
            "type": "group",
            "mode": "at_least",
            "k": 1,
            "criteria": [{"id": "c8a", "type": "reflection", "min": 1}, {"id": "c8b", "type": "training"}],
        },
        {"id": "c9", "type": "tutor_validation", "w": 0},
    ],
    "ags": {"report": "final_only", "mentee": True, "mentor": True},
}

AGREEMENT = {"id": "a", "type": "agreement"}
SESSIONS = {"id": "s", "type": "sessions", "min": 6}
XAPI = {**WHOLE["criteria"][6], "id": "x", "roles": ["mentee", "mentor"]}
GROUP = {"id": "g", "type": "group", "mode": "all", "criteria": [{"id": "g1", "type": "training"}]}


def rule(*criteria, **changes):
    return {"v": 1, "mode": "all", "criteria": list(criteria or [AGREEMENT]), **changes}


def problems(document):
    with pytest.raises(ShapeError) as refused:
        load_completion_rule(document)
    return refused.value.problems


def outcome(document):
    """The problems of a rule that may be right or wrong."""
    try:
        load_completion_rule(document)
    except ShapeError as error:
        return [found for each in error.problems.values() for found in each]
    return []


def test_a_rule_with_every_type_of_criterion_is_taken():
    loaded = load_completion_rule(WHOLE)
    types = {c["type"] for c in loaded["criteria"]} | {c["type"] for c in loaded["criteria"][7]["criteria"]}
    assert types == {*CRITERIA, *completion_rule.PLANNED, "group"}


def test_a_rule_survives_being_written_and_read():
    loaded = load_completion_rule(WHOLE)
    written = json.loads(json.dumps(dump_completion_rule(loaded)))
    assert load_completion_rule(written) == loaded


def test_writing_twice_writes_the_same():
    once = dump_completion_rule(load_completion_rule(WHOLE))
    assert dump_completion_rule(load_completion_rule(once)) == once


def test_every_count_is_written_all():
    written = dump_completion_rule(load_completion_rule(WHOLE))
    assert written["criteria"][3]["count"] == "all"


def test_a_missing_weight_is_one():
    assert load_completion_rule(rule())["criteria"][0]["w"] == Fraction(1)


def test_missing_roles_are_both():
    assert load_completion_rule(rule())["criteria"][0]["roles"] == ("mentee", "mentor")


def test_the_best_pair_counts_by_default():
    assert load_completion_rule(rule())["pairs"] == "best"


def test_scores_are_sent_at_the_end_and_for_both_by_default():
    assert load_completion_rule(rule())["ags"] == {"report": "final_only", "mentee": True, "mentor": True}


@pytest.mark.parametrize(
    ("written", "weight"),
    [
        (3, Fraction(3)),
        (0.1, Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        (0, Fraction(0)),
    ],
)
def test_a_weight_is_kept_exactly(written, weight):
    document = rule(AGREEMENT, {**SESSIONS, "w": written})
    assert load_completion_rule(document)["criteria"][1]["w"] == weight


@pytest.mark.parametrize(
    "weight", [-1, "-1/3", -0.5, "1/0", "many", True, [], "1e3", float("nan"), float("inf"), None, "١"]
)
def test_a_weight_that_is_no_weight_is_refused(weight):
    assert list(problems(rule(AGREEMENT, {**SESSIONS, "w": weight}))) == ["criteria.1.w"]


@pytest.mark.parametrize("weight", [1001, pytest.param(10**5000, id="enormous"), "100000"])
def test_a_weight_beyond_reason_is_refused(weight):
    assert problems(rule(AGREEMENT, {**SESSIONS, "w": weight})) == {"criteria.1.w": ["too_large"]}


@pytest.mark.parametrize("document", [None, [], "a rule", 1, True])
def test_what_is_no_object_is_refused(document):
    assert problems(document) == {"_schema": ["not_an_object"]}


@pytest.mark.parametrize("missing", ["v", "mode", "criteria"])
def test_a_rule_needs_a_version_a_mode_and_criteria(missing):
    document = rule()
    del document[missing]
    assert problems(document) == {missing: ["required"]}


REFUSALS = [
    ("another version", rule(v=2), {"v": ["unknown_version"]}),
    ("another scope", rule(scope="pair"), {"scope": ["not_a_choice"]}),
    ("an unknown mode", rule(mode="most"), {"mode": ["not_a_choice"]}),
    ("a mode of another type", rule(mode=["all"]), {"mode": ["not_a_choice"]}),
    ("an unknown field", rule(colour="red"), {"colour": ["unknown_field"]}),
    ("an unknown way with pairs", rule(pairs="mean"), {"pairs": ["not_a_choice"]}),
    ("no criterion", rule(criteria=[]), {"criteria": ["empty"]}),
    ("criteria that are no list", rule(criteria={}), {"criteria": ["not_a_list"]}),
    ("a criterion that is no object", rule(criteria=["agreement"]), {"criteria.0": ["not_an_object"]}),
    ("a criterion without a type", rule({"id": "a"}), {"criteria.0.type": ["required"]}),
    ("an unknown type", rule({"id": "a", "type": "exam"}), {"criteria.0.type": ["unknown_criterion"]}),
    ("a type of another type", rule({"id": "a", "type": ["x"]}), {"criteria.0.type": ["unknown_criterion"]}),
    ("a criterion without an id", rule({"type": "agreement"}), {"criteria.0.id": ["required"]}),
    ("an id with a space", rule({**AGREEMENT, "id": "a b"}), {"criteria.0.id": ["invalid"]}),
    ("an id that is too long", rule({**AGREEMENT, "id": "a" * 41}), {"criteria.0.id": ["too_long"]}),
    ("an id with NUL", rule({**AGREEMENT, "id": "a\0"}), {"criteria.0.id": ["forbidden_characters"]}),
    ("an id twice", rule(AGREEMENT, {**SESSIONS, "id": "a"}), {"criteria.1.id": ["id_repeated"]}),
    (
        "an id again inside a group",
        rule({**AGREEMENT, "id": "g1"}, GROUP),
        {"criteria.1.criteria.0.id": ["id_repeated"]},
    ),
    ("an unknown role", rule({**AGREEMENT, "roles": ["tutor"]}), {"criteria.0.roles.0": ["not_a_choice"]}),
    ("no role", rule({**AGREEMENT, "roles": []}), {"criteria.0.roles": ["empty"]}),
    ("a role twice", rule({**AGREEMENT, "roles": ["mentor"] * 2}), {"criteria.0.roles": ["duplicated"]}),
    ("at least without k", rule(mode="at_least"), {"k": ["k_missing"]}),
    ("k without at least", rule(k=1), {"k": ["k_not_used"]}),
    ("k of zero", rule(mode="at_least", k=0), {"k": ["too_small"]}),
    ("k that is no number", rule(mode="at_least", k="1"), {"k": ["not_a_number"]}),
    ("k that is yes", rule(mode="at_least", k=True), {"k": ["not_a_number"]}),
    ("k above the criteria", rule(mode="at_least", k=2), {"k": ["k_too_large", "k_too_large"]}),
    (
        "k above the criteria of one role",
        rule(AGREEMENT, {**SESSIONS, "roles": ["mentor"]}, mode="at_least", k=2),
        {"k": ["k_too_large"]},
    ),
    (
        "k that counts a gate",
        rule(AGREEMENT, {**SESSIONS, "w": 0}, mode="at_least", k=2),
        {"k": ["k_too_large", "k_too_large"]},
    ),
    (
        "nothing asked of a role",
        rule({**AGREEMENT, "roles": ["mentor"]}),
        {"criteria": ["no_criterion_for_role"]},
    ),
    (
        "nothing asked of a role but a group for the other",
        rule(
            {**AGREEMENT, "roles": ["mentor"]},
            {**GROUP, "criteria": [{"id": "g1", "type": "training", "roles": ["mentor"]}]},
        ),
        {"criteria": ["no_criterion_for_role"]},
    ),
    (
        "weights that sum to zero",
        rule({**AGREEMENT, "w": 0}),
        {"criteria": ["weights_sum_to_zero", "weights_sum_to_zero"]},
    ),
    (
        "weights that sum to zero for one role",
        rule({**AGREEMENT, "roles": ["mentor"]}, {**SESSIONS, "w": 0}),
        {"criteria": ["weights_sum_to_zero"]},
    ),
    (
        "weights that sum to zero in a group",
        rule(AGREEMENT, {**GROUP, "criteria": [{"id": "g1", "type": "training", "w": 0}]}),
        {"criteria.1.criteria": ["weights_sum_to_zero", "weights_sum_to_zero"]},
    ),
    (
        "a group in a group",
        rule({**GROUP, "criteria": [{**GROUP, "id": "h"}]}),
        {"criteria.0.criteria.0.type": ["nested_too_deep"]},
    ),
    ("a group of nothing", rule({**GROUP, "criteria": []}), {"criteria.0.criteria": ["empty"]}),
    (
        "a group of at least without k",
        rule({**GROUP, "mode": "at_least"}),
        {"criteria.0.k": ["k_missing"]},
    ),
    ("an agreement by a stranger", rule({**AGREEMENT, "by": "tutor"}), {"criteria.0.by": ["not_a_choice"]}),
    ("sessions without a number", rule({"id": "s", "type": "sessions"}), {"criteria.0.min": ["required"]}),
    ("no session", rule({**SESSIONS, "min": 0}), {"criteria.0.min": ["too_small"]}),
    ("half a session", rule({**SESSIONS, "min": 1.5}), {"criteria.0.min": ["not_a_number"]}),
    ("planned sessions", rule({**SESSIONS, "status": "planned"}), {"criteria.0.status": ["not_a_choice"]}),
    ("a format in capitals", rule({**SESSIONS, "formats": ["Audio"]}), {"criteria.0.formats.0": ["invalid"]}),
    (
        "every format and one more",
        rule({**SESSIONS, "formats": ["*", "audio"]}),
        {"criteria.0.formats": ["star_with_formats"]},
    ),
    (
        "sessions longer than a working day",
        rule({**SESSIONS, "min_minutes_each": 481}),
        {"criteria.0.min_minutes_each": ["too_large"]},
    ),
    (
        "minutes without a number",
        rule({"id": "m", "type": "minutes"}),
        {"criteria.0.min": ["required"]},
    ),
    (
        "an unknown kind of objectives",
        rule({"id": "o", "type": "objectives", "which": "easy"}),
        {"criteria.0.which": ["not_a_choice"]},
    ),
    (
        "no objective",
        rule({"id": "o", "type": "objectives", "count": 0}),
        {"criteria.0.count": ["too_small"]},
    ),
    (
        "a count of objectives in words",
        rule({"id": "o", "type": "objectives", "count": "some"}),
        {"criteria.0.count": ["not_a_number"]},
    ),
    (
        "an unknown evidence",
        rule({"id": "o", "type": "objectives", "evidence": ["rumour"]}),
        {"criteria.0.evidence.0": ["not_a_choice"]},
    ),
    (
        "no evidence",
        rule({"id": "o", "type": "objectives", "evidence": []}),
        {"criteria.0.evidence": ["empty"]},
    ),
    (
        "an assessment without a phase",
        rule({"id": "q", "type": "assessment"}),
        {"criteria.0.phase": ["required"]},
    ),
    (
        "feedback by a stranger",
        rule({"id": "f", "type": "feedback", "by": "boss"}),
        {"criteria.0.by": ["not_a_choice"]},
    ),
    ("a verb that is no IRI", rule({**XAPI, "verb": ["passed"]}), {"criteria.0.verb.0": ["not_an_iri"]}),
    ("no verb", rule({**XAPI, "verb": []}), {"criteria.0.verb": ["empty"]}),
    (
        "an activity with a space",
        rule({**XAPI, "activity": "https://a b"}),
        {"criteria.0.activity": ["not_an_iri"]},
    ),
    ("an unknown match", rule({**XAPI, "match": "regex"}), {"criteria.0.match": ["not_a_choice"]}),
    ("a score above 1", rule({**XAPI, "min_scaled": 2}), {"criteria.0.min_scaled": ["too_large"]}),
    ("a day in week numbers", rule({**XAPI, "since": "2027-W04-7"}), {"criteria.0.since": ["not_a_moment"]}),
    ("a day without dashes", rule({**XAPI, "since": "20270131"}), {"criteria.0.since": ["not_a_moment"]}),
    ("a window from nowhere", rule({**XAPI, "since": "spring"}), {"criteria.0.since": ["not_a_moment"]}),
    (
        "an unknown field of a criterion",
        rule({**AGREEMENT, "min": 3}),
        {"criteria.0.min": ["unknown_field"]},
    ),
    ("an unknown report", rule(ags={"report": "often"}), {"ags.report": ["not_a_choice"]}),
    ("a report that is no object", rule(ags="live"), {"ags": ["not_an_object"]}),
    (
        "too many criteria",
        rule(*({**AGREEMENT, "id": f"c{n}"} for n in range(31))),
        {"criteria": ["too_many"]},
    ),
]


@pytest.mark.parametrize(
    ("document", "expected"),
    [pytest.param(document, expected, id=name) for name, document, expected in REFUSALS],
)
def test_a_rule_is_refused_for(document, expected):
    assert problems(document) == expected


def test_a_refusal_says_which_role_has_too_few_criteria():
    found = problems(rule(AGREEMENT, {**SESSIONS, "roles": ["mentor"]}, mode="at_least", k=2))["k"][0]
    assert found.params == {"k": 2, "count": 1, "role": "mentee"}


def test_a_refusal_reads_as_a_sentence():
    found = problems(rule({"id": "a", "type": "exam"}))["criteria.0.type"][0]
    assert found.text == "We do not know the criterion “exam”."


@pytest.mark.parametrize("kind", ["\ud800", "a\0b", 5, pytest.param(10**5000, id="enormous")])
def test_a_type_that_cannot_be_shown_is_not_repeated(kind):
    assert problems(rule({"id": "a", "type": kind}))["criteria.0.type"][0].params == {"type": "?"}


def test_a_criterion_for_one_role_is_fine_beside_one_for_both():
    assert load_completion_rule(rule(AGREEMENT, {**SESSIONS, "roles": ["mentor"]}))


def test_a_single_verb_may_stand_alone():
    document = rule({**XAPI, "verb": "http://adlnet.gov/expapi/verbs/passed"})
    assert load_completion_rule(document)["criteria"][0]["verb"] == ("http://adlnet.gov/expapi/verbs/passed",)


@pytest.mark.parametrize("moment", ["cohort_start", "cohort_end+30d", "cohort_start-7d", "2026-11-22"])
def test_a_window_may_begin_at(moment):
    assert load_completion_rule(rule({**XAPI, "since": moment}))["criteria"][0]["since"] == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["all", "group"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["v", "mode", "k", "criteria", "id", "type", "w", "roles", "min", "ags"]), inner
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(["criteria", "ags", "k", "mode", "v", "scope", "pairs"]))
def test_nothing_but_a_problem_comes_of_a_broken_rule(value, where):
    assert all(isinstance(found, Problem) for found in outcome({**WHOLE, where: value}))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(["id", "type", "w", "roles", "min", "formats", "status", "min_minutes_each"]))
def test_nothing_but_a_problem_comes_of_a_broken_criterion(value, where):
    assert all(isinstance(found, Problem) for found in outcome(rule(AGREEMENT, {**SESSIONS, where: value})))
