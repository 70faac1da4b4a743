"""Why two suit each other: what one wants and the other brings, by equality alone."""

from __future__ import annotations

from lti_tool.mentoring.journey.why_together import Said, WhyTogether, why_together

SKILLS = [
    ("ai", ("Generative AI", "IA générative")),
    ("data", ("Data", "Données")),
    ("audience", ("Speaking", "Oral")),
]


def test_what_one_wants_and_the_other_brings_is_named_in_both_directions() -> None:
    me = Said(offers={"audience": None}, wants=frozenset({"data", "ai"}))
    partner = Said(offers={"ai": 4}, wants=frozenset({"ai"}), brings_in_words="Lire des DONNEES, pas à pas")
    found = why_together(me, partner, SKILLS)
    assert found == WhyTogether(for_me=(("ai", 4), ("data", None)))
    assert not why_together(Said({}, frozenset({"ai"})), Said({"data": 2}, frozenset()), SKILLS)
