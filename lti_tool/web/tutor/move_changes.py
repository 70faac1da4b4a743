"""What the page before a move said, sent back with its form, so that what has changed since is said by name.

Only what the page shows is sent along: without figures for an owner who does not teach the group.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.composition.moving import MovedPerson, MovePlan, Place
from lti_tool.mentoring.completion.preview import Effect
from lti_tool.mentoring.enrolment.queries import participants
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.latest_change import latest_rule_change
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.language import day

Seen = Mapping[str, Any]
"""In the shape of :class:`schemas.moving_form.SeenPlan`."""
Says = Callable[[Effect | None, int | None, int | None], str]
"""What the page says of an effect with both percentages."""


def seen_in(plan: MovePlan, *, sees_progress: bool) -> Seen:
    """What the page says of a plan."""
    return {
        "rule": plan.rule_number,
        "pairs": tuple(each.pair.id for each in plan.moving),
        "people": tuple(_of_person(each, sees_progress=sees_progress) for each in plan.people),
    }


def _of_person(each: MovedPerson, *, sees_progress: bool) -> dict[str, Any]:
    figures = each.effect if sees_progress else None
    return {
        "id": each.participant.id,
        "effect": str(each.effect.effect) if each.effect is not None else None,
        "before": figures.before if figures is not None else None,
        "after": figures.after if figures is not None else None,
        "is_missing": bool(each.missing_in),
        "is_there": each.is_there_already,
    }


def is_same(one: Seen, other: Seen) -> bool:
    """Whether two plans say the same, in whichever order."""
    return one["rule"] == other["rule"] and all(
        sorted(map(str, one[name])) == sorted(map(str, other[name])) for name in ("pairs", "people")
    )


def as_text(seen: Seen) -> str:
    """The same as the form's field has it."""
    return json.dumps(seen, default=str, separators=(",", ":"))


@dataclass(frozen=True)
class MoveChanges:
    """What has changed since the page was opened."""

    sentences: Sequence[str] = ()
    people: frozenset[uuid.UUID] = frozenset()
    """The participants of whom the page says something else now, their place in a course aside."""
    gone: frozenset[uuid.UUID] = frozenset()
    """The participants who are in none of that group's courses any more."""


def changes(
    db: Session, seen: Seen, plan: MovePlan | None, *, sees_progress: bool, says: Says
) -> MoveChanges:
    """What differs between what was said and what is so now. ``plan``: None where nothing is left of it."""
    if plan is None:
        return MoveChanges(_of_pairs(db, seen["pairs"], (), set()))
    now = seen_in(plan, sees_progress=sees_progress)
    sentences = _of_pairs(db, seen["pairs"], now["pairs"], {each.pair.id for each in plan.staying})
    if seen["rule"] != now["rule"]:
        sentences.append(_of_rule(db, plan))
    before = {each["id"]: each for each in seen["people"]}
    changed: set[uuid.UUID] = set()
    for each, said_now in zip(plan.people, now["people"], strict=True):
        said = _about(before.get(each.participant.id), said_now, says)
        if said:
            name = wording.person(card(each.participant))
            sentences.append(_("%(name)s %(changes)s.", name=name, changes=_("; ").join(said)))
            changed.add(each.participant.id)
    gone = {each["id"] for each in now["people"] if _has_gone(before.get(each["id"]), each)}
    if gone:
        # What can be done about it stands below.
        first = next(each for each in plan.people if each.participant.id in gone)
        sentences.append(
            ngettext(
                "%(name)s is no longer enrolled in Group %(group)s’s course: see below.",
                "%(num)s people are no longer enrolled in Group %(group)s’s course: see below.",
                len(gone),
                name=wording.person(card(first.participant)),
                group=plan.to.number,
            )
        )
    return MoveChanges(sentences, frozenset(changed), frozenset(gone))


def _has_gone(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    return was is not None and now["is_missing"] and not was["is_missing"]


def _of_pairs(
    db: Session, seen: Sequence[uuid.UUID], now: Sequence[uuid.UUID], staying: Collection[uuid.UUID]
) -> list[str]:
    """Pairs that do not move any more, and those that move besides by now. ``staying``: those that cannot."""
    names = _names(db, [*seen, *now])
    sentences = []
    for pair_id in seen:
        if pair_id in now or pair_id not in names:
            continue
        sentences.append(
            _("%(pair)s can no longer be moved there.", pair=names[pair_id])
            if pair_id in staying
            else _("%(pair)s: this pair has ended, or was moved by somebody else.", pair=names[pair_id])
        )
    sentences += [
        _("%(pair)s: this pair now moves as well.", pair=names[pair_id])
        for pair_id in now
        if pair_id not in seen
    ]
    return sentences


def _names(db: Session, pair_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of both of each of these pairs."""
    pairs = [pair for pair_id in dict.fromkeys(pair_ids) if (pair := db.get(Pair, pair_id)) is not None]
    people = participants(db, {member for pair in pairs for member in (pair.mentee_id, pair.mentor_id)})
    return {
        pair.id: _(
            "%(mentee)s and %(mentor)s",
            mentee=wording.person(card(people[pair.mentee_id])),
            mentor=wording.person(card(people[pair.mentor_id])),
        )
        for pair in pairs
    }


def _of_rule(db: Session, plan: MovePlan) -> str:
    change = latest_rule_change(db, plan.to.id)
    if change is None or change.by is None:
        return _("The completion rule of that group has changed.")
    return _(
        "%(name)s changed the completion rule of that group on %(day)s.",
        name=change.by,
        day=day(change.at.date()),
    )


def _about(was: Mapping[str, Any] | None, now: Mapping[str, Any], says: Says) -> list[str]:
    """What is different of one person, in sentences that do not name them; that they are in no course is not said."""
    if was is None or was == now:
        return []
    sentences = []
    if any(was[one] != now[one] for one in ("effect", "before", "after")):
        sentences.append(
            _("%(now)s (the page said: %(was)s)", now=_said(now, says), was=_said_before(was, says))
        )
    if was["is_missing"] and not now["is_missing"]:
        sentences.append(_("is now in a course of that group"))
    if was["is_there"] != now["is_there"]:
        sentences.append(
            _("has joined that group since") if now["is_there"] else _("is no longer in that group")
        )
    return sentences


def place_name(place: Place) -> str:
    """What a page calls a course."""
    return _("“%(course)s”", course=place.course) if place.course else _("a course")


def _said_before(facts: Mapping[str, Any], says: Says) -> str:
    """The same after what is so now, of two movements the second without its verb."""
    if facts["effect"] in (Effect.UP, Effect.DOWN) and facts["before"] is not None:
        return _("from %(before)s%% to %(after)s%%", before=facts["before"], after=facts["after"])
    return _said(facts, says)


def _said(facts: Mapping[str, Any], says: Says) -> str:
    effect = Effect(facts["effect"]) if facts["effect"] is not None else None
    return says(effect, facts["before"], facts["after"])
