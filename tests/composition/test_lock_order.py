"""Transactions that write the same rows do so in one order: on PostgreSQL two would else wait for each other for ever.

On SQLite the second waits until the first has ended.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import TOOL, CourseRole
from lti_tool.jobs.models import Job
from lti_tool.lti.ags import missing_line_items, resending, scores
from lti_tool.lti.ags.channel import GradebookChannel
from lti_tool.lti.ags.models import MissingLineItem, ScoreTrail
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.ags.reconciliation import may_rest
from lti_tool.lti.ags.score_outcomes import LineItemGone
from lti_tool.lti.ags.scores import ReachedScore, order_key, record_scores
from lti_tool.lti.launch import persist
from lti_tool.lti.launch.launch_statements import LaunchStatements, launch_statements
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.nrps import roster
from lti_tool.lti.registration.models import Registration
from lti_tool.lti.registration.registrations import allow_service_host
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Outcome, PartUnavailable, Sent
from lti_tool.messaging.retry import next_attempt
from tests.builder import World
from tests.composition.meanwhile import Meanwhile


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


def test_two_record_the_scores_of_the_same_people_who_are_too_many_for_one_statement(
    world: World, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.grade_column()
    people = sorted([world.built_mentor.person.id, world.built_mentee.person.id])
    link_id = world.resource_link_id
    monkeypatch.setattr(scores, "RECORDED_AT_ONCE", 1)
    recorded: list[int] = []
    record_slice = scores._record_slice

    def record(*args: Any) -> int:
        found = record_slice(*args)
        recorded.append(found)
        if len(recorded) == 3:
            meanwhile.pause()
        return found

    def reach(score: int, among: list[uuid.UUID]) -> None:
        with world.services.database.transaction() as db:
            reached = [ReachedScore(link_id, one, "under_way", score, "live") for one in among]
            record_scores(db, reached, utcnow())

    monkeypatch.setattr(scores, "_record_slice", record)
    reach(10, people)
    meanwhile.run(lambda: reach(20, people), lambda: reach(30, people[::-1]))
    with world.services.database.reading() as db:
        assert db.scalars(sa.select(ScoreTrail.score)).all() == [30, 30]


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
