"""What a learner's pages show: read-side queries, and the values that they return.

Nothing here changes anything. A page asks for a :class:`Journey` and renders it; the same values, made by hand,
feed the tutor's preview (:mod:`lti_tool.mentoring.sample`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.mentoring.completion.queries import ProgressRecord, progress
from lti_tool.mentoring.enrolment.queries import (
    PARTICIPANT_ID,
    ParticipantRecord,
    participant_record,
    participants_and_who_left,
    participants_and_who_left_query,
)
from lti_tool.mentoring.journey.steps import URGENCY, Step, step_of
from lti_tool.mentoring.objectives.queries import ObjectiveRecord, objectives_of_pairs
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.profiles.queries import NO_PROFILE, PROFILE_WIDTH, Profile, profile_from, with_profile
from lti_tool.mentoring.programmes.queries import TutorRecord, tutor_from, with_tutor
from lti_tool.mentoring.sessions.queries import SessionRecord, sessions_of_pairs


@dataclass(frozen=True)
class PersonCard:
    """A participant as others see them; ``name`` is None where the LMS shares none."""

    participant_id: uuid.UUID
    role: str
    name: str | None = None
    given_name: str | None = None
    has_left: bool = False
    """Whether they are no longer in the course, as far as whoever made the card asked."""

    @property
    def initials(self) -> str:
        """One or two capitals for the round badge; empty without a name."""
        words = [word for word in (self.name or "").replace("-", " ").split() if word[0].isalpha()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@dataclass(frozen=True)
class SessionLine:
    """One mentoring session, seen by one of the pair."""

    id: uuid.UUID
    held_on: dt.date
    minutes: int
    format: str
    status: str
    mine: bool
    """Whether the one who looks logged it."""
    revision: int = 0
    """Raised by every correction; an answer says which one it is about."""
    dispute_reason: str | None = None
    mode: str | None = None
    """How the two spoke; None where nobody was asked."""
    logged_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    """When the partner of its logger confirmed or disputed it."""
    proposed_on: dt.date | None = None
    proposed_minutes: int | None = None
    """What the partner proposes in place of its day and its length, where they dispute it."""

    @property
    def to_confirm(self) -> bool:
        """The partner logged it, and waits for a yes."""
        return self.status == "held" and not self.mine

    @property
    def to_correct(self) -> bool:
        """The partner said that it was not so: to correct or to take back."""
        return self.status == "disputed" and self.mine

    @property
    def is_proposed(self) -> bool:
        """Whether whoever disputes it proposes something in its place."""
        return self.proposed_on is not None or self.proposed_minutes is not None

    @property
    def proposal(self) -> SessionLine:
        """The meeting as whoever disputes it proposes it."""
        held_on, minutes = self.proposed_on or self.held_on, self.proposed_minutes or self.minutes
        return dataclasses.replace(self, held_on=held_on, minutes=minutes)

    @property
    def can_change(self) -> bool:
        """Whether the one who looks sees a way to put it right: its logger, as long as it stands."""
        return self.mine and self.correctable

    @property
    def correctable(self) -> bool:
        """Neither taken back nor cancelled."""
        return self.status in ("held", "confirmed", "disputed")


@dataclass(frozen=True)
class ObjectiveLine:
    """One objective, seen by one of the pair."""

    id: uuid.UUID
    title: str
    direction: str
    tag: str
    required: bool
    status: str
    mine: bool
    """Whether the one who looks is the one who learns."""
    proposed_by_me: bool = False
    """Whether the one who looks wrote what it says now."""
    revision: int = 0
    """Raised by every edit; an answer says which one it is about."""
    since: dt.datetime | None = None
    """When it came to its present status."""
    target_on: dt.date | None = None
    worked_on: dt.date | None = None
    """The day of the latest meeting that was about it."""

    @property
    def open(self) -> bool:
        """Agreed by both, and still being worked on."""
        return self.status in ("agreed", "in_progress")

    @property
    def to_agree(self) -> bool:
        """The partner proposed it, or changed it, and waits for a yes."""
        return self.status == "proposed" and not self.proposed_by_me

    @property
    def can_edit(self) -> bool:
        """Whether what it says can still change."""
        return self.open or self.status == "proposed"

    @property
    def to_confirm(self) -> bool:
        """The partner says that they reached it, and waits for a yes."""
        return self.status == "claimed" and not self.mine


@dataclass(frozen=True)
class PairView:
    """A pair, seen by one of the two."""

    id: uuid.UUID
    status: str
    partner: PersonCard
    charter_version: str
    accepted_by_me_at: dt.datetime | None = None
    accepted_by_partner_at: dt.datetime | None = None
    signed_by_me_at: dt.datetime | None = None
    signed_by_partner_at: dt.datetime | None = None
    sessions: tuple[SessionLine, ...] = ()
    """The latest first; without those that were removed."""
    objectives: tuple[ObjectiveLine, ...] = ()
    """In the order in which they were set; without those that were removed."""
    objectives_given_up: tuple[ObjectiveLine, ...] = ()
    """Those that were removed."""
    about_partner: Profile = NO_PROFILE
    """What the partner says of themselves; how to reach them once both have accepted."""

    reminded_me_at: dt.datetime | None = None
    """When the partner last reminded me of what waits for me."""
    reminded_partner_at: dt.datetime | None = None
    end_reason: str | None = None
    ended_at: dt.datetime | None = None
    declined_by_me: bool = False

    @property
    def declined(self) -> bool:
        """One of the two did not accept."""
        return self.end_reason == "declined"

    @property
    def unconfirmed(self) -> SessionLine | None:
        """The oldest meeting that I logged and the partner has not answered."""
        return next((line for line in reversed(self.sessions) if line.status == "held" and line.mine), None)

    @property
    def uncorrected(self) -> SessionLine | None:
        """The oldest meeting of the partner's that I said was not so."""
        found = (line for line in reversed(self.sessions) if line.status == "disputed" and not line.mine)
        return next(found, None)

    @property
    def active(self) -> bool:
        """Both have signed, and the pair goes on."""
        return self.status == "active"

    @property
    def can_meet(self) -> bool:
        """The pair goes on, and the partner is there."""
        return self.active and not self.partner.has_left

    @property
    def sessions_to_confirm(self) -> tuple[SessionLine, ...]:
        """What the partner logged and waits for, the oldest first."""
        return tuple(reversed([line for line in self.sessions if line.to_confirm]))

    @property
    def objectives_to_confirm(self) -> tuple[ObjectiveLine, ...]:
        """What the partner says is reached."""
        return tuple(line for line in self.objectives if line.to_confirm)

    @property
    def objectives_to_agree(self) -> tuple[ObjectiveLine, ...]:
        """What the partner proposed, or changed."""
        return tuple(line for line in self.objectives if line.to_agree)

    @property
    def sessions_to_correct(self) -> tuple[SessionLine, ...]:
        """What I logged and the partner did not recognise."""
        return tuple(line for line in self.sessions if line.to_correct)

    @property
    def last_session(self) -> SessionLine | None:
        """The latest meeting that stands; None before the first."""
        return next((line for line in self.sessions if line.status != "disputed"), None)


@dataclass(frozen=True)
class CriterionLine:
    """One line of “what is still needed”; the shape of the stored explanation."""

    type: str
    value: int
    target: int
    satisfied: bool
    params: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[CriterionLine, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a participant is."""

    score: int = 0
    status: str = "onboarded"
    criteria: tuple[CriterionLine, ...] = ()
    completed_at: dt.datetime | None = None

    @property
    def counts_required_objectives(self) -> bool:
        """Whether the rule asks for the required objectives, in one of its criteria or in one within another."""
        lines = list(self.criteria)
        while lines:
            line = lines.pop()
            if line.type == "objectives" and line.params.get("which") == "required":
                return True
            lines += line.children
        return False

    @property
    def completed(self) -> bool:
        """Whether the journey is complete, and counted as such."""
        return self.status == "satisfied"

    @property
    def meetings(self) -> CriterionLine | None:
        """The criterion that counts meetings, if the rule has one: it is drawn as a path."""
        for line in self.criteria:
            for candidate in (line, *line.children):
                if candidate.type == "sessions":
                    return candidate
        return None


@dataclass(frozen=True)
class Journey:
    """Everything that a participant's home shows."""

    me: PersonCard
    status: str
    cohort_id: uuid.UUID
    progress: Progress
    pairs: tuple[PairView, ...] = ()
    """Those that go on, the oldest first."""
    about_me: Profile = NO_PROFILE
    """What they say of themselves."""
    tutor: TutorRecord | None = None
    """Who looks after the group; None where the platform shares no name."""

    def pair(self, wanted: uuid.UUID | None = None) -> PairView | None:
        """The pair that was asked for; else the one in which something waits for an answer; else the first."""
        if wanted is not None:
            return next((pair for pair in self.pairs if pair.id == wanted), None)
        return min(self.pairs, key=lambda pair: URGENCY.index(self.step(pair)), default=None)

    def step(self, pair: PairView | None) -> Step:
        """What is next, seen from ``pair``."""
        return step_of(self.progress, pair)


def partners_of(
    db: Session, participant: ParticipantRecord, pairs: Sequence[PairRecord]
) -> dict[uuid.UUID, PersonCard]:
    """The partners in these pairs, by participant, and whether they have left the course; in one query."""
    ids = [pair.partner_of(participant.id) for pair in pairs]
    found = participants_and_who_left(db, participant.cohort_id, ids)
    return {partner.id: dataclasses.replace(card(partner), has_left=left) for partner, left in found.values()}


@dataclass(frozen=True)
class PeopleAround:
    """Who is around a participant, and what they say of themselves."""

    partners: Mapping[uuid.UUID, PersonCard]
    """By participant."""
    profiles: Mapping[uuid.UUID, Profile]
    """By participant, their own among them."""
    tutor: TutorRecord | None


def people_around(db: Session, participant: ParticipantRecord, pairs: Sequence[PairRecord]) -> PeopleAround:
    """The partners in these pairs, what they and ``participant`` say of themselves, and the tutor; in one query."""
    ids = [participant.id, *(pair.partner_of(participant.id) for pair in pairs)]
    query = with_profile(participants_and_who_left_query(participant.cohort_id, ids), PARTICIPANT_ID)
    rows = db.execute(with_tutor(query, participant.cohort_id)).all()
    partners, profiles, tutor = {}, {}, None
    for row, person, left, *rest in rows:
        profiles[row.id] = profile_from(rest[:PROFILE_WIDTH])
        tutor = tutor_from(rest[PROFILE_WIDTH:])
        if row.id != participant.id:
            partners[row.id] = dataclasses.replace(card(participant_record(row, person)), has_left=bool(left))
    return PeopleAround(partners, profiles, tutor)


def journey_of(
    db: Session,
    participant: ParticipantRecord,
    pairs: Sequence[PairRecord],
    people: PeopleAround | None = None,
) -> Journey:
    """What ``participant``'s home shows, in four queries whatever the number of ``pairs``: those that go on.

    ``people``: their :func:`people_around`, where it was read before.
    """
    ids = [pair.id for pair in pairs]
    if people is None:
        people = people_around(db, participant, pairs)
    sessions = sessions_of_pairs(db, ids)
    objectives = objectives_of_pairs(db, ids)
    return Journey(
        me=card(participant),
        status=participant.status,
        cohort_id=participant.cohort_id,
        progress=progress_from(progress(db, participant.id)),
        pairs=tuple(_pair_view(pair, participant, people, sessions, objectives) for pair in pairs),
        about_me=people.profiles.get(participant.id, NO_PROFILE),
        tutor=people.tutor,
    )


def _pair_view(
    pair: PairRecord,
    me: ParticipantRecord,
    people: PeopleAround,
    sessions: Sequence[SessionRecord],
    objectives: Sequence[ObjectiveRecord],
) -> PairView:
    my_role, partner_id = pair.role_of(me.id), pair.partner_of(me.id)
    about_partner = people.profiles.get(partner_id, NO_PROFILE)
    return PairView(
        id=pair.id,
        status=pair.status,
        partner=people.partners[partner_id],
        charter_version=pair.charter_version,
        accepted_by_me_at=pair.accepted_at(my_role),
        accepted_by_partner_at=pair.accepted_at(my_role.other),
        signed_by_me_at=pair.signed_at(my_role),
        signed_by_partner_at=pair.signed_at(my_role.other),
        sessions=tuple(
            session_line(row, me.id)
            for row in sessions
            if row.pair_id == pair.id and row.status not in ("withdrawn", "cancelled")
        ),
        objectives=tuple(
            objective_line(row, my_role, me.id)
            for row in objectives
            if row.pair_id == pair.id and row.status != "withdrawn"
        ),
        objectives_given_up=tuple(
            objective_line(row, my_role, me.id)
            for row in objectives
            if row.pair_id == pair.id and row.status == "withdrawn"
        ),
        reminded_me_at=pair.reminded_at(my_role),
        reminded_partner_at=pair.reminded_at(my_role.other),
        end_reason=pair.end_reason,
        ended_at=pair.ended_at,
        declined_by_me=pair.declined_by == me.id,
        about_partner=about_partner.shown_to_partner(accepted=pair.accepted),
    )


def card(participant: ParticipantRecord) -> PersonCard:
    """How a participant is shown to others."""
    return PersonCard(participant.id, participant.role, participant.name, participant.given_name)


def session_line(row: SessionRecord, viewer_id: uuid.UUID) -> SessionLine:
    """A session as ``viewer_id`` (a participant) sees it."""
    return SessionLine(
        id=row.id,
        held_on=row.held_on,
        minutes=row.minutes,
        format=row.format,
        status=row.status,
        mine=row.logged_by == viewer_id,
        revision=row.revision,
        dispute_reason=row.dispute_reason,
        mode=row.mode,
        logged_at=row.logged_at,
        answered_at=row.answered_at,
        proposed_on=row.proposed_on,
        proposed_minutes=row.proposed_minutes,
    )


def objective_line(row: ObjectiveRecord, my_role: str, viewer_id: uuid.UUID) -> ObjectiveLine:
    """An objective as ``viewer_id`` (a participant), who has ``my_role`` in its pair, sees it."""
    return ObjectiveLine(
        id=row.id,
        title=row.title,
        direction=row.direction,
        tag=row.tag,
        required=row.required,
        status=row.status,
        mine=row.direction == my_role,
        proposed_by_me=row.proposed_by == viewer_id,
        revision=row.revision,
        since=row.status_since,
        target_on=row.target_on,
        worked_on=row.worked_on,
    )


def progress_from(record: ProgressRecord | None) -> Progress:
    """A participant's progress; nothing done yet where nothing was judged."""
    record = record or ProgressRecord()
    return Progress(
        score=record.score,
        status=record.status,
        criteria=tuple(criterion_line(entry) for entry in record.explanation),
        completed_at=record.completed_at,
    )


def criterion_line(entry: Mapping[str, Any]) -> CriterionLine:
    """One criterion of a stored explanation, with those inside it."""
    return CriterionLine(
        type=str(entry["type"]),
        value=int(entry["value"]),
        target=int(entry["target"]),
        satisfied=bool(entry["satisfied"]),
        params=dict(entry.get("params", {})),
        children=tuple(criterion_line(child) for child in entry.get("criteria", ())),
    )
