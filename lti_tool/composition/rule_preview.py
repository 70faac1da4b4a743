"""Trying a draft of a completion rule on a whole cohort, and applying what was tried.

The people and what they did are read in a fixed number of statements; the rest is
:mod:`lti_tool.mentoring.completion.preview`, which is pure.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.cohort_facts import Judged, judged_people
from lti_tool.mentoring.completion.drafts import discard_draft
from lti_tool.mentoring.completion.preview import Effect, Preview, preview
from lti_tool.mentoring.completion.queries import rule_draft, rule_of
from lti_tool.mentoring.completion.rule import CompletionRule, read_draft, unmeasurable
from lti_tool.mentoring.completion.rule_warnings import Frame
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.queries import lock_participants
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.programmes.models import Cohort, CompletionRuleVersion, ProgrammeSettings
from lti_tool.mentoring.programmes.queries import RuleRecord, lock_cohort, rule_of_cohort
from lti_tool.mentoring.programmes.rule_versions import apply_rule
from schemas.problem import ShapeError


@dataclass(frozen=True)
class TriedRule:
    """What a draft would change in a cohort."""

    in_force: RuleRecord
    preview: Preview
    """Of everybody in a pair, and of whoever else it changes something for."""
    people: Mapping[uuid.UUID, Judged]
    """By participant."""
    without_pair: int
    """How many of them are in no pair."""
    digest: str
    """The same as long as neither the draft nor anybody's result by either rule changes."""


def try_rule(
    db: Session,
    cohort_id: uuid.UUID,
    drafted: CompletionRule,
    document: Mapping[str, Any],
    in_force: RuleRecord | None = None,
) -> TriedRule:
    """What a rule would change in a cohort. ``document``: the same as JSON. ``in_force``: where it is read already."""
    in_force = in_force or rule_of_cohort(db, cohort_id)
    people = {each.participant_id: each for each in judged_people(db, cohort_id)}
    everybody = preview(_read(in_force), drafted, [each.to_judge for each in people.values()])
    shown = Preview(
        tuple(
            each
            for each in everybody.people
            if people[each.participant_id].in_pair or each.effect not in (Effect.UNCHANGED, Effect.NOT_BEGUN)
        )
    )
    without_pair = sum(not people[each.participant_id].in_pair for each in shown.people)
    return TriedRule(in_force, shown, people, without_pair, _digest(in_force, document, everybody))


def _read(record: RuleRecord) -> CompletionRule:
    """The rule in force. A cohort that has not started may have one that nothing measures."""
    try:
        return rule_of(record)
    except ShapeError:
        return read_draft(json.loads(record.rule))


def _digest(in_force: RuleRecord, document: Mapping[str, Any], everybody: Preview) -> str:
    results = [(str(each.participant_id), each.effect, each.before, each.after) for each in everybody.people]
    seed = json.dumps([in_force.number, document, sorted(results)], sort_keys=True)
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


def apply_draft(db: Session, *, cohort_id: uuid.UUID, previewed: str, now: dt.datetime) -> int:
    """Put a cohort's draft in force as the next version of its rule; return its number.

    ``previewed``: the digest of what whoever applies it has looked at.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed`: ``preview_outdated`` where the draft, the rule in force or
    anybody's result has changed since, and where there is no draft any more; ``rule_not_ready`` for a draft with a
    criterion that nothing measures, or that means nothing yet.
    """
    lock_cohort(db, cohort_id)
    draft = rule_draft(db, cohort_id)
    if draft is None:
        raise NotAllowed("preview_outdated")
    require(not unmeasurable(draft.rule), "rule_not_ready")
    try:
        drafted = read_draft(draft.rule)
    except ShapeError:
        raise NotAllowed("rule_not_ready") from None
    # From here on nobody's facts change: whoever acts in a pair locks its two people first.
    lock_participants(
        db, db.scalars(sa.select(Participant.id).where(Participant.cohort_id == cohort_id)).all()
    )
    tried = try_rule(db, cohort_id, drafted, draft.rule)
    require(tried.digest == previewed, "preview_outdated")
    number = apply_rule(db, cohort_id=cohort_id, rule=draft.rule, previous=tried.in_force.number, now=now)
    discard_draft(db, cohort_id=cohort_id)
    return number


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """The version of a cohort's rule that is in force, and what the cohort offers."""

    record: RuleRecord
    since: dt.datetime
    title: Mapping[str, str]
    """Of the programme, by language."""
    frame: Frame


def rule_in_force(db: Session, cohort_id: uuid.UUID) -> RuleInForce:
    """The rule of a cohort, and what the cohort offers, in one statement. Raises :class:`NoResultFound`."""
    row = db.execute(
        sa.select(CompletionRuleVersion, Cohort.starts_on, Cohort.ends_on, ProgrammeSettings.settings)
        .join(Cohort, Cohort.id == CompletionRuleVersion.cohort_id)
        .join(ProgrammeSettings, ProgrammeSettings.id == Cohort.settings_id)
        .where(Cohort.id == cohort_id)
        .order_by(CompletionRuleVersion.number.desc())
        .limit(1)
    ).one()
    version, settings = row[0], row.settings
    return RuleInForce(
        RuleRecord(version.id, cohort_id, version.number, json.dumps(version.rule)),
        version.created_at,
        settings["title"],
        Frame(
            days=(row.ends_on - row.starts_on).days + 1,
            sessions=settings["rhythm"]["sessions"],
            minutes=settings["rhythm"]["minutes"],
            formats=tuple(settings["formats"]),
        ),
    )
