"""The pages by which pairs are moved to another group."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.builder import moving
from tests.builder.situations import Situation

if TYPE_CHECKING:
    from tests.browser.visits import Visit

MOVE = "cohort/move"


def planned(words: str) -> Callable[[Visit], None]:
    """What moving the pair of somebody with these words in their name will change."""

    def go(visit: Visit) -> None:
        chosen(moving.tutor_of_two_groups, words)(visit)
        visit.page.click("#see-effects")

    return go


def chosen(build: Callable[[Situation], None], words: str) -> Callable[[Visit], None]:
    """The page that asks, with a pair chosen."""

    def go(visit: Visit) -> None:
        visit.situation(build, MOVE)
        visit.page.get_by_label(words).first.check()

    return go


def changed_since(visit: Visit) -> None:
    """The move of a pair of which something else was said before."""
    planned("Paul Moreau")(visit)
    fields = {
        name: visit.page.locator(f'#move input[name="{name}"]').first.input_value() for name in ("pair", "to")
    }
    seen = json.loads(visit.page.locator('#move input[name="seen"]').input_value())
    seen["people"][0].update(before=60, after=47)
    seen["people"][1].update(is_missing=False, after=50)
    visit.send(visit.page.url.partition("?")[0], **fields, seen=json.dumps(seen))
