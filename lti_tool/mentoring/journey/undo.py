"""Which step of their own somebody can still take back: a pure function of what their page shows.

The actions decide again when it is asked for: what the partner and the tutor did meanwhile is not all seen here.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from lti_tool.mentoring.guards import UNDO_WITHIN
from lti_tool.mentoring.journey.views import Journey, PairView


@dataclass(frozen=True)
class UndoableStep:
    """One's own latest step."""

    step: str
    """A code of :data:`schemas.choices.UNDOABLE_STEPS`."""
    at: dt.datetime
    subject_id: uuid.UUID
    """The pair or the meeting; one's own enrolment where the step was to join."""
    revision: int = 0
    """Of the meeting."""
    is_refusal: bool = False
    """Of an objective: the partner had proposed it, and the one who looks did not want it."""

    @property
    def said(self) -> str:
        """The code of what is said of the step: one that was not wanted is not called removed."""
        return "left_out" if self.is_refusal else self.step


def undoable_step(
    journey: Journey, pair: PairView | None, joined_at: dt.datetime, now: dt.datetime
) -> UndoableStep | None:
    """The latest step that can be taken back: for ten minutes, and as far as nobody is seen to have acted on it.

    ``pair``: the one that the page is about, which one of the two may have declined. ``joined_at``: when they joined.
    """
    found = [
        each for each in _steps(journey, pair, joined_at) if dt.timedelta() <= now - each.at <= UNDO_WITHIN
    ]
    return max(found, key=lambda each: each.at, default=None)


def _steps(journey: Journey, pair: PairView | None, joined_at: dt.datetime) -> Iterator[UndoableStep]:
    if pair is None:
        if journey.status == "onboarded":
            yield UndoableStep("joined", joined_at, journey.me.participant_id)
        return
    if pair.declined:
        if pair.declined_by_me and pair.ended_at is not None:
            yield UndoableStep("declined", pair.ended_at, pair.id)
        return
    accepted, partners = pair.accepted_by_me_at, pair.accepted_by_partner_at
    is_signed = pair.signed_by_me_at is not None or pair.signed_by_partner_at is not None
    is_open = pair.status in ("proposed", "accepted") and not is_signed
    if is_open and accepted is not None and (partners is None or partners <= accepted):
        yield UndoableStep("accepted", accepted, pair.id)
    if journey.progress.completed or pair.status != "active":
        return
    for aim in (*pair.objectives, *pair.objectives_given_up):
        if aim.moved_by_me and aim.since is not None:
            yield UndoableStep(aim.status, aim.since, aim.id, is_refusal=aim.declined)
    for line in pair.sessions:
        if not line.mine and line.status in ("confirmed", "disputed") and line.answered_at is not None:
            yield UndoableStep(line.status, line.answered_at, line.id, line.revision)
