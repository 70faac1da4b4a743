"""What is said of a rule before it is applied: only what can be proven is called impossible."""

from __future__ import annotations

from uuid import UUID

import pytest

from lti_tool.mentoring.completion.facts import AgreementFact, PairFacts, PersonFacts
from lti_tool.mentoring.completion.preview import PersonToJudge, preview
from lti_tool.mentoring.completion.rule import Completion, read_draft
from lti_tool.mentoring.completion.rule_warnings import Frame, warnings

FRAME = Frame(days=10, sessions=6, minutes=45, formats=("coaching", "audio"))
AGREEMENT = {"id": "a", "type": "agreement"}
TRAINING = {"id": "t", "type": "training"}
XAPI_ALONE = {"id": "o", "type": "objectives", "evidence": ["xapi"]}


def rule(*criteria, mode="all", k=None):
    return read_draft({"v": 1, "mode": mode, "k": k, "criteria": list(criteria)})


def said(a_rule, tried=None):
    return [str(each.code) for each in warnings(a_rule, FRAME, tried)]


@pytest.mark.parametrize(
    ("criterion", "code"),
    [
        (TRAINING, "not_measured"),
        (XAPI_ALONE, "evidence_not_recorded"),
        ({"id": "s", "type": "sessions", "min": 1, "formats": ["trade-show"]}, "formats_not_offered"),
        ({"id": "s", "type": "sessions", "min": 31, "min_minutes_each": 480}, "more_than_days"),
        ({"id": "m", "type": "minutes", "min": 14_401}, "more_than_days"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_condition_that_nobody_can_meet_keeps_everybody_from_completing(criterion, code):
    assert said(rule(AGREEMENT, criterion))[:2] == ["nobody_can", code]


@pytest.mark.parametrize(
    ("criterion", "code"),
    [
        ({"id": "s", "type": "sessions", "min": 7}, "more_meetings_than_rhythm"),
        ({"id": "s", "type": "sessions", "min": 6, "min_minutes_each": 46}, "longer_than_rhythm"),
        ({"id": "m", "type": "minutes", "min": 271}, "more_minutes_than_rhythm"),
    ],
)
def test_what_exceeds_the_rhythm_is_possible_and_said(criterion, code):
    assert said(rule(AGREEMENT, criterion)) == [code]


@pytest.mark.parametrize(
    "criterion",
    [
        {"id": "s", "type": "sessions", "min": 6, "min_minutes_each": 45, "formats": ["audio", "trade-show"]},
        {"id": "m", "type": "minutes", "min": 270},
        {"id": "o", "type": "objectives", "evidence": ["tutor", "xapi"]},
    ],
)
def test_what_the_programme_offers_is_not_warned_of(criterion):
    assert said(rule(AGREEMENT, criterion)) == []


@pytest.mark.parametrize(
    ("found", "roles"),
    [
        (rule(AGREEMENT, TRAINING, mode="any"), None),
        (rule(AGREEMENT, TRAINING, XAPI_ALONE, mode="at_least", k=2), ("mentee", "mentor")),
        (rule(AGREEMENT, {**TRAINING, "w": 0}, mode="any"), ("mentee", "mentor")),
        (rule(AGREEMENT, {**TRAINING, "roles": ["mentor"]}), ("mentor",)),
        (rule(AGREEMENT, {"id": "g", "type": "group", "mode": "any", "criteria": [TRAINING, XAPI_ALONE]}),
         ("mentee", "mentor")),
    ],
)  # fmt: skip
def test_who_can_never_complete_follows_from_the_mode_and_the_weights(found, roles):
    whole = [each.params["roles"] for each in warnings(found, FRAME) if each.code == "nobody_can"]
    assert whole == ([roles] if roles else [])


@pytest.mark.parametrize("both_signed", [True, False])
def test_a_rule_that_everybody_satisfies_already_is_said(both_signed):
    signed, open_ = AgreementFact(signed_by_mentor=True, signed_by_mentee=True), AgreementFact()
    people = [
        PersonToJudge(
            UUID(int=number), Completion.OPEN, PersonFacts("mentee"), [PairFacts(UUID(int=number), agreement)]
        )
        for number, agreement in enumerate([signed, signed if both_signed else open_])
    ]
    found = rule(AGREEMENT)
    assert said(found, preview(found, found, people)) == (["everybody_does"] if both_signed else [])
