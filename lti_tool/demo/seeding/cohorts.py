"""A cohort that has lived for eleven weeks: its people's stories, carried out day by day by the tool's own actions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.demo.seeding.groups import Group
from lti_tool.demo.seeding.stories import MENTOR, PAST_STORIES, STORIES, TUTOR, Act, Who
from lti_tool.demo.seeding.words import OBJECTIVES, REFLECTIONS, THANKS, profile_of
from lti_tool.mentoring.enrolment import actions as enrolment
from lti_tool.mentoring.enrolment import leaving
from lti_tool.mentoring.feedback.actions import give_feedback, give_thanks
from lti_tool.mentoring.objectives import actions as objectives
from lti_tool.mentoring.pairs import actions as pairs
from lti_tool.mentoring.pairs.queries import pair as find_pair
from lti_tool.mentoring.profiles.actions import save_profile
from lti_tool.mentoring.reflections.actions import write_reflection
from lti_tool.mentoring.sessions import actions as sessions

DAYS = 77
"""How long before the present the first act is, and the activity is opened."""


@dataclass
class Couple:
    """Two people and what they have done so far; ids are those of the domain's rows."""

    people: dict[Who, uuid.UUID]
    """The persons."""
    number: int
    locale: str
    participants: dict[Who, uuid.UUID] = field(default_factory=dict)
    pair_id: uuid.UUID | None = None
    sessions: list[uuid.UUID] = field(default_factory=list)
    objectives: list[uuid.UUID] = field(default_factory=list)

    @property
    def pair(self) -> uuid.UUID:
        """The pair. Raises :class:`ValueError` before the tutor has proposed it."""
        if self.pair_id is None:
            raise ValueError("these two are no pair yet")
        return self.pair_id


@dataclass(frozen=True)
class Present:
    """The moment of one act, and who acts."""

    db: Session
    group: Group
    couple: Couple
    by: Who
    now: dt.datetime

    @property
    def participant(self) -> uuid.UUID:
        """Whoever acts."""
        return self.couple.participants[self.by]


def _join(here: Present) -> None:
    person_id = here.couple.people[here.by]
    made = enrolment.join(
        here.db, cohort_id=here.group.cohort_id, person_id=person_id, role=here.by, now=here.now
    )
    here.couple.participants[here.by] = made.id
    profile = profile_of(here.by, here.couple.number, here.couple.locale)
    save_profile(here.db, participant_id=made.id, profile=profile, now=here.now)


def _invite(here: Present, role: Who) -> None:
    made = enrolment.invite(
        here.db,
        cohort_id=here.group.cohort_id,
        person_id=here.couple.people[role],
        role=role,
        now=here.now,
    )
    here.couple.participants[role] = made.id


def _take_out(here: Present, role: Who, reason: str) -> None:
    leaving.take_out(
        here.db,
        participant_id=here.couple.participants[role],
        cohort_id=here.group.cohort_id,
        reason=reason,
        now=here.now,
    )


def _propose(here: Present) -> None:
    participants = here.couple.participants
    made = pairs.form_pair(
        here.db,
        cohort_id=here.group.cohort_id,
        mentor_id=participants["mentor"],
        mentee_id=participants["mentee"],
        now=here.now,
    )
    here.couple.pair_id = made.id


def _log(here: Present, format: str, mode: str, minutes: int, about: Sequence[int] = ()) -> None:
    made = sessions.log_session(
        here.db,
        pair_id=here.couple.pair,
        by=here.participant,
        held_on=here.now.date(),
        minutes=minutes,
        format=format,
        mode=mode,
        now=here.now,
    )
    here.couple.sessions.append(made.id)
    pair = find_pair(here.db, here.couple.pair)
    if pair is not None:
        objectives.work_on_objectives(
            here.db,
            pair=pair,
            by=here.participant,
            objective_ids=[here.couple.objectives[number] for number in about],
            session_id=made.id,
            worked_on=made.held_on,
            now=here.now,
        )


def _aim(here: Present, direction: str, tag: str) -> None:
    couple = here.couple
    texts = OBJECTIVES[couple.locale][direction]
    made = objectives.propose_objective(
        here.db,
        pair_id=couple.pair,
        by=here.participant,
        title=texts[(couple.number + len(couple.objectives)) % len(texts)],
        direction=direction,
        tag=tag,
        required=True,
        now=here.now,
    )
    couple.objectives.append(made.id)


def _reflect(here: Present, *, shared: bool) -> None:
    couple = here.couple
    texts = REFLECTIONS[couple.locale]
    write_reflection(
        here.db,
        pair_id=couple.pair,
        by=here.participant,
        words=texts[couple.number % len(texts)],
        shared=shared,
        now=here.now,
    )


def _thank(here: Present) -> None:
    words = THANKS[here.couple.locale]
    give_thanks(here.db, pair_id=here.couple.pair, by=here.participant, words=words, now=here.now)


def _of_session(action: Callable[..., object]) -> Callable[..., None]:
    """What is done to the meeting that was noted last."""

    def do(here: Present, **values: Any) -> None:
        action(here.db, session_id=here.couple.sessions[-1], by=here.participant, now=here.now, **values)

    return do


def _of_objective(action: Callable[..., object]) -> Callable[..., None]:
    """What is done to an objective, by its place among the couple's."""

    def do(here: Present, number: int) -> None:
        action(here.db, objective_id=here.couple.objectives[number], by=here.participant, now=here.now)

    return do


def _of_pair(action: Callable[..., object]) -> Callable[..., None]:
    """What one of the two does to their pair."""

    def do(here: Present, **values: Any) -> None:
        action(here.db, pair_id=here.couple.pair, by=here.participant, now=here.now, **values)

    return do


def _of_tutor(action: Callable[..., object]) -> Callable[..., None]:
    """What the tutor does to a pair."""

    def do(here: Present, **values: Any) -> None:
        action(here.db, pair_id=here.couple.pair, now=here.now, **values)

    return do


ACTS: dict[str, Callable[..., None]] = {
    "join": _join,
    "invite": _invite,
    "take_out": _take_out,
    "refuse": lambda here, **values: enrolment.refuse_invitation(
        here.db, participant_id=here.participant, now=here.now, **values
    ),
    "propose": _propose,
    "accept": _of_pair(pairs.accept_pair),
    "decline": _of_pair(pairs.decline_pair),
    "sign": _of_pair(pairs.sign_agreement),
    "pause": _of_tutor(pairs.pause_pair),
    "end": _of_tutor(pairs.end_pair),
    "close": _of_tutor(pairs.close_pair),
    "log": _log,
    "confirm": _of_session(sessions.confirm_session),
    "dispute": _of_session(sessions.dispute_session),
    "withdraw": _of_session(sessions.withdraw_session),
    "reflect": _reflect,
    "feedback": lambda here, **values: _of_session(give_feedback)(here, pair_id=here.couple.pair, **values),
    "thank": _thank,
    "aim": _aim,
    "agree": _of_objective(objectives.agree_to_objective),
    "drop": _of_objective(objectives.withdraw_objective),
    "claim": _of_objective(objectives.claim_objective),
    "reach": _of_objective(objectives.confirm_objective),
}
"""What an act of a story is called, and what does it."""


def people_needed(couples: int) -> int:
    """How many people :func:`live` acts for: two for each couple, those of past pairs among them."""
    return 2 * (couples + len(PAST_STORIES))


def live(
    group: Group,
    people: Sequence[uuid.UUID],
    *,
    couples: int,
    now: dt.datetime,
    locale: str,
    progress: Callable[[int, int], object] | None = None,
) -> list[Couple]:
    """Let the past of a cohort happen, ending at ``now`` (aware). ``people``: persons, a mentor and a mentee in turn.

    People beyond those of the couples take no part. ``locale``: the language in which they write, ``en`` or ``fr``.
    ``progress`` is called with how many of all acts are done. Raises :class:`ValueError` for too few people.
    """
    if len(people) < people_needed(couples):
        raise ValueError(f"{couples} couples need {people_needed(couples)} people")
    stories = [*(STORIES[number % len(STORIES)] for number in range(couples)), *PAST_STORIES]
    told = [
        Couple({"mentor": people[2 * number], "mentee": people[2 * number + 1]}, number, locale)
        for number in range(len(stories))
    ]
    acts = [
        (_moment(each, couple, now), number, couple, each)
        for couple, story in zip(told, stories, strict=True)
        for number, each in enumerate(story())
    ]
    acts.sort(key=lambda act: (act[0], act[2].number, act[1]))
    for done, (moment, _number, couple, each) in enumerate(acts, start=1):
        _do(group, couple, each, moment)
        if progress is not None:
            progress(done, len(acts))
    return told


def _moment(each: Act, couple: Couple, now: dt.datetime) -> dt.datetime:
    """When an act was: no two couples do the same at once, and nobody in the future."""
    apart = dt.timedelta(minutes=37 * couple.number % 180)
    return min(now - dt.timedelta(days=each.days_ago) + apart, now)


def _do(group: Group, couple: Couple, each: Act, moment: dt.datetime) -> None:
    person_id = group.tutor_id if each.by == TUTOR else couple.people[each.by]
    with group.acting(person_id, moment) as db:
        ACTS[each.what](Present(db, group, couple, each.by, moment), **dict(each.values))


__all__ = ["ACTS", "DAYS", "MENTOR", "Couple", "live", "people_needed"]
