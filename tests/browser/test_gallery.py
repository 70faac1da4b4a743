"""The gallery's index against the states: a state without a face fails, and so does a face of nobody. No browser."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.mentoring.enrolment.queries import participant_of_person
from lti_tool.mentoring.journey.queries import journey_of
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.pairs.queries import latest_ended_pair, open_pairs_of
from tests.browser.cases import CASES
from tests.browser.gallery_faces import (
    PEOPLE,
    STATES,
    STATUSES,
    ordered_cases,
    person_in,
)
from tests.browser.pages_screenshots import living_cohort


def test_every_state_has_a_face():
    assert set(STATES) == set(Step)


def test_every_page_is_shown_once():
    assert sorted(case.name for case in ordered_cases()) == sorted(case.name for case in CASES)


def test_every_case_that_a_state_names_is_there():
    assert {where for where in STATES.values() if isinstance(where, str)} <= {case.name for case in CASES}


def test_the_committed_people_are_46_with_long_names_in_several_scripts():
    names = [" ".join(names) for names in PEOPLE]
    assert len(set(names)) == 46
    assert max(map(len, names)) > 35
    assert sum(not name.isascii() and name[0] > "\u0370" for name in names) >= 8


def test_whoever_is_shown_for_a_state_is_in_it(services):
    cohort = living_cohort(services, "fr")
    found = {}
    with services.database.reading() as db:
        for step in STATES:
            place = person_in(step)
            if place is None:
                continue
            participant = participant_of_person(db, cohort.group.cohort_id, cohort.people[place])
            assert participant is not None, step
            ended = latest_ended_pair(db, participant.id)
            pairs = open_pairs_of(db, participant.id) or ([ended] if ended is not None else [])
            journey = journey_of(db, participant, pairs)
            found[step] = journey.step(journey.pair())
        in_rows = {
            each.kind: {
                each.kind(status)
                for status in db.scalars(sa.select(sa.column("status")).select_from(each.model).distinct())
            }
            for each in STATUSES
        }
    assert found == {step: step for step in found}
    assert in_rows == {each.kind: set(each.kind) - set(each.nowhere) for each in STATUSES}
