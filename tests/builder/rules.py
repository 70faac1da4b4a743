"""Another rule for a cohort, drafted and applied as its tutor does it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.composition.rule_preview import TriedRule, apply_draft, try_rule
from lti_tool.mentoring.completion.drafts import save_draft
from lti_tool.mentoring.completion.queries import rule_draft
from lti_tool.mentoring.completion.rule import read_draft
from tests.builder.clock import NOW
from tests.builder.world import World

AGREEMENT: dict[str, Any] = {"id": "agreement", "type": "agreement"}


def meetings(number: int, **fields: Any) -> dict[str, Any]:
    """The criterion of so many meetings of half an hour."""
    return {"id": "sessions", "type": "sessions", "min": number, "min_minutes_each": 30, **fields}


def document(*criteria: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule as JSON, by which the agreement and these criteria are asked for."""
    return {"v": 1, "mode": "all", "criteria": [AGREEMENT, *criteria], **more}


def drafted(
    db: Session, world: World, rule: Mapping[str, Any], cohort_id: uuid.UUID | None = None
) -> TriedRule:
    """Save a draft over the one that is there, and try it. ``cohort_id``: another cohort than the world's."""
    cohort_id = cohort_id or world.cohort_id
    before = rule_draft(db, cohort_id)
    seen = before.revision if before is not None else 0
    save_draft(db, cohort_id=cohort_id, rule=rule, seen=seen, now=NOW)
    return try_rule(db, cohort_id, read_draft(rule), rule)


def apply(world: World, rule: Mapping[str, Any], cohort_id: uuid.UUID | None = None) -> int:
    """Draft and apply a rule; return the number of the version."""
    with world.acting() as db:
        tried = drafted(db, world, rule, cohort_id)
        return apply_draft(db, cohort_id=cohort_id or world.cohort_id, previewed=tried.digest, now=NOW)
