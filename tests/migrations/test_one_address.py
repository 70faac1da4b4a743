"""0019 on a database in use: what was kept once for each host of a platform is kept once, and nothing is sent again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.database import Database, utcnow
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.ags.scores import order_key, part
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.messaging.models import Delivery
from lti_tool.migrations import migrate
from tests.migrations.revisions import revision_before

AFTER = "0019"
HERE = "https://lms.example/items/a-one"
"""What the latest launch of the activity named."""
THERE = "https://school.example/items/a-one"
ELSEWHERE = "https://school.example/items/a-two"
"""Another tenant's, with the path of an activity of the first."""


def give(database: Database, url: str, person_id: uuid.UUID, **values: Any) -> None:
    """Let a grade be kept by this address, too."""
    row = {
        "status": "satisfied",
        "score": 100,
        "graded": True,
        "grade_status": "recorded",
        "last_timestamp": utcnow().replace(microsecond=0),
        "unanswered_scores": [],
        "deletions": 0,
        "changed_at": utcnow(),
        **values,
    }
    with database.transaction() as db:
        db.execute(sa.insert(ScoreTrail).values(line_item_url=url, person_id=person_id, **row))


def enqueue(
    database: Database, receiver: Any, url: str, person_id: uuid.UUID, status: str = "waiting"
) -> int:
    with database.transaction() as db:
        delivery = Delivery(
            kind="score",
            receiver=str(receiver),
            part=part(url),
            key=uuid.uuid4(),
            order_key=order_key(url, person_id),
            target={"line_item_url": url, "user_id": "x", "person_id": str(person_id)},
            status=status,
            done_at=utcnow() if status == "dead" else None,
        )
        db.add(delivery)
        db.flush()
        body = sa.text("INSERT INTO delivery_body (delivery_id, body) VALUES (:id, :body)")
        db.execute(body, {"id": delivery.id, "body": b"{}"})
        return delivery.id


class Doubled:
    """Three people of one activity, whose grades went to two hosts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        migrate(database, revision_before(database, AFTER))
        with database.transaction() as db:
            self.registration = db.execute(
                sa.text("SELECT id FROM registration WHERE issuer = 'https://lms.example'")
            ).scalar_one()
            db.execute(
                sa.text("UPDATE registration SET service_hosts = '[\"school.example\"]' WHERE id = :id"),
                {"id": self.registration},
            )
            trail = sa.table("score_trail", sa.column("line_item_url"), sa.column("person_id", sa.Uuid()))
            self.taken, self.grown, self.only_there, *_ = db.scalars(
                sa.select(trail.c.person_id).where(trail.c.line_item_url == HERE).order_by(trail.c.person_id)
            )
            db.execute(sa.text("DELETE FROM delivery_body")), db.execute(sa.text("DELETE FROM delivery"))
            earlier = {"a": dt.datetime(2026, 11, 20, tzinfo=dt.UTC)}
            sent = (
                "UPDATE score_trail SET grade_status = 'recorded', accepted_at = :a, status = 'satisfied', "
            )
            for person, score in ((self.taken, 100), (self.grown, 60)):
                db.execute(
                    sa.text(
                        f"{sent} score = {score}, accepted_score = {score} WHERE person_id = :p"
                    ).bindparams(
                        sa.bindparam("p", type_=sa.Uuid()),
                        sa.bindparam("a", type_=sa.DateTime(timezone=True)),
                    ),
                    {"p": person, **earlier},
                )
            db.execute(
                sa.text("DELETE FROM score_trail WHERE line_item_url = :u AND person_id = :p").bindparams(
                    sa.bindparam("p", type_=sa.Uuid())
                ),
                {"u": HERE, "p": self.only_there},
            )
            self.registration_id = uuid.UUID(str(self.registration))
        give(database, THERE, self.taken, grade_status="on_its_way")
        give(database, THERE, self.grown, grade_status="waiting", unanswered_scores=[80], comment="Well done")
        give(database, THERE, self.only_there, accepted_score=100, accepted_at=utcnow(), shown_at=utcnow())
        give(database, ELSEWHERE, self.taken, accepted_score=100)
        self.sent_twice = enqueue(database, self.registration_id, THERE, self.taken)
        self.to_be_sent = enqueue(database, self.registration_id, THERE, self.grown)

    def trail(self, person_id: uuid.UUID, url: str = HERE) -> ScoreTrail:
        with self.database.reading() as db:
            return db.get_one(ScoreTrail, (url, person_id))

    def delivery(self, number: int) -> Delivery:
        with self.database.reading() as db:
            return db.get_one(Delivery, number)

    def kept_by(self, url: str) -> int:
        with self.database.reading() as db:
            counted = (
                sa.select(sa.func.count()).select_from(ScoreTrail).where(ScoreTrail.line_item_url == url)
            )
            return db.scalar(counted) or 0


@pytest.fixture
def doubled(first_version: Database) -> Doubled:
    return Doubled(first_version)


def test_each_grade_is_kept_once_with_all_that_is_known_and_none_is_sent_again(doubled: Doubled) -> None:
    people = doubled.kept_by(HERE)
    # Another course has the other line item under the second host: it is that course's own.
    with doubled.database.transaction() as db:
        db.execute(
            sa.text(
                "UPDATE resource_link SET line_item_url = :u WHERE line_item_url IS NULL"
                " AND course_id IN (SELECT c.id FROM course c JOIN deployment d ON d.id = c.deployment_id)"
            ),
            {"u": ELSEWHERE},
        )
        db.execute(sa.text("UPDATE deployment SET registration_id = :r"), {"r": doubled.registration})
    migrate(doubled.database, AFTER)
    assert (doubled.kept_by(THERE), doubled.kept_by(HERE)) == (0, people + 1)
    assert doubled.trail(doubled.taken, ELSEWHERE).accepted_score == 100

    taken = doubled.trail(doubled.taken)
    assert (taken.grade_status, taken.accepted_score, taken.score) == ("recorded", 100, 100)
    assert doubled.delivery(doubled.sent_twice).status == "superseded"
    assert doubled.delivery(doubled.sent_twice).done_at is not None

    grown = doubled.trail(doubled.grown)
    assert (grown.grade_status, grown.score, grown.accepted_score) == ("waiting", 100, 60)
    assert (grown.unanswered_scores, grown.comment) == ([80], "Well done")
    waits = doubled.delivery(doubled.to_be_sent)
    assert (waits.status, waits.part, waits.order_key) == (
        "waiting",
        part(HERE),
        order_key(HERE, doubled.grown),
    )
    assert (waits.target or {})["line_item_url"] == HERE

    assert doubled.trail(doubled.only_there).shown_at is not None


def test_what_begins_with_it_is_empty(doubled: Doubled) -> None:
    migrate(doubled.database, AFTER)
    with doubled.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_item_address).distinct()).all() == [None]
        assert db.execute(sa.select(sa.table("missing_line_item", sa.column("answers")))).all() == []
