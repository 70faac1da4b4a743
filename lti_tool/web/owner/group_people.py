"""Reading who takes part in a group, as its programme's owner may see it: names, pairs and completion, and no more."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person, display_name
from lti_tool.mentoring.completion.models import CompletionRecord, TutorValidation
from lti_tool.mentoring.completion.progress_state import ProgressState
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import is_united_elsewhere, who_left
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair, PairStatus
from lti_tool.mentoring.roles import Role
from lti_tool.translation.collation import collation_key, folded, sorted_name
from lti_tool.web.owner.programme_people import completion_of

_WITHOUT_PART = (ParticipantStatus.REFUSED, ParticipantStatus.WITHDRAWN)
_NOT_TO_PAIR = (
    ParticipantStatus.REFUSED,
    ParticipantStatus.WITHDRAWN,
    ParticipantStatus.TAKEN_OUT,
    ParticipantStatus.COMPLETED,
)


@dataclass(frozen=True)
class GroupPerson:
    """Somebody of a group."""

    id: uuid.UUID
    """The participant's."""
    person_id: uuid.UUID
    card: PersonCard
    completion: str
    """As in :class:`lti_tool.web.owner.figures.PersonLine`."""
    awaits_approval: bool
    """Nothing lacks but the word of a tutor or an owner."""
    is_approved: bool
    capacity: int
    has_left: bool
    can_be_paired: bool
    """They are in the course, have neither refused nor withdrawn, and have not completed."""
    sorts_as: str
    """What puts them in the order of family names."""
    taken_out_at: dt.datetime | None = None
    """When they were taken out of the programme, be it after they completed it."""
    taken_out_reason: str | None = None
    can_be_taken_out: bool = False


@dataclass(frozen=True)
class GroupPair:
    """Two people together. Which of them has said what to it, and what they do, is not for an owner to see."""

    id: uuid.UUID
    mentor: GroupPerson
    mentee: GroupPerson
    is_paused: bool
    is_proposed: bool
    """Not both have accepted yet."""

    @property
    def both(self) -> tuple[GroupPerson, GroupPerson]:
        """The one who learns, and the one who teaches."""
        return self.mentee, self.mentor

    @property
    def is_complete(self) -> bool:
        """Whether both have completed."""
        return all(each.completion == "completed" for each in self.both)

    @property
    def is_special(self) -> bool:
        """Whether there is more to say of it than that it is a pair."""
        return self.is_complete or self.is_paused or self.is_proposed


@dataclass(frozen=True)
class GroupPeople:
    """Everybody of a group, by name, and the pairs that go on, by the name of who learns."""

    people: Sequence[GroupPerson]
    pairs: Sequence[GroupPair]

    def searched(self, words: str) -> GroupPeople:
        """Those with these words in their name, and the pairs of these; everybody for no words."""
        wanted = folded(words)
        if not wanted:
            return self
        people = [each for each in self.people if wanted in folded(each.card.name or "")]
        ids = {each.id for each in people}
        pairs = [pair for pair in self.pairs if ids.intersection(member.id for member in pair.both)]
        return GroupPeople(people, pairs)

    @property
    def here(self) -> list[GroupPerson]:
        """Those who were not taken out of the programme."""
        return [each for each in self.people if each.taken_out_at is None]

    @property
    def taken_out(self) -> list[GroupPerson]:
        """Those who were."""
        return [each for each in self.people if each.taken_out_at is not None]

    @property
    def to_approve(self) -> list[GroupPerson]:
        """Those who wait for an approval alone."""
        return [each for each in self.here if each.awaits_approval]

    @property
    def without_pair(self) -> list[GroupPerson]:
        """Those who could be paired, and are in no pair."""
        paired = {member.id for pair in self.pairs for member in pair.both}
        return [each for each in self.people if each.id not in paired and each.can_be_paired]

    @property
    def on_hold(self) -> set[uuid.UUID]:
        """Participants all of whose pairs are paused, and who are in one."""
        paused = {member.id for pair in self.pairs if pair.is_paused for member in pair.both}
        return paused - {member.id for pair in self.pairs if not pair.is_paused for member in pair.both}

    def free(self, role: Role) -> list[GroupPerson]:
        """Those of a role who can take on one more partner."""
        taken = [member.id for pair in self.pairs for member in pair.both]
        return [
            each
            for each in self.people
            if each.card.role == role and each.can_be_paired and taken.count(each.id) < each.capacity
        ]


def people_of_group(db: Session, cohort_id: uuid.UUID) -> GroupPeople:
    """Who takes part in a cohort, and the pairs that go on, in three statements."""
    left = who_left(db, cohort_id)
    people = {}
    for participant, person, record, approved in db.execute(
        sa.select(Participant, Person, CompletionRecord, TutorValidation.participant_id)
        .join(Person, Person.id == Participant.person_id)
        .outerjoin(CompletionRecord, CompletionRecord.participant_id == Participant.id)
        .outerjoin(TutorValidation, TutorValidation.participant_id == Participant.id)
        .where(Participant.cohort_id == cohort_id, ~is_united_elsewhere())
    ):
        completion = completion_of(participant.status, record.completion if record is not None else None)
        has_left = participant.id in left
        people[participant.id] = GroupPerson(
            participant.id,
            participant.person_id,
            PersonCard(participant.id, Role(participant.role), display_name(person), person.given_name),
            completion,
            record is not None and record.status == ProgressState.AWAITING_TUTOR,
            approved is not None,
            participant.capacity,
            has_left,
            not has_left and participant.status not in _NOT_TO_PAIR,
            sorted_name(person.family_name, display_name(person)),
            participant.taken_out_at,
            participant.taken_out_reason,
            participant.taken_out_at is None and participant.status not in _WITHOUT_PART,
        )
    rows = db.execute(
        sa.select(Pair.id, Pair.mentor_id, Pair.mentee_id, Pair.status).where(
            Pair.cohort_id == cohort_id, Pair.status.not_in(ENDED_STATUSES)
        )
    )
    pairs = [
        GroupPair(
            pair_id,
            people[mentor_id],
            people[mentee_id],
            status == PairStatus.PAUSED,
            status == PairStatus.PROPOSED,
        )
        for pair_id, mentor_id, mentee_id, status in rows
    ]
    return GroupPeople(
        sorted(people.values(), key=_by_name), sorted(pairs, key=lambda pair: _by_name(pair.mentee))
    )


def _by_name(person: GroupPerson) -> tuple[bool, object, str]:
    return person.card.name is None, collation_key(person.sorts_as), str(person.id)
