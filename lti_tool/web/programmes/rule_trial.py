"""The side of the rule's page that says whom a draft would change something for, and what people will read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.composition.cohort_facts import Judged
from lti_tool.composition.rule_preview import RuleInForce, TriedRule, try_rule
from lti_tool.mentoring.completion.preview import Effect, PersonPreview
from lti_tool.mentoring.completion.rule import CompletionRule, read_draft, unmeasurable
from lti_tool.mentoring.completion.rule_sentence import sentence_for_pair, sentence_for_tutor
from lti_tool.mentoring.completion.rule_warnings import RuleWarning, warnings
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.programmes.queries import RuleRecord
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import collation_key
from lti_tool.web import wording
from lti_tool.web.programmes import rule_lines, rule_wording
from lti_tool.web.programmes.drawings import RuleDrawing, rule_drawing
from lti_tool.web.programmes.typed_rule import TypedRule
from schemas.completion_rule import GROUP
from schemas.problem import Problem


@dataclass(frozen=True)
class Changed:
    """One person in a list of the preview."""

    card: PersonCard
    before: int | None
    after: int | None
    """In per cent; None for an owner who does not teach the group: what one person did is not theirs to see."""
    did: str
    """What counts of what they did, in words; empty likewise."""


@dataclass(frozen=True)
class ForReader:
    """The rule's sentence as somebody will read it."""

    reader: str
    sentence: str


@dataclass(frozen=True)
class Trial:
    """What a draft would change. Without ``tried`` it cannot be tried, or is what is in force."""

    sentences: Sequence[ForReader] = ()
    warnings: Sequence[str] = ()
    unmeasurable: Sequence[str] = ()
    """What nothing measures yet, in words."""
    tried: TriedRule | None = None
    lists: Mapping[str, Sequence[Changed]] | None = None
    """People by the code of an effect, in the order of the alphabet."""
    added: int = 0
    """How many conditions it has more than the rule in force, between which the percentage is shared."""
    drawing: RuleDrawing | None = None
    """The journey that the rule asks for; None where there is none to draw."""

    @property
    def can_be_applied(self) -> bool:
        """Whether the button is there."""
        return self.tried is not None and not self.unmeasurable

    def count(self, *effects: str) -> int:
        """How many people there are of some effects together."""
        counts = self.tried.preview.counts if self.tried is not None else {}
        return sum(counts[Effect(each)] for each in effects)


def json_of(record: RuleRecord) -> dict[str, Any]:
    """A version's rule as JSON."""
    return dict(json.loads(record.rule))


def trial(
    db: Session,
    in_force: RuleInForce,
    document: Mapping[str, Any] | None,
    problems: Mapping[str, Sequence[Problem]],
    now: Mapping[str, Any],
    *,
    sees_figures: bool = True,
) -> Trial:
    """Try a draft on the cohort. ``document``: the draft; None where a field is wrong. ``now``: what is in force.

    ``sees_figures``: whether the reader may see how far each person is, and what they did.
    """
    if document is None or problems:
        return Trial()
    drafted = read_draft(document)
    tried = None
    if document != now:
        tried = try_rule(db, in_force.record.cohort_id, drafted, document, in_force.record)
    found: list[RuleWarning] = warnings(drafted, in_force.frame, tried.preview if tried is not None else None)
    not_measured = unmeasurable(document)
    return Trial(
        sentences=_sentences(drafted, tried),
        warnings=[rule_wording.warning(each) for each in found],
        unmeasurable=[_(rule_wording.NAMES[each]) for each in not_measured],
        tried=tried,
        lists=_lists(tried, sees_figures=sees_figures) if tried is not None else None,
        added=max(0, len(document["criteria"]) - len(now["criteria"])),
        drawing=drawing_of(document),
    )


def drawing_of(document: Mapping[str, Any]) -> RuleDrawing | None:
    """Of a rule whose conditions must all be met: what is not one way through is not drawn as one."""
    asked = document["criteria"]
    if document["mode"] != "all" and len(asked) > 1:
        return None
    meetings = sum(int(each["min"]) for each in asked if each["type"] == "sessions")
    groups = [
        (_needed(each), len(each["criteria"])) for each in asked if each["type"] == GROUP and each["criteria"]
    ]
    if not meetings and not groups:
        return None
    return rule_drawing(meetings, groups, is_signed=any(each["type"] == "agreement" for each in asked))


def _needed(group: Mapping[str, Any]) -> int:
    of = len(group["criteria"])
    return {"all": of, "any": 1}.get(group["mode"], group.get("k") or 1)


def _lists(tried: TriedRule, *, sees_figures: bool) -> dict[str, list[Changed]]:
    found: dict[str, list[Changed]] = {effect.value: [] for effect in Effect}
    for each in tried.preview.people:
        found[each.effect.value].append(
            _changed(each, tried.people[each.participant_id], sees_figures=sees_figures)
        )
    for people in found.values():
        people.sort(key=lambda one: collation_key(wording.person(one.card)))
    return found


def _changed(each: PersonPreview, judged: Judged, *, sees_figures: bool) -> Changed:
    if not sees_figures:
        return Changed(card_of(judged), None, None, "")
    did = rule_wording.what_happened(each.explanation) if each.effect is Effect.COMPLETES else ""
    return Changed(card_of(judged), each.before, each.after, did)


def card_of(judged: Judged) -> PersonCard:
    """How a participant is shown."""
    return PersonCard(judged.participant_id, str(judged.role), judged.name, judged.given_name)


def _sentences(rule: CompletionRule, tried: TriedRule | None) -> list[ForReader]:
    """What two of a pair and their tutor will read; the names of a real pair where there is one."""
    names = _a_pair(tried)
    found: list[ForReader] = []
    for role in (Role.MENTEE, Role.MENTOR):
        partner = names.get(role.other) or _("your partner")
        reader = names.get(role) or wording.word(wording.ROLES, role)
        found.append(ForReader(reader, sentence_for_pair(rule, role, partner)))
    if not names and found[0].sentence == found[1].sentence:
        found = [ForReader(_("In a pair"), found[0].sentence)]
    found.append(ForReader(_("On your page"), sentence_for_tutor(rule)))
    return found


def _a_pair(tried: TriedRule | None) -> dict[Role, str]:
    """What the two of the first pair are called."""
    seen: dict[object, dict[Role, str]] = {}
    for each in tried.people.values() if tried is not None else ():
        for pair in each.to_judge.pairs if each.in_pair else ():
            both = seen.setdefault(pair.pair_id, {})
            both[each.role] = wording.first_name_to_others(card_of(each))
            if len(both) > 1:
                return both
    return {}


@dataclass(frozen=True)
class Difference:
    """One condition that two rules have differently; empty where one of them does not have it."""

    condition: str
    """What it is about, in a word or two."""
    theirs: str
    mine: str
    is_inside: bool = False
    """Whether it is part of a group that one of the two does not have at all."""


def differences(theirs: TypedRule, mine: TypedRule, shown: rule_lines.Shown) -> list[Difference]:
    """What another rule says differently from the one that was typed."""
    both: list[dict[str, str]] = []
    groups: dict[str, str] = {}
    types: dict[str, str] = {}
    for rule in (theirs, mine):
        words: dict[str, str] = {}
        for top in rule_lines.lines(rule, shown):
            words[top.id] = top.plain.rstrip(" \u00a0:")
            types |= {line.id: line.type for line in (top, *top.lines)}
            words |= {line.id: line.plain.rstrip(" \u00a0:") for line in top.lines}
            groups |= {line.id: top.id for line in top.lines}
        both.append(words)
    found = [
        Difference(
            rule_wording.subject(types[each]),
            both[0].get(each, ""),
            both[1].get(each, ""),
            is_inside=any(groups.get(each, each) not in words for words in both) and each in groups,
        )
        for each in dict.fromkeys([*both[1], *both[0]])
        if both[0].get(each) != both[1].get(each)
    ]
    if theirs.mode != mine.mode:
        modes = [
            dict(rule_wording.options("", "mode", rule.mode, len(rule.criteria)))[rule.mode]
            for rule in (theirs, mine)
        ]
        found.insert(0, Difference(_("How many are needed"), modes[0], modes[1]))
    return found
