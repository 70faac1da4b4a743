"""Telling the partner what helped in a meeting, and thanking them at the end."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.mentoring.feedback.actions import give_feedback, give_thanks, see_thanks
from lti_tool.mentoring.feedback.queries import feedback_of_pair, thanks_of_pair
from lti_tool.mentoring.pairs.actions import sign_agreement
from lti_tool.mentoring.sessions.actions import dispute_session
from tests.builder import World
from tests.mentoring.checks import LATER, event_names, log_meeting, refused


def meeting(db: Session, world: World) -> tuple[uuid.UUID, uuid.UUID]:
    """A pair that has met: its id, and the meeting's, which the mentor logged."""
    pair_id = world.pair(db).id
    for member in (world.mentor_id, world.mentee_id):
        sign_agreement(db, pair_id=pair_id, by=member, now=LATER)
    return pair_id, log_meeting(db, pair_id, world.mentor_id).id


def give(db: Session, pair_id: uuid.UUID, session_id: uuid.UUID, by: uuid.UUID) -> None:
    give_feedback(
        db,
        pair_id=pair_id,
        by=by,
        session_id=session_id,
        points=["listening"],
        words="Merci pour l’exemple",
        now=LATER,
    )


def test_each_tells_the_other_once_a_meeting_what_helped(world: World) -> None:
    with world.transaction() as db:
        pair_id, session_id = meeting(db, world)
        for by in (world.mentor_id, world.mentee_id):
            give(db, pair_id, session_id, by)
            refused("feedback_given", lambda by=by: give(db, pair_id, session_id, by))  # type: ignore[misc]
        assert {line.author_id for line in feedback_of_pair(db, pair_id)} == {
            world.mentor_id,
            world.mentee_id,
        }
        details = db.scalars(sa.select(EventRow.details).where(EventRow.kind == "FeedbackGiven")).first()
        assert details is not None
        assert set(details) == {"feedback_id", "session_id"}


def test_feedback_is_about_a_meeting_of_the_pair_that_nobody_contests(world: World) -> None:
    with world.transaction() as db:
        pair_id, session_id = meeting(db, world)
        refused("session_over", lambda: give(db, pair_id, uuid.uuid4(), world.mentor_id))
        dispute_session(db, session_id=session_id, by=world.mentee_id, reason=None, now=LATER)
        refused("session_over", lambda: give(db, pair_id, session_id, world.mentor_id))


def test_thanks_are_given_once_and_shown_until_the_partner_has_read_them(world: World) -> None:
    with world.transaction() as db:
        pair_id = world.pair(db).id
        give_thanks(db, pair_id=pair_id, by=world.mentee_id, words=None, now=LATER)
        refused(
            "feedback_given",
            lambda: give_thanks(db, pair_id=pair_id, by=world.mentee_id, words="Encore", now=LATER),
        )
        see_thanks(db, pair_id=pair_id, by=world.mentee_id, now=LATER)
        assert [line.seen_at for line in thanks_of_pair(db, pair_id)] == [None]
        for _time in range(2):
            see_thanks(db, pair_id=pair_id, by=world.mentor_id, now=LATER)
        assert [line.seen_at for line in thanks_of_pair(db, pair_id)] == [LATER]
        assert event_names(db)[-2:] == ["ThanksGiven", "ThanksSeen"]
