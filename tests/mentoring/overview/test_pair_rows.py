"""The table of pairs: states, what waits, filter, search, order and pages; nobody twice and nobody lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lti_tool.mentoring.journey.views import CriterionLine, Progress
from lti_tool.mentoring.overview.pair_rows import (
    PAIRS_A_PAGE,
    PairState,
    Sort,
    chosen,
    counts,
    in_order,
    page_of,
    rows_of,
)
from lti_tool.mentoring.roles import Role
from tests.mentoring.overview.cohorts import TODAY, ago, cohort, complete, meeting, pair, person, unsigned


def names(rows) -> list[str]:
    return [row.pair.mentee.card.name for row in rows]


def listed(overview, state=None, search="", sort=Sort.WAITS) -> list[str]:
    return names(chosen(in_order(rows_of(overview, TODAY, {}), sort), state, search))


FOUND = cohort(
    pair(
        complete(person("Paul Clément", free=False)), complete(person("Laure Lopez", Role.MENTOR, free=False))
    ),
    pair("Denis Dumont", "Aïcha Traoré", status="paused"),
    pair("Zoé Fontaine", "Arthur Girard", last_held_on=ago(2).date()),
    pair("Sarah Guérin", "Søren Ødegård", last_held_on=ago(20).date()),
    unsigned("Élodie Mercier", "Thomas Blanchard", 4),
    unsigned("Dieter Schönberg", "Fatou Diallo", 9),
    pair("Manon Henry", "Éric Rousseau", status="proposed", created_at=ago(5), mentor_accepted_at=None),
    pair("Marie de La Rochefoucauld", "Maëlle Le Goff", last_held_on=ago(40).date()),
)


def test_by_default_what_waits_longest_comes_first_then_under_way_paused_and_complete() -> None:
    assert listed(FOUND) == [
        "Marie de La Rochefoucauld", "Dieter Schönberg", "Manon Henry", "Élodie Mercier",
        "Sarah Guérin", "Zoé Fontaine", "Denis Dumont", "Paul Clément",
    ]  # fmt: skip


def test_names_are_in_the_order_of_the_alphabet() -> None:
    assert listed(FOUND, sort=Sort.MENTEE) == [
        "Paul Clément", "Denis Dumont", "Zoé Fontaine", "Sarah Guérin", "Manon Henry",
        "Marie de La Rochefoucauld", "Élodie Mercier", "Dieter Schönberg",
    ]  # fmt: skip
    assert listed(FOUND, sort=Sort.MENTOR)[-3:] == ["Sarah Guérin", "Manon Henry", "Denis Dumont"]


def test_a_row_says_of_both_what_became_of_their_grades() -> None:
    both = FOUND.pairs[0].both
    grades = {
        both[0].person_id: ("grade_removed", ago(2).date()),
        both[1].person_id: ("grade_overridden", ago(5).date()),
    }
    [wait] = [row.wait for row in rows_of(FOUND, TODAY, grades) if row.pair is FOUND.pairs[0]]
    assert wait is not None
    assert (wait.who, wait.grades) == (both, ("grade_removed", "grade_overridden"))
    assert wait.since == ago(5).date()


def test_each_pair_is_counted_in_one_state() -> None:
    found = counts(rows_of(FOUND, TODAY, {}))
    assert sum(found.values()) == len(FOUND.pairs)
    assert [found[state] for state in PairState] == [1, 2, 3, 1, 1]
    for state in PairState:
        assert len(listed(FOUND, state)) == found[state]


@pytest.mark.parametrize("search", ["odegard", "ØDEG", "sør", "  Guerin ", "arah", "rah gu"])
def test_a_search_finds_any_part_of_either_name_without_accents_and_capitals(search: str) -> None:
    assert listed(FOUND, search=search) == ["Sarah Guérin"]


def test_a_search_combines_with_the_filter() -> None:
    assert listed(FOUND, PairState.SIGN, "e") == ["Dieter Schönberg", "Élodie Mercier"]
    assert listed(FOUND, PairState.PAUSED, "sarah") == []


def test_pages_hold_fifty_pairs_and_every_pair_once() -> None:
    overview = cohort(*(pair(f"A {n:03}", f"B {n:03}") for n in range(121)))
    rows = rows_of(overview, TODAY, {})
    shown = [name for number in (1, 2, 3) for name in names(page_of(rows, number)[0])]
    assert len(shown) == len(set(shown)) == 121
    assert [len(page_of(rows, number)[0]) for number in (1, 3)] == [PAIRS_A_PAGE, 21]
    assert page_of(rows, 99)[1:] == (3, 3)
    assert page_of([], 1) == ([], 1, 1)


def test_everybody_is_in_one_place_alone() -> None:
    gone = person("Paolo Ferrari", Role.MENTOR, has_left=True, free=False)
    alone, finished = person("Chloé Nguyen"), complete(person("Ngozi Okonkwo"))
    overview = cohort(
        *FOUND.pairs,
        pair(alone, gone),
        people=(person("Bénédicte Lagarde"), finished, person("X Y", free=False, status="withdrawn")),
    )
    in_rows = [line.id for row in rows_of(overview, TODAY, {}) for line in row.pair.both]
    places = [
        *in_rows,
        *(line.id for line in overview.waiting_for_a_pair),
        *(line.id for line in overview.gone),
        *(line.id for line in overview.finished_alone),
    ]
    assert sorted(places) == sorted(line.id for line in overview.participants)
    assert len(overview.in_rows) == len(in_rows)
    assert [line.card.name for line in overview.waiting_for_a_pair] == ["Chloé Nguyen", "Bénédicte Lagarde"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_pair_that_disagrees_waits_for_that_before_all_else(kept: bool) -> None:
    found = pair("A B", "C D", last_held_on=ago(50).date())
    # What is kept as it was, although the other says that it was not so, is still a disagreement.
    differs = meeting("held" if kept else "disputed", found.mentee, 2, "wrong-length")
    found = replace(found, open_sessions=(meeting("held", found.mentor, 3), differs), waiting=1)
    [row] = rows_of(cohort(found), TODAY, {})
    assert (row.wait.kind, row.is_urgent) == ("differs", True)
    assert found.last_met_on == (ago(50) if kept else ago(2)).date()
    assert found.is_last_unconfirmed is not kept


def test_confirmed_meetings_that_the_rule_does_not_count_are_told_apart() -> None:
    one = Progress(criteria=(CriterionLine("sessions", 1, 6, satisfied=False),))
    both = person("A B", progress=one), person("C D", Role.MENTOR, progress=one)
    assert cohort(pair(*both, confirmed=2)).uncounted_sessions == 1
