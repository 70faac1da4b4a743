"""Take the pictures of the README and the guides, in English and in French.

    python -m tests.browser.screenshot_guides [FOLDER] [WORD…]

Only the pictures whose name holds one of the words, if any is given. They show a cohort that has run for ten weeks: the
people and the stories of the demo's second course.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.seeding.cohorts import DAYS, live
from lti_tool.demo.seeding.groups import NewPerson, add_course
from lti_tool.demo.seeding.names import PEOPLE
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.programmes.models import Placement
from lti_tool.web.public import example
from tests.browser.gallery_faces import couple_of, person_in
from tests.browser.indexed_png import indexed_png
from tests.browser.pages_screenshots import LivingCohort
from tests.browser.served_tool import serving_tool

FOLDER = Path("docs/images")
PUBLIC_FOLDER = Path("lti_tool/static/images")
"""Of the public page, which shows one of the pictures."""
ON_THE_PUBLIC_PAGE = ("meeting",)
COUPLES = 12
PHONE, DESKTOP = (390, 844), (1280, 800)
SCALE = 1.25
LARGEST: Final = 150_000
"""Bytes of a picture."""
TITLES: Final = {"en": "Passing digital skills on", "fr": "Transmettre le numérique"}


@dataclass(frozen=True)
class Picture:
    """One picture: whose page it shows, how wide the window is, and what is the last thing in it."""

    of: Step | None
    """Whose first page: somebody's in this state; None for the tutor's."""
    size: tuple[int, int]
    below: str = ""
    last: str | None = None
    """A selector; the whole page without it."""
    opens: str = ""
    """The story of the pair whose panel is open, and is the picture."""
    by_partner: bool = False
    """Whether the partner's page is shown instead."""


PICTURES: Final[Mapping[str, Picture]] = {
    "journey": Picture(Step.MEET, DESKTOP, last="section.objectives"),
    "complete": Picture(Step.COMPLETED, DESKTOP, last="section.journey", by_partner=True),
    "group": Picture(None, DESKTOP),
    "proposal": Picture(Step.ACCEPT, PHONE, last="section.next"),
    "meeting": Picture(Step.CONFIRM_SESSION, PHONE, last="section.next"),
    "finished": Picture(Step.COMPLETED, PHONE, last="section.finale", by_partner=True),
    "pairing": Picture(None, DESKTOP, below="cohort/pairing"),
    "panel": Picture(None, DESKTOP, opens="_disputed"),
    "list": Picture(None, DESKTOP, below="cohort/list/"),
}
"""By the name of the file, to which the language is added."""


def cohort(services: Services, locale: str) -> LivingCohort:
    """The cohort of the demo's second course, in an activity that has its column in the gradebook."""
    now = utcnow()
    group, people = add_course(
        services,
        title=TITLES[locale],
        tutor=NewPerson(f"tutor-{locale}", "Claire", "Dubreuil"),
        learners=[NewPerson(f"{locale}-{number}", *names) for number, names in enumerate(PEOPLE)],
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    with services.database.transaction() as db:
        placement = db.get_one(Placement, group.placement_id)
        link = db.get_one(ResourceLink, placement.resource_link_id)
        link.line_item_url = f"https://seeded.invalid/line-items/{link.id}"
    live(group, people, couples=COUPLES, now=now, locale=locale)
    return LivingCohort(services, group, people)


def main(folder: Path, words: list[str]) -> int:
    """Take the pictures; return how many are larger than they should be."""
    folder.mkdir(parents=True, exist_ok=True)
    too_large = 0
    with (
        tempfile.TemporaryDirectory() as data,
        serving_tool(Path(data)) as tool,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for locale in TITLES:
            shown = cohort(tool.services, locale)
            context = browser.new_context(
                locale="fr-FR" if locale == "fr" else "en-GB",
                device_scale_factor=SCALE,
                reduced_motion="reduce",
            )
            page = context.new_page()
            for name, picture in PICTURES.items():
                if words and not any(word in name for word in words):
                    continue
                _open(page, tool.url, shown, picture, locale)
                path = folder / f"{name}.{locale}.png"
                path.write_bytes(indexed_png(page, _shot(page, picture)))
                if folder == FOLDER and name in ON_THE_PUBLIC_PAGE:
                    PUBLIC_FOLDER.mkdir(exist_ok=True)
                    _name_as_on_the_public_page(shown, picture)
                    page.reload()
                    _set_theme(page)
                    (PUBLIC_FOLDER / path.name).write_bytes(indexed_png(page, _shot(page, picture)))
                print(f"{path}: {path.stat().st_size // 1000} kB")
                too_large += path.stat().st_size > LARGEST
        browser.close()
    return too_large


def _open(page: Page, url: str, shown: LivingCohort, picture: Picture, locale: str) -> None:
    width, height = picture.size
    page.set_viewport_size({"width": width, "height": height})
    if picture.of is None:
        home = shown.home(shown.group.tutor_id, CourseRole.TUTOR, locale)
    else:
        # A mentor and a mentee in turn.
        place = (person_in(picture.of) or 0) ^ picture.by_partner
        home = shown.home(shown.people[place], CourseRole.LEARNER, locale)
    page.goto(f"{url}{home}{picture.below}")
    if picture.opens:
        mentor = PEOPLE[2 * couple_of(picture.opens)]
        row = page.get_by_role("row").filter(has_text=" ".join(mentor))
        pair = row.locator("a[data-pair]").first.get_attribute("data-pair")
        page.goto(f"{url}{home}?pair={pair}")
    _set_theme(page)


def _set_theme(page: Page) -> None:
    page.evaluate("() => { document.documentElement.dataset.theme = 'moodle'; scrollTo(0, 0); }")


def _name_as_on_the_public_page(shown: LivingCohort, picture: Picture) -> None:
    """Call the two people of a picture as the public page calls its pair: it is one story there."""
    place = (person_in(picture.of) or 0) if picture.of is not None else 0
    faces = example.faces()
    with shown.services.database.transaction() as db:
        for person, card in ((place - place % 2, faces.mentor), (place - place % 2 + 1, faces.mentee)):
            named = db.get_one(Person, shown.people[person])
            named.name, named.given_name = card.name, card.given_name
            named.family_name = (card.name or "").partition(" ")[2]


def _shot(page: Page, picture: Picture) -> bytes:
    """The page from its top to the last thing in the picture, with some room below."""
    if picture.opens:
        return page.locator("#panel").screenshot(animations="disabled")
    if picture.last is None:
        return page.screenshot(full_page=True, animations="disabled")
    box = page.locator(picture.last).first.bounding_box()
    if box is None:
        raise ValueError(f"{picture.last} is not to be seen")
    clip = {"x": 0, "y": 0, "width": picture.size[0], "height": box["y"] + box["height"] + 16}
    return page.screenshot(full_page=True, animations="disabled", clip=clip)  # type: ignore[arg-type]  # x, y, width, height


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER, sys.argv[2:]) else 0)
