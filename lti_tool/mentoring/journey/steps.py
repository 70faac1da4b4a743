"""Where a participant is with one partner, and so what their page shows first: a pure function of what is known.

Each value of :class:`Step` has a view in ``web/learner/templates/learner/_next.html``. Planning a meeting has no states
of its own yet: a meeting is logged once it was held.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lti_tool.mentoring.journey.views import PairView, Progress


class Step(enum.StrEnum):
    """What is next for a participant, one thing at a time."""

    CHOOSE_ROLE = "choose_role"
    WAIT_FOR_PAIR = "wait_for_pair"
    ACCEPT = "accept"
    """A tutor proposes a partner; I have not answered."""
    WAIT_FOR_ACCEPTANCE = "wait_for_acceptance"
    SIGN = "sign"
    WAIT_FOR_SIGNATURE = "wait_for_signature"
    FIRST_MEETING = "first_meeting"
    """Both have signed, and have not met."""
    CONFIRM_SESSION = "confirm_session"
    """The partner logged a meeting."""
    CORRECT_SESSION = "correct_session"
    """The partner says that a meeting of mine was not so, and proposes what it was or that it was not."""
    WAIT_FOR_CONFIRMATION = "wait_for_confirmation"
    """I logged a meeting; the partner has not answered."""
    WAIT_FOR_CORRECTION = "wait_for_correction"
    """I said that a meeting was not so; the partner has not answered."""
    CONFIRM_OBJECTIVE = "confirm_objective"
    """The partner says that they reached an objective."""
    AGREE_OBJECTIVE = "agree_objective"
    """The partner proposes an objective, or another wording of one."""
    MEET = "meet"
    """Nothing waits."""
    WAIT_FOR_TUTOR = "wait_for_tutor"
    PAUSED = "paused"
    ENDED = "ended"
    PARTNER_LEFT = "partner_left"
    COMPLETED = "completed"


URGENCY: Final = (
    Step.CONFIRM_SESSION,
    Step.CORRECT_SESSION,
    Step.ACCEPT,
    Step.SIGN,
    Step.CONFIRM_OBJECTIVE,
    Step.AGREE_OBJECTIVE,
    Step.FIRST_MEETING,
    Step.MEET,
    Step.WAIT_FOR_CONFIRMATION,
    Step.WAIT_FOR_CORRECTION,
    Step.WAIT_FOR_TUTOR,
    Step.WAIT_FOR_ACCEPTANCE,
    Step.WAIT_FOR_SIGNATURE,
    Step.COMPLETED,
    Step.PARTNER_LEFT,
    Step.PAUSED,
    Step.ENDED,
    Step.WAIT_FOR_PAIR,
)
"""Of several pairs, the one is shown first whose step comes first here."""


def step_of(progress: Progress, pair: PairView | None) -> Step:
    """What is next for a participant, seen from one of their pairs; ``pair``: None for who has none.

    Of a partner who has left the course, only what they said before can still be answered. A pair that one of the two
    did not accept is none.
    """
    if pair is None or pair.declined:
        return Step.COMPLETED if progress.completed else Step.WAIT_FOR_PAIR
    is_here = not pair.partner.has_left
    if pair.status == "proposed" and is_here:
        return Step.ACCEPT if pair.accepted_by_me_at is None else Step.WAIT_FOR_ACCEPTANCE
    if pair.status in ("ended", "closed", "paused") and progress.completed:
        return Step.COMPLETED
    if pair.status in ("ended", "closed"):
        return Step.ENDED
    if pair.status == "paused":
        return Step.PAUSED
    return _open_step(progress, pair, is_here)


def _open_step(progress: Progress, pair: PairView, is_here: bool) -> Step:
    if pair.sessions_to_confirm:
        return Step.CONFIRM_SESSION
    if is_here and pair.sessions_to_correct:
        return Step.CORRECT_SESSION
    if is_here and pair.status == "accepted":
        return Step.SIGN if pair.signed_by_me_at is None else Step.WAIT_FOR_SIGNATURE
    if pair.objectives_to_confirm:
        return Step.CONFIRM_OBJECTIVE
    if pair.objectives_to_agree and not progress.completed:
        return Step.AGREE_OBJECTIVE
    if progress.completed:
        return Step.COMPLETED
    if progress.status == "awaiting_tutor":
        return Step.WAIT_FOR_TUTOR
    if not is_here:
        return Step.PARTNER_LEFT
    if pair.unconfirmed is not None:
        return Step.WAIT_FOR_CONFIRMATION
    if pair.uncorrected is not None:
        return Step.WAIT_FOR_CORRECTION
    return Step.MEET if pair.sessions else Step.FIRST_MEETING
