"""What blocks the start of a programme, and how far each part of the set-up is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lti_tool.mentoring.programmes.readiness import Lack, Section, State, missing, state_of
from lti_tool.mentoring.programmes.settings import CohortDays
from lti_tool.mentoring.programmes.template import load_template, template_codes

TODAY = dt.date(2026, 11, 26)
DAYS = CohortDays(TODAY, TODAY + dt.timedelta(days=180), TODAY + dt.timedelta(days=270))


def document(**changes: Any) -> dict[str, Any]:
    return {**load_template("digital-skills").document(), **changes}


def lacks(settings: dict[str, Any], rule: Any = "its own", days: CohortDays = DAYS, **more: Any) -> list[str]:
    rule = settings["rule"] if rule == "its own" else rule
    return [str(found.lack) for found in missing(settings, rule, days, TODAY, **more)]


def without_target() -> list[dict[str, Any]]:
    return [{**kpi, "target": None} for kpi in document()["kpis"]]


def rule_with(*criteria: dict[str, Any]) -> dict[str, Any]:
    return {**document()["rule"], "criteria": [*document()["rule"]["criteria"], *criteria]}


TRAINING = {"id": "training", "type": "training", "w": 1}


@pytest.mark.parametrize("code", [code for code in template_codes() if code != "blank"])
def test_every_template_but_the_blank_one_starts_as_it_is(code: str) -> None:
    assert lacks(load_template(code).document()) == []


def test_the_blank_template_says_what_is_missing() -> None:
    found = lacks(load_template("blank").document())
    assert {Lack.GOAL, Lack.SKILLS, Lack.KPIS, Lack.BASELINE} <= set(found)


@pytest.mark.parametrize(
    ("changes", "lack"),
    [
        ({"goal": {"fr": "", "en": ""}}, Lack.GOAL),
        ({"skills": []}, Lack.SKILLS),
        ({"kpis": []}, Lack.KPIS),
        ({"kpis": without_target()}, Lack.TARGETS),
        ({"questionnaires": []}, Lack.BASELINE),
        ({"questionnaires": [{"phase": "after", "items": [{}]}]}, Lack.BASELINE),
    ],
    ids=str,
)
def test_settings_that_lack_something(changes: dict[str, Any], lack: Lack) -> None:
    assert lacks(document(**changes)) == [lack]


def test_a_rule_that_cannot_be_measured_is_named() -> None:
    [found] = missing(document(), rule_with(TRAINING), DAYS, TODAY)
    assert (found.lack, found.section, found.criteria) == (
        Lack.RULE_UNMEASURABLE,
        Section.RULE,
        ("training",),
    )


@pytest.mark.parametrize("rule", [None, {}, {"criteria": []}])
def test_a_rule_that_is_none(rule: Any) -> None:
    assert lacks(document(), rule) == [Lack.RULE]


def test_a_rule_that_was_changed_and_not_applied_blocks_the_start() -> None:
    rule = document()["rule"]
    feedback = {"id": "f", "type": "feedback", "min": 1, "by": "mentee", "w": 1}
    assert lacks(document(), rule_draft=rule) == []
    assert lacks(document(), rule_draft={**rule, "criteria": [rule["criteria"][0]]}) == [Lack.RULE_DRAFTED]
    assert lacks(document(), rule_draft=rule_with(TRAINING)) == [Lack.RULE_UNMEASURABLE]
    assert lacks(document(), rule_draft=rule_with(feedback)) == [Lack.RULE_DRAFTED]


def test_a_rule_that_nobody_can_meet_blocks_the_start() -> None:
    meetings = {"id": "m", "type": "sessions", "min": 1, "formats": ["own-visit"], "w": 1}
    assert lacks(document(), rule_with(meetings)) == [Lack.RULE_IMPOSSIBLE]
    known = {"own-visit": {"fr": "Visite", "en": "Visit"}}
    own = document(formats=["coaching", "own-visit"], format_names=known)
    assert lacks(own, rule_with(meetings)) == []


@pytest.mark.parametrize(
    ("days", "lack"),
    [
        ((0, 0, 90), Lack.DATES_IN_ORDER),
        ((-90, -1, 90), Lack.END_PAST),
        ((0, 90, 90), Lack.FOLLOW_UP),
    ],
)
def test_days_that_cannot_be(days: tuple[int, int, int], lack: Lack) -> None:
    assert lacks(document(), days=CohortDays(*(TODAY + dt.timedelta(days=each) for each in days))) == [lack]


@pytest.mark.parametrize(
    ("section", "changes", "started", "state"),
    [
        (Section.GOAL, {}, False, State.DONE),
        (Section.GOAL, {"goal": {"fr": "", "en": ""}}, False, State.TO_DO),
        (Section.KPIS, {"kpis": without_target()}, False, State.STARTED),
        (Section.KPIS, {}, True, State.FROZEN),
        (Section.BUDGET, {}, False, State.OPTIONAL),
        (Section.BUDGET, {"budget": {"amount": 10, "currency": "EUR", "funding": None}}, False, State.DONE),
        (Section.OBJECTIVES, {"objectives": []}, False, State.OPTIONAL),
        (Section.VISIBILITY, {}, False, State.DONE),
    ],
)
def test_how_far_a_part_is(section: Section, changes: dict[str, Any], started: bool, state: State) -> None:
    settings = document(**changes)
    found = missing(settings, settings["rule"], DAYS, TODAY)
    assert state_of(section, settings, found, started=started) == state
