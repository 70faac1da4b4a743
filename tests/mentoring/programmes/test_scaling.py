"""From a pilot to full scale: a group with the same settings and rule, without people, that waits for an activity."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson
from lti_tool.mentoring.enrolment.queries import people_in_cohorts
from lti_tool.mentoring.programmes.actions import NothingChosen, choose_activity, open_placement
from lti_tool.mentoring.programmes.models import (
    Cohort,
    CompletionRuleVersion,
    Placement,
    ProgrammeOwner,
    ProgrammeSettings,
)
from lti_tool.mentoring.programmes.placements import unplaced_cohort, waiting_groups
from lti_tool.mentoring.programmes.queries import rule_of_cohort
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.scaling import (
    CARRIED_OVER,
    NOT_CARRIED_OVER,
    last_day,
    scale_up,
    take_back,
)
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.web.owner.figures import cohorts_of, programme_record
from tests.builder import World, add_link
from tests.mentoring.checks import LATER, refused


def scaled(db: Session, world: World) -> Cohort:
    return scale_up(db, cohort_id=world.cohort_id, now=LATER)


def back(db: Session, cohort: Cohort, programme_id: uuid.UUID | None = None) -> None:
    take_back(db, cohort_id=cohort.id, programme_id=programme_id or cohort.programme_id, now=LATER)


def opened(db: Session, world: World, content_id: uuid.UUID) -> Placement:
    return open_placement(
        db,
        organisation_id=world.organisation_id,
        course_id=world.course_id,
        resource_link_id=add_link(db, world.course_row(db), "full-scale").id,
        content_id=content_id,
        template=load_template("demo"),
        opened_by=world.tutor_id,
        now=LATER,
    )


def choose(db: Session, world: World, cohort_id: uuid.UUID, person_id: uuid.UUID) -> uuid.UUID:
    content_id = uuid.uuid4()
    choose_activity(
        db,
        content_id=content_id,
        course_id=world.course_id,
        organisation_id=world.organisation_id,
        cohort_id=cohort_id,
        role_view="both",
        chosen_by=person_id,
        now=LATER,
    )
    return content_id


@pytest.mark.parametrize(
    ("pilot_ends", "last"),
    [(dt.date(2027, 3, 18), dt.date(2027, 9, 19)), (dt.date(2026, 9, 28), dt.date(2027, 3, 29))],
)
def test_it_lasts_as_many_months_or_as_many_days_where_those_are_not_whole(
    pilot_ends: dt.date, last: dt.date
) -> None:
    pilot = Cohort(starts_on=dt.date(2026, 9, 18), ends_on=pilot_ends)
    assert last_day(dt.date(2027, 3, 19), like=pilot) == last


def test_full_scale_has_the_pilot_s_settings_and_present_rule_and_nobody(world: World) -> None:
    world.pair()
    with world.transaction() as db:
        pilot = world.cohort(db)
        changed = {**rule_of_cohort_document(db, pilot.id), "mode": "any"}
        db.add(
            CompletionRuleVersion(
                id=uuid.uuid4(), cohort_id=pilot.id, number=2, rule=changed, created_at=LATER
            )
        )
        db.flush()
        made = scaled(db, world)
        assert (made.kind, made.status, made.programme_id, made.settings_id, made.kpis) == (
            "scale",
            "draft",
            pilot.programme_id,
            pilot.settings_id,
            pilot.kpis,
        )
        assert made.ends_on == last_day(made.starts_on, like=pilot)
        assert (rule_of_cohort(db, made.id).number, rule_of_cohort_document(db, made.id)) == (1, changed)
        assert people_in_cohorts(db, [made.id]).get(made.id, 0) == 0
        event = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
        assert (event.kind, event.cohort_id, event.details) == (
            "PilotScaled",
            pilot.id,
            {"scale_id": str(made.id)},
        )


def test_it_may_have_a_name_and_days_of_its_own_and_the_pilot_keeps_its_own(world: World) -> None:
    first, last = LATER.date() + dt.timedelta(days=10), LATER.date() + dt.timedelta(days=100)
    with world.transaction() as db:
        pilot = world.cohort(db)
        before, asked_after = pilot.settings_id, pilot.follow_up_on - pilot.ends_on
        made = scale_up(
            db,
            cohort_id=pilot.id,
            now=LATER,
            name="Toute l’usine",
            language="fr",
            starts_on=first,
            ends_on=last,
        )
        assert (made.starts_on, made.ends_on, made.follow_up_on) == (first, last, last + asked_after)
        assert db.get_one(ProgrammeSettings, made.settings_id).settings["title"]["fr"] == "Toute l’usine"
        assert pilot.settings_id == before != made.settings_id


def rule_of_cohort_document(db: Session, cohort_id: uuid.UUID) -> dict[str, object]:
    return db.scalars(
        sa.select(CompletionRuleVersion.rule)
        .where(CompletionRuleVersion.cohort_id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).one()


def test_it_waits_until_a_tutor_of_the_programme_opens_it_by_an_activity(world: World) -> None:
    with world.transaction() as db:
        made = scaled(db, world)
        assert [group.cohort_id for group in waiting_groups(db, world.organisation_id, world.tutor_id)] == [
            made.id
        ]
        placement = opened(db, world, choose(db, world, made.id, world.tutor_id))
        assert placement.cohort_id == made.id
        event = db.scalars(
            sa.select(EventRow)
            .where(EventRow.kind == "PlacementOpened")
            .order_by(EventRow.sequence.desc())
            .limit(1)
        ).one()
        assert event.details["shared"] is False
        assert waiting_groups(db, world.organisation_id, world.tutor_id) == []


def test_nobody_else_may_place_it_but_its_owners(world: World) -> None:
    with world.transaction() as db:
        made, other = scaled(db, world), world.another_person(db).id
        assert waiting_groups(db, world.organisation_id, other) == []
        refused("not_own_group", lambda: choose(db, world, made.id, other))
        db.add(ProgrammeOwner(programme_id=made.programme_id, person_id=other, created_at=LATER))
        db.flush()
        assert [group.cohort_id for group in waiting_groups(db, world.organisation_id, other)] == [made.id]
        choose(db, world, made.id, other)


def test_what_is_no_running_pilot_is_not_scaled(world: World) -> None:
    with world.transaction() as db:
        made = scaled(db, world)
        refused("not_a_pilot", lambda: scale_up(db, cohort_id=made.id, now=LATER))
        world.cohort(db).status = "draft"
        db.flush()
        refused("pilot_not_started", lambda: scaled(db, world))


def test_until_it_is_opened_it_can_be_taken_back(world: World) -> None:
    with world.transaction() as db:
        made = scale_up(db, cohort_id=world.cohort_id, now=LATER, name="Tous les sites", language="fr")
        chosen = choose(db, world, made.id, world.tutor_id)
        refused("not_own_group", lambda: back(db, made, programme_id=uuid.uuid4()))
        back(db, made)
        back(db, made)
        assert waiting_groups(db, world.organisation_id, world.tutor_id) == []
        assert unplaced_cohort(db, made.id) is None
        [figures] = cohorts_of(db, made.programme_id, 5)
        title = programme_record(db, made.programme_id).settings["title"]["fr"]
        assert (figures.id, title) == (
            world.cohort_id,
            db.get_one(ProgrammeSettings, world.cohort(db).settings_id).settings["title"]["fr"],
        )
        events = db.scalars(sa.select(EventRow).where(EventRow.kind == "FullScaleTakenBack")).all()
        assert [(row.cohort_id, row.details) for row in events] == [
            (world.cohort_id, {"scale_id": str(made.id)})
        ]
        # An activity that was added for it meanwhile asks its tutor anew.
        with pytest.raises(NothingChosen):
            opened(db, world, chosen)


def test_once_it_is_opened_or_has_people_it_stays(world: World) -> None:
    with world.transaction() as db:
        made = scaled(db, world)
        db.add(
            AwaitedPerson(
                id=uuid.uuid4(),
                cohort_id=made.id,
                role="mentee",
                email="a@example.org",
                invited_by_kind="tool",
                details={},
            )
        )
        db.flush()
        refused("group_has_people", lambda: back(db, made))
        db.execute(sa.delete(AwaitedPerson))
        opened(db, world, choose(db, world, made.id, world.tutor_id))
        refused("group_opened", lambda: back(db, made))


def test_every_part_of_the_settings_is_carried_over_or_said_not_to_be() -> None:
    assert sorted((*CARRIED_OVER, *NOT_CARRIED_OVER)) == sorted(Section)
