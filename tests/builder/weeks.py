"""A cohort of 46 people with ten weeks behind it: what a company's first programme looks like half-way.

Everything happens on its own day: nobody acts before they joined, and what is confirmed was logged before. Each round
is one transaction in which every pair acts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lti_tool.mentoring.roles import Role
from tests.builder.build import Builder
from tests.builder.cohorts import BuiltCohort
from tests.builder.pairs import BuiltObjective, BuiltPair
from tests.builder.places import BuiltPerson

PEOPLE = 46
WEEKS = 10

GIVEN_NAMES = (
    "Marie-Bénédicte", "Jean-François", "Anne-Gaëlle", "Maël", "Zoé", "Noël", "Loïc", "Françoise",
    "Gwenaëlle", "Théo", "Désirée", "Hélène", "Øyvind", "Željka", "Şükrü", "Nguyễn", "Łukasz", "Ángela",
    "Mónica", "Jürgen", "Çağla", "Éloïse", "Chloé",
)  # fmt: skip
FAMILY_NAMES = (
    "de La Rochefoucauld-Montbéliard", "Castelnau-Labégorce", "O’Súilleabháin", "Müller-Lüdenscheidt",
    "Nuñez y Peñaranda", "Wójcik-Brzęczyszczykiewicz", "Le Goff", "Kjærgård", "Trần",
    "Đorđević-Živković", "Beauséjour", "Ó Dálaigh", "Ünlü", "Sørensen", "Crépeau", "Brûlé", "Maçé",
    "Lefèvre", "Garçonnet", "Hämäläinen", "Françoys", "Dvořáková", "Ibáñez",
)  # fmt: skip


def name_of(number: int) -> str:
    """The name of person ``number``, from 0: no two of 46 are the same, and many are longer than a phone is wide."""
    half, place = divmod(number, len(GIVEN_NAMES))
    return f"{GIVEN_NAMES[place]} {FAMILY_NAMES[(place + 7 * half) % len(FAMILY_NAMES)]}"


@dataclass
class Programme:
    """What was built."""

    cohort: BuiltCohort
    tutor: BuiltPerson
    pairs: list[BuiltPair] = field(default_factory=list)
    objectives: list[BuiltObjective] = field(default_factory=list)


def ten_weeks(build: Builder, *, people: int = PEOPLE, weeks: int = WEEKS) -> Programme:
    """Build it, and leave the clock at the present.

    A tutor opens the programme; people join and are paired and sign in the first week; from then on every pair meets
    each other week, one meeting in eight is contested and one in eight waits; each pair has an objective in both
    directions, of which some are reached.
    """
    build.clock.go_back(weeks=weeks)
    try:
        return _live_through(build, people // 2, weeks)
    finally:
        build.clock.set(None)


def _live_through(build: Builder, pairs: int, weeks: int) -> Programme:
    with build.transaction():
        course = build.course("Cultures numériques")
        tutor = course.tutor("Marie-Hélène Castelnau-Labégorce")
        cohort = course.programme("digital-skills", opened_by=tutor).cohort()
        made = Programme(cohort, tutor)
    build.clock.move(days=1)
    with build.transaction():
        people = [course.person(name_of(number), subject=f"person-{number}") for number in range(2 * pairs)]
        joined = [
            cohort.participant(person, (Role.MENTOR, Role.MENTEE)[number % 2])
            for number, person in enumerate(people)
        ]
    build.clock.move(days=1)
    with build.transaction():
        made.pairs += [
            cohort.pair(mentor, mentee, signed="")
            for mentor, mentee in zip(joined[::2], joined[1::2], strict=True)
        ]
    for role in Role:
        build.clock.move(hours=5)
        with build.transaction():
            for pair in made.pairs:
                pair.sign(pair.of(role))
    for role in Role:
        build.clock.move(hours=1)
        with build.transaction():
            made.objectives += [pair.objective(f"Objective of a {role}", role) for pair in made.pairs]
    for week in range(1, weeks):
        build.clock.move(days=6, hours=12)
        _meet(build, made, week)
    return made


def _meet(build: Builder, made: Programme, week: int) -> None:
    """Half of the pairs meet this week, and answer a few hours later; some reach an objective."""
    with build.transaction():
        sessions = [
            (number, pair.session(by=tuple(Role)[(number + week) % 2], days_ago=1, minutes=30 + 15 * (number % 3)))
            for number, pair in enumerate(made.pairs)
            if (number + week) % 2
        ]  # fmt: skip
    build.clock.move(hours=3)
    with build.transaction():
        for number, session in sessions:
            match (number + week) % 8:
                case 1:
                    session.dispute("wrong-date")
                case 3:
                    pass
                case _:
                    session.confirm()
    if week % 3 == 0:
        build.clock.move(hours=3)
        with build.transaction():
            for objective in made.objectives[week % len(made.objectives) :: 9]:
                objective.reach()
