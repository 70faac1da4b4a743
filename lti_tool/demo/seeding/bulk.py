"""Many programmes, people and meetings, for measuring: plain ones, by the tool's own actions, a pair a transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.demo.seeding.groups import Group, NewPerson, add_course
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.pairs.actions import accept_pair, form_pair, sign_agreement
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import confirm_session, log_session
from schemas.choices import SESSION_FORMATS

DAYS = 120
"""How long before the present the first of them begins."""


def share(total: int, parts: int) -> list[int]:
    """``total`` in so many parts that differ by one at most, the larger ones first."""
    each, left = divmod(total, parts)
    return [each + (number < left) for number in range(parts)]


def seed(
    services: Services,
    *,
    programmes: int,
    people: int,
    sessions: int,
    now: dt.datetime,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Group]:
    """Make so many programmes, with so many people and meetings among all of them; yields each group once it is made.

    People are paired two by two, and all have signed; of an odd number one takes no part. Meetings are confirmed, and
    spread evenly over the pairs. ``progress`` is called with how many people more are done. ``now``: aware.
    """
    spread = zip(share(people, programmes), share(sessions, programmes), strict=True)
    for number, (learners, meetings) in enumerate(spread):
        yield _programme(services, f"Programme {number + 1}", learners, meetings, now, progress)


def _programme(
    services: Services,
    title: str,
    learners: int,
    meetings: int,
    now: dt.datetime,
    progress: Callable[[int], object] | None,
) -> Group:
    made = uuid.uuid4().hex[:8]
    group, people = add_course(
        services,
        title=title,
        tutor=NewPerson(f"{made}-tutor", "Tutor", title),
        learners=[NewPerson(f"{made}-{place}", "Person", f"{place + 1}") for place in range(learners)],
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    pairs = learners // 2
    for place, held in enumerate(share(meetings, pairs) if pairs else []):
        mentor, mentee = people[2 * place : 2 * place + 2]
        with group.acting(group.tutor_id, now) as db:
            _pair(db, group, mentor, mentee, held, now)
        if progress is not None:
            progress(2)
    return group


def _pair(
    db: Session, group: Group, mentor: uuid.UUID, mentee: uuid.UUID, meetings: int, now: dt.datetime
) -> None:
    begun = now - dt.timedelta(days=DAYS - 1)
    first, second = (
        join(db, cohort_id=group.cohort_id, person_id=person, role=role, now=begun).id
        for person, role in ((mentor, Role.MENTOR), (mentee, Role.MENTEE))
    )
    pair = form_pair(db, cohort_id=group.cohort_id, mentor_id=first, mentee_id=second, now=begun)
    for by in (first, second):
        accept_pair(db, pair_id=pair.id, by=by, now=begun)
    for by in (first, second):
        sign_agreement(db, pair_id=pair.id, by=by, now=begun)
    for number in range(meetings):
        held_at = begun + (now - begun) * (number + 1) / (meetings + 1)
        by, other = (first, second) if number % 2 else (second, first)
        session = log_session(
            db,
            pair_id=pair.id,
            by=by,
            held_on=held_at.date(),
            minutes=30 + 15 * (number % 3),
            format=SESSION_FORMATS[number % 3],
            now=held_at,
            is_another=True,
        )
        confirm_session(db, session_id=session.id, by=other, now=held_at)
