"""A score that cannot be read as it is stored: its grade says that it was not sent, and is sent again when asked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.channels import make_channels
from lti_tool.database import utcnow
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.identity.principal import TOOL
from lti_tool.lti.ags.grade_queries import named_grades
from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.ags.resending import request_resending
from lti_tool.messaging import outbox
from lti_tool.messaging.models import Delivery, DeliveryBody, DeliveryKind, DeliveryStatus
from lti_tool.messaging.outcomes import Damaged
from lti_tool.translation import using_language
from lti_tool.web import grade_wording
from tests.builder.connected import MENTEE, MENTOR, Connected
from tests.lti.ags.reading_back import ReadingBack


@pytest.fixture
def book(connected: Connected) -> ReadingBack:
    return ReadingBack(connected)


def damage(book: ReadingBack, subject: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Let the target of the score that waits for somebody be what this makes of it."""
    of_person = Delivery.order_key.endswith(str(book.person_id(subject)))
    with book.services.database.transaction() as db:
        row = db.scalars(sa.select(Delivery).where(of_person, Delivery.done_at.is_(None))).one()
        statement = sa.text("UPDATE delivery SET target = :text WHERE id = :id")
        db.execute(statement, {"text": json.dumps(change(row.target or {})), "id": row.id})


def states(book: ReadingBack) -> list[tuple[DeliveryStatus, str | None]]:
    with book.services.database.reading() as db:
        rows = db.scalars(sa.select(Delivery).order_by(Delivery.id))
        return [(DeliveryStatus(row.status), row.last_error) for row in rows]


REASON = "its target cannot be read: it is not a JSON object"
ELSE = "line item and person are not those of its order_key"
SOMEBODY = str(uuid.UUID(int=5))
Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(lambda _: [1], "it is not a JSON object", id="list"),
        pytest.param(lambda _: None, "line_item_url is not a text", id="null"),
        pytest.param(lambda _: {}, "line_item_url is not a text", id="empty"),
        pytest.param(lambda it: {**it, "line_item_url": 5}, "line_item_url is not a text", id="address"),
        pytest.param(lambda it: {**it, "user_id": None}, "user_id is not a text", id="no user"),
        pytest.param(lambda it: {**it, "user_id": ""}, "user_id is not a text", id="empty user"),
        pytest.param(lambda it: {**it, "person_id": 7}, "person_id is not a text", id="number"),
        pytest.param(lambda it: {**it, "person_id": "x"}, ELSE, id="text"),
        pytest.param(lambda it: {**it, "person_id": SOMEBODY}, ELSE, id="somebody else"),
        pytest.param(lambda it: {**it, "line_item_url": "https://[x/item"}, ELSE, id="no address"),
        pytest.param(
            lambda it: {**it, "line_item_url": it["line_item_url"] + "\ud800"}, ELSE, id="surrogate"
        ),
        pytest.param(lambda it: {**it, "line_item_url": it["line_item_url"][:-1]}, ELSE, id="cut"),
        pytest.param(lambda it: {**it, "restamps": "twice"}, "restamps is not a number", id="restamps"),
    ],
)
def test_a_grade_whose_score_cannot_be_read_says_that_it_was_not_sent(
    book: ReadingBack, change: Change, fault: str
) -> None:
    for subject in (MENTOR, MENTEE):
        book.record("satisfied", 100, subject=subject)
    damage(book, MENTOR, change)
    book.deliver()
    reason = f"its target cannot be read: {fault}"
    assert states(book) == [(DeliveryStatus.DEAD, reason), (DeliveryStatus.SENT, None)]
    assert (book.grade(MENTOR), book.grade(MENTEE)) == (None, 100)
    assert book.status(MENTEE) is GradeStatus.RECORDED
    trail = book.trail(MENTOR)
    assert (trail.grade_status, trail.refusal, trail.reason) == ("refused", "not_sent", reason)
    assert trail.refused_at is not None
    [(_, said, remedy)] = deliveries(book.services)
    assert said.startswith(f"the grade of Person {MENTOR} in 1 was not sent, ")
    assert said.endswith(reason)
    assert remedy == f"tandem scores resend --person {trail.person_id}"
    with book.services.database.reading() as db:
        [lost] = [each.grade for each in named_grades(db) if each.grade.person_id == trail.person_id]
    with using_language("en"):
        said = [
            words(lost)
            for words in (grade_wording.status, grade_wording.for_learner, grade_wording.for_tutor)
        ]
    assert said == [
        "Not sent",
        "Your grade could not be sent to your course. Your tutor can send it again.",
        "It could not be sent: what was stored for sending it is damaged. Send it again.",
    ]


def test_a_grade_that_was_not_sent_is_sent_when_somebody_asks_for_it(book: ReadingBack) -> None:
    book.record("satisfied", 100)
    damage(book, MENTEE, lambda _: [1])
    book.deliver()
    assert book.status() is GradeStatus.REFUSED
    link_id = book.connected.world.resource_link_id
    with composition.transaction(book.services, TOOL) as db:
        request_resending(db, [link_id], TOOL, person_id=book.person_id())
    book.run_jobs()
    book.deliver()
    assert (book.grade(), book.status(), book.trail().refusal) == (100, GradeStatus.RECORDED, None)
    assert [status for status, _ in states(book)] == [DeliveryStatus.SUPERSEDED, DeliveryStatus.SENT]


SCORE = {"userId": MENTOR, "timestamp": "2026-11-28T10:00:00Z", "scoreGiven": 100}
BODIES: dict[str, bytes] = {
    "lost": b"",
    "cut": b"{",
    "number": b"1",
    "list": b"[]",
    "empty": b"{}",
    "deep": b"[" * 100_000,
    "no UTF-8": b"\xff",
    "no user": json.dumps({**SCORE, "userId": MENTEE}).encode(),
    "no text": json.dumps({**SCORE, "timestamp": 1}).encode(),
    "no moment": json.dumps({**SCORE, "timestamp": "soon"}).encode(),
    "naive": json.dumps({**SCORE, "timestamp": "2026-11-28T10:00:00"}).encode(),
    "too early": json.dumps({**SCORE, "timestamp": "0001-01-01T00:00:00+14:00"}).encode(),
    "score": json.dumps({**SCORE, "scoreGiven": "all"}).encode(),
    "fraction": json.dumps({**SCORE, "scoreGiven": 50.0}).encode(),
    "too much": json.dumps({**SCORE, "scoreGiven": 2**70}).encode(),
}


@pytest.mark.parametrize("damaged_target", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_a_score_whose_body_is_damaged_is_given_up_alone(
    book: ReadingBack, name: str, damaged_target: bool
) -> None:
    for subject in (MENTOR, MENTEE):
        book.record("satisfied", 100, subject=subject)
    if damaged_target:
        damage(book, MENTOR, lambda _: [1])
    with book.services.database.transaction() as db:
        damaged = sa.select(Delivery.id).where(Delivery.order_key.endswith(str(book.person_id(MENTOR))))
        mine = DeliveryBody.delivery_id.in_(damaged)
        if name == "lost":
            db.execute(sa.delete(DeliveryBody).where(mine))
        else:
            db.execute(sa.update(DeliveryBody).where(mine).values(body=BODIES[name]))
    book.deliver()
    [(dead, reason), sent] = states(book)
    assert (dead, sent) == (DeliveryStatus.DEAD, (DeliveryStatus.SENT, None))
    assert reason is not None
    what = "its target cannot be read: " if damaged_target else "its body "
    assert reason.startswith(what)
    assert (book.status(MENTOR), book.trail(MENTOR).refusal) == (GradeStatus.REFUSED, "not_sent")
    assert (book.grade(MENTEE), book.status(MENTEE)) == (100, GradeStatus.RECORDED)
    [(_, said, _)] = deliveries(book.services)
    assert "was not sent" in said


def claim_two_scores(book: ReadingBack, damaged: Callable[[sa.ColumnElement[int]], Any]) -> None:
    """The score of a worker that was killed, and a later one; the body of the one with this id is damaged."""
    book.record("under_way", 30, report="live")
    with book.services.database.transaction() as db:
        outbox.claim(db, DeliveryKind.SCORE, receiver=str(book.connected.world.registration_id))
    book.record("under_way", 60, report="live")
    with book.services.database.transaction() as db:
        which = sa.select(damaged(Delivery.id.expression)).scalar_subquery()
        db.execute(sa.update(DeliveryBody).where(DeliveryBody.delivery_id == which).values(body=b"{"))
    book.deliver()


def test_a_damaged_score_with_a_later_one_is_of_no_interest(book: ReadingBack) -> None:
    claim_two_scores(book, sa.func.min)
    assert [status for status, _ in states(book)] == [DeliveryStatus.SUPERSEDED, DeliveryStatus.SENT]
    assert (book.grade(MENTEE), book.status(MENTEE)) == (60, GradeStatus.RECORDED)
    assert [said for _, said, _ in deliveries(book.services)] == ["nothing waits"]


def test_a_later_score_that_is_damaged_is_what_the_doctor_names(book: ReadingBack) -> None:
    claim_two_scores(book, sa.func.max)
    assert [status for status, _ in states(book)] == [DeliveryStatus.SENT, DeliveryStatus.DEAD]
    [(_, said, _)] = deliveries(book.services)
    assert "was not sent" in said


def test_a_score_of_which_nothing_can_be_read_is_given_up_alone(book: ReadingBack) -> None:
    for subject in (MENTOR, MENTEE):
        book.record("satisfied", 100, subject=subject)
    damage(book, MENTOR, lambda _: [1])
    with book.services.database.transaction() as db:
        damaged = Delivery.order_key.endswith(str(book.person_id(MENTOR)))
        db.execute(sa.update(Delivery).where(damaged).values(order_key="nobody's"))
    book.deliver()
    assert states(book) == [(DeliveryStatus.DEAD, REASON), (DeliveryStatus.SENT, None)]
    assert (book.grade(MENTEE), book.status(MENTEE)) == (100, GradeStatus.RECORDED)


def test_a_score_that_was_recorded_since_is_still_on_its_way(book: ReadingBack) -> None:
    book.record("under_way", 30, report="live")
    damage(book, MENTEE, lambda _: [1])
    with book.services.database.transaction() as db:
        claimed = outbox.claim(db, DeliveryKind.SCORE, receiver=str(book.connected.world.registration_id))
    book.record("under_way", 60, report="live")
    [channel] = [each for each in make_channels(book.services) if each.kind == DeliveryKind.SCORE]
    with book.services.database.transaction() as db:
        channel.note(db, claimed.deliveries, [Damaged(REASON)], utcnow())
    assert book.status() is GradeStatus.ON_ITS_WAY
