"""Moving pairs to another group of the programme: which, where to, what will happen, and the button that does it.

One page in three steps, each with an address of its own, so that nothing is kept between them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.composition.moving import (
    MovedPair,
    MovedPerson,
    MovePlan,
    OtherGroup,
    Place,
    groups_to_move_to,
    plan_move,
)
from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.preview import Effect, PersonPreview
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.cohort import PairLine
from lti_tool.mentoring.overview.pair_rows import state_of
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair
from lti_tool.mentoring.pairs.moving import Hindrance, move_pairs
from lti_tool.mentoring.programmes import queries as programmes
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import collation_key
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.services import current_principal, reading
from lti_tool.web.tutor import move_changes, pair_wording
from lti_tool.web.tutor.move_changes import MoveChanges, place_name
from schemas.form_schema import read_form
from schemas.moving_form import MOST_PAIRS, MoveForm, MoveQuery
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("moving", __name__, url_prefix="/l/<launch_key>/cohort/move")

_Grouped = list[tuple[str, list[MovedPerson]]]
"""People, by the name of a course."""


@dataclass(frozen=True)
class MovingFrom:
    """The group whose pairs are moved, and the page from which somebody came."""

    cohort_id: uuid.UUID
    address: Callable[..., str]
    """Makes the address of this page with a query."""
    back: tuple[str, str]
    """The words and the address of the way back."""
    sees_progress: bool
    """Whether percentages are shown: an owner who does not teach sees what changes, and no figures of one person."""


def _of_launch() -> MovingFrom:
    placement, teaches = current_placement() or abort(404), cohort_of_launch().teaches
    return MovingFrom(
        placement.cohort_id,
        lambda **query: launch_url_for("moving.show", **query),
        (_("My group") if teaches else _("The group"), launch_url_for("home.home")),
        teaches,
    )


@blueprint.get("")
@allows(Action.MOVE_PAIRS, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """Which pairs, where to, and what will happen."""
    return page(_of_launch())


@blueprint.post("")
@allows(Action.MOVE_PAIRS, about=cohort_of_launch)
def move() -> ResponseReturnValue:
    """Move them."""
    return moved(_of_launch())


@dataclass(frozen=True)
class _Row:
    """A pair that can be chosen."""

    id: uuid.UUID
    mentee: ParticipantRecord
    mentor: ParticipantRecord
    line: PairLine | None
    """What is known of it; None where the reading of the cohort does not have it yet."""
    shared: Sequence[ParticipantRecord]
    """Those of the two who are in another pair as well."""


def page(
    here: MovingFrom, form: Form | None = None, changed: MoveChanges | None = None
) -> ResponseReturnValue:
    """The page at the step that its query says; with ``form``, what was refused, and why where that is known."""
    asked, problems = _asked()
    with reading() as db:
        groups = groups_to_move_to(db, here.cohort_id, current_principal().person_id or abort(403))
        to = _group(groups, asked["to"])
        chosen = [pair_id for pair_id in asked["pair"] if _is_here(db, here.cohort_id, pair_id)]
        if to is None and len(groups) == 1 and chosen and not request.args.get("again"):
            to = groups[0]
        if groups and to is not None and chosen:
            return _plan_page(here, plan_move(db, here.cohort_id, to, chosen), groups, form)
        rows = _rows(db, here.cohort_id) if groups else []
    if not problems and request.args.get("to") is not None and rows:
        # Somebody went on without a choice.
        problems = {"pair": [Problem("empty")]} if not chosen else {"to": [Problem("answer_missing")]}
    choice = blank_form(MoveQuery(), {"to": str(asked["to"] or "")}, id="move-choice", action=here.address())
    choice.problems = problems
    html = render_template(
        "tutor/move_choose.html",
        here=here,
        form=choice,
        groups=groups,
        rows=rows,
        chosen=frozenset(chosen),
        group_name=group_name,
        rule_of_group=lambda group: sentence_for_tutor(group.rule),
        card=card,
        most=MOST_PAIRS,
        pair_words=pair_wording,
        state_of=state_of,
        refusal=form.refusal if form is not None else None,
        changed=changed or MoveChanges(),
        course_title=course_title(),
    )
    return html, form.status if form is not None else choice.status


def _asked() -> tuple[Values, dict[str, list[Problem]]]:
    """The query, and what is wrong with it; what cannot be read is left out."""
    sent = [
        (name, value) for name, value in request.args.items(multi=True) if name in ("pair", "to") and value
    ]
    try:
        return read_form(MoveQuery(), sent), {}
    except ShapeError as error:
        # What is wrong with one of several pairs is said of the list.
        problems = {("to" if name == "to" else "pair"): list(found) for name, found in error.problems.items()}
        return {"pair": (), "to": None}, problems


def _group(groups: Sequence[OtherGroup], group_id: uuid.UUID | None) -> OtherGroup | None:
    return next((each for each in groups if each.id == group_id), None)


def _is_here(db: Session, cohort_id: uuid.UUID, pair_id: uuid.UUID) -> bool:
    found = sa.select(Pair.id).where(
        Pair.id == pair_id, Pair.cohort_id == cohort_id, Pair.status.not_in(ENDED_STATUSES)
    )
    return db.scalar(found) is not None


def _rows(db: Session, cohort_id: uuid.UUID) -> list[_Row]:
    """The pairs of a cohort that go on, by the names of those who learn."""
    pairs = db.execute(
        sa.select(Pair.id, Pair.mentee_id, Pair.mentor_id).where(
            Pair.cohort_id == cohort_id, Pair.status.not_in(ENDED_STATUSES)
        )
    ).all()
    people = participants(db, {member for _pair, *both in pairs for member in both})
    lines = {line.id: line for line in overview_of(db, cohort_id).pairs}
    times = Counter(member for _pair, *both in pairs for member in both)
    rows = [
        _Row(
            pair_id,
            people[mentee_id],
            people[mentor_id],
            lines.get(pair_id),
            [people[each] for each in (mentee_id, mentor_id) if times[each] > 1],
        )
        for pair_id, mentee_id, mentor_id in pairs
    ]
    return sorted(rows, key=lambda row: (collation_key(row.mentee.name or ""), str(row.id)))


def _plan_page(
    here: MovingFrom,
    plan: MovePlan,
    groups: Sequence[OtherGroup],
    form: Form | None,
    changed: MoveChanges | None = None,
) -> ResponseReturnValue:
    """What moving will change. ``changed``: what is different from what the page said before."""
    shown = form or blank_form(MoveForm(), id="move", action=here.address())
    html = render_template(
        "tutor/move_plan.html",
        here=here,
        plan=plan,
        seen=move_changes.as_text(move_changes.seen_in(plan, sees_progress=here.sees_progress)),
        changed=changed or MoveChanges(),
        form=shown,
        other_groups=len(groups) > 1,
        rule=sentence_for_tutor(plan.rule),
        rule_so_far=sentence_for_tutor(plan.rule_so_far),
        group_name=group_name,
        missing=_by_place(plan.people, lambda each: each.missing_in),
        graded=_by_place(plan.people, lambda each: each.graded_in),
        ungraded=[each for each in plan.people if not each.graded_in],
        without_place=[each for each in plan.people if not each.has_place],
        effect=_effect_of,
        reasons=_reasons,
        card=card,
        course_title=course_title(),
    )
    return html, shown.status


def group_name(group: OtherGroup) -> str:
    """What a page calls a group: its number, and the course in which it can be opened."""
    if not group.courses:
        return _("Group %(number)s", number=group.number)
    return _("Group %(number)s, “%(course)s”", number=group.number, course=group.courses[0])


def _effect_of(seen: PersonPreview, *, sees_progress: bool) -> str:
    return _effect(seen.effect, seen.before, seen.after, sees_progress=sees_progress)


def _effect(effect: Effect | None, before: int | None, after: int | None, *, sees_progress: bool) -> str:
    """What moving does to how far somebody is. ``sees_progress``: in figures; ``effect``: None before they accept."""
    match effect:
        case None:
            return _("has not accepted yet")
        case Effect.COMPLETES:
            return _("completes the programme with this move")
        case Effect.STAYS_COMPLETE:
            return _("has completed, and stays so")
        case Effect.UP | Effect.DOWN if sees_progress:
            return _("goes from %(before)s%% to %(after)s%%", before=before, after=after)
        case Effect.UP:
            return _("gets closer to the end")
        case Effect.DOWN:
            return _("will have more left to do")
        case Effect.UNCHANGED if sees_progress:
            return _("stays at %(percent)s%%", percent=after)
    return _("stays at %(percent)s%%", percent=after) if sees_progress else _("stays the same")


def _reasons(pair: MovedPair) -> list[str]:
    """Why a pair cannot be moved, and what can be done, in sentences; none where another pair keeps it."""
    held = [each for each in pair.both if each.hindered is not None]
    if any(each.hindered is not None and each.hindered.why is Hindrance.TOGETHER for each in held):
        return [_("They are already a pair there: end one of the two pairs. What they did is kept.")]
    return [_reason(each) for each in held]


def _reason(each: MovedPerson) -> str:
    name = wording.person(card(each.participant))
    if each.hindered is not None and each.hindered.why is Hindrance.OTHER_ROLE:
        return _(
            "%(name)s has the other role there, and nobody has two roles in one group: end this pair here, and pair "
            "%(name)s there in that role.",
            name=name,
        )
    return _(
        "%(name)s is in a pair with %(partners)s there, and has no room for one more: end one of the two pairs, or "
        "give %(name)s room for more with a list of people for that group.",
        name=name,
        partners=", ".join(wording.person(card(partner)) for partner in each.partners_there),
    )


def _by_place(people: Sequence[MovedPerson], places_of: Callable[[MovedPerson], Sequence[Place]]) -> _Grouped:
    """The people, by the names of the first place that each has; without those who have none."""
    found: dict[str, list[MovedPerson]] = {}
    for each in people:
        for place in places_of(each)[:1]:
            found.setdefault(place_name(place), []).append(each)
    return list(found.items())


def moved(here: MovingFrom) -> ResponseReturnValue:
    """Move what was chosen, if what the page said is still so."""
    person_id = current_principal().person_id or abort(403)

    def save(db: Session, values: Values) -> None:
        for cohort_id in sorted((here.cohort_id, values["to"])):
            programmes.lock_cohort(db, cohort_id)
        to = _group(groups_to_move_to(db, here.cohort_id, person_id), values["to"])
        if to is None:
            raise NotAllowed("group_not_running")
        plan = plan_move(db, here.cohort_id, to, values["pair"])
        now = move_changes.seen_in(plan, sees_progress=here.sees_progress)
        require(move_changes.is_same(values["seen"], now), "move_changed")
        move_pairs(
            db,
            pair_ids=[each.pair.id for each in plan.moving],
            from_cohort_id=here.cohort_id,
            to_cohort_id=to.id,
            now=utcnow(),
        )

    form = sent_form(MoveForm(), id="move")
    return form.submit(
        save,
        then=here.back[1],
        done="pairs_moved",
        show=lambda shown: _again(here, shown),
    )


def _again(here: MovingFrom, form: Form) -> ResponseReturnValue:
    """The page with what was sent, as it is now."""
    sent = [(name, value) for name, value in form.content if name in ("pair", "to")]
    try:
        asked = read_form(MoveQuery(), sent)
    except ShapeError:
        abort(400)
    changed = None
    with reading() as db:
        groups = groups_to_move_to(db, here.cohort_id, current_principal().person_id or abort(403))
        to = _group(groups, asked["to"])
        chosen = [pair_id for pair_id in asked["pair"] if _is_here(db, here.cohort_id, pair_id)]
        plan = plan_move(db, here.cohort_id, to, chosen) if to is not None and chosen else None
        if form.refusal_code == "move_changed":
            seen = form.read()["seen"]
            changed = move_changes.changes(
                db,
                seen,
                plan,
                sees_progress=here.sees_progress,
                says=partial(_effect, sees_progress=here.sees_progress),
            )
    if plan is None:
        return page(here, form, changed)
    return _plan_page(here, plan, groups, form, changed)
