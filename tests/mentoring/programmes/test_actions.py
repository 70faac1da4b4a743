"""Opening an activity, and choosing what a new one opens."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity import organisations
from lti_tool.identity.models import Course
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.programmes.actions import choose_activity, name_owner, open_placement
from lti_tool.mentoring.programmes.beginning import missing_for_ready
from lti_tool.mentoring.programmes.models import (
    Cohort,
    Placement,
    ProgrammeOwner,
    ProgrammeSettings,
    RoleView,
)
from lti_tool.mentoring.programmes.offers import own_programmes
from lti_tool.mentoring.programmes.queries import groups_to_share
from lti_tool.mentoring.programmes.template import load_template
from tests.builder import Builder, World, add_course, add_link, add_person, add_registration
from tests.mentoring.checks import LATER, event_names, refused


def open_link(
    db: Session, world: World, link_id: uuid.UUID, content_id: uuid.UUID | None = None
) -> Placement:
    return open_placement(
        db,
        organisation_id=world.organisation_id,
        course_id=world.course_id,
        resource_link_id=link_id,
        content_id=content_id,
        template=load_template("digital-skills"),
        opened_by=world.tutor_id,
        now=LATER,
    )


def choose(
    db: Session, world: World, cohort_id: uuid.UUID | None, role_view: str = "both", **changes: uuid.UUID
) -> uuid.UUID:
    content_id = uuid.uuid4()
    values = {
        "course_id": world.course_id,
        "organisation_id": world.organisation_id,
        "chosen_by": world.tutor_id,
    }
    choose_activity(
        db,
        content_id=content_id,
        cohort_id=cohort_id,
        role_view=role_view,
        now=LATER,
        **(values | changes),
    )
    return content_id


def second_link(db: Session, world: World) -> uuid.UUID:
    return add_link(db, db.get_one(Course, world.course_id), "activity-2").id


def test_the_first_tutor_launch_opens_a_running_cohort_that_lacks_nothing(world: World) -> None:
    with world.services.database.reading() as db:
        cohort = world.cohort(db)
        assert cohort.status == "running"
        assert missing_for_ready(db, cohort, LATER.date()) == []
        assert cohort.kpis
        assert cohort.baseline["items"]


def test_opening_again_returns_the_cohort_that_is_there(world: World) -> None:
    with world.transaction() as db:
        before = event_names(db)
        assert open_link(db, world, world.resource_link_id).cohort_id == world.cohort_id
        assert event_names(db) == before


def test_who_opens_an_activity_owns_the_programme(world: World) -> None:
    with world.services.database.reading() as db:
        owners = db.scalars(sa.select(ProgrammeOwner.person_id)).all()
    assert owners == [world.tutor_id]


def test_a_cohort_runs_on_the_first_version_of_its_programme_s_settings(world: World) -> None:
    with world.services.database.reading() as db:
        settings = db.get_one(ProgrammeSettings, world.cohort(db).settings_id)
    assert (settings.number, settings.settings["code"]) == (1, "demo")


def test_a_second_activity_in_a_course_has_a_cohort_of_its_own(world: World) -> None:
    with world.transaction() as db:
        placement = open_link(db, world, second_link(db, world))
        assert placement.cohort_id != world.cohort_id
        assert db.scalar(sa.select(sa.func.count()).select_from(Cohort)) == 2


def test_a_chosen_group_is_opened_by_the_second_activity(world: World) -> None:
    with world.transaction() as db:
        content_id = choose(db, world, world.cohort_id, "mentor")
        placement = open_link(db, world, second_link(db, world), content_id)
    assert (placement.cohort_id, placement.role_view) == (world.cohort_id, RoleView.MENTOR)


def test_a_choice_made_in_another_course_opens_a_new_group(world: World) -> None:
    with world.transaction() as db:
        content_id = choose(db, world, world.cohort_id)
        copy = add_course(db, world.deployment_id, "copy")
        link = add_link(db, copy)
        placement = open_placement(
            db,
            organisation_id=world.organisation_id,
            course_id=copy.id,
            resource_link_id=link.id,
            content_id=content_id,
            template=load_template("demo"),
            opened_by=world.tutor_id,
            now=LATER,
        )
    assert placement.cohort_id != world.cohort_id


def test_a_group_that_the_tutor_does_not_teach_cannot_be_chosen(world: World) -> None:
    with world.transaction() as db:
        course = db.get_one(Course, world.course_id)
        other = add_person(db, world.registration_id, course, "Other Tutor")
        refused("not_own_group", lambda: choose(db, world, world.cohort_id, chosen_by=other.id))


def test_a_group_of_another_organisation_cannot_be_chosen(world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    with world.transaction() as db:
        refused("not_own_group", lambda: choose(db, world, elsewhere.cohort_id))


def test_a_group_that_does_not_exist_cannot_be_chosen(world: World) -> None:
    with world.transaction() as db:
        refused("not_own_group", lambda: choose(db, world, uuid.uuid4()))


def test_a_programme_that_the_tutor_does_not_teach_cannot_be_chosen(world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    with world.transaction() as db:
        course = db.get_one(Course, world.course_id)
        other = add_person(db, world.registration_id, course, "Other Tutor")
        mine, theirs = (found.cohort(db).programme_id for found in (world, elsewhere))
        for changes in (
            {"programme_id": theirs},
            {"programme_id": mine, "chosen_by": other.id},
            {"programme_id": uuid.uuid4()},
            {"programme_id": mine, "organisation_id": elsewhere.organisation_id},
        ):
            refused("not_own_programme", lambda changes=changes: choose(db, world, None, **changes))


def test_the_own_programmes_are_those_that_the_person_teaches(world: World) -> None:
    Builder(world.services).world(issuer="https://other.example")
    with world.services.database.reading() as db:
        mine = own_programmes(db, world.organisation_id, world.tutor_id)
        theirs = own_programmes(db, world.organisation_id, world.mentor(db).person_id)
        assert [programme.id for programme in mine] == [world.cohort(db).programme_id]
    assert theirs == []


def test_the_groups_to_share_are_those_that_the_person_teaches(world: World) -> None:
    Builder(world.services).world(issuer="https://other.example")
    with world.services.database.reading() as db:
        mine = groups_to_share(db, world.organisation_id, world.tutor_id)
        theirs = groups_to_share(db, world.organisation_id, world.mentor(db).person_id)
    assert [group.cohort_id for group in mine] == [world.cohort_id]
    assert theirs == []


def test_a_tutor_whom_only_a_roster_lists_shares_nothing(world: World) -> None:
    with world.transaction() as db:
        course = db.get_one(Course, world.course_id)
        listed = add_person(
            db, world.registration_id, course, "Listed Tutor", CourseRole.TUTOR, launched=False
        )
        assert groups_to_share(db, world.organisation_id, listed.id) == []


def test_naming_an_owner_twice_changes_nothing(world: World) -> None:
    with world.transaction() as db:
        programme_id = world.cohort(db).programme_id
        person_id = world.mentor(db).person_id
        for _ in range(2):
            name_owner(db, programme_id=programme_id, person_id=person_id, now=LATER)
        assert event_names(db).count("OwnerNamed") == 2  # the tutor's and this one


def test_what_is_shared_stays_within_the_organisation(world: World) -> None:
    """A course of another deployment of the same platform, which belongs to another company."""
    with world.transaction() as db:
        other = organisations.add_for(db, "Other company")
        _, deployment = add_registration(db, other, "https://second.example")
        course = add_course(db, deployment.id)
        refused(
            "not_own_group",
            lambda: choose(db, world, world.cohort_id, course_id=course.id, organisation_id=other.id),
        )
