"""The builder of test data: what it makes is what the tool's own actions make."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services
from lti_tool.database import Base, utcnow
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity.models import Course, Membership, Organisation, Person
from lti_tool.identity.principal import OPERATOR, CourseRole
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.overview.models import PairCounters
from lti_tool.mentoring.pairs.models import TimelineEntry
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging.models import Delivery
from tests.builder import Builder, World, situations
from tests.builder.connected import Connected
from tests.builder.launches import SECRET
from tests.builder.snapshot import Snapshot, is_empty
from tests.builder.weeks import PEOPLE, name_of, ten_weeks
from tests.enqueued import verbs

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
ALL_PROJECTIONS = {"completion": CompletionRecord, "audit": AuditEntry, "timeline": TimelineEntry}


def differing(services: Services) -> list[str]:
    return [each.name for each in check_projections(services) if not each.identical]


def count(services: Services, table: type[object]) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_pair_that_meets_is_three_lines(build: Builder) -> None:
    pair = build.cohort().pair()
    pair.session().confirm()
    assert verbs(build.services).count("completed") == 2


def test_each_step_says_what_it_makes(build: Builder) -> None:
    programme = build.organisation("Ateliers").platform().course().programme("demo")
    cohort = programme.cohort()
    mentor = cohort.participant(cohort.course.person("Ana Lima"), Role.MENTOR)
    session = cohort.pair(mentor, "Bo Ek").session(days_ago=3, minutes=60)
    with build.services.database.reading() as db:
        row = session.row(db)
        assert (row.minutes, row.status, row.logged_by) == (60, "held", mentor.id)
        assert row.held_on == utcnow().date() - dt.timedelta(days=3)
        assert db.get_one(Participant, mentor.id).status == "active"


def test_what_is_built_has_its_projections(build: Builder) -> None:
    pair = build.pair()
    pair.session(confirmed=True)
    pair.objective(status="reached")
    assert {name: count(build.services, table) > 0 for name, table in ALL_PROJECTIONS.items()} == dict.fromkeys(
        ALL_PROJECTIONS, True
    )  # fmt: skip
    assert differing(build.services) == []


def test_a_transaction_is_one_or_nothing(build: Builder) -> None:
    def build_and_fail() -> None:
        with build.transaction():
            build.cohort().pair()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        build_and_fail()
    assert (count(build.services, EventRow), count(build.services, Person)) == (0, 0)


def test_a_second_programme_is_beside_the_first(build: Builder) -> None:
    course = build.course()
    cohorts = {course.programme("demo").cohort().id for _ in range(2)} | {build.cohort().id}
    assert len(cohorts) == 3


def test_an_activity_shares_the_group_of_another(world: World) -> None:
    activity = world.second_activity(role_view="mentor")
    content_id = activity.share(world.cohort_id, chosen_by=world.tutor_id)
    assert activity.programme(content_id=content_id).cohort_id == world.cohort_id


def test_the_world_has_made_no_statement(world: World) -> None:
    assert count(world.services, Delivery) == 0
    world.pair(signed=False)
    assert verbs(world.services) == ["joined", "joined"]


@pytest.mark.parametrize("time", ["first", "again"])
def test_a_copied_world_is_the_world_that_was_built(world: World, time: str) -> None:
    """Whichever test comes first in a process builds it."""
    with world.services.database.reading() as db:
        roles = list(db.scalars(sa.select(Membership.role).order_by(Membership.role)))
        assert roles == [CourseRole.LEARNER, CourseRole.LEARNER, CourseRole.TUTOR]
        assert [world.mentor(db).role, world.mentee(db).role] == ["mentor", "mentee"]
    assert differing(world.services) == []
    world.pair().session(confirmed=True)
    assert differing(world.services) == []


@pytest.fixture
def before(build: Builder) -> str:
    """Something that is there before the world is."""
    build.organisation("Example")
    return "Example"


def test_a_world_in_a_database_that_is_not_empty_is_built_beside_what_is_there(
    before: str, world: World
) -> None:
    with world.services.database.reading() as db:
        assert db.get_one(Organisation, world.organisation_id).name == "Example (2)"
    assert count(world.services, Organisation) == 2


def unordered(snapshot: Snapshot) -> tuple[object, object]:
    """A snapshot by its rows alone: PostgreSQL gives them in the order of where it has put them."""
    rows = {
        name: Counter(rows.split(b"\n") if isinstance(rows, bytes) else rows) for name, rows in snapshot.rows
    }
    return rows, snapshot.numbers


def test_a_snapshot_is_the_same_after_a_copy(world: World) -> None:
    """Numbers that the database gives begin anew, as in a database in which nothing has happened."""
    database = world.services.database
    before = Snapshot.of(database)
    with database.transaction() as db:
        for table in reversed(Base.metadata.sorted_tables):
            db.execute(sa.delete(table))
    before.restore(database)
    assert unordered(Snapshot.of(database)) == unordered(before)


@pytest.mark.parametrize("time", ["first", "again"])
def test_a_copied_situation_is_the_situation_that_was_built(
    services: Services, client: FlaskClient, time: str
) -> None:
    assert is_empty(services.database)
    home = situations.build_situation(services, situations.tutor)
    assert "Sophie Garnier" in client.get(home).text
    assert not is_empty(services.database)
    beside = situations.build_situation(services, situations.under_way)
    assert "Inès Benali" in client.get(beside).text
    assert differing(services) == []


@pytest.mark.parametrize("time", ["first", "again"])
def test_a_kept_connection_is_one_with_the_lms_that_runs_now(connected: Connected, time: str) -> None:
    url = connected.lms.base_url
    with connected.services.database.reading() as db:
        registration = db.get_one(Registration, connected.world.registration_id)
        course = db.get_one(Course, connected.world.course_id)
        link = db.get_one(ResourceLink, connected.world.resource_link_id)
    assert registration.issuer == url
    assert registration.auth_token_url == f"{url}/oauth/token"
    assert (course.roster_url or "").startswith(f"{url}/")
    assert link.line_item_url == connected.line_item
    assert differing(connected.services) == []


def test_without_consequences_there_is_no_projection(build: Builder) -> None:
    cohort = build.cohort()
    with build.without_consequences():
        cohort.pair()
    assert count(build.services, PairCounters) == 0
    assert "timeline" in differing(build.services)


def test_somebody_else_acts(world: World) -> None:
    world.acting_as(OPERATOR).pair()
    with world.services.database.reading() as db:
        latest = db.scalars(sa.select(EventRow.acted_by_kind).where(EventRow.kind == "PairProposed")).one()
    assert latest == "operator"


def test_a_launch_of_a_person_opens_its_page(build: Builder, client: FlaskClient) -> None:
    cohort = build.cohort()
    mentee = cohort.mentee("Bo Ek")
    key = cohort.programme.activity.launch(mentee.person)
    assert "We are looking for a partner for you" in client.get(f"/l/{key}/").text


def test_a_tutor_decides_about_a_participant(build: Builder) -> None:
    pair = build.pair()
    pair.session(confirmed=True)
    pair.mentee.reopen("It was another pair's")
    pair.mentee.approve()
    newcomer = build.cohort().mentor()
    newcomer.change_role(Role.MENTEE)
    with build.services.database.reading() as db:
        assert pair.mentee.row(db).status == "active"
        assert newcomer.row(db).role == "mentee"
        kinds = set(db.scalars(sa.select(EventRow.kind)))
    assert {"CompletionReopened", "TutorValidated", "RoleChanged"} <= kinds
    assert differing(build.services) == []


def test_the_clock_moves_through_a_simulated_past(build: Builder) -> None:
    build.clock.go_back(weeks=3)
    pair = build.pair()
    build.clock.move(weeks=1)
    session = pair.session()
    build.clock.set(None)
    with build.services.database.reading() as db:
        formed, logged = (
            db.scalars(sa.select(EventRow.at).where(EventRow.kind == kind)).one()
            for kind in ("PairProposed", "SessionLogged")
        )
        made = db.scalars(sa.select(Delivery.created_at).order_by(Delivery.id)).first()
        assert session.row(db).held_on == logged.date()
    assert dt.timedelta(weeks=1) <= logged - formed < dt.timedelta(weeks=1, minutes=1)
    assert utcnow() - formed >= dt.timedelta(weeks=3)
    assert made is not None
    assert utcnow() - made >= dt.timedelta(weeks=3), "the consequences happen then too"


def test_the_clock_does_not_go_into_the_future(build: Builder) -> None:
    build.clock.go_back(days=1)
    with pytest.raises(ValueError, match="has not come yet"):
        build.clock.move(days=2)


def test_46_people_with_ten_weeks_behind_them_are_what_the_log_makes(build: Builder) -> None:
    made = ten_weeks(build)
    with build.services.database.reading() as db:
        names = set(db.scalars(sa.select(Person.name)))
        statuses = set(db.scalars(sa.select(MentoringSession.status)))
        first, last = db.execute(sa.select(sa.func.min(EventRow.at), sa.func.max(EventRow.at))).one()
    assert {name_of(number) for number in range(PEOPLE)} | {made.tutor.name} == names
    assert len(names) == PEOPLE + 1
    assert statuses == {"held", "confirmed", "disputed"}
    assert last - first > dt.timedelta(weeks=8)
    assert last <= utcnow()
    assert differing(build.services) == []


def test_values_are_ids(build: Builder) -> None:
    pair = build.pair()
    assert all(isinstance(each.id, uuid.UUID) for each in (pair, pair.mentor, pair.mentee, pair.session()))


def test_the_documented_test_passes_and_the_documented_steps_work(build: Builder) -> None:
    """As they stand in ``docs/architecture.md``."""
    section = ARCHITECTURE.read_text(encoding="utf-8").partition("\n## A test\n")[2].partition("\n## ")[0]
    documented, steps = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    namespace: dict[str, Any] = {"build": build, "Role": Role, "verbs": verbs}
    exec(documented, namespace)
    [test] = [value for name, value in namespace.items() if name.startswith("test_")]
    test(build, build.services)
    exec(steps, namespace)
    with build.services.database.reading() as db:
        assert namespace["pair"].row(db).status == "active"
    assert namespace["key"].partition(".")[2] == SECRET
