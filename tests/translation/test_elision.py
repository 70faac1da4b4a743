"""“De” and “que” before a name in French."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from lti_tool.translation.elision import elided


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Inès", "la réponse d’Inès, qu’Inès"),
        ("Élise", "la réponse d’Élise, qu’Élise"),
        ("Ángela", "la réponse d’Ángela, qu’Ángela"),
        ("Hugo", "la réponse d’Hugo, qu’Hugo"),
        ("Yves", "la réponse d’Yves, qu’Yves"),
        ("Yanis", "la réponse de Yanis, que Yanis"),
        ("Hans", "la réponse de Hans, que Hans"),
        ("Łukasz", "la réponse de Łukasz, que Łukasz"),
        ("Đorđe", "la réponse de Đorđe, que Đorđe"),
        (Markup("<strong>Anne</strong>"), "la réponse d’<strong>Anne</strong>, qu’<strong>Anne</strong>"),
    ],
)
def test_what_a_name_begins_with_decides(name: str, said: str) -> None:
    assert elided("la réponse de %(name)s, que %(name)s", {"name": name}) % {"name": name} == said
