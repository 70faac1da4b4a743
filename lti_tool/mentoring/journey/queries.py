"""What a learner's pages show, read from what is stored.

Nothing here changes anything. A page asks for a :class:`~lti_tool.mentoring.journey.views.Journey` and renders it.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from lti_tool.mentoring.journey.views import (
    CriterionLine,
    Journey,
    ObjectiveLine,
    PairView,
    PersonCard,
    Progress,
    SessionLine,
)
from lti_tool.mentoring.objectives.queries import ObjectiveRecord, objectives_of_pairs
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.profiles.queries import NO_PROFILE, PROFILE_WIDTH, Profile, profile_from, with_profile
from lti_tool.mentoring.programmes.queries import number_of_rule
from lti_tool.mentoring.programmes.tutor_queries import TutorRecord, tutor_from, with_tutor
from lti_tool.mentoring.sessions.queries import SessionRecord, sessions_of_pairs


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
    rule_number: int | None = None
    """Of the version of the completion rule that is in force; None where there is none."""


def people_around(db: Session, participant: ParticipantRecord, pairs: Sequence[PairRecord]) -> PeopleAround:
    """The partners in these pairs, what they and ``participant`` say of themselves, and the tutor; in one query."""
    ids = [participant.id, *(pair.partner_of(participant.id) for pair in pairs)]
    query = with_profile(participants_and_who_left_query(participant.cohort_id, ids), PARTICIPANT_ID)
    query = with_tutor(query, participant.cohort_id)
    rows = db.execute(query.add_columns(number_of_rule(participant.cohort_id))).all()
    partners, profiles, tutor, rule_number = {}, {}, None, None
    for row, person, left, *rest, number in rows:
        rule_number = number
        profiles[row.id] = profile_from(rest[:PROFILE_WIDTH])
        tutor = tutor_from(rest[PROFILE_WIDTH:])
        if row.id != participant.id:
            partners[row.id] = dataclasses.replace(card(participant_record(row, person)), has_left=bool(left))
    return PeopleAround(partners, profiles, tutor, rule_number)


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
        paused_at=pair.paused_at,
        paused_until=pair.paused_until,
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
        proposed_mode=row.proposed_mode,
        proposed_format=row.proposed_format,
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
        level=row.level,
        trend=row.trend,
        accepts=row.accepts,
        catalogue_code=row.catalogue_code,
        skill=row.skill,
        was_agreed=row.agreed_at is not None,
        refused_by=row.refused_by,
        refusal_is_read=row.refusal_read_at is not None,
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
