"""An activity that came with a copy of its course, or was duplicated within one, and what it opens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Course, Membership, Organisation
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.programmes.actions import CopyAnswer, IsDuplicate, choose_activity, open_placement
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CompletionRuleVersion,
    Placement,
    Programme,
    ProgrammeOwner,
    RoleView,
)
from lti_tool.mentoring.programmes.template import load_template
from tests.builder import Builder, World, add_course, add_link, add_registration
from tests.mentoring.checks import LATER, event_names


@dataclass
class Activities:
    """Opens activities of courses of one deployment."""

    db: Session
    world: World

    def course(self, context_id: str, *history: str) -> Course:
        """A course, and what the platform says that it was copied from."""
        course = add_course(self.db, self.world.deployment_id, context_id)
        course.context_history = ",".join(history) or None
        return course

    def open(
        self,
        course: Course,
        name: str,
        content_id: uuid.UUID | None,
        answer: CopyAnswer | None = None,
        organisation_id: uuid.UUID | None = None,
    ) -> Placement:
        return open_placement(
            self.db,
            organisation_id=organisation_id or self.world.organisation_id,
            course_id=course.id,
            resource_link_id=add_link(self.db, course, name).id,
            content_id=content_id,
            template=load_template("digital-skills"),
            opened_by=self.world.tutor_id,
            now=LATER,
            answer=answer,
        )

    def cohort(self, placement: Placement) -> Cohort:
        return self.db.get_one(Cohort, placement.cohort_id)

    def programmes(self) -> int:
        return self.db.scalars(sa.select(sa.func.count()).select_from(Programme)).one()

    def choose(self, course: Course, cohort_id: uuid.UUID | None, role_view: RoleView) -> uuid.UUID:
        content_id = uuid.uuid4()
        choose_activity(
            self.db,
            content_id=content_id,
            course_id=course.id,
            organisation_id=self.world.organisation_id,
            cohort_id=cohort_id,
            role_view=role_view,
            chosen_by=self.world.tutor_id,
            now=LATER,
        )
        return content_id

    def original(self) -> tuple[Course, uuid.UUID, Placement]:
        """An activity for mentors in a course of its own, added with the picker."""
        course = self.course("original")
        self.db.add(
            Membership(
                course_id=course.id, person_id=self.world.tutor_id, role=CourseRole.TUTOR, launched_at=LATER
            )
        )
        content_id = self.choose(course, None, RoleView.MENTOR)
        return course, content_id, self.open(course, "activity", content_id)


def test_a_copied_course_has_a_fresh_group_of_the_same_programme(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, original = activities.original()
        before = activities.programmes()
        copy = activities.open(activities.course("copy", "original"), "activity", content_id)
        group, source = activities.cohort(copy), activities.cohort(original)
        assert group.id != source.id
        assert activities.programmes() == before
        assert (group.programme_id, group.settings_id, group.kpis, group.baseline) == (
            source.programme_id, source.settings_id, source.kpis, source.baseline,
        )  # fmt: skip
        assert (group.number, group.copied_from_id, copy.role_view) == (2, source.id, RoleView.MENTOR)
        assert (group.starts_on, group.ends_on - group.starts_on) == (
            LATER.date(), source.ends_on - source.starts_on,
        )  # fmt: skip
        rules = [
            db.scalars(
                sa.select(CompletionRuleVersion.rule).where(CompletionRuleVersion.cohort_id == cohort.id)
            ).one()
            for cohort in (group, source)
        ]
        assert rules[0] == rules[1]


def test_a_copied_course_takes_nobody_along_and_changes_nothing_in_the_other(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        source = db.get_one(Course, world.course_id)
        before = event_names(db)
        people = set(db.scalars(sa.select(Participant.id).where(Participant.cohort_id == world.cohort_id)))
        assert people
        copy = activities.open(activities.course("copy", source.context_id), "activity", None)
        assert activities.cohort(copy).copied_from_id == world.cohort_id
        assert (
            db.scalars(sa.select(Participant.id).where(Participant.cohort_id == copy.cohort_id)).all() == []
        )
        assert (
            set(db.scalars(sa.select(Participant.id).where(Participant.cohort_id == world.cohort_id)))
            == people
        )
        assert event_names(db)[len(before) :] == ["CohortStarted", "PlacementOpened"]


def test_who_opens_a_copy_does_not_become_an_owner_of_the_programme(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, original = activities.original()
        programme_id = activities.cohort(original).programme_id
        db.execute(sa.delete(ProgrammeOwner))
        activities.open(activities.course("copy", "original"), "activity", content_id)
        assert (
            db.scalars(
                sa.select(ProgrammeOwner.person_id).where(ProgrammeOwner.programme_id == programme_id)
            ).all()
            == []
        )


def test_two_activities_that_shared_a_group_share_the_new_one(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, for_mentors, original = activities.original()
        for_mentees = activities.choose(course, original.cohort_id, RoleView.MENTEE)
        activities.open(course, "activity 2", for_mentees)
        copy = activities.course("copy", "original")
        one = activities.open(copy, "activity", for_mentors)
        other = activities.open(copy, "activity 2", for_mentees)
        assert one.cohort_id == other.cohort_id != original.cohort_id
        assert (one.role_view, other.role_view) == (RoleView.MENTOR, RoleView.MENTEE)


def test_a_copy_of_a_copy_is_one_of_the_nearest_course_that_has_the_activity(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, _original = activities.original()
        second = activities.open(activities.course("second", "original"), "activity", content_id)
        third = activities.open(
            activities.course("third", "never seen", "second", "original"), "activity", content_id
        )
        assert activities.cohort(third).copied_from_id == second.cohort_id


def test_an_activity_without_a_content_id_among_several_is_not_guessed(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course = activities.course("original")
        originals = [activities.open(course, name, None) for name in ("activity", "activity 2")]
        copy = activities.open(activities.course("copy", "original"), "activity", None)
        assert activities.cohort(copy).programme_id not in {
            activities.cohort(original).programme_id for original in originals
        }


@pytest.mark.parametrize("history", [(), ("somewhere else",)])
def test_the_content_id_alone_joins_no_programme(world: World, history: tuple[str, ...]) -> None:
    """Whoever edits the activity's custom parameters could write any id into them."""
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, original = activities.original()
        copy = activities.open(activities.course("copy", *history), "activity", content_id)
        assert activities.cohort(copy).programme_id != activities.cohort(original).programme_id


def test_another_organisation_s_programme_is_never_copied(world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, original = activities.original()
        copy = activities.open(
            activities.course("copy", "original"),
            "activity",
            content_id,
            organisation_id=elsewhere.organisation_id,
        )
        assert activities.cohort(copy).programme_id != activities.cohort(original).programme_id


def test_the_same_ids_on_another_platform_are_another_course(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        _course, content_id, original = activities.original()
        organisation = db.get_one(Organisation, world.organisation_id)
        _registration, deployment = add_registration(db, organisation, "https://second.example")
        course = add_course(db, deployment.id, "copy")
        course.context_history = "original"
        copy = activities.open(course, "activity", content_id)
        assert activities.cohort(copy).programme_id != activities.cohort(original).programme_id


def test_a_duplicate_opens_nothing_before_its_tutor_is_asked(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, content_id, original = activities.original()
        before = event_names(db)
        with pytest.raises(IsDuplicate) as asked:
            activities.open(course, "duplicate", content_id)
        assert asked.value.original.placement_id == original.id
        assert event_names(db) == before


def test_a_duplicate_opens_the_same_group_when_its_tutor_says_so(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, content_id, original = activities.original()
        duplicate = activities.open(course, "duplicate", content_id, answer=CopyAnswer.SAME)
        assert (duplicate.cohort_id, duplicate.role_view) == (original.cohort_id, RoleView.MENTOR)


def test_a_duplicate_opens_a_new_group_of_the_programme_when_its_tutor_says_so(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, content_id, original = activities.original()
        duplicate = activities.open(course, "duplicate", content_id, answer=CopyAnswer.NEW)
        group, source = activities.cohort(duplicate), activities.cohort(original)
        assert (group.id != source.id, group.programme_id) == (True, source.programme_id)


def test_an_answer_is_for_duplicates_alone(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, _content_id, original = activities.original()
        second = activities.open(course, "activity 2", uuid.uuid4(), answer=CopyAnswer.SAME)
        assert second.cohort_id != original.cohort_id


def test_duplicates_of_two_activities_that_share_a_group_share_the_new_one(world: World) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, for_mentors, original = activities.original()
        for_mentees = activities.choose(course, original.cohort_id, RoleView.MENTEE)
        activities.open(course, "activity 2", for_mentees)
        one, other = (
            activities.open(course, f"duplicate {content_id}", content_id, CopyAnswer.NEW)
            for content_id in (for_mentors, for_mentees)
        )
        assert one.cohort_id == other.cohort_id != original.cohort_id
        assert (one.role_view, other.role_view) == (RoleView.MENTOR, RoleView.MENTEE)


@pytest.mark.parametrize("first", ["mentors", "mentees"])
def test_activities_share_the_new_group_where_the_copied_course_has_only_one_of_them_open(
    world: World, first: str
) -> None:
    with world.transaction() as db:
        activities = Activities(db, world)
        course, for_mentors, original = activities.original()
        for_mentees = activities.choose(course, original.cohort_id, RoleView.MENTEE)
        activities.open(course, "activity 2", for_mentees)
        middle = activities.open(activities.course("middle", "original"), "activity", for_mentors)
        copy = activities.course("copy", "middle", "original")
        contents = [for_mentors, for_mentees] if first == "mentors" else [for_mentees, for_mentors]
        groups = {activities.open(copy, str(content_id), content_id).cohort_id for content_id in contents}
        assert len(groups) == 1
        assert {db.get_one(Cohort, group).copied_from_id for group in groups} == {middle.cohort_id}
