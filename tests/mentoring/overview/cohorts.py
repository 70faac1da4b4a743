"""Cohorts as values, without a database."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from lti_tool.mentoring.journey.views import CriterionLine, PersonCard, Progress
from lti_tool.mentoring.overview.cohort import CohortOverview, OpenSession, PairLine, ParticipantLine
from lti_tool.mentoring.roles import Role

TODAY = dt.date(2026, 11, 26)


def ago(days: int) -> dt.datetime:
    """At noon, so many days before today."""
    return dt.datetime.combine(TODAY - dt.timedelta(days=days), dt.time(12), dt.UTC)


def person(name: str, role: Role = Role.MENTEE, **values: Any) -> ParticipantLine:
    """Somebody who takes part since ten days, and is free."""
    participant_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {role}")
    given, _, family = name.partition(" ")
    line = ParticipantLine(
        card=PersonCard(participant_id, role, name, given, has_left=values.get("has_left", False)),
        person_id=uuid.uuid5(uuid.NAMESPACE_OID, name),
        status="onboarded",
        free=True,
        has_left=False,
        progress=Progress(),
        validated=False,
        joined_at=ago(10),
        family_name=family or None,
    )
    return replace(line, **values)


def pair(mentee: str | ParticipantLine, mentor: str | ParticipantLine, **values: Any) -> PairLine:
    """A pair under way, which signed twenty days ago and met five days ago."""
    first = person(mentee, free=False) if isinstance(mentee, str) else mentee
    second = person(mentor, Role.MENTOR, free=False) if isinstance(mentor, str) else mentor
    line = PairLine(
        id=uuid.uuid5(uuid.NAMESPACE_OID, f"{first.card.name} {second.card.name}"),
        status="active",
        mentor=second,
        mentee=first,
        created_at=ago(22),
        mentor_accepted_at=ago(21),
        mentee_accepted_at=ago(21),
        mentor_signed_at=ago(20),
        mentee_signed_at=ago(20),
        latest_at=ago(5),
        confirmed=1,
        last_held_on=ago(5).date(),
    )
    return replace(line, **values)


def unsigned(mentee: str, mentor: str, days: int, *, by_mentor: bool = False, **values: Any) -> PairLine:
    """A pair that has accepted so many days ago and not signed; ``by_mentor``: but for the mentor."""
    return pair(
        mentee,
        mentor,
        status="accepted",
        mentor_accepted_at=ago(days),
        mentee_accepted_at=ago(days),
        mentor_signed_at=ago(days) if by_mentor else None,
        mentee_signed_at=None,
        confirmed=0,
        last_held_on=None,
        **values,
    )


def meeting(status: str, by: ParticipantLine, days: int, reason: str | None = None) -> OpenSession:
    """A meeting that was held and noted so many days ago."""
    return OpenSession(status, ago(days).date(), 45, by.id, ago(days).date(), reason)


def complete(line: ParticipantLine) -> ParticipantLine:
    """The same, who has completed."""
    return replace(line, progress=Progress(100, "satisfied", (), ago(3)))


def awaiting_tutor(line: ParticipantLine) -> ParticipantLine:
    """The same, for whom nothing but the tutor's approval is missing."""
    criterion = CriterionLine("tutor_validation", 0, 1, satisfied=False)
    return replace(line, progress=Progress(99, "awaiting_tutor", (criterion,)))


def cohort(*pairs: PairLine, people: tuple[ParticipantLine, ...] = (), **values: Any) -> CohortOverview:
    """A cohort of these pairs and of these further people."""
    members = {line.id: line for each in pairs for line in each.both}
    return CohortOverview(
        number=1,
        kind="pilot",
        status="running",
        starts_on=ago(60).date(),
        ends_on=TODAY + dt.timedelta(days=100),
        follow_up_on=TODAY + dt.timedelta(days=190),
        is_copy=values.pop("is_copy", False),
        participants=(*members.values(), *people),
        pairs=pairs,
        **values,
    )
