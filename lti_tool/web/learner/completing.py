"""Whether a yes to a meeting completes the programme: asked before the tap, which cannot be undone then."""

from __future__ import annotations

import dataclasses

from lti_tool.mentoring.completion.evaluation import evaluate
from lti_tool.mentoring.completion.facts import (
    AgreementFact,
    ObjectiveFact,
    PairFacts,
    PersonFacts,
    SessionFact,
)
from lti_tool.mentoring.completion.rule import CompletionRule
from lti_tool.mentoring.journey.views import Journey, PairView, SessionLine


def completes_with(rule: CompletionRule, journey: Journey, pair: PairView, line: SessionLine) -> bool:
    """Whether confirming ``line`` of ``pair`` satisfies the rule for who looks, who has not completed.

    A tutor's approval is not seen on a learner's page: a rule that asks for one is completed by the tutor.
    """
    if journey.progress.completed:
        return False
    confirmed = dataclasses.replace(line, status="confirmed")
    pairs = [
        _facts(other, journey.me.role, confirmed if other.id == pair.id else None)
        for other in journey.pairs
        if not other.declined
    ]
    return evaluate(rule, journey.me.role, pairs, PersonFacts(journey.me.role)).satisfied


def _facts(pair: PairView, my_role: str, confirmed: SessionLine | None) -> PairFacts:
    mine, partners = pair.signed_by_me_at is not None, pair.signed_by_partner_at is not None
    agreement = AgreementFact(mine, partners) if my_role == "mentor" else AgreementFact(partners, mine)
    lines = (confirmed if confirmed and line.id == confirmed.id else line for line in pair.sessions)
    return PairFacts(
        pair.id,
        agreement,
        tuple(SessionFact(line.id, line.status, line.minutes, line.format, line.held_on) for line in lines),
        tuple(
            ObjectiveFact(
                aim.id,
                aim.direction,
                aim.status,
                aim.required,
                "partner" if aim.status == "reached" else None,
            )
            for aim in pair.objectives
        ),
    )
