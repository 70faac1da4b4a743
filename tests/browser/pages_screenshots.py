"""The gallery: every page in every state, phone and desktop, in both languages and three looks, in one HTML page.

    python -m tests.browser.pages_screenshots FOLDER [WORD…]

Only the pages whose name holds one of the words, if any is given. What is shown, and in which order, is in
``gallery_faces.py``. Not a test: for people's eyes. All of it takes about ten minutes; ``LANGUAGES=fr`` and
``LOOKS=moodle`` (of ``moodle``, ``canvas``, ``dark``; several with commas) take a part of it.
"""

from __future__ import annotations

import datetime as dt
import html
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Error, Page, sync_playwright
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.seeding.cohorts import DAYS, live
from lti_tool.demo.seeding.groups import Group, NewPerson, add_course
from lti_tool.identity.models import Course, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.programmes.models import Placement
from tests.browser.cases import Visit
from tests.browser.gallery_faces import COUPLES, PEOPLE, STATES, ordered_cases, person_in
from tests.browser.served_tool import ServedTool, serving_tool
from tests.builder.launches import add_launch, key_of

VIEWPORTS = {"390": (390, 844), "1280": (1280, 800)}
LOOKS = {"moodle": ("moodle", "light"), "canvas": ("canvas", "light"), "dark": ("neutral", "dark")}
"""Of each look, the theme of the page and the colours that the reader prefers; the last is alone in its tab."""
LANGUAGES = ("fr", "en")
TOPICS = {
    "mentor": Details(offers=(("generative-ai", 4), ("data", 3)), languages=("fr", "en")),
    "mentee": Details(wants=(("data", None), ("generative-ai", None)), languages=("fr", "en", "de")),
}
"""What the 46 have said for choosing a partner, by their role."""
COHORT_PAGES = {"": "the group", "programme/audit": "decisions", "programme/rule": "completion rule"}


@dataclass(frozen=True)
class LivingCohort:
    """The 46 people, and a page of the tool for each of them."""

    services: Services
    group: Group
    people: list[uuid.UUID]

    def home(self, person_id: uuid.UUID, role: CourseRole, locale: str) -> str:
        """The path of somebody's first page, by a launch of their own."""
        with self.services.database.transaction() as db:
            placement = db.get_one(Placement, self.group.placement_id)
            launch: LaunchSession = add_launch(
                db,
                registration_id=self._registration(),
                deployment_id=self._deployment(),
                course_id=self.group.course_id,
                resource_link_id=placement.resource_link_id,
                person_id=person_id,
                role=role,
                locale=locale,
            )
            return f"/l/{key_of(launch)}/"

    def _registration(self) -> uuid.UUID:
        with self.services.database.reading() as db:
            return db.get_one(Person, self.group.tutor_id).registration_id

    def _deployment(self) -> uuid.UUID:
        with self.services.database.reading() as db:
            return db.get_one(Course, self.group.course_id).deployment_id


def living_cohort(services: Services, locale: str) -> LivingCohort:
    """The cohort of 46 people at the end of its ten weeks, who write in one language."""
    now = utcnow()
    group, people = add_course(
        services,
        title="Transmettre le numérique" if locale == "fr" else "Passing digital skills on",
        tutor=NewPerson(f"tutor-{locale}", "Claire", "Dubreuil"),
        learners=[NewPerson(f"{locale}-{number}", *names) for number, names in enumerate(PEOPLE)],
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    live(group, people, couples=COUPLES, now=now, locale=locale)
    with services.database.transaction() as db:
        of_cohort = sa.select(Participant).where(Participant.cohort_id == group.cohort_id)
        details = {each.id: TOPICS[each.role] for each in db.scalars(of_cohort)}
        save_details(db, details, answered_at=now)
        _show_grades(db, group, now)
    return LivingCohort(services, group, people)


def _show_grades(db: Session, group: Group, now: dt.datetime) -> None:
    """Let the gradebook have the grade of everybody who has completed."""
    link = db.get_one(ResourceLink, db.get_one(Placement, group.placement_id).resource_link_id)
    link.line_item_url = f"https://lms.example/lineitems/{link.id}"
    completed = sa.select(Participant.person_id).where(
        Participant.cohort_id == group.cohort_id, Participant.status == ParticipantStatus.COMPLETED
    )
    for person_id in db.scalars(completed):
        db.add(
            ScoreTrail(
                line_item_url=link.line_item_url,
                person_id=person_id,
                status="satisfied",
                score=100,
                graded=True,
                last_timestamp=now,
                grade_status=GradeStatus.RECORDED,
            )
        )


@dataclass(frozen=True)
class Face:
    """A page of the gallery: its name, and the address or the way to it."""

    name: str
    pictures: list[Path]


def main(folder: Path, words: list[str]) -> int:
    """Take the pictures and write the page; return how many pages were not reached, or are wider than the screen."""
    folder.mkdir(parents=True, exist_ok=True)
    faces: dict[str, Face] = {}
    faults = 0
    with (
        tempfile.TemporaryDirectory() as data,
        serving_tool(Path(data)) as tool,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for locale in _chosen("LANGUAGES", LANGUAGES):
            page = browser.new_page(
                locale="fr-FR" if locale == "fr" else "en-GB",
                timezone_id="Europe/Paris" if locale == "fr" else "Europe/London",
            )
            for name, platform, go in _all_faces(tool, locale):
                if words and not any(word in name for word in words):
                    continue
                try:
                    go(page)
                except (Error, AssertionError) as error:
                    print(f"{name} ({locale}): {str(error).splitlines()[0]}")
                    faults += 1
                    continue
                face = faces.setdefault(name, Face(name, []))
                faults += _look(page, folder, face, locale, platform)
                page.unroute_all(behavior="ignoreErrors")
            page.close()
        browser.close()
    (folder / "index.html").write_text(_index(list(faces.values())), encoding="utf-8")
    print(f"{len(faces)} pages: {folder / 'index.html'}")
    return faults


def _chosen(name: str, known: tuple[str, ...]) -> list[str]:
    wanted = os.environ.get(name, ",".join(known)).split(",")
    return [each for each in known if each in wanted]


def _all_faces(tool: ServedTool, locale: str) -> Iterator[tuple[str, str | None, Callable[[Page], object]]]:
    """Every face with the only platform that has it, if one alone does, and the way to it: the states of a pair where
    a learner meets them, between the cases.
    """
    cohort = living_cohort(tool.services, locale)
    shown = False
    for case in ordered_cases():
        if case.name.startswith("home-") and not shown:
            shown = True
            yield from ((name, None, go) for name, go in _of_cohort(tool, cohort, locale))
        yield case.name, case.platform, lambda page, case=case: case.go(Visit(page, tool, locale))


def _of_cohort(
    tool: ServedTool, cohort: LivingCohort, locale: str
) -> Iterator[tuple[str, Callable[[Page], object]]]:
    tutor = cohort.home(cohort.group.tutor_id, CourseRole.TUTOR, locale)
    for below, name in COHORT_PAGES.items():
        yield f"tutor of 46: {name}", lambda page, below=below: page.goto(tool.url + tutor + below)
    for step in STATES:
        place = person_in(step)
        if place is not None:
            home = cohort.home(cohort.people[place], CourseRole.LEARNER, locale)
            yield f"state: {step.value}", lambda page, home=home: page.goto(tool.url + home)
    home = cohort.home(cohort.people[person_in(Step.MEET) or 0], CourseRole.LEARNER, locale)
    for below in ("about-me", "sessions", "sessions/new", "objectives", "agreement"):
        yield f"of a pair: {below}", lambda page, below=below: page.goto(tool.url + home + below)


def _looks(platform: str | None) -> list[str]:
    """The looks to take pictures of: of a page that one platform alone has, that platform's in place of the others'."""
    chosen = _chosen("LOOKS", tuple(LOOKS))
    if platform is None:
        return chosen
    return list(dict.fromkeys(look if look == "dark" else platform for look in chosen))


def _look(page: Page, folder: Path, face: Face, locale: str, platform: str | None) -> int:
    """Take the pictures of the present page; return how many are wider than the screen."""
    faults = 0
    stem = "".join(char if char.isalnum() else "-" for char in face.name)
    for width, (wide, high) in VIEWPORTS.items():
        page.set_viewport_size({"width": wide, "height": high})
        for look in _looks(platform):
            theme, scheme = LOOKS[look]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two that it knows
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            picture = Path(f"{stem}-{locale}-{look}-{width}.png")
            page.screenshot(path=folder / picture, full_page=True, animations="disabled")
            face.pictures.append(picture)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            print(f"{face.name} ({locale}, {width}): wider than the screen")
            faults += 1
    return faults


STYLE = """
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: #e9ecef; color: #17212b; }
form { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: .75rem 1.5rem; }
form { background: #17212b; color: #fff; }
section { padding: 1rem 1.5rem; border-top: 1px solid #b9c0c6; }
h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
figure { margin: 0; }
figcaption { font-size: .8rem; color: #4a5660; }
img { display: block; border: 1px solid #b9c0c6; background: #fff; max-width: 100%; height: auto; }
img.w390 { width: 292px; }
img.w1280 { width: 760px; }
"""


def _index(faces: list[Face]) -> str:
    """The one page: every face, with what to show of it chosen at the top."""
    groups = {"language": LANGUAGES, "look": tuple(LOOKS), "width": tuple(VIEWPORTS)}
    boxes = "".join(
        f"<span>{name}: "
        + " ".join(
            f'<label><input type="checkbox" checked data-hides="{value}"> {value}</label>' for value in values
        )
        + "</span>"
        for name, values in groups.items()
    )
    hiding = "".join(
        f'body:has([data-hides="{value}"]:not(:checked)) figure.{_class(value)} {{ display: none; }}\n'
        for values in groups.values()
        for value in values
    )
    sections = "".join(
        f'<section id="{number}"><h2>{number}. {html.escape(face.name)}</h2><div class="pictures">'
        + "".join(_figure(picture) for picture in face.pictures)
        + "</div></section>\n"
        for number, face in enumerate(faces, start=1)
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>'
        f"<style>{STYLE}{hiding}</style><form>{boxes}</form>\n{sections}</html>\n"
    )


def _class(value: str) -> str:
    return f"w{value}" if value.isdigit() else f"is-{value}"


def _figure(picture: Path) -> str:
    *_name, locale, look, width = picture.stem.split("-")
    classes = " ".join(map(_class, (locale, look, width)))
    return (
        f'<figure class="{classes}"><img class="w{width}" src="{picture}" loading="lazy" alt="">'
        f"<figcaption>{locale}, {look}, {width}</figcaption></figure>"
    )


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), sys.argv[2:]) else 0)
