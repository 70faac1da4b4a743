"""Pairs, and what they do: sign, meet, set objectives."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from lti_tool.mentoring.feedback.actions import give_feedback, give_thanks
from lti_tool.mentoring.objectives.actions import (
    agree_to_objective,
    claim_objective,
    confirm_objective,
    propose_objective,
    withdraw_objective,
)
from lti_tool.mentoring.objectives.models import Objective, ObjectiveStatus
from lti_tool.mentoring.objectives.refusals import decline_objective, dispute_claim
from lti_tool.mentoring.pairs.actions import accept_pair, decline_pair, end_pair, pause_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.reflections.actions import write_reflection
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import (
    confirm_session,
    correct_session,
    dispute_session,
    log_session,
    withdraw_session,
)
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder.build import Built

if TYPE_CHECKING:
    from tests.builder.cohorts import BuiltParticipant


@dataclass(frozen=True)
class BuiltPair(Built):
    """A mentor and a mentee together."""

    mentor: BuiltParticipant
    mentee: BuiltParticipant

    @property
    def mentor_id(self) -> uuid.UUID:
        """The participant's id."""
        return self.mentor.id

    @property
    def mentee_id(self) -> uuid.UUID:
        """The participant's id."""
        return self.mentee.id

    def of(self, role: Role) -> BuiltParticipant:
        """Its member in a role."""
        return self.mentor if role is Role.MENTOR else self.mentee

    def row(self, db: Session) -> Pair:
        return db.get_one(Pair, self.id)

    def accept(self, by: BuiltParticipant, *, now: dt.datetime | None = None) -> None:
        """One of them accepts the other."""
        with self.build.transaction() as db:
            accept_pair(db, pair_id=self.id, by=by.id, now=now or self.build.now)

    def decline(self, by: BuiltParticipant, reason: str = "not-now") -> None:
        """One of them does not accept the other."""
        with self.build.transaction() as db:
            decline_pair(db, pair_id=self.id, by=by.id, reason=reason, now=self.build.now)

    def pause(self) -> None:
        """The tutor puts them on hold."""
        with self.build.transaction() as db:
            pause_pair(db, pair_id=self.id, now=self.build.now)

    def end(self, reason: str = "time") -> None:
        """The tutor ends the pair early."""
        with self.build.transaction() as db:
            end_pair(db, pair_id=self.id, reason=reason, now=self.build.now)

    def sign(self, by: BuiltParticipant, *, now: dt.datetime | None = None) -> None:
        """One of them signs the agreement."""
        with self.build.transaction() as db:
            sign_agreement(db, pair_id=self.id, by=by.id, now=now or self.build.now)

    def session(
        self,
        *,
        by: Role = Role.MENTOR,
        days_ago: int = 0,
        minutes: int = 45,
        format: str = "coaching",
        mode: str | None = "video",
        confirmed: bool = False,
        now: dt.datetime | None = None,
    ) -> BuiltSession:
        """A meeting that one of them logs, and that the other confirms if ``confirmed``. ``days_ago``: before today."""
        moment = now or self.build.now
        with self.build.transaction() as db:
            made = log_session(
                db,
                pair_id=self.id,
                by=self.of(by).id,
                held_on=moment.date() - dt.timedelta(days=days_ago),
                minutes=minutes,
                format=format,
                mode=mode,
                now=moment,
                is_another=True,
            )
            session = BuiltSession(self.build, made.id, self, by)
            if confirmed:
                session.confirm(now=moment)
            return session

    def objective(
        self,
        title: str = "An objective",
        direction: Role = Role.MENTEE,
        *,
        by: Role | None = None,
        status: str = "agreed",
        tag: str = "skills",
        required: bool = True,
        now: dt.datetime | None = None,
    ) -> BuiltObjective:
        """An objective towards one of them, who proposes it unless ``by`` is the other.

        ``status``: ``proposed``, ``agreed``, ``claimed`` or ``reached``.
        """
        moment = now or self.build.now
        with self.build.transaction() as db:
            proposer = by or direction
            made = propose_objective(
                db,
                pair_id=self.id,
                by=self.of(proposer).id,
                title=title,
                direction=direction,
                tag=tag,
                required=required,
                now=moment,
            )
            objective = BuiltObjective(self.build, made.id, self, direction)
            if status != "proposed":
                other = self.of(proposer.other).id
                agree_to_objective(db, objective_id=made.id, by=other, now=moment)
            if status in ("claimed", "reached"):
                objective.claim(now=moment)
            if status == "reached":
                objective.reach(now=moment)
            return objective

    def reflection(self, words: str, *, by: BuiltParticipant, shared: bool = False) -> None:
        """What one of them noted of a change of their own."""
        with self.build.transaction() as db:
            write_reflection(db, pair_id=self.id, by=by.id, words=words, shared=shared, now=self.build.now)

    def feedback(self, session: BuiltSession, *, by: BuiltParticipant, words: str | None = None) -> None:
        """What one of them tells the other of a meeting: that listening and examples helped."""
        with self.build.transaction() as db:
            give_feedback(
                db,
                pair_id=self.id,
                by=by.id,
                session_id=session.id,
                points=["listening", "examples"],
                words=words,
                now=self.build.now,
            )

    def thanks(self, *, by: BuiltParticipant, words: str | None = None) -> None:
        """One of them thanks the other for all of it."""
        with self.build.transaction() as db:
            give_thanks(db, pair_id=self.id, by=by.id, words=words, now=self.build.now)


@dataclass(frozen=True)
class BuiltSession(Built):
    """A meeting of a pair."""

    pair: BuiltPair
    logged_by: Role

    def row(self, db: Session) -> MentoringSession:
        return db.get_one(MentoringSession, self.id)

    def confirm(self, *, now: dt.datetime | None = None) -> None:
        """The partner says that it was so."""
        with self.build.transaction() as db:
            by = self.pair.of(self.logged_by.other).id
            confirm_session(db, session_id=self.id, by=by, now=now or self.build.now)

    def dispute(
        self, reason: str = "did-not-meet", *, minutes: int | None = None, now: dt.datetime | None = None
    ) -> None:
        """The partner says that it was not so. ``minutes``: the length that they propose."""
        with self.build.transaction() as db:
            by = self.pair.of(self.logged_by.other).id
            moment = now or self.build.now
            dispute_session(
                db, session_id=self.id, by=by, reason=reason, proposed_minutes=minutes, now=moment
            )

    def correct(self, *, minutes: int = 30) -> None:
        """Who logged it says that it was shorter, on the same day."""
        with self.build.transaction() as db:
            row = self.row(db)
            correct_session(
                db,
                session_id=self.id,
                by=self.pair.of(self.logged_by).id,
                held_on=row.held_on,
                minutes=minutes,
                format=row.format,
                now=self.build.now,
            )

    def withdraw(self) -> None:
        """Who logged it removes it."""
        with self.build.transaction() as db:
            by = self.pair.of(self.logged_by).id
            withdraw_session(db, session_id=self.id, by=by, now=self.build.now)


@dataclass(frozen=True)
class BuiltObjective(Built):
    """An objective of a pair, towards one of them."""

    pair: BuiltPair
    direction: Role

    def row(self, db: Session) -> Objective:
        return db.get_one(Objective, self.id)

    def claim(self, *, now: dt.datetime | None = None) -> None:
        """Who learns says that it is reached."""
        with self.build.transaction() as db:
            by = self.pair.of(self.direction).id
            claim_objective(db, objective_id=self.id, by=by, now=now or self.build.now)

    def reach(self, *, now: dt.datetime | None = None) -> None:
        """The partner says that it is reached."""
        with self.build.transaction() as db:
            by = self.pair.of(self.direction.other).id
            confirm_objective(db, objective_id=self.id, by=by, now=now or self.build.now)

    def say_no(self) -> None:
        """The partner does not want it proposed, or says that it is not reached yet."""
        with self.build.transaction() as db:
            row = self.row(db)
            is_claimed, moment = row.status == ObjectiveStatus.CLAIMED, self.build.now
            if is_claimed:
                dispute_claim(db, objective_id=self.id, by=self.pair.of(self.direction.other).id, now=moment)
            else:
                by = next(
                    each.id for each in (self.pair.mentor, self.pair.mentee) if each.id != row.proposed_by
                )
                decline_objective(db, objective_id=self.id, by=by, now=moment)

    def withdraw(self) -> None:
        """Who learns removes it."""
        with self.build.transaction() as db:
            by = self.pair.of(self.direction).id
            withdraw_objective(db, objective_id=self.id, by=by, now=self.build.now)
