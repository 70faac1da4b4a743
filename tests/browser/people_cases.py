"""The pages of lists of people, and of the questions that help to choose a partner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.builder import people_lists, situations
from tests.builder.situations import Situation

if TYPE_CHECKING:
    from tests.browser.visits import Visit

LISTS = "cohort/adding-people/"


def opened(build: Callable[[Situation], None]) -> Callable[[Visit], None]:
    """The page of the only list of a situation."""

    def go(visit: Visit) -> None:
        visit.situation(build, LISTS)
        visit.page.goto(visit.served_tool.url + visit.address("/adding-people/[0-9a-f-]{36}"))

    return go


def without_a_file(visit: Visit) -> None:
    """The form sent without a file."""
    visit.send(visit.situation(situations.tutor) + LISTS)


def changed_since(visit: Visit) -> None:
    """A list that is to be added although the group has changed in the meantime."""
    opened(people_lists.list_gone_wrong)(visit)
    visit.send(f"{visit.page.url}/add")
