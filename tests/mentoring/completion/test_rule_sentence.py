"""The completion rule as one sentence, to a tutor and to one of a pair, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from lti_tool.mentoring.completion.criteria import CRITERIA
from lti_tool.mentoring.completion.rule import read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_pair, sentence_for_tutor
from lti_tool.translation import using_language

AGREEMENT: dict[str, Any] = {"id": "a", "type": "agreement"}
SESSIONS: dict[str, Any] = {
    "id": "s",
    "type": "sessions",
    "min": 6,
    "status": "confirmed",
    "min_minutes_each": 30,
}
ONE: dict[str, Any] = {"id": "o", "type": "sessions", "min": 1, "status": "held"}
APPROVAL: dict[str, Any] = {"id": "t", "type": "tutor_validation", "w": 0}
OBJECTIVES: dict[str, Any] = {"id": "b", "type": "objectives"}


def rule(*criteria: dict[str, Any], mode: str = "all", k: int | None = None) -> Any:
    return read_rule(
        {
            "v": 1, "scope": "participant", "mode": mode, "k": k, "pairs": "best", "criteria": list(criteria),
            "ags": {"report": "final_only", "mentee": True, "mentor": True},
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "english", "french"),
    [
        (
            rule(AGREEMENT, SESSIONS),
            "A person completes the programme when "
            "the agreement is signed by both and 6 meetings of 30 minutes or more are "
            "confirmed.",
            "Chaque personne termine quand la charte est signée des deux côtés et que 6 rencontres",
        ),
        (
            rule(AGREEMENT, ONE, APPROVAL),
            "A person completes the programme when "
            "the agreement is signed by both, 1 meeting has taken place and you have approved "
            "their journey.",
            "la charte est signée des deux côtés, qu’une rencontre a eu lieu et que vous avez validé son parcours.",
        ),
        (
            rule(ONE, OBJECTIVES, mode="any"),
            "A person completes the programme when 1 meeting has taken place or every required objective is reached.",
            "quand une rencontre a eu lieu ou que tous les objectifs prioritaires sont atteints.",
        ),
        (
            rule(AGREEMENT, ONE, OBJECTIVES, mode="at_least", k=2),
            "A person completes the programme when "
            "at least 2 of these are true: the agreement is signed by both; 1 meeting has "
            "taken place; every required objective is reached.",
            "quand au moins 2 de ces conditions sont remplies\u00a0: la charte est signée des deux côtés\u202f; une",
        ),
        (
            rule(
                AGREEMENT,
                {"id": "g", "type": "group", "mode": "any", "criteria": [ONE, OBJECTIVES]},
            ),
            "A person completes the programme when "
            "the agreement is signed by both and either 1 meeting has taken place, or every "
            "required objective is reached.",
            "des deux côtés et que soit une rencontre a eu lieu, soit tous les objectifs prioritaires sont atteints.",
        ),
        (
            rule(AGREEMENT, {**OBJECTIVES, "count": 2, "evidence": ["partner"]}),
            "A person completes the programme when "
            "the agreement is signed by both and 2 required objectives are reached "
            "(confirmed by the partner).",
            "et que 2 objectifs prioritaires sont atteints (avec la confirmation de l’autre personne).",
        ),
        (
            rule({**AGREEMENT, "roles": ["mentor"]}, ONE),
            "A person completes the programme when "
            "the agreement is signed by both (mentors only) and 1 meeting has taken place.",
            "la charte est signée des deux côtés (pour qui transmet seulement) et qu’une rencontre a eu lieu.",
        ),
    ],
)
def test_a_tutor_reads_the_rule(found: Any, english: str, french: str) -> None:
    assert sentence_for_tutor(found) == english
    with using_language("fr"):
        assert french in sentence_for_tutor(found)


def test_every_criterion_has_a_clause_of_its_own() -> None:
    """Where it has none, the sentence of a list stands there, which reads badly."""
    for criterion in CRITERIA.values():
        assert "clause" in vars(criterion), criterion.type


def test_one_of_a_pair_reads_the_rule_with_the_partners_name() -> None:
    found = rule(AGREEMENT, SESSIONS, {**APPROVAL, "roles": ["mentee"]})
    assert sentence_for_pair(found, "mentor", "Lina") == (
        "You complete when you and Lina have signed the agreement and 6 meetings of 30 minutes or more are "
        "confirmed."
    )
    assert sentence_for_pair(found, "mentee", "100 % Lina").endswith(
        "and your tutor has approved your journey."
    )
    with using_language("fr"):
        assert sentence_for_pair(found, "mentee", "Lina") == (
            "Vous terminez quand Lina et vous avez signé la charte, que 6 rencontres d’au moins 30\u00a0minutes sont "
            "confirmées et que votre parcours est validé."
        )
