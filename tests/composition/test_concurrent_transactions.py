"""People who act at the same moment: nobody waits for ever, and nothing of what either did is lost.

One begins, stays in its transaction for a while, and ends; another acts meanwhile. On SQLite the second waits until the
first has ended; on PostgreSQL both are under way.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.composition.projections import check_projections, rebuild_outdated, rebuild_projections
from lti_tool.composition.services import Services, make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.config import Config
from lti_tool.database import LOCK_ROW, utcnow
from lti_tool.events.base import LoggedEvent
from lti_tool.events.models import EventRow, ProjectionState
from lti_tool.events.replay import Projection, Projections
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import missing_line_items, resending
from lti_tool.lti.ags.channel import GradebookChannel
from lti_tool.lti.ags.models import MissingLineItem
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.ags.reconciliation import may_rest
from lti_tool.lti.ags.score_outcomes import LineItemGone
from lti_tool.lti.ags.scores import SCORE_SCOPE, order_key
from lti_tool.lti.forms.submissions import submit_once
from lti_tool.lti.launch import persist
from lti_tool.lti.launch.launch_statements import LaunchStatements, launch_statements
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.nrps import roster
from lti_tool.lti.registration.models import Registration
from lti_tool.lti.registration.registrations import allow_service_host
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
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome, PartUnavailable, Sent
from lti_tool.messaging.retry import next_attempt
from lti_tool.subscribers.scores import backfill_scores
from tests.builder import BuiltPair, World, add_person
from tests.builder.rules import apply, document, meetings
from tests.builder.world import LINE_ITEM
from tests.enqueued import scores

PAUSE = 1.0
"""Seconds for which the first stays in its transaction."""


class Meanwhile:
    """Two who act: the second begins once the first is in the middle of its transaction."""

    def __init__(self) -> None:
        self._inside = threading.Event()

    def pause(self) -> None:
        """Called by the first."""
        self._inside.set()
        time.sleep(PAUSE)

    def run(self, first: Callable[[], object], second: Callable[[], object]) -> None:
        """Run both to their ends; raises what either of them raised."""

        def once_inside() -> None:
            assert self._inside.wait(10)
            second()

        with ThreadPoolExecutor(2) as people:
            running = [people.submit(first), people.submit(once_inside)]
            for each in running:
                each.result(timeout=60)


@pytest.fixture
def meanwhile() -> Meanwhile:
    return Meanwhile()


class PausingSubscriber:
    """The last subscriber: the transaction stays open when all consequences are written."""

    name = "pausing"

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        self._pause()

    def projection(self, db: Session, others: Projections) -> Projection | None:
        return None


@pytest.fixture
def pausing(world: World, config: Config, meanwhile: Meanwhile) -> Iterator[World]:
    """The same world, where every transaction pauses just before its commit."""
    pausing = PausingSubscriber(meanwhile.pause)
    services = make_services(config, [*SUBSCRIBERS, lambda _config: pausing])
    yield world.on(services)
    services.http.close()
    services.database.dispose()


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


class PausingStatement:
    """A compiled statement before which whoever runs it stays in the transaction for a while."""

    def __init__(self, statement: Any, pause: Callable[[], None]) -> None:
        self._statement = statement
        self._pause = pause

    def execute(self, *args: Any) -> Any:
        self._pause()
        return self._statement.execute(*args)


def pausing_launch(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch, **told: Any
) -> Callable[[], None]:
    """A learner's launch of the world's activity that pauses once it has written all but their place in the course.

    ``told``: fields of the :class:`~lti_tool.lti.launch.persist.VerifiedLaunch`.
    """
    with world.services.database.reading() as db:
        course, link = world.course_row(db), db.get_one(ResourceLink, world.resource_link_id)
    launch = persist.VerifiedLaunch(
        world.registration_id,
        world.deployment_id,
        persist.RESOURCE_LINK_REQUEST,
        CourseRole.LEARNER,
        context_id=course.context_id,
        resource_link_id=link.resource_link_id,
        line_item_url=link.line_item_url,
        scopes=tuple(link.scopes),
        **told,
    )

    def pausing_statements(connection: Connection) -> LaunchStatements:
        found = launch_statements(connection)
        pausing: Any = PausingStatement(found.membership, meanwhile.pause)
        return dataclasses.replace(found, membership=pausing)

    monkeypatch.setattr(persist, "launch_statements", pausing_statements)

    def arrive() -> None:
        with world.services.database.writing_connection() as connection:
            persist.persist_launch(connection, launch, secret_hash="s" * 64, lifetime=dt.timedelta(hours=1))

    return arrive


def test_somebody_whom_a_roster_lists_no_more_launches_when_it_is_read(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write the course, which has another title by now, and the person's place in it."""
    somebody, began = world.course.person("Ana Lima", subject="ana"), utcnow()
    with world.services.database.transaction() as db:
        for person_id, listed_at in ((somebody.id, began - dt.timedelta(days=1)), (world.tutor_id, began)):
            change = sa.update(Membership).where(Membership.person_id == person_id)
            db.execute(change.values(listed_at=listed_at, launched_at=began - dt.timedelta(days=1)))

    def finish() -> None:
        with world.services.database.transaction() as db:
            roster._finish(db, world.course_id, began, complete=True)

    arrive = pausing_launch(world, meanwhile, monkeypatch, context_title="Another title", subject="ana")
    meanwhile.run(arrive, finish)
    with world.services.database.reading() as db:
        course = world.course_row(db)
        assert (course.title, course.roster_read_at is not None) == ("Another title", True)
        place = sa.select(Membership.active).join(Person, Person.id == Membership.person_id)
        assert db.scalars(place.where(Person.subject == "ana")).all() == [True]


def test_two_workers_end_and_prolong_the_same_pauses(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two line items that failed: the one worker is refused by both of them, the other's scores are taken."""
    first, second = "host/item-1", "host/item-2"
    with world.services.database.transaction() as db:
        for part in (first, second):
            of_part = {"kind": "score", "receiver": "r", "part": part, "until": utcnow(), "since": utcnow()}
            db.add(DeliveryPause(**of_part, failures=1, refused=False, reason="HTTP 500"))
            db.flush()
    with world.services.database.reading() as db:
        before = pauses.read(db, "score", "r")
    begun: list[int] = []

    def after_the_first(failures: int, **more: Any) -> dt.timedelta:
        begun.append(failures)
        if len(begun) == 2:
            meanwhile.pause()
        return next_attempt(failures, **more)

    monkeypatch.setattr(pauses, "next_attempt", after_the_first)

    def note(*results: tuple[str, Outcome]) -> None:
        with world.services.database.transaction() as db:
            pauses.update(db, "score", "r", results, before, now=utcnow())

    failed = PartUnavailable("HTTP 500")
    meanwhile.run(
        lambda: note((second, failed), (first, failed)),
        lambda: note((first, Sent()), (second, Sent())),
    )
    with world.services.database.reading() as db:
        assert pauses.read(db, "score", "r").rows == []


def note_scores(world: World, outcomes: Mapping[str, Outcome]) -> None:
    """Write down what became of a score of the mentor's for each of these line items."""
    person_id = world.built_mentor.person.id
    body = json.dumps({"timestamp": utcnow().isoformat(), "scoreGiven": 10}).encode()
    scored = [
        ClaimedDelivery(
            number,
            uuid.uuid4(),
            order_key(url, person_id),
            body,
            0,
            {"line_item_url": url, "user_id": "u", "person_id": str(person_id)},
            "part",
        )
        for number, url in enumerate(outcomes)
    ]
    with world.services.database.transaction() as db:
        GradebookChannel(world.services).note(db, scored, list(outcomes.values()), utcnow())


def test_two_workers_hear_of_the_same_line_items_that_one_is_there_and_one_is_missing(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hears it of another one, as of a course that is restored at this moment."""
    first, second = (f"https://lms.example/lineitems/{number}" for number in (1, 2))
    with world.services.database.transaction() as db:
        for url in (first, second):
            of_item = {"registration_id": world.registration_id, "line_item_url": url, "answers": 1}
            db.add(MissingLineItem(**of_item, began_at=utcnow(), counted_at=utcnow(), reason="HTTP 404"))
    counted: list[int] = []

    def pause_once(*args: Any) -> bool:
        counted.append(1)
        if len(counted) == 1:
            meanwhile.pause()
        return may_rest(*args)

    monkeypatch.setattr(missing_line_items, "may_rest", pause_once)

    def note(there: str, missing: str) -> None:
        note_scores(world, {there: Sent(), missing: LineItemGone("HTTP 404")})

    meanwhile.run(lambda: note(first, second), lambda: note(second, first))
    with world.services.database.reading() as db:
        assert db.scalars(sa.select(MissingLineItem.line_item_url)).all() == [first]


def test_two_line_items_answer_again_while_somebody_has_both_read(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The addresses of the two are in another order than their activities."""
    activities = sorted(
        (world.course.activity(name) for name in ("activity-2", "activity-3")), key=lambda one: one.id
    )
    urls = [f"https://lms.example/lineitems/{number}" for number in (2, 1)]
    for activity, url in zip(activities, urls, strict=True):
        activity.set_line_item(url)
    with world.services.database.transaction() as db:
        for url in urls:
            of_item = {"registration_id": world.registration_id, "line_item_url": url, "answers": 9}
            moments = dict.fromkeys(("began_at", "counted_at", "rests_since"), utcnow())
            db.add(MissingLineItem(**of_item, **moments, reason="HTTP 404"))
    asked: list[uuid.UUID] = []

    def request(db: Session, link_id: uuid.UUID, *args: Any) -> int | None:
        found = request_results(db, link_id, *args)
        asked.append(link_id)
        if len(asked) == 1:
            meanwhile.pause()
        return found

    monkeypatch.setattr(resending, "request_results", request)

    def read_both() -> None:
        with world.acting() as db:
            for activity in activities:
                request_results(db, activity.id, TOOL)

    meanwhile.run(lambda: note_scores(world, dict.fromkeys(urls, Sent())), read_both)
    with world.services.database.reading() as db:
        assert len(db.scalars(sa.select(Job).where(Job.kind == "read_results")).all()) == 2


def test_a_host_is_allowed_while_a_launch_is_the_first_to_name_another(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write the registration and the activity, which has another title by now; neither host is lost."""
    world.grade_column()
    hosts = ("new.example",)
    arrive = pausing_launch(
        world, meanwhile, monkeypatch, subject="ana", resource_link_title="Another", service_hosts=hosts
    )

    def allow() -> None:
        with world.acting() as db:
            allow_service_host(db, world.registration_id, "allowed.example")

    meanwhile.run(arrive, allow)
    with world.services.database.reading() as db:
        known = db.get_one(Registration, world.registration_id).service_hosts
    assert {"new.example", "allowed.example"} <= set(known)
