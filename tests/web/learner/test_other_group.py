"""Two groups of one programme in one course: each has its own people, who take part in both only if they say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lti_tool.composition.services import Services
from lti_tool.mentoring.overview.cohort import Newcomer
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.web.owner.group_newcomers import GroupNewcomer, newcomers_of_group
from tests.builder import BuiltCohort, World, moving
from tests.web.visiting import Visit

Come = Callable[..., Visit]


def second_group(world: World) -> BuiltCohort:
    activity = world.course.activity("second-activity")
    return activity.programme(following=(world.built_cohort.programme, world.tutor)).cohort()


def test_a_group_counts_nobody_of_another_group_of_the_course(world: World, services: Services) -> None:
    there = second_group(world)
    world.course.person("Bernard Lefèvre")

    def counted() -> list[tuple[list[str | None], list[tuple[str | None, int | None]], int]]:
        with services.database.reading() as db:
            overviews = [overview_of(db, cohort_id) for cohort_id in (world.cohort_id, there.id)]
        return [
            (
                [each.name for each in overview.newcomers],
                [(each.name, each.group) for each in overview.of_other_groups],
                overview.people,
            )
            for overview in overviews
        ]

    others: list[tuple[str | None, int | None]] = [("Inès Benali", 1), ("Paul Moreau", 1)]
    assert counted() == [(["Bernard Lefèvre"], [], 3), (["Bernard Lefèvre"], others, 1)]
    # Whoever takes part in both is counted in both, and one invited to the second is that group's.
    there.participant(world.built_mentee.person, world.built_mentee.role)
    there.participant("Yanis Haddad", world.built_mentor.role, invited=True)
    assert counted() == [
        (["Bernard Lefèvre"], [("Yanis Haddad", 2)], 3),
        (["Bernard Lefèvre"], [("Inès Benali", 1)], 3),
    ]


def test_who_has_opened_the_activity_of_one_group_alone_has_never_opened_that_of_the_other(
    world: World, services: Services
) -> None:
    there = second_group(world)
    groups = (world.cohort_id, world.activity), (there.id, there.programme.activity)
    for name, numbers in {"Ada Un": [0], "Bo Deux": [1], "Cleo Toutes": [0, 1], "Dan Avant": []}.items():
        person = world.course.person(name)
        for number in numbers:
            world.course.opened(person, groups[number][1])
    world.course.person("Eve Jamais", launched=False)

    def names(people: Sequence[Newcomer | GroupNewcomer]) -> list[str]:
        return sorted((each.card.name or "").partition(" ")[0] for each in people)

    # Dan came before it was noted what somebody opens: either group may be the one.
    expected = (["Ada", "Cleo", "Dan"], ["Bo", "Eve"]), (["Bo", "Cleo", "Dan"], ["Ada", "Eve"])
    for (cohort_id, _activity), lists in zip(groups, expected, strict=True):
        with services.database.reading() as db:
            to_tutor, to_owner = overview_of(db, cohort_id), newcomers_of_group(db, cohort_id)
        assert (names(to_tutor.without_role), names(to_tutor.never_opened)) == lists
        assert (names(to_owner.without_role), names(to_owner.never_opened)) == lists


def test_a_learner_of_another_group_is_not_asked_for_a_role_and_goes_there_by_one_tap(visit: Come) -> None:
    here = visit(moving.learner_of_first_group)
    text = here.text()
    assert "You are already taking part in another group in this course" in text
    assert "Your group is in the activity “Mentorat inversé, printemps”." in text
    assert "I want to learn" not in text
    assert here.post("other-group").status_code == 303
    assert ("Inès" in here.text(), "Rédiger des consignes" in here.text("objectives")) == (True, True)


def test_taking_part_in_both_is_a_choice(visit: Come) -> None:
    here = visit(moving.learner_of_first_group)
    assert "I want to learn" in here.text(here.link("join/as-well"))
    assert here.post("join", role="mentee").status_code == 302
    # From then on the activity is that of the second group.
    assert "another group in this course" not in here.text()
    assert here.get("join/as-well").status_code == 302


def test_a_tutor_invites_somebody_of_another_group_only_on_purpose(visit: Come) -> None:
    here = visit(moving.tutor_of_second_group)
    assert "Paul Moreau" not in here.text()
    chosen = re.search(r"partner_for=[0-9a-f-]+", here.text("cohort/pairing"))
    assert chosen
    page = here.text(f"cohort/pairing?{chosen[0]}")
    own, _heading, of_others = page.partition("2 people of other groups of this course")
    assert ("Bernard Lefèvre" in own, "Paul Moreau" in own) == (True, False)
    assert ("Paul Moreau" in of_others, "in a pair in group 1" in of_others) == (True, True)
