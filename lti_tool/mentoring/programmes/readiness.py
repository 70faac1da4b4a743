"""What a programme still lacks before it may start: a pure function of its settings, its rule, its days and today.

A programme starts only with a goal and named skills, with KPIs that have targets and a questionnaire asked before (what
changes cannot be measured afterwards), with a completion rule that can be measured, and with a follow-up after its end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lti_tool.mentoring.completion.queries import criterion_schemas, read_rule, unmeasurable
from lti_tool.mentoring.completion.rule_warnings import Frame, Warning, warnings
from lti_tool.mentoring.programmes.settings import CohortDays, Document, baseline_of
from schemas.completion_rule import dump_draft_rule, load_draft_rule
from schemas.problem import ShapeError


class Section(StrEnum):
    """The parts of the set-up, each a page of its own, in the order in which they are listed."""

    GOAL = "goal"
    BUDGET = "budget"
    ROLES = "roles"
    SKILLS = "skills"
    OBJECTIVES = "objectives"
    FORMATS = "formats"
    RHYTHM = "rhythm"
    RULE = "rule"
    KPIS = "kpis"
    QUESTIONNAIRES = "questionnaires"
    DATES = "dates"
    VISIBILITY = "visibility"


OPTIONAL = frozenset({Section.BUDGET, Section.ROLES, Section.OBJECTIVES, Section.VISIBILITY})
"""What a programme may start without."""


class State(StrEnum):
    """How far a part of the set-up is."""

    DONE = "done"
    STARTED = "started"
    """Something is there, and something is missing."""
    TO_DO = "to_do"
    OPTIONAL = "optional"
    """Nothing is there, and nothing has to be."""
    FROZEN = "frozen"
    """It cannot change any more, because the cohort runs."""


class Lack(StrEnum):
    """Something without which a programme does not start."""

    GOAL = "goal"
    SKILLS = "skills"
    FORMATS = "formats"
    OBJECTIVES_UNREACHABLE = "objectives_unreachable"
    """An objective of the catalogue is to be reached by a source alone that does not exist yet."""
    RULE = "rule"
    RULE_UNMEASURABLE = "rule_unmeasurable"
    RULE_IMPOSSIBLE = "rule_impossible"
    """Nobody of a role can complete by it."""
    RULE_DRAFTED = "rule_drafted"
    """The rule was changed, and neither applied nor given up."""
    KPIS = "kpis"
    TARGETS = "targets"
    BASELINE = "baseline"
    DATES_IN_ORDER = "dates_in_order"
    END_PAST = "end_past"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing, and the section in which it is put right."""

    lack: Lack
    section: Section
    criteria: tuple[str, ...] = ()
    """Of :attr:`Lack.RULE_UNMEASURABLE`: the types of the criteria that this version cannot measure."""


_PARTLY_THERE = frozenset(
    {
        Lack.OBJECTIVES_UNREACHABLE,
        Lack.TARGETS,
        Lack.FOLLOW_UP,
        Lack.RULE_UNMEASURABLE,
        Lack.RULE_IMPOSSIBLE,
        Lack.RULE_DRAFTED,
    }
)
"""What is missing where something is there already."""


def state_of(section: Section, document: Document, lacks: Sequence[Missing], *, started: bool) -> State:
    """How far a part is. ``lacks``: what :func:`missing` says; ``started``: whether the cohort has left ``draft``."""
    if started and section is Section.KPIS:
        return State.FROZEN
    own = {each.lack for each in lacks if each.section is section}
    if own:
        return State.STARTED if own <= _PARTLY_THERE else State.TO_DO
    is_empty = section in OPTIONAL and not _OPTIONAL_CONTENT[section](document)
    return State.OPTIONAL if is_empty else State.DONE


_OPTIONAL_CONTENT: Final[Mapping[Section, Callable[[Document], bool]]] = {
    Section.BUDGET: lambda document: any(
        document["budget"][key] is not None for key in ("amount", "funding")
    ),
    Section.ROLES: lambda document: any(document["role_names"].values()),
    Section.OBJECTIVES: lambda document: bool(document["objectives"]),
    # Who may see what always has an answer.
    Section.VISIBILITY: lambda _document: True,
}


def missing(
    document: Document,
    rule: Mapping[str, Any] | None,
    days: CohortDays,
    today: dt.date,
    *,
    rule_draft: Mapping[str, Any] | None = None,
) -> list[Missing]:
    """What a programme lacks, in the order of its sections.

    ``rule``: the JSON of its completion rule. ``rule_draft``: what somebody has begun to make of the rule, which is to
    be applied or given up before the start.
    """
    found = []
    if not any(document["goal"].values()):
        found.append(Missing(Lack.GOAL, Section.GOAL))
    if not document["skills"]:
        found.append(Missing(Lack.SKILLS, Section.SKILLS))
    if any(set(objective["evidence"]) == {"xapi"} for objective in document["objectives"]):
        found.append(Missing(Lack.OBJECTIVES_UNREACHABLE, Section.OBJECTIVES))
    if not document["formats"]:
        found.append(Missing(Lack.FORMATS, Section.FORMATS))
    found += _missing_of_rule(rule, rule_draft, frame_of(document, days))
    if not document["kpis"]:
        found.append(Missing(Lack.KPIS, Section.KPIS))
    elif not any(kpi["target"] for kpi in document["kpis"]):
        found.append(Missing(Lack.TARGETS, Section.KPIS))
    if not baseline_of(document).get("items"):
        found.append(Missing(Lack.BASELINE, Section.QUESTIONNAIRES))
    if not days.starts_on < days.ends_on:
        found.append(Missing(Lack.DATES_IN_ORDER, Section.DATES))
    elif days.ends_on < today:
        found.append(Missing(Lack.END_PAST, Section.DATES))
    if not days.has_follow_up:
        found.append(Missing(Lack.FOLLOW_UP, Section.DATES))
    return found


def frame_of(document: Document, days: CohortDays) -> Frame:
    """What a cohort with these settings and days offers, within which its rule has to be met."""
    rhythm = document["rhythm"]
    return Frame(
        days=(days.ends_on - days.starts_on).days + 1,
        sessions=rhythm["sessions"],
        minutes=rhythm["minutes"],
        formats=tuple(document["formats"]),
    )


def _missing_of_rule(
    rule: Mapping[str, Any] | None, draft: Mapping[str, Any] | None, frame: Frame
) -> list[Missing]:
    if not rule:
        return [Missing(Lack.RULE, Section.RULE)]
    wanted = draft or rule
    beyond = unmeasurable(wanted)
    if beyond:
        return [Missing(Lack.RULE_UNMEASURABLE, Section.RULE, tuple(beyond))]
    try:
        found = warnings(read_rule(rule), frame)
    except ShapeError:
        return [Missing(Lack.RULE, Section.RULE)]
    if any(each.code is Warning.NOBODY_CAN for each in found):
        return [Missing(Lack.RULE_IMPOSSIBLE, Section.RULE)]
    if draft and not _are_the_same(draft, rule):
        return [Missing(Lack.RULE_DRAFTED, Section.RULE)]
    return []


def _are_the_same(draft: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    """Whether a draft says what the rule says; a draft that is not whole yet does not."""
    try:
        return _whole(draft) == _whole(rule)
    except ShapeError:
        return False


def _whole(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's JSON with every default written out."""
    criteria = criterion_schemas()
    return dump_draft_rule(load_draft_rule(rule, criteria), criteria)
