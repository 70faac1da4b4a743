"""Where a participant stands in the programme, in the words that the LMS's grade is made from.

The table is in the AGS part of the domain's design: each standing has one activityProgress and one
gradingProgress (https://www.imsglobal.org/spec/lti-ags/v2p0#activityprogress); `lti` and the grade code hold
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lti_tool.mentoring.rule_types import Completion, Evaluation, PairFacts


class Standing(StrEnum):
    """How far a participant is, from the choice of a role to the end."""

    ONBOARDED = "onboarded"
    AGREEMENT_SIGNED = "agreement_signed"
    UNDER_WAY = "under_way"
    AWAITING_TUTOR = "awaiting_tutor"
    SATISFIED = "satisfied"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ParticipantFacts:
    """A participant who has chosen a role: whether they left, and the pairs they have in that role."""

    withdrawn: bool = False
    pairs: Sequence[PairFacts] = ()


_MET = frozenset({"held", "confirmed"})
_MOVING = frozenset({"in_progress", "claimed", "reached"})


def standing(
    participant: ParticipantFacts, evaluation: Evaluation, completion: Completion = Completion.OPEN
) -> Standing:
    """Say where the participant stands.

    `completion` is the latched one (`rules.latch`): what was completed stays satisfied whatever the facts
    became, and what the tutor reopened is not, even if the facts still satisfy the rule. Under way begins
    with the first session held or the first objective in progress; whoever withdrew is withdrawn, completed
    or not, so that the LMS keeps what it has.
    """
    if participant.withdrawn:
        return Standing.WITHDRAWN
    if completion is Completion.COMPLETED or (evaluation.satisfied and completion is Completion.OPEN):
        return Standing.SATISFIED
    if evaluation.awaiting_tutor or evaluation.satisfied:
        return Standing.AWAITING_TUTOR
    if any(_has_begun(pair) for pair in participant.pairs):
        return Standing.UNDER_WAY
    if any(pair.agreement.signed_by_both for pair in participant.pairs):
        return Standing.AGREEMENT_SIGNED
    return Standing.ONBOARDED


def _has_begun(pair: PairFacts) -> bool:
    """True once the two have met, or work on an objective."""
    return any(session.status in _MET for session in pair.sessions) or any(
        objective.status in _MOVING for objective in pair.objectives
    )
