"""The lines of what needs the tutor, as the page shows them: their words, and where their buttons and links lead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.overview.inbox import InboxLine, LineKind
from lti_tool.translation import gettext as _
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.tutor import inbox_wording, pair_wording


@dataclass(frozen=True)
class SecondChoice:
    """What a small button of a line does."""

    address: str
    label: str


LONG: Final = 30
"""Days after which the page marks how long something has waited."""


@dataclass(frozen=True)
class ShownLine:
    """A line of what needs the tutor."""

    line: InboxLine
    words: inbox_wording.LineWords
    days: str
    is_long: bool
    """Whether it has waited for a month or more."""
    address: str
    """Where its action leads."""
    fields: Mapping[str, str]
    """What a button sends there; empty for a link."""
    second: SecondChoice | None = None
    """What the tutor may do instead, with the same fields."""
    link: tuple[str, str] | None = None
    """A page beside the action: its address, and what the link says."""
    reminded_at: dt.datetime | None = None


def shown_line(line: InboxLine, now: dt.datetime) -> ShownLine:
    """What the page shows of a line now."""
    where, fields = _action(line)
    waited = line.days(now.date()) or 0
    days = pair_wording.waits(line.days(now.date()))
    if line.members:
        waited = oldest = max((member.days(now.date()) or 0 for member in line.members), default=0)
        days = pair_wording.longest_waiting(oldest)
    to_remind = line.to_remind(now)
    words = inbox_wording.words_of(line, to_remind)
    if to_remind and line.pair is not None:
        reminder = launch_url_for("tutor_reminders.remind", pair_id=line.pair.id)
        link = where, _("Write")
        return ShownLine(
            line,
            words,
            days,
            waited >= LONG,
            reminder,
            {"about": line.kind},
            link=link,
            reminded_at=line.reminded_at,
        )
    return ShownLine(
        line,
        words,
        days,
        waited >= LONG,
        where,
        fields,
        _second(line),
        _meetings_of(line),
        reminded_at=line.reminded_at,
    )


def _second(line: InboxLine) -> SecondChoice | None:
    """Of a grade that is not there: to leave it so."""
    if line.kind not in (LineKind.GRADE_MISSING, LineKind.GRADE_REMOVED) or line.members:
        return None
    return SecondChoice(launch_url_for("grades.leave"), _("Leave it as it is"))


def _meetings_of(line: InboxLine) -> tuple[str, str] | None:
    """The page of the pair whose meetings somebody keeps whose partner has left."""
    pair = line.pair if line.kind is LineKind.PARTNER_LEFT else None
    if pair is None or pair.last_held_on is None:
        return None
    return launch_url_for("history.pair", pair_id=pair.id), _("See the meetings")


def _action(line: InboxLine) -> tuple[str, Mapping[str, str]]:
    """Where the action of a line leads, and what it sends there."""
    if line.members:
        return _folded_action(line), {}
    person = line.people[0] if line.people else None
    match line.kind:
        case LineKind.TO_CONFIRM:
            return launch_url_for("tutor_objectives.index"), {}
        case LineKind.DUPLICATED if line.copy is not None and line.copy.is_here:
            return launch_url_for("waiting_copies.ask", link_id=line.copy.link_id), {}
        case LineKind.ALONE | LineKind.PARTNER_LEFT if person is not None:
            return launch_url_for("pairing.show", partner_for=person.person_id), {}
        case LineKind.TO_APPROVE if person is not None:
            return launch_url_for("cohort.validate"), {"participant_id": str(person.id), "validated": "yes"}
        case LineKind.GRADE_MISSING | LineKind.GRADE_REMOVED if person is not None:
            return launch_url_for("grades.send"), {"participant_id": str(person.id)}
        case LineKind.GRADE_OVERRIDDEN if person is not None:
            return launch_url_for("grades.leave"), {"participant_id": str(person.id)}
        case LineKind.REFUSED if person is not None:
            return launch_url_for("cohort.note_refusal"), {"participant_id": str(person.id)}
        case LineKind.INVITED if person is not None:
            return launch_url_for("messages.invitation", person=person.person_id), {}
    if line.pair is None:
        return launch_url_for("home.home"), {}
    if line.kind is LineKind.PAUSE_OVER:
        return launch_url_for("pair_changes.resume", pair_id=line.pair.id), {}
    return launch_url_for("messages.show", pair_id=line.pair.id, about=line.kind), {}


def _folded_action(line: InboxLine) -> str:
    match line.kind:
        case LineKind.ALONE:
            return launch_url_for("home.home", state="alone")
        case LineKind.TO_CONFIRM:
            return launch_url_for("tutor_objectives.index")
        case LineKind.INVITED:
            return launch_url_for("messages.invitation")
        case (
            LineKind.NOT_ACCEPTED
            | LineKind.UNSIGNED
            | LineKind.UNCONFIRMED
            | LineKind.DIFFERS
            | LineKind.SILENT
        ):
            return launch_url_for("messages.to_all", about=line.kind)
    return f"{launch_url_for('home.home', inbox='all')}#needs"
