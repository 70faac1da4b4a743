"""Inviting those whom a file named before the platform did, once a roster of a course lists them.

They need not have opened the activity: whoever pairs people sees at once who is to learn and who is to teach.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.people.actions import invite_awaited_people
from lti_tool.mentoring.enrolment.people.columns import IDENTIFIERS
from lti_tool.mentoring.enrolment.people.matching import KnownAwaited, one_person
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson
from lti_tool.mentoring.enrolment.people.queries import awaited_as, awaited_from, is_awaited_as
from lti_tool.mentoring.programmes import queries as programmes
from schemas.problem import Problem


def invite_listed(db: Session, course_id: uuid.UUID, now: dt.datetime) -> int:
    """Invite the learners of a course who are awaited in one of its cohorts; return how many were invited.

    Where it is not certain who is meant, nobody is: whoever comes then is asked for their role as everybody is.
    """
    acting, invited = log.acting_principal(db), 0
    for cohort_id in sorted({each.cohort_id for each in programmes.placements_of_course(db, course_id)}):
        found = _certain(db, cohort_id, course_id)
        if found and programmes.cohort(db, cohort_id).accepts_invitations:
            programmes.lock_cohort(db, cohort_id)
            invited += invite_awaited_people(db, cohort_id=cohort_id, people=found, now=now)
    log.set_principal(db, acting)
    return invited


def _certain(db: Session, cohort_id: uuid.UUID, course_id: uuid.UUID) -> dict[uuid.UUID, AwaitedPerson]:
    """Of each learner of the course whom one awaited person names alone: the row of that person."""
    rows = db.execute(
        sa.select(Person.id, AwaitedPerson, Person.subject, Person.user_name, sa.func.lower(Person.email))
        .join(Membership, Membership.person_id == Person.id)
        .join(AwaitedPerson, is_awaited_as())
        .where(
            Membership.course_id == course_id,
            Membership.role == CourseRole.LEARNER,
            Membership.active,
            AwaitedPerson.cohort_id == cohort_id,
        )
    )
    named: dict[KnownAwaited, list[AwaitedPerson]] = defaultdict(list)
    for person_id, row, *identifiers in rows:
        named[KnownAwaited(person_id, "", *identifiers)].append(row)
    found = {person.id: one for person, awaited in named.items() if (one := _named_by(person, awaited))}
    times = Counter(row.id for row in found.values())
    return {person_id: row for person_id, row in found.items() if times[row.id] == 1}


def _named_by(person: KnownAwaited, awaited: Sequence[AwaitedPerson]) -> AwaitedPerson | None:
    """The one of these whom a person's identifiers mean; None where it is not certain. ``person``: as if awaited."""
    values = [awaited_from(row) for row in awaited]
    one = one_person(
        person,
        [
            [each for each in values if getattr(each, name) and getattr(each, name) == getattr(person, name)]
            for name in IDENTIFIERS
        ],
    )
    if one is None or isinstance(one, Problem):
        return None
    return next(row for row in awaited if row.id == one.id)


def find_awaited(db: Session, *, cohort_id: uuid.UUID, person_id: uuid.UUID) -> AwaitedPerson | None:
    """Who is awaited in a cohort under the identifiers of somebody who has come; None where it is not certain."""
    found = awaited_as(db, cohort_id, person_id)
    if not found:
        return None
    _row, user_id, user_name, email = found[0]
    return _named_by(KnownAwaited(person_id, "", user_id, user_name, email), [row for row, *_rest in found])
