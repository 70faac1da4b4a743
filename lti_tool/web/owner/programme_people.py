"""Reading who is in a programme, for its owners and, where its settings say so, human resources.

Names, roles, groups and completion: nothing that a pair does.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.rule import Completion
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import is_united_elsewhere
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.translation.collation import collation_key, folded, sorted_name
from schemas.display import PEOPLE_STATES

NOT_PARTICIPANTS: Final = ("invited", "withdrawn")
"""States of people who are counted apart: they have not said yes, or have left."""


@dataclass(frozen=True)
class PersonLine:
    """Somebody in a programme, with what an owner sees of them."""

    id: uuid.UUID
    """The participant's."""
    name: str | None
    sorts_as: str
    role: str
    group: int
    cohort_id: uuid.UUID
    completion: str
    """One of :data:`schemas.display.PEOPLE_STATES`."""
    completed_at: dt.datetime | None


def people_of(db: Session, programme_id: uuid.UUID) -> list[PersonLine]:
    """Everybody in a programme, in the order of family names."""
    rows = db.execute(
        sa.select(
            Participant.id,
            Participant.cohort_id,
            Person.name,
            Person.given_name,
            Person.family_name,
            Participant.role,
            Participant.status,
            Cohort.number,
            CompletionRecord.completion,
            CompletionRecord.completed_at,
        )
        .join(Participant, Participant.person_id == Person.id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .where(Cohort.programme_id == programme_id, ~is_united_elsewhere())
    )
    found = []
    for row in rows:
        name, completion = display_name(row), completion_of(row.status, row.completion)
        completed_at = row.completed_at if completion == Completion.COMPLETED else None
        sorts_as = sorted_name(row.family_name, name)
        found.append(
            PersonLine(row.id, name, sorts_as, row.role, row.number, row.cohort_id, completion, completed_at)
        )
    return sorted(
        found,
        key=lambda line: (
            line.name is None,
            collation_key(line.sorts_as),
            collation_key(line.name or ""),
            line.group,
        ),
    )


def partners_of(db: Session, programme_id: uuid.UUID, people: Sequence[PersonLine]) -> dict[uuid.UUID, str]:
    """With whom each participant of a programme is in a pair that goes on, or is proposed: the names, in one line."""
    names = {line.id: line.name for line in people}
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    for mentor_id, mentee_id in db.execute(
        sa.select(Pair.mentor_id, Pair.mentee_id)
        .join(Cohort, Cohort.id == Pair.cohort_id)
        .where(Cohort.programme_id == programme_id, Pair.status.not_in(ENDED_STATUSES))
    ):
        for one, other in ((mentor_id, mentee_id), (mentee_id, mentor_id)):
            if name := names.get(other):
                found[one].append(name)
    return {one: ", ".join(sorted(others, key=collation_key)) for one, others in found.items()}


def completion_of(status: str, completion: str | None) -> str:
    """Where somebody's journey is, as :class:`PersonLine` says it."""
    match status, completion:
        case ParticipantStatus.TAKEN_OUT, _:
            return str(ParticipantStatus.WITHDRAWN)
        case _, (Completion.COMPLETED | Completion.REOPENED):
            return str(completion)
        case ((ParticipantStatus.INVITED | ParticipantStatus.WITHDRAWN), _):
            return str(status)
        case ParticipantStatus.REFUSED, _:
            # To take part is voluntary: who has refused is for the tutors of the group alone.
            return str(ParticipantStatus.INVITED)
        case ((ParticipantStatus.ONBOARDED | ParticipantStatus.PAIRED), _):
            # A journey begins when both have signed; whose signature is missing is not for an owner to see.
            return "not_begun"
    return "begun"


def count_states(people: Sequence[PersonLine]) -> list[tuple[str, int]]:
    """How many people are in each state that occurs, in the order of a journey."""
    found = Counter(line.completion for line in people)
    return [(state, found[state]) for state in PEOPLE_STATES if found[state]]


def matching(people: Sequence[PersonLine], search: str, state: str | None) -> list[PersonLine]:
    """Those of a state whose name holds what is searched for."""
    wanted = folded(search)
    return [
        line
        for line in people
        if (state is None or line.completion == state) and (not wanted or wanted in folded(line.name or ""))
    ]
