"""A second evaluator, written from the design alone and against a rule's JSON: slow, and with nothing of the first.

``percentage(document, role, pairs, person)`` is what a page would show, ``is_satisfied`` whether the rule is met.
"""

from __future__ import annotations

from fractions import Fraction


def percentage(document, role, pairs, person):
    progress, satisfied = _best(document, role, pairs, person)
    return 100 if satisfied else min(99, int(progress * 100))


def is_satisfied(document, role, pairs, person):
    return _best(document, role, pairs, person)[1]


def _best(document, role, pairs, person):
    """With the pair that brings the person furthest, or with all of them put together."""
    together = document.get("pairs", "best") == "sum" or not pairs
    looked_at = [list(pairs)] if together else [[pair] for pair in pairs]
    found = [_level(document, role, some, person) for some in looked_at]
    done = [each for each in found if each[1]]
    return max(done or found)


def _level(level, role, pairs, person):
    """(progress, satisfied) of a rule, or of a group in it; None where nothing of it concerns the role."""
    gates, weighted = [], []
    for criterion in level["criteria"]:
        if role not in criterion.get("roles", ["mentee", "mentor"]):
            continue
        if criterion["type"] == "group":
            inner = _level(criterion, role, pairs, person)
            if inner is None:
                continue
            ratio, met = inner
        else:
            ratio = _ratio(criterion, pairs, person)
            met = ratio == 1
        weight = Fraction(str(criterion.get("w", 1)))
        (weighted if weight else gates).append((ratio, met, weight))
    if not gates and not weighted:
        return None
    open_gates = all(met for _ratio_, met, _weight in gates)
    if level["mode"] == "all":
        whole = sum(weight for *_more, weight in weighted)
        progress = sum(ratio * weight for ratio, _met, weight in weighted) / whole
        return progress, open_gates and all(met for _ratio_, met, _weight in weighted)
    needed = level["k"] if level["mode"] == "at_least" else 1
    best = sorted((ratio for ratio, *_more in weighted), reverse=True)[:needed]
    enough = sum(1 for _ratio_, met, _weight in weighted if met) >= needed
    return sum(best, Fraction(0)) / needed, open_gates and enough


def _ratio(criterion, pairs, person):
    match criterion["type"]:
        case "agreement":
            sides = {"both": ("mentor", "mentee")}.get(criterion.get("by", "both"), (criterion.get("by"),))
            signed = [all(getattr(pair.agreement, f"signed_by_{side}") for side in sides) for pair in pairs]
            return Fraction(any(signed))
        case "sessions":
            return _of(sum(1 for each in _met(criterion, pairs) if _right(criterion, each)), criterion["min"])
        case "minutes":
            return _of(sum(each.minutes for each in _met(criterion, pairs)), criterion["min"])
        case "objectives":
            return max((_objectives(criterion, pair) for pair in pairs), default=Fraction(0))
        case "reflection":
            return _of(len(person.reflections), criterion.get("min", 1))
        case "feedback":
            given, received = len(person.feedback_given), len(person.feedback_received)
            counted = {"self": given, "partner": received, "both": min(given, received)}
            return _of(counted[criterion.get("by", "self")], criterion.get("min", 1))
        case "tutor_validation":
            return Fraction(person.tutor_validated)
    raise AssertionError(criterion["type"])


def _of(value, target):
    return min(Fraction(1), Fraction(value, target))


def _met(criterion, pairs):
    statuses = {"confirmed": ["confirmed"], "held": ["held", "confirmed"]}[
        criterion.get("status", "confirmed")
    ]
    return [each for pair in pairs for each in pair.sessions if each.status in statuses]


def _right(criterion, session):
    formats = criterion.get("formats", ["*"])
    is_long = session.minutes >= criterion.get("min_minutes_each", 0)
    return is_long and (formats == ["*"] or session.format in formats)


def _objectives(criterion, pair):
    asked = [
        each
        for each in pair.objectives
        if each.agreed and each.status != "withdrawn"
        if each.required or criterion.get("which", "required") == "all"
    ]
    evidence = criterion.get("evidence", ["self", "partner", "tutor", "xapi"])
    reached = [each for each in asked if each.status == "reached" and each.evidence in evidence]
    count = criterion.get("count", "all")
    return _of(len(reached), max(1, len(asked)) if count == "all" else count)
