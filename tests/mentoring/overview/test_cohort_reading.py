"""What is made of a cohort's rows is used again as long as they are the same, and never once they are not."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.overview import cohort_reading
from lti_tool.mentoring.overview.cohort import CohortOverview
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.programmes.models import ProgrammeOwner
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.mentoring.roles import Role
from tests.builder import Builder, BuiltCohort, World


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


def test_a_teacher_whom_the_roster_does_not_list_is_named_only_where_there_is_nobody_else(
    world: World,
) -> None:
    """Moodle launches its administrators as teachers of every course: at once, not from the next reading on."""
    administrator = world.course.person("Site Administrator", CourseRole.TUTOR)

    def named() -> tuple[tuple[str, ...], str | None]:
        with world.services.database.reading() as db:
            found = tutor_of_cohort(db, world.cohort_id)
            return overview_of(db, world.cohort_id).tutors, found.name if found is not None else None

    with world.acting() as db:
        tutor = db.scalars(sa.select(Membership).where(Membership.person_id == world.tutor_id)).one()
        looked_in = db.scalars(sa.select(Membership).where(Membership.person_id == administrator.id)).one()
        db.execute(sa.delete(ProgrammeOwner))
        assert tutor.launched_at is not None
        looked_in.launched_at = tutor.launched_at + dt.timedelta(hours=1)
        read_at = looked_in.launched_at - dt.timedelta(minutes=30)
    assert named() == (("Claire Fontaine", "Site Administrator"), "Site Administrator")
    with world.acting() as db:
        everybody_but = Membership.person_id != administrator.id
        db.execute(sa.update(Membership).where(everybody_but).values(listed_at=read_at))
    assert named() == (("Claire Fontaine",), "Claire Fontaine")
    with world.acting() as db:
        db.execute(sa.update(Membership).where(Membership.person_id == world.tutor_id).values(active=False))
    assert named() == (("Site Administrator",), "Site Administrator")
