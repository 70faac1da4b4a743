"""The page on which a pilot becomes a full-scale group, and the choice of that group for an activity."""

from __future__ import annotations

from collections.abc import Callable

from tests.builder import situations
from tests.web.visiting import Visit


def test_one_action_makes_a_full_scale_group_that_waits_for_an_activity(visit: Callable[..., Visit]) -> None:
    tutor = visit(situations.tutor, locale="fr")
    assert "En attente d’une activité" not in tutor.text("programme/scale")
    answer = tutor.post("programme/scale")
    assert answer.status_code == 302
    page = tutor.text("programme/scale")
    assert "En attente d’une activité" in page
    assert "Compétences numériques" in page
