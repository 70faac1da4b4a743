"""The channel to gradebooks: scores to the line items of a registration's platform."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.lti.ags import (
    damaged_scores,
    grade_records,
    missing_line_items,
    resending,
    scores,
    unsent_scores,
)
from lti_tool.lti.ags.answers import KnownGrade, deliver_scores
from lti_tool.lti.ags.grade_records import Became
from lti_tool.lti.ags.reconciliation import may_rest
from lti_tool.lti.ags.score_outcomes import Refused, ScoreOutcome, Stale, Withheld
from lti_tool.lti.platform_service import PlatformService, ServiceDeps
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.models import DeliveryKind
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Answered, Damaged, Dead, Outcome, PartMissing, Sent, Superseded


class GradebookChannel(Channel):
    """Scores; the receiver is the id of a registration."""

    kind: ClassVar[str] = DeliveryKind.SCORE.value
    batch_size: ClassVar[int] = 20

    def __init__(self, deps: ServiceDeps) -> None:
        self._deps = deps

    def fault_of(self, delivery: ClaimedDelivery) -> str | None:
        """What of a stored score cannot be read."""
        return damaged_scores.fault_of(delivery.target, delivery.order_key, delivery.body)

    def send(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> Sequence[Outcome]:
        """Post the latest score of each person on each line item; the earlier ones are superseded by it."""
        latest = {delivery.order_key: delivery for delivery in deliveries}
        outcomes = dict(zip(latest, self._post(receiver, list(latest.values())), strict=True))
        return [
            _outcome(outcomes[delivery.order_key], delivery, receiver)
            if latest[delivery.order_key] is delivery
            else Superseded()
            for delivery in deliveries
        ]

    def _post(self, receiver: str, deliveries: Sequence[ClaimedDelivery]) -> list[ScoreOutcome]:
        try:
            service = PlatformService(self._deps, uuid.UUID(receiver))
        except NoResultFound:
            return [Dead("the registration is gone")] * len(deliveries)
        with self._deps.database.reading() as db:
            known = grade_records.known_grades(db, service.registration_id, deliveries)
        outcomes = deliver_scores(service, deliveries, known)
        return [
            _given_up(outcome, known.get(delivery.order_key))
            for delivery, outcome in zip(deliveries, outcomes, strict=True)
        ]

    def note(
        self,
        db: Session,
        deliveries: Sequence[ClaimedDelivery],
        outcomes: Sequence[Outcome],
        now: dt.datetime,
    ) -> None:
        """Write what became of each score into the record of its grade, or that it was damaged."""
        became = list(zip(deliveries, outcomes, strict=True))
        damaged = [
            (damaged_scores.find_grade(db, each.target, each.order_key), each, outcome)
            for each, outcome in became
            if isinstance(outcome, Damaged)
        ]
        sound = [(each, outcome) for each, outcome in became if not isinstance(outcome, Damaged)]
        missing = grade_records.missing_reasons(sound)
        there = grade_records.urls_that_answered(sound)
        registration_id = self._registration_id(db, sound) if missing or there else None
        resting: set[str] = set()
        awake: set[str] = set()
        if registration_id is not None:
            # Before the grades are locked, as in a reading of results.
            reasons = {url: reason for url, (reason, _) in missing.items() if url not in there}
            resting, awake = missing_line_items.note_answers(db, registration_id, reasons, there, now)
        grades = {grade_records.grade_of(each) for each, _ in sound} | {
            grade for grade, *_ in damaged if grade
        }
        grade_records.lock_grades(db, grades, resting | awake)
        for each, outcome in sound:
            grade_records.note_outcome(db, each, outcome, now)
        for grade, each, lost in damaged:
            if grade is not None:
                damaged_scores.note(db, grade, each, lost.reason, now)
        unsent_scores.supersede_earlier_dead(
            db,
            [
                (each.order_key, each.id)
                for each, outcome in sound
                if isinstance(outcome, Sent | Dead) or (isinstance(outcome, Superseded) and outcome.write)
            ],
            given_up=[each.id for _, each, _ in damaged],
        )
        grade_records.note_failed_readings(db, sound, now)
        if registration_id is not None:
            for url in sorted(resting):
                missing_line_items.rest(db, registration_id, url, missing[url][1], now)
            resending.read_everybodys(db, registration_id, awake, now)

    def _registration_id(self, db: Session, sound: Became) -> uuid.UUID | None:
        """That of the platform to which they go: one receiver's are sent together."""
        people = [grade_records.grade_of(each)[1] for each, _ in sound]
        return db.scalar(sa.select(Person.registration_id).where(Person.id.in_(people[:1])))


def _given_up(outcome: ScoreOutcome, known: KnownGrade | None) -> ScoreOutcome:
    """The outcome; refused where a line item is missing that no activity has any more, or for so long that it rests."""
    if not isinstance(outcome, PartMissing) or known is None:
        return outcome
    if known.is_used:
        before = known.missing
        if before is None or not may_rest(replace(before, answers=before.answers + 1), utcnow()):
            return outcome
    return Refused(outcome.reason, refusal=grade_records.refusal_of_missing(outcome), is_missing=True)


def _outcome(outcome: ScoreOutcome, delivery: ClaimedDelivery, receiver: str) -> Outcome:
    match outcome:
        case Stale():
            return Superseded(
                partial(_restamp, delivery=delivery, receiver=receiver, stale=outcome), Answered.PART
            )
        case Withheld():
            write = partial(_note_withheld, delivery=delivery, withheld=outcome)
            return Superseded(write, Answered.RECEIVER if outcome.reading is None else Answered.PART)
        case _:
            return outcome


def _note_withheld(db: Session, *, delivery: ClaimedDelivery, withheld: Withheld) -> None:
    grade_records.note_withheld(db, delivery=delivery, reading=withheld.reading, now=utcnow())


def _restamp(db: Session, *, delivery: ClaimedDelivery, receiver: str, stale: Stale) -> None:
    scores.restamp(db, delivery, receiver, later_than=stale.than)
