"""Where a participant is, in the words that the LMS's grade is made from.

Each state has one ``activityProgress`` and one ``gradingProgress`` of AGS
(https://www.imsglobal.org/spec/lti-ags/v2p0#activityprogress); :mod:`lti_tool.lti.ags.scores` has the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from lti_tool.mentoring.completion.facts import PairFacts, PersonFacts
from lti_tool.mentoring.completion.rule import Completion, Evaluation


class ProgressState(StrEnum):
    """How far a participant is, from the choice of a role to the end."""

    ONBOARDED = "onboarded"
    AGREEMENT_SIGNED = "agreement_signed"
    UNDER_WAY = "under_way"
    AWAITING_TUTOR = "awaiting_tutor"
    SATISFIED = "satisfied"
    WITHDRAWN = "withdrawn"


_MET = frozenset({"held", "confirmed"})
_STARTED_OBJECTIVES = frozenset({"in_progress", "claimed", "reached"})


def progress_state(
    person: PersonFacts,
    pairs: Sequence[PairFacts],
    evaluation: Evaluation,
    completion: Completion = Completion.OPEN,
) -> ProgressState:
    """Say where a participant is, who has chosen a role.

    ``completion`` is the latched one: what was completed stays satisfied whatever the facts became, and what the tutor
    reopened is not, even if the facts still satisfy the rule. Under way begins with the first session held or the first
    objective in progress; whoever withdrew is withdrawn, completed or not, so that the LMS keeps what it has.
    """
    if person.withdrawn:
        return ProgressState.WITHDRAWN
    if completion is Completion.COMPLETED or (evaluation.satisfied and completion is Completion.OPEN):
        return ProgressState.SATISFIED
    if evaluation.awaiting_tutor or evaluation.satisfied:
        return ProgressState.AWAITING_TUTOR
    if any(_has_begun(pair) for pair in pairs):
        return ProgressState.UNDER_WAY
    if any(pair.agreement.signed_by_both for pair in pairs):
        return ProgressState.AGREEMENT_SIGNED
    return ProgressState.ONBOARDED


def _has_begun(pair: PairFacts) -> bool:
    """Whether the two have met, or work on an objective."""
    return any(session.status in _MET for session in pair.sessions) or any(
        objective.status in _STARTED_OBJECTIVES for objective in pair.objectives
    )
