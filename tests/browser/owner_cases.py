"""The pages of a group, to an owner of its programme who does not teach it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.builder import owning
from tests.builder.situations import Situation

if TYPE_CHECKING:
    from tests.browser.visits import Visit


def group(build: Callable[[Situation], None]) -> Callable[[Visit], None]:
    """The oldest group of the owner's programme."""

    def go(visit: Visit) -> None:
        visit.situation(build, "owner/")
        visit.page.goto(visit.served_tool.url + visit.address("/owner/programmes/[0-9a-f-]+"))
        last = visit.page.locator(".group-figures a[href*='/of/']").last.get_attribute("href")
        visit.page.goto(visit.served_tool.url + str(last))

    return go


def partners(visit: Visit) -> None:
    """Whom to propose to the first of those without a partner."""
    group(owning.owner_of_people)(visit)
    visit.page.locator(".alone .btn").last.click()


def waiting_group(visit: Visit) -> None:
    """The group that no activity opens yet, the newest of the programme."""
    visit.situation(owning.owner_of_waiting_group, "owner/")
    visit.page.goto(visit.served_tool.url + visit.address("/owner/programmes/[0-9a-f-]+"))
    visit.page.locator(".group-figures a[href*='/of/']").first.click()


def person(visit: Visit) -> None:
    """One of those who wait for an approval."""
    group(owning.owner_to_approve)(visit)
    visit.page.locator("section[aria-labelledby=to-approve] .group-person a").first.click()


def pair(visit: Visit) -> None:
    """The first pair."""
    group(owning.owner_of_people)(visit)
    visit.page.goto(visit.served_tool.url + visit.address("/pairs/[0-9a-f-]+"))


def move(visit: Visit) -> None:
    """What moving a pair that has met changes, without figures."""
    group(owning.owner_of_people)(visit)
    visit.page.goto(visit.served_tool.url + visit.address("/cohort/move"))
    visit.page.get_by_label("Paul Moreau").first.check()
    visit.page.click("#see-effects")
