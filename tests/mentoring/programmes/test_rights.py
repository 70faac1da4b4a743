"""Who owns a programme, who may use it, and who reads it for human resources."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.models import ProgrammeOwner
from lti_tool.mentoring.programmes.offers import latest_cohort_to_follow, own_programmes
from lti_tool.mentoring.programmes.placements import waiting_groups
from lti_tool.mentoring.programmes.right_models import HrLink, HrReader
from lti_tool.mentoring.programmes.rights import (
    HR_LINK_LASTS,
    end_hr_reading,
    end_share,
    give_up_ownership,
    make_hr_link,
    name_tutor_as_owner,
    share,
    use_hr_link,
    withdraw_hr_link,
)
from lti_tool.mentoring.programmes.scaling import scale_up
from tests.builder import Builder, World
from tests.mentoring.checks import LATER, event_names, refused


def programme(world: World) -> uuid.UUID:
    return world.built_cohort.programme.id


def at_once(world: World, acts: list[Callable[[Session], object]]) -> list[str]:
    """Let each act in a transaction of its own, all at the same moment; the code of each refusal, or ``done``."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> str:
        barrier.wait(timeout=10)
        try:
            with world.build.on(world.services).acting_as(world.build.principal).transaction() as db:
                act(db)
        except NotAllowed as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_an_owner_is_named_among_the_tutors_of_the_programme_s_courses(world: World) -> None:
    colleague = world.course.tutor("A Colleague")
    learner = world.course.person("A Learner")
    with world.acting() as db:
        for _twice in range(2):
            name_tutor_as_owner(db, programme_id=programme(world), person_id=colleague.id, now=LATER)
        refused(
            "not_a_tutor_here",
            lambda: name_tutor_as_owner(db, programme_id=programme(world), person_id=learner.id, now=LATER),
        )
        assert event_names(db).count("OwnerNamed") == 2  # the tutor's by opening the programme


def test_the_last_owner_stays_also_where_two_leave_at_once(world: World) -> None:
    colleague = world.course.tutor("A Colleague")
    with world.acting() as db:
        refused(
            "last_owner",
            lambda: give_up_ownership(db, programme_id=programme(world), person_id=world.tutor_id, now=LATER),
        )
        name_owner(db, programme_id=programme(world), person_id=colleague.id, now=LATER)
    done = at_once(
        world,
        [
            lambda db, person=person: give_up_ownership(
                db, programme_id=programme(world), person_id=person, now=LATER
            )
            for person in (world.tutor_id, colleague.id)
        ],
    )
    assert done == ["done", "last_owner"]
    with world.services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(ProgrammeOwner)) == 1


def test_a_link_for_human_resources_is_good_once_also_where_two_open_it_at_once(world: World) -> None:
    people = [world.course.person(name).id for name in ("First Of HR", "Second Of HR")]
    with world.acting() as db:
        secret = make_hr_link(
            db, programme_id=programme(world), made_by=world.tutor_id, made_for="HR", now=LATER
        )
    done = at_once(
        world,
        [
            lambda db, person=person: use_hr_link(
                db, secret, person_id=person, organisation_id=world.organisation_id, now=LATER
            )
            for person in people
        ],
    )
    assert done == ["done", "hr_link_used"]
    with world.services.database.reading() as db:
        reader = db.scalars(sa.select(HrReader)).one()
        assert secret not in {link.token_hash for link in db.scalars(sa.select(HrLink))}
    assert reader.person_id in people


def test_links_that_are_over_or_foreign_open_nothing(world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    person = world.course.person("Of Human Resources").id
    ours, of = programme(world), world.organisation_id

    def use(db: Session, secret: str, now: dt.datetime = LATER, **changes: uuid.UUID) -> uuid.UUID:
        return use_hr_link(db, secret, **{"person_id": person, "organisation_id": of, "now": now, **changes})

    with world.acting() as db:
        secret = make_hr_link(db, programme_id=ours, made_by=world.tutor_id, made_for="HR", now=LATER)
        link_id = db.scalars(sa.select(HrLink.id)).one()
        refused("hr_link_unknown", lambda: use(db, secret + "x"))
        refused("hr_link_unknown", lambda: use(db, secret, organisation_id=elsewhere.organisation_id))
        refused("hr_link_expired", lambda: use(db, secret, LATER + HR_LINK_LASTS))
        refused("hr_link_own", lambda: use(db, secret, person_id=world.tutor_id))
        refused(
            "hr_link_unknown",
            lambda: withdraw_hr_link(db, programme_id=programme(elsewhere), link_id=link_id, now=LATER),
        )
        withdraw_hr_link(db, programme_id=ours, link_id=link_id, now=LATER)
        refused("hr_link_withdrawn", lambda: use(db, secret))
        second = make_hr_link(db, programme_id=ours, made_by=world.tutor_id, made_for="HR", now=LATER)
        # Whoever opens it again is where they were; the right ends with the owner's word, and a new link gives it anew.
        assert use(db, second) == use(db, second) == ours
        end_hr_reading(db, programme_id=ours, person_id=person, now=LATER)
        refused("hr_link_used", lambda: use(db, second))
        third = make_hr_link(db, programme_id=ours, made_by=world.tutor_id, made_for="HR", now=LATER)
        assert use(db, third) == ours


def test_a_programme_is_offered_to_the_teachers_with_whom_it_is_shared(world: World) -> None:
    ours, of = programme(world), world.organisation_id
    course, other = world.course.platform.course("B"), world.course.platform.course("C")
    teacher, another = (each.person(each.id.hex, CourseRole.TUTOR).id for each in (course, other))
    learner = course.person("A Learner").id
    stranger = Builder(world.services).world(issuer="https://other.example")

    def offered(db: Session, person: uuid.UUID, organisation: uuid.UUID = of) -> list[bool]:
        found = own_programmes(db, organisation, person)
        assert all(each.id == ours for each in found)
        latest = latest_cohort_to_follow(db, ours, organisation, person)
        assert latest == (world.cohort_id if found else None)
        # So is the group that waits for an activity.
        assert len(waiting_groups(db, organisation, person)) == len(found)
        return [each.is_shared for each in found]

    with world.acting() as db:
        scale_up(db, cohort_id=world.cohort_id, now=LATER)
        assert offered(db, world.tutor_id) == [False]
        assert offered(db, teacher) == []
        share(db, programme_id=ours, course_id=course.id, now=LATER)
        assert [offered(db, person) for person in (teacher, another, learner)] == [[True], [], []]
        share(db, programme_id=ours, course_id=None, now=LATER)
        share(db, programme_id=ours, course_id=None, now=LATER)
        assert [offered(db, person) for person in (teacher, another, learner)] == [[True], [True], []]
        assert offered(db, world.tutor_id) == [False]
        assert latest_cohort_to_follow(db, ours, of, stranger.tutor_id) is None
        assert latest_cohort_to_follow(db, ours, stranger.organisation_id, stranger.tutor_id) is None
        for course_id in (None, course.id, course.id):
            end_share(db, programme_id=ours, course_id=course_id, now=LATER)
        assert offered(db, teacher) == []
        names = event_names(db)
    assert (names.count("ProgrammeShared"), names.count("ProgrammeShareEnded")) == (2, 2)
