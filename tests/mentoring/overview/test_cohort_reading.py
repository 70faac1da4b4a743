"""What is made of a cohort's rows is used again as long as they are the same, and never once they are not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Person
from lti_tool.mentoring.overview import cohort_reading
from lti_tool.mentoring.overview.cohort import CohortOverview
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.roles import Role
from tests.builder import Builder, BuiltCohort


def read(services: Services, cohort: BuiltCohort) -> CohortOverview:
    with services.database.reading() as db:
        return overview_of(db, cohort.id)


def test_a_reading_that_finds_nothing_new_is_the_one_before(build: Builder, services: Services) -> None:
    cohort = build.cohort()
    cohort.pair()
    assert read(services, cohort) is read(services, cohort)


def test_what_has_changed_is_made_anew_and_the_rest_used_again(build: Builder, services: Services) -> None:
    cohort = build.cohort()
    cohort.pair()
    other = cohort.pair(cohort.mentor("Léa Nguyen"), cohort.mentee("Marc Tessier"))
    before = read(services, cohort)
    other.session(by=Role.MENTOR)
    after = read(services, cohort)
    assert before.pairs[0] is after.pairs[0]
    assert [pair.waiting for pair in (*before.pairs, *after.pairs)] == [0, 0, 0, 1]
    other.end()
    assert [pair.id for pair in read(services, cohort).pairs] == [before.pairs[0].id]


def test_another_name_is_seen_although_no_event_says_so(build: Builder, services: Services) -> None:
    cohort = build.cohort()
    pair = cohort.pair()
    read(services, cohort)
    with services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == pair.mentee.person.id).values(name="Zoé Another"))
    after = read(services, cohort)
    assert after.pairs[0].mentee.card.name == "Zoé Another"
    assert after.pairs[0].mentee in after.participants


def test_only_so_many_rows_are_kept(
    build: Builder, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, other = build.cohort(), build.cohort()
    cohort.pair()
    other.pair()
    first = read(services, cohort)
    monkeypatch.setattr(cohort_reading, "ROWS_KEPT", 1)
    read(services, other)
    assert read(services, cohort) is not first
