"""The draft of a cohort's rule: saved, given up."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.mentoring.completion.models import RuleDraft
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.queries import lock_cohort, rule_of_cohort

__all__ = ["discard_draft", "save_draft"]


def save_draft(
    db: Session, *, cohort_id: uuid.UUID, rule: Mapping[str, Any], seen: int, now: dt.datetime
) -> int:
    """Keep the draft of a cohort's rule; return its revision. It is no event: nothing has changed for anybody.

    ``rule``: JSON that :func:`schemas.completion_rule.load_draft_rule` accepts. ``seen``: the revision that whoever
    saves has looked at, 0 where there was no draft. What is there already, word for word, may be saved again.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``draft_changed``) where somebody else has saved since.
    """
    lock_cohort(db, cohort_id)
    in_force = rule_of_cohort(db, cohort_id).number
    row = db.get(RuleDraft, cohort_id, populate_existing=True)
    if row is None:
        row = RuleDraft(cohort_id=cohort_id, revision=0)
        db.add(row)
    elif row.rule == rule:
        return row.revision
    else:
        require(row.revision == seen, "draft_changed")
    row.rule, row.based_on, row.revision = dict(rule), in_force, row.revision + 1
    row.edited_by, row.edited_at = log.acting_principal(db).person_id, now
    db.flush()
    return row.revision


def discard_draft(db: Session, *, cohort_id: uuid.UUID, seen: int | None = None) -> None:
    """Give the draft up, as after it was applied. Without one, nothing changes.

    ``seen``: the revision that whoever gives it up has looked at; None where that is known to be the latest. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``draft_changed``) where somebody else has saved since.
    """
    if seen is not None:
        lock_cohort(db, cohort_id)
    row = db.get(RuleDraft, cohort_id, populate_existing=True)
    if row is not None:
        require(seen in (None, row.revision), "draft_changed")
        db.delete(row)
        db.flush()
