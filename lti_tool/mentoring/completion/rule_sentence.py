"""A completion rule as one sentence, addressed to whoever reads it: a pure function of the rule.

Each criterion gives a whole clause in the reader's language; here they are joined. French repeats « que » before each
later clause, and elides it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lti_tool.mentoring.completion.criteria.base import ROLES, Criterion, CriterionFacts, Reader
from lti_tool.mentoring.completion.criteria.sessions import Sessions
from lti_tool.mentoring.completion.facts import PersonFacts
from lti_tool.mentoring.completion.rule import CompletionRule, Group, Mode
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _

_ELIDED: Final = re.compile(r"\bque (?=[aeiouyhâàéèêîôû])", re.IGNORECASE)


def sentence_for_tutor(rule: CompletionRule) -> str:
    """The rule, to a tutor: "A person completes the programme when the agreement is signed by both and …"."""
    clauses = [_of(each, Reader.TUTOR, "") for each in rule.criteria]
    if rule.mode == "at_least":
        whole = _("A person completes the programme when %(clause)s.", clause=_some_of(rule.k or 1, clauses))
    else:
        whole = _("A person completes the programme when %(clause)s.", clause=_joined(clauses, rule.mode))
    return _spoken(whole)


def sentence_for_pair(rule: CompletionRule, role: str, partner: str) -> str:
    """The rule, to one of a pair in ``role``; ``partner`` is what the other is called."""
    clauses = [_of(each, Reader.PAIR, partner) for each in rule.criteria if role in each.roles]
    joined = _some_of(rule.k or 1, clauses) if rule.mode == "at_least" else _joined(clauses, rule.mode)
    return _spoken(_("You complete when %(clause)s.", clause=joined))


def clauses_counting(rule: CompletionRule, code: str) -> list[str]:
    """The conditions that name a format among those that count, as a tutor reads them."""
    leaves = [
        leaf
        for each in rule.criteria
        for leaf in (each.criteria if isinstance(each, Group) else (each,))
        if isinstance(leaf, Sessions) and code in leaf.formats
    ]
    return [_clause(leaf, Reader.TUTOR, "") for leaf in leaves]


def _of(criterion: Criterion | Group, reader: Reader, partner: str) -> str:
    if isinstance(criterion, Group):
        inner = [_of(each, reader, partner) for each in criterion.criteria]
        clause = (
            _joined(inner, "all")
            if criterion.mode == "all"
            else _some_of(1 if criterion.mode == "any" else criterion.k or 1, inner)
        )
    else:
        clause = _clause(criterion, reader, partner)
    if reader is Reader.TUTOR and criterion.roles != ROLES and len(criterion.roles) == 1:
        if criterion.roles[0] == "mentor":
            return _("%(clause)s (mentors only)", clause=clause)
        return _("%(clause)s (mentees only)", clause=clause)
    return clause


def _clause(criterion: Criterion, reader: Reader, partner: str) -> str:
    asked = criterion.measure(CriterionFacts(PersonFacts(criterion.roles[0]), ()))
    found = criterion.clause(asked.params, asked.target, reader)
    if found is None:
        plain = criterion.sentence(asked.params, asked.target, reader).text
        return plain[:1].lower() + plain[1:]
    return replace(found, params={**found.params, "partner": partner}).text


def _joined(clauses: Sequence[str], mode: Mode) -> str:
    """Clauses in a row: with commas, and "and" or "or" before the last."""
    if not clauses:
        return ""
    first, *later = clauses
    parts = [first]
    for number, clause in enumerate(later, 1):
        if number < len(later):
            parts.append(_(", %(clause)s", clause=clause))
        elif mode == "any":
            parts.append(_(" or %(clause)s", clause=clause))
        else:
            parts.append(_(" and %(clause)s", clause=clause))
    return "".join(parts)


def _some_of(number: int, clauses: Sequence[str]) -> str:
    """That so many of the clauses are true."""
    if number == 1 and len(clauses) > 1:
        first, *later = clauses
        # Each begins with a word of its own, so that none can be taken for a part of the one before it.
        return _("either %(clause)s", clause=first) + "".join(
            _(", or %(clause)s", clause=each) for each in later
        )
    return ngettext(
        "at least one of these is true: %(clauses)s",
        "at least %(num)s of these are true: %(clauses)s",
        number,
        clauses=_("; ").join(clauses),
    )


def _spoken(sentence: str) -> str:
    """A sentence as it is said aloud."""
    return _ELIDED.sub("qu’", sentence) if current_language() == "fr" else sentence
