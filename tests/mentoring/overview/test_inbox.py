"""What needs the tutor: which lines there are, in which order, and how many alike become one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lti_tool.mentoring.overview.cohort import CohortOverview
from lti_tool.mentoring.overview.inbox import (
    FOLDED_OVER,
    GradeQuestion,
    InboxLine,
    LineKind,
    folded_lines,
    inbox,
)
from lti_tool.mentoring.overview.pair_rows import rows_of
from lti_tool.mentoring.roles import Role
from tests.mentoring.overview.cohorts import (
    TODAY,
    ago,
    awaiting_tutor,
    cohort,
    complete,
    meeting,
    pair,
    person,
    unsigned,
)


def lines_of(overview: CohortOverview, *grades: GradeQuestion) -> list[InboxLine]:
    of_people = {each.person_id: (str(each.kind), each.since.date()) for each in grades}
    return inbox(overview, rows_of(overview, TODAY, of_people), grades, TODAY)


def kinds(overview: CohortOverview, *grades: GradeQuestion) -> list[str]:
    return [str(line.kind) for line in lines_of(overview, *grades)]


def test_the_order_is_by_what_is_blocked_then_wrong_then_waited_for_then_silent() -> None:
    graded = complete(person("Ngozi Okonkwo", free=False))
    grade = GradeQuestion(graded.person_id, LineKind.GRADE_REMOVED, ago(2), "")
    gone = person("Paolo Ferrari", Role.MENTOR, has_left=True, free=False, listed_at=ago(3))
    alone = person("Chloé Nguyen")
    noted = pair("Hugo Leroy", "Camille Roussel")
    overview = cohort(
        pair("Jean Vandenbroucke", "Maëlle Le Goff", last_held_on=ago(34).date()),
        unsigned("Dieter Schönberg", "Fatou Diallo", 9, by_mentor=True),
        replace(noted, open_sessions=(meeting("held", noted.mentor, 8),), waiting=1),
        replace(
            differs := pair("Pierre Delahaye", "Inès Benali"),
            open_sessions=(meeting("disputed", differs.mentor, 9, "wrong-length"),),
            disputed_at=ago(6),
        ),
        pair(graded, complete(person("Léa Petit", Role.MENTOR, free=False))),
        pair(awaiting_tutor(person("Bo Li", free=False)), "Anne Le Gall"),
        pair(alone, gone),
        people=(
            person("Bénédicte Lagarde", joined_at=ago(12)),
            person("Tomasz Wiśniewski", Role.MENTOR, status="invited", joined_at=ago(8)),
            person("Anne Roy", status="refused", free=False, refused_at=ago(4)),
            person(
                "Marc Roy", status="refused", free=False, refused_at=ago(5), left_as_it_is=("refused", ago(5))
            ),
        ),
    )
    lines = lines_of(overview, grade)
    assert [(str(line.kind), line.days(TODAY)) for line in lines] == [
        ("alone", 12),
        ("to_approve", 5),
        ("partner_left", 3),
        ("grade_removed", 2),
        ("unsigned", 9),
        ("unconfirmed", 8),
        ("differs", 6),
        ("refused", 4),
        ("silent", 34),
        ("invited", 8),
    ]
    about = {str(line.kind): [who.card.name for who in line.people] for line in lines}
    assert about["unsigned"] == ["Dieter Schönberg"]
    assert about["unconfirmed"] == ["Hugo Leroy"]
    assert about["differs"] == ["Pierre Delahaye", "Inès Benali"]
    assert about["partner_left"] == ["Chloé Nguyen"]


@pytest.mark.parametrize(("days", "found"), [(6, []), (7, ["unsigned"])])
def test_a_signature_is_the_tutors_business_after_a_week(days: int, found: list[str]) -> None:
    assert kinds(cohort(unsigned("A B", "C D", days))) == found


@pytest.mark.parametrize(("days", "found"), [(29, []), (30, ["silent"])])
def test_silence_begins_after_thirty_days(days: int, found: list[str]) -> None:
    assert kinds(cohort(pair("A B", "C D", last_held_on=ago(days).date()))) == found


def test_a_pair_that_never_met_is_silent_since_it_signed() -> None:
    signed = ago(31)
    found = pair("A B", "C D", last_held_on=None, mentor_signed_at=signed, mentee_signed_at=ago(40))
    assert [line.since for line in lines_of(cohort(found))] == [signed.date()]


@pytest.mark.parametrize("status", ["paused", "proposed"])
def test_a_pair_on_hold_or_just_proposed_needs_nobody(status: str) -> None:
    found = pair("A B", "C D", status=status, last_held_on=ago(90).date(), created_at=ago(2))
    assert kinds(cohort(found)) == []


def test_somebody_invited_who_is_in_a_pair_is_waited_for_there_alone() -> None:
    invited = person("A B", status="invited", free=False, joined_at=ago(20))
    proposed = pair(invited, "C D", status="proposed", created_at=ago(20), mentee_accepted_at=None)
    assert kinds(cohort(proposed)) == ["not_accepted"]


def test_who_has_completed_is_not_left_alone_by_a_partner_who_leaves() -> None:
    gone = person("C D", Role.MENTOR, has_left=True, free=False)
    assert kinds(cohort(pair(complete(person("A B")), gone))) == []


def test_more_than_five_alike_become_one_line_where_the_oldest_stood() -> None:
    waiting = [person(f"Person {number}", joined_at=ago(number)) for number in range(FOLDED_OVER + 1)]
    overview = cohort(unsigned("A B", "C D", 9), people=tuple(waiting))
    lines = lines_of(overview)
    assert len(lines) == FOLDED_OVER + 2
    folded = folded_lines(lines)
    assert [(str(line.kind), len(line.members)) for line in folded] == [("alone", 6), ("unsigned", 0)]
    assert folded[0].since == ago(FOLDED_OVER).date()
    assert [line.kind for line in folded_lines(lines[1:])] == [line.kind for line in lines[1:]]


def test_every_line_has_a_key_of_its_own() -> None:
    people = tuple(person(f"Person {number}", joined_at=ago(1)) for number in range(20))
    keys = [line.key for line in lines_of(cohort(people=people))]
    assert len(set(keys)) == len(keys) == 20
