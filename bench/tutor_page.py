"""CPU of the tutor's page of 1,000 people, beside bare Flask that renders the same. ``python -m bench.tutor_page``.

What is measured is at the head of :mod:`bench.page_cpu`; here the page is that of a group with ten weeks behind it: 480
pairs in every state, of which it shows fifty. The second row is the same page when a pair was put on hold, or let go
on, since it was last asked for.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import click
import sqlalchemy as sa

from bench.page_cpu import both_ways, medians, milliseconds, tool_in
from bench.rows import Row, bench_options, report
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.seeding.cohorts import DAYS, live
from lti_tool.demo.seeding.groups import Group, NewPerson, add_course
from lti_tool.identity.models import Course, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.pairs.actions import pause_pair, resume_pair
from lti_tool.mentoring.pairs.models import Pair, PairStatus
from lti_tool.mentoring.programmes.models import Placement
from tests.builder.launches import add_launch, key_of

TARGET = 2.0
PEOPLE = 1000
COUPLES = 480
WARM_UP = 3
_GIVEN = (
    "Élodie",
    "Hugo",
    "Zoé",
    "Søren",
    "Bo",
    "Marie-Charlotte",
    "Ngozi",
    "Kwame",
    "Jean-Baptiste",
    "Inès",
)
_FAMILY = (
    "Mercier",
    "de La Rochefoucauld",
    "Ødegård",
    "Li",
    "Okonkwo",
    "O’Súilleabháin",
    "d’Arcy",
    "Wiśniewski",
)


def _group(services: Services) -> Group:
    now = utcnow()
    group, people = add_course(
        services,
        title="Passing digital skills on",
        tutor=NewPerson("tutor", "Claire", "Dubreuil"),
        learners=[
            NewPerson(f"{number}", _GIVEN[number % len(_GIVEN)], f"{_FAMILY[number % len(_FAMILY)]} {number}")
            for number in range(PEOPLE)
        ],
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    live(group, people, couples=COUPLES, now=now, locale="en")
    return group


def _page(services: Services, group: Group) -> str:
    """The path of the tutor's page, by a launch of theirs."""
    with services.database.transaction() as db:
        placement = db.get_one(Placement, group.placement_id)
        launch: LaunchSession = add_launch(
            db,
            registration_id=db.get_one(Person, group.tutor_id).registration_id,
            deployment_id=db.get_one(Course, group.course_id).deployment_id,
            course_id=group.course_id,
            resource_link_id=placement.resource_link_id,
            person_id=group.tutor_id,
            role=CourseRole.TUTOR,
        )
        return f"/l/{key_of(launch)}/"


def _changes(services: Services, group: Group) -> Callable[[], None]:
    """What puts a pair on hold and lets it go on in turn."""
    with services.database.reading() as db:
        pair_id = db.scalars(sa.select(Pair.id).where(Pair.status == PairStatus.ACTIVE)).first()
    if pair_id is None:
        raise click.ClickException("no pair is under way")
    actions = cycle((pause_pair, resume_pair))

    def change() -> None:
        now = utcnow()
        with group.acting(group.tutor_id, now) as db:
            next(actions)(db, pair_id=pair_id, now=now)

    return change


def measure(*, quick: bool = False) -> list[Row]:
    """Run them in turns; a row is CPU in milliseconds for one page."""
    rounds, pages = (3, 10) if quick else (7, 40)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        services, app = tool_in(Path(folder))
        group = _group(services)
        ours, bare = both_ways(app, _page(services, group))
        change = _changes(services, group)
        for page in (ours, bare):
            milliseconds(page, WARM_UP)
        mine, changed, theirs = medians(
            rounds,
            lambda: milliseconds(ours, pages),
            lambda: milliseconds(ours, pages, change),
            lambda: milliseconds(bare, pages),
        )
    baseline = "Flask rendering the same context"
    return [
        Row(f"the tutor's page of {PEOPLE:,} people: CPU ms", mine, baseline, theirs, TARGET),
        Row("the same after each change of a pair", changed, baseline, theirs, TARGET),
    ]


@click.command()
@bench_options("Fewer and shorter rounds: the ratio wanders by some 10 %.")
def main(quick: bool, path: Path | None) -> None:
    """Measure the CPU of the tutor's page."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
