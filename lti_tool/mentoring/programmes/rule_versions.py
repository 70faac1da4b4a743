"""Putting another version of a cohort's completion rule in force."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.events import RuleApplied
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.mentoring.programmes.queries import rule_of_cohort, scope_of


def apply_rule(
    db: Session, *, cohort_id: uuid.UUID, rule: Mapping[str, Any], previous: int, now: dt.datetime
) -> int:
    """Put the next version of a cohort's rule in force; return its number. Everybody is judged by it before the commit.

    ``rule``: JSON that :func:`lti_tool.mentoring.completion.queries.read_rule` accepts. ``previous``: the number of the
    version that is in force. Whoever calls has locked the cohort, so that nobody joins or is paired meanwhile, and its
    participants.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``rule_changed``) where another version is in force.
    """
    require(rule_of_cohort(db, cohort_id).number == previous, "rule_changed")
    number = previous + 1
    db.add(
        CompletionRuleVersion(
            id=uuid.uuid4(), cohort_id=cohort_id, number=number, rule=dict(rule), created_at=now
        )
    )
    db.flush()
    log.append(db, RuleApplied(number=number, previous=previous), scope_of(db, cohort_id), at=now)
    return number
