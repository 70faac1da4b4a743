"""People who act at the same moment: nobody waits for ever, and nothing of what either did is lost.

One begins, stays in its transaction for a while, and ends; another acts meanwhile. On SQLite the second waits until the
first has ended; on PostgreSQL both are under way.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lti_tool.composition.projections import check_projections, rebuild_outdated, rebuild_projections
from lti_tool.composition.services import Services
from lti_tool.database import LOCK_ROW, utcnow
from lti_tool.events.models import EventRow, ProjectionState
from lti_tool.identity.models import Course
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.forms.submissions import submit_once
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.actions import change_role, invite, join
from lti_tool.mentoring.enrolment.leaving import take_out
from lti_tool.mentoring.enrolment.queries import lock_participants
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.pairs.actions import form_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.pairs.moving import move_pairs
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.mentoring.roles import Role
from lti_tool.subscribers.scores import backfill_scores
from tests.builder import BuiltPair, World, add_person
from tests.builder.rules import apply, document, meetings
from tests.builder.world import LINE_ITEM
from tests.composition.meanwhile import PAUSE, Meanwhile
from tests.enqueued import scores


@pytest.fixture
def pair(world: World) -> uuid.UUID:
    return world.pair().id


def differences(services: Services) -> dict[str, tuple[str, ...]]:
    return {each.name: each.differences for each in check_projections(services) if not each.identical}


def newcomers(world: World, *names: str) -> list[uuid.UUID]:
    return [world.course.person(name, launched=False).id for name in names]


def test_two_tutors_pair_newcomers_of_one_cohort(world: World, meanwhile: Meanwhile) -> None:
    people = newcomers(world, "Ana Lima", "Bo Ek", "Cleo Roy", "Dan Oz")
    formed: list[uuid.UUID] = []

    def pair_up(person_ids: Sequence[uuid.UUID], pause: Callable[[], None]) -> None:
        with world.acting() as db:
            mentor, mentee = (
                invite(db, cohort_id=world.cohort_id, person_id=person_id, role=role, now=utcnow()).id
                for person_id, role in zip(person_ids, Role, strict=True)
            )
            pause()
            pair = form_pair(db, cohort_id=world.cohort_id, mentor_id=mentor, mentee_id=mentee, now=utcnow())
            formed.append(pair.id)

    meanwhile.run(
        lambda: pair_up(people[:2], meanwhile.pause),
        lambda: pair_up(people[2:], lambda: time.sleep(PAUSE / 2)),
    )
    assert len(formed) == 2


def test_a_person_changes_role_while_a_tutor_pairs_them(world: World, meanwhile: Meanwhile) -> None:
    def change() -> None:
        with world.acting() as db:
            lock_participants(db, [world.mentor_id])
            meanwhile.pause()
            change_role(db, participant_id=world.mentor_id, role=Role.MENTEE, now=utcnow())

    def pair_up() -> None:
        with pytest.raises(NotAllowed, match="wrong_roles"), world.acting() as db:
            world.pair(db, now=utcnow())

    meanwhile.run(change, pair_up)


def test_people_whose_first_launches_name_a_new_service_host(world: World, meanwhile: Meanwhile) -> None:
    """Each adds a person, which refers to the registration, and then changes the registration."""

    def arrive(name: str, pause: Callable[[], None]) -> None:
        with world.services.database.transaction() as db:
            add_person(db, world.registration_id, db.get_one(Course, world.course_id), name)
            pause()
            registration = db.get_one(
                Registration, world.registration_id, with_for_update=LOCK_ROW, populate_existing=True
            )
            registration.service_hosts = [*registration.service_hosts, f"{name.split()[0].lower()}.example"]

    meanwhile.run(
        lambda: arrive("Ana Lima", meanwhile.pause), lambda: arrive("Bo Ek", lambda: time.sleep(PAUSE / 2))
    )
    with world.services.database.reading() as db:
        hosts = db.get_one(Registration, world.registration_id).service_hosts
    assert {"ana.example", "bo.example"} <= set(hosts)


def test_a_line_item_comes_while_somebody_completes(
    world: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    session_id = world.log_session()

    def launch() -> None:
        with world.acting() as db:
            link = db.get_one(ResourceLink, world.resource_link_id)
            link.line_item_url, link.scopes = LINE_ITEM, [SCORE_SCOPE]
            db.flush()
            backfill_scores(db, link.id, utcnow())
            meanwhile.pause()

    meanwhile.run(launch, lambda: world.confirm(session_id))
    final = {score["userId"]: score.get("scoreGiven") for score in scores(world.services)}
    assert final == {"Inès Benali": 100, "Paul Moreau": 100}


def test_an_activity_is_opened_while_somebody_completes(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    session_id = world.log_session()
    activity = world.course.activity("activity-2", LINE_ITEM)
    content_id = activity.share(world.cohort_id, chosen_by=world.tutor_id)

    def open_activity() -> None:
        activity.by(pausing.build).programme(opened_by=world.tutor, content_id=content_id)

    meanwhile.run(open_activity, lambda: world.confirm(session_id))
    assert differences(world.services) == {}
    assert [score.get("scoreGiven") for score in scores(world.services)][-2:] == [100, 100]


def test_projections_are_rebuilt_while_somebody_acts(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    meanwhile.run(lambda: pausing.log_session(), lambda: rebuild_projections(world.services))
    assert differences(world.services) == {}


def test_pairs_of_one_cohort_act_side_by_side(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    """The first pair's transaction stays open, with everything written, while another pair logs and commits."""
    world.grade_column()
    ours, theirs = world.the_pair(), world.built_cohort.pair("Ana Lima", "Bo Ek")
    ended: dict[str, float] = {}

    def log(name: str, where: World, pair: BuiltPair) -> None:
        pair.by(where.build).session()
        ended[name] = time.monotonic()

    meanwhile.run(lambda: log("first", pausing, ours), lambda: log("second", world, theirs))
    if world.services.database.is_sqlite:
        assert ended["first"] < ended["second"], "SQLite has one writer at a time"
    else:
        assert ended["second"] < ended["first"], "the second waited for the first"
    assert differences(world.services) == {}
    assert [score["activityProgress"] for score in scores(world.services)] == ["InProgress"] * 4


def test_both_sign_at_the_same_moment(world: World, pausing: World, meanwhile: Meanwhile) -> None:
    """The second reads the pair as the first has left it, and makes it active."""
    pair_id = world.pair(signed=False).id

    def sign(where: World, by: uuid.UUID) -> None:
        with where.acting() as db:
            sign_agreement(db, pair_id=pair_id, by=by, now=utcnow())

    meanwhile.run(lambda: sign(pausing, world.mentor_id), lambda: sign(world, world.mentee_id))
    with world.services.database.reading() as db:
        signed = db.get_one(Pair, pair_id)
        people = [world.mentor(db).status, world.mentee(db).status]
    assert signed.mentor_signed_at is not None
    assert (signed.status, people) == ("active", ["active", "active"])
    assert differences(world.services) == {}


def test_a_form_is_sent_twice_at_the_same_moment(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    ours, digest = world.the_pair(), uuid.uuid4().hex * 2
    answers: list[str] = []

    def send(where: World) -> None:
        with where.acting() as db:
            submission = submit_once(
                db, digest, person_id=ours.mentor.person.id, next_page="home", message=None, now=utcnow()
            )
            answers.append(submission.next_page)
            if submission.is_first:
                ours.by(where.build).session()

    meanwhile.run(lambda: send(pausing), lambda: send(world))
    assert answers == ["home", "home"]
    with world.services.database.reading() as db:
        kinds = list(db.scalars(sa.select(EventRow.kind)))
    assert kinds.count("SessionLogged") == 1


def test_two_processes_start_after_an_upgrade(world: World, pair: uuid.UUID) -> None:
    with world.services.database.transaction() as db:
        db.execute(sa.update(ProjectionState).values(version=0))
    with ThreadPoolExecutor(2) as processes:
        started = [processes.submit(rebuild_outdated, world.services) for _ in range(2)]
        computed = [each.result(timeout=60) for each in started]
    assert sorted(names for found in computed for names in found) == sorted(
        {names for found in computed for names in found}
    )
    assert differences(world.services) == {}


def test_a_rule_is_applied_while_somebody_joins(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    """Whoever joins is judged by the rule that is in force in the end."""
    newcomer = world.course.person("Ana Lima").id

    def joins() -> None:
        with pausing.acting() as db:
            join(db, cohort_id=world.cohort_id, person_id=newcomer, role=Role.MENTEE, now=utcnow())

    meanwhile.run(joins, lambda: apply(world, document(meetings(3))))
    assert differences(world.services) == {}
    with world.services.database.reading() as db:
        judged_by = sa.select(CompletionRuleVersion.number).join(
            CompletionRecord, CompletionRecord.rule_version_id == CompletionRuleVersion.id
        )
        assert db.scalars(judged_by).all() == [2, 2, 2]


def test_two_tutors_move_a_pair_while_its_meeting_is_confirmed(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    """The first tutor's choice holds, the second is told, and the meeting counts where the pair is in the end."""
    session_id = world.log_session()
    there, elsewhere = world.another_group("Second"), world.another_group("Third")
    refusals: list[str] = []

    def move(where: World, to: uuid.UUID) -> None:
        with where.acting() as db:
            move_pairs(db, pair_ids=[pair], from_cohort_id=world.cohort_id, to_cohort_id=to, now=utcnow())

    def move_and_confirm() -> None:
        with ThreadPoolExecutor(2) as people:
            confirming = people.submit(world.confirm, session_id)
            try:
                move(world, elsewhere.id)
            except NotAllowed as refused:
                refusals.append(refused.code)
            confirming.result(timeout=60)

    meanwhile.run(lambda: move(pausing, there.id), move_and_confirm)
    assert refusals == ["moved_elsewhere"]
    assert differences(world.services) == {}
    with world.services.database.reading() as db:
        assert {row.cohort_id for row in (world.mentor(db), world.mentee(db), db.get_one(Pair, pair))} == {
            there.id
        }
        confirmed = db.scalars(sa.select(EventRow).where(EventRow.kind == "SessionConfirmed")).one()
        assert confirmed.cohort_id == there.id


def test_a_pair_is_ended_while_it_moves(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    there = world.another_group()

    def move() -> None:
        with pytest.raises(NotAllowed, match="pair_over"), world.acting() as db:
            move_pairs(
                db, pair_ids=[pair], from_cohort_id=world.cohort_id, to_cohort_id=there.id, now=utcnow()
            )

    meanwhile.run(lambda: world.the_pair().by(pausing.build).end(), move)
    assert differences(world.services) == {}


def test_two_tutors_take_somebody_out_while_the_partner_confirms_a_meeting(
    world: World, pausing: World, meanwhile: Meanwhile, pair: uuid.UUID
) -> None:
    """It happens once, and the meeting that was noted before is confirmed or refused, and never half of both."""
    session_id = world.log_session()
    refusals: list[str] = []

    def out(where: World) -> None:
        with where.acting() as db:
            take_out(
                db, participant_id=world.mentor_id, cohort_id=world.cohort_id, reason="time", now=utcnow()
            )

    def confirm() -> None:
        try:
            world.confirm(session_id)
        except NotAllowed as refused:
            refusals.append(refused.code)

    def second_tutor_and_partner() -> None:
        with ThreadPoolExecutor(2) as people:
            for each in [people.submit(out, world), people.submit(confirm)]:
                each.result(timeout=60)

    meanwhile.run(lambda: out(pausing), second_tutor_and_partner)
    assert differences(world.services) == {}
    with world.services.database.reading() as db:
        kinds = list(db.scalars(sa.select(EventRow.kind)))
        ended = db.get_one(Pair, pair)
        assert (ended.status, ended.end_reason, world.mentor(db).status) == ("ended", "time", "taken_out")
    assert kinds.count("ParticipantTakenOut") == kinds.count("PairEnded") == 1
    assert (kinds.count("SessionConfirmed"), refusals) in ((1, []), (0, ["pair_over"]))


def test_somebody_is_taken_out_while_they_are_paired(
    world: World, pausing: World, meanwhile: Meanwhile
) -> None:
    def pair_up() -> None:
        with pytest.raises(NotAllowed, match="was_taken_out"), world.acting() as db:
            world.pair(db, now=utcnow())

    def out() -> None:
        with pausing.acting() as db:
            take_out(db, participant_id=world.mentee_id, cohort_id=world.cohort_id, reason=None, now=utcnow())

    meanwhile.run(out, pair_up)
    assert differences(world.services) == {}
