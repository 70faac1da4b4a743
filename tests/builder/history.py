"""A long history by the real actions: many pairs that meet, dispute, correct, learn, complete and are reopened.

Which action comes next is drawn from a seed, so that a failure can be had again; an action that the rules refuse at
that moment is left out.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.identity.models import Course
from lti_tool.mentoring.completion.actions import reopen, validate_participant
from lti_tool.mentoring.enrolment.actions import change_role, invite, join
from lti_tool.mentoring.feedback.actions import give_feedback
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.objectives.actions import (
    agree_to_objective,
    claim_objective,
    confirm_objective,
    edit_objective,
    propose_objective,
    withdraw_objective,
    work_on_objectives,
)
from lti_tool.mentoring.objectives.refusals import decline_objective, dispute_claim, read_refusal
from lti_tool.mentoring.pairs.actions import (
    accept_pair,
    decline_pair,
    end_pair,
    form_pair,
    pause_pair,
    resume_pair,
    sign_agreement,
)
from lti_tool.mentoring.pairs.moving import move_pairs
from lti_tool.mentoring.pairs.queries import lock_pair
from lti_tool.mentoring.reflections.actions import remove_reflection, write_reflection
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import (
    confirm_session,
    correct_session,
    dispute_session,
    log_session,
    withdraw_session,
)
from tests.builder import NOW, World, add_person


@dataclass
class _Pair:
    id: uuid.UUID
    mentor: uuid.UUID
    mentee: uuid.UUID
    sessions: list[uuid.UUID] = field(default_factory=list)
    objectives: list[uuid.UUID] = field(default_factory=list)


class History:
    """What happens in a world, action by action."""

    def __init__(self, world: World, seed: int, *, also: uuid.UUID | None = None) -> None:
        """``also``: another cohort of the programme, between which and the world's the pairs move to and fro."""
        self._world = world
        self._cohorts = (world.cohort_id, also or world.cohort_id)
        self._random = random.Random(seed)
        self._pairs: list[_Pair] = []
        self._now = NOW
        self._people = 0

    def go_on(self, events: int, *, batch_size: int = 100) -> None:
        """Act until the log holds so many events.

        At most ``batch_size`` pairs act in a transaction, each once: a transaction is judged by where it ends.
        """
        while self._count() < events:
            with self._world.acting() as db:
                for _ in range(3 if len(self._pairs) < 150 else 0):
                    self._meet(db)
                for pair in self._random.sample(self._pairs, min(batch_size, len(self._pairs))):
                    self._now += dt.timedelta(seconds=self._random.randrange(1, 90))
                    with suppress(NotAllowed):
                        self._act(db, pair)

    def _count(self) -> int:
        with self._world.services.database.reading() as db:
            return db.scalar(sa.select(sa.func.count()).select_from(EventRow)) or 0

    def _act(self, db: Session, pair: _Pair) -> None:
        actions: list[Callable[[Session, _Pair], None]] = [
            self._log, self._log, self._log, self._answer, self._answer, self._answer, self._correct, self._withdraw,
            self._propose, self._propose, self._agree, self._agree, self._agree, self._edit, self._work,
            self._reflect, self._tell, self._claim, self._reach, self._drop, self._refuse, self._accept, self._accept,
            self._accept, self._sign, self._sign, self._sign, self._hold,
            self._approve, self._reopen, self._move,
        ]  # fmt: skip
        self._random.choice(actions)(db, pair)

    def _meet(self, db: Session) -> None:
        """Two new people, of whom one may only be invited, become a pair."""
        world, course = self._world, db.get_one(Course, self._world.course_id)
        ids = {}
        for role in Role:
            self._people += 1
            is_here = self._random.random() < 0.8
            person = add_person(db, world.registration_id, course, f"Person {self._people}", launched=is_here)
            enrol = join if is_here else invite
            other = Role.MENTEE if role is Role.MENTOR else Role.MENTOR
            changes = is_here and self._random.random() < 0.2
            first = other if changes else role
            enrolled = enrol(db, cohort_id=world.cohort_id, person_id=person.id, role=first, now=self._now)
            if changes:
                change_role(db, participant_id=enrolled.id, role=role, now=self._now)
            ids[role] = enrolled.id
        pair = form_pair(
            db,
            cohort_id=world.cohort_id,
            mentor_id=ids[Role.MENTOR],
            mentee_id=ids[Role.MENTEE],
            now=self._now,
        )
        self._pairs.append(_Pair(pair.id, ids[Role.MENTOR], ids[Role.MENTEE]))

    def _either(self, pair: _Pair) -> uuid.UUID:
        return self._random.choice([pair.mentor, pair.mentee])

    def _accept(self, db: Session, pair: _Pair) -> None:
        accept_pair(db, pair_id=pair.id, by=self._either(pair), now=self._now)

    def _hold(self, db: Session, pair: _Pair) -> None:
        """A pair that goes on is put on hold, goes on, or comes to its end, as one in twenty does."""
        if self._random.random() < 0.05:
            if self._random.random() < 0.5:
                decline_pair(db, pair_id=pair.id, by=self._either(pair), reason="not-now", now=self._now)
            end_pair(db, pair_id=pair.id, reason="time", now=self._now)
        else:
            self._random.choice([pause_pair, resume_pair, resume_pair])(db, pair_id=pair.id, now=self._now)

    def _move(self, db: Session, pair: _Pair) -> None:
        here, there = self._random.sample(self._cohorts, 2)
        move_pairs(db, pair_ids=[pair.id], from_cohort_id=here, to_cohort_id=there, now=self._now)

    def _sign(self, db: Session, pair: _Pair) -> None:
        sign_agreement(db, pair_id=pair.id, by=self._either(pair), now=self._now)

    def _log(self, db: Session, pair: _Pair) -> None:
        session = log_session(
            db,
            pair_id=pair.id,
            by=self._either(pair),
            held_on=self._now.date() - dt.timedelta(days=self._random.randrange(30)),
            minutes=self._random.choice([10, 30, 45, 90]),
            format=self._random.choice(["coaching", "trade-show", "audio"]),
            mode=self._random.choice(["video", "phone", None]),
            now=self._now,
        )
        pair.sessions.append(session.id)

    def _session(self, pair: _Pair) -> uuid.UUID:
        return self._random.choice(pair.sessions) if pair.sessions else self._nothing()

    def _objective(self, pair: _Pair) -> uuid.UUID:
        return self._random.choice(pair.objectives) if pair.objectives else self._nothing()

    def _nothing(self) -> uuid.UUID:
        raise NotAllowed("nothing_yet")

    def _answer(self, db: Session, pair: _Pair) -> None:
        session_id, by = self._session(pair), self._either(pair)
        if self._random.random() < 0.75:
            confirm_session(db, session_id=session_id, by=by, now=self._now)
        else:
            dispute_session(db, session_id=session_id, by=by, reason="wrong-length", now=self._now)

    def _correct(self, db: Session, pair: _Pair) -> None:
        correct_session(
            db,
            session_id=self._session(pair),
            by=self._either(pair),
            held_on=self._now.date(),
            minutes=self._random.choice([20, 60]),
            format="coaching",
            now=self._now,
        )

    def _withdraw(self, db: Session, pair: _Pair) -> None:
        withdraw_session(db, session_id=self._session(pair), by=self._either(pair), now=self._now)

    def _propose(self, db: Session, pair: _Pair) -> None:
        objective = propose_objective(
            db,
            pair_id=pair.id,
            by=self._either(pair),
            title="An objective",
            direction=self._random.choice(list(Role)),
            tag=self._random.choice(["skills", "culture"]),
            required=self._random.random() < 0.5,
            now=self._now,
        )
        pair.objectives.append(objective.id)

    def _agree(self, db: Session, pair: _Pair) -> None:
        agree_to_objective(db, objective_id=self._objective(pair), by=self._either(pair), now=self._now)

    def _edit(self, db: Session, pair: _Pair) -> None:
        edit_objective(
            db,
            objective_id=self._objective(pair),
            by=self._either(pair),
            title="Another objective",
            tag=self._random.choice(["skills", "person"]),
            target_on=None,
            now=self._now,
        )

    def _work(self, db: Session, pair: _Pair) -> None:
        work_on_objectives(
            db,
            pair=lock_pair(db, pair.id),
            by=self._either(pair),
            objective_ids=[self._objective(pair)],
            session_id=self._session(pair),
            worked_on=self._now.date(),
            now=self._now,
        )

    def _reflect(self, db: Session, pair: _Pair) -> None:
        made = write_reflection(
            db,
            pair_id=pair.id,
            by=self._either(pair),
            words="I listen more",
            shared=self._random.random() < 0.5,
            now=self._now,
        )
        if self._random.random() < 0.3:
            remove_reflection(db, pair_id=pair.id, reflection_id=made.id, by=made.author_id, now=self._now)

    def _tell(self, db: Session, pair: _Pair) -> None:
        give_feedback(
            db,
            pair_id=pair.id,
            by=self._either(pair),
            session_id=self._session(pair),
            points=["listening"],
            words=None,
            now=self._now,
        )

    def _claim(self, db: Session, pair: _Pair) -> None:
        claim_objective(db, objective_id=self._objective(pair), by=self._either(pair), now=self._now)

    def _reach(self, db: Session, pair: _Pair) -> None:
        confirm_objective(db, objective_id=self._objective(pair), by=self._either(pair), now=self._now)

    def _drop(self, db: Session, pair: _Pair) -> None:
        withdraw_objective(db, objective_id=self._objective(pair), by=self._either(pair), now=self._now)

    def _refuse(self, db: Session, pair: _Pair) -> None:
        refuse = self._random.choice([decline_objective, dispute_claim, read_refusal])
        refuse(db, objective_id=self._objective(pair), by=self._either(pair), now=self._now)

    def _approve(self, db: Session, pair: _Pair) -> None:
        validate_participant(db, participant_id=self._either(pair), now=self._now)

    def _reopen(self, db: Session, pair: _Pair) -> None:
        reopen(db, participant_id=self._either(pair), reason="It was another pair's", now=self._now)
