"""The page on which a pilot becomes a full-scale group, and the choice of that group for an activity."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable

from tests.builder import situations
from tests.web.visiting import Visit


def test_one_action_makes_a_full_scale_group_that_waits_for_an_activity(visit: Callable[..., Visit]) -> None:
    tutor = visit(situations.tutor, locale="fr")
    page = tutor.text("programme/scale")
    assert "En attente d’une activité" not in page
    assert "8 participants" in page  # of the pilot, who are not taken over
    wrong = tutor.post("programme/scale", name="Toute l’usine", starts_on="2027-03-01", ends_on="2027-02-01")
    assert (wrong.status_code, 'value="Toute l’usine"' in html.unescape(wrong.text)) == (422, True)
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    answer = tutor.post(
        "programme/scale",
        name="Toute l’usine",
        starts_on=first.isoformat(),
        ends_on=(first + dt.timedelta(days=90)).isoformat(),
    )
    assert answer.status_code == 302
    page = tutor.text("programme/scale")
    assert "En attente d’une activité" in page
    assert "Toute l’usine" in page
