"""Who acts on a learner's page: the participant behind the present launch, and the pair that the page is about."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from flask import abort, g, redirect, request

from lti_tool.database import utcnow
from lti_tool.identity.policy import Relation
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.queries import journey_of
from lti_tool.mentoring.journey.undo import undoable_step
from lti_tool.mentoring.journey.views import Journey, PairView
from lti_tool.mentoring.objectives.queries import objective
from lti_tool.mentoring.pairs.queries import PairRecord, pair_of_member
from lti_tool.mentoring.sessions.queries import session
from lti_tool.web.activity import current_activity, current_participant
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_root, launch_url_for
from lti_tool.web.services import current_principal, reading, reading_once
from schemas.display import read_clock, read_query


@dataclass(frozen=True)
class PairPage:
    """What every page about a pair starts from. What it shows is read when it is first asked for."""

    participant: ParticipantRecord
    pairs: tuple[PairRecord, ...]
    """The participant's pairs that go on."""
    wanted: uuid.UUID | None
    """The pair that the request names, one of these."""
    course_title: str | None

    @cached_property
    def journey(self) -> Journey:
        """Everything that the participant's pages show."""
        with reading() as db:
            return journey_of(db, self.participant, self.pairs)

    @cached_property
    def pair(self) -> PairView:
        """The pair that the page is about: the one that was named, else the one that matters most."""
        return self.journey.pair(self.wanted) or abort(404)

    @property
    def pair_id(self) -> uuid.UUID:
        """Its id; nothing more is read for it where there is no choice."""
        if self.wanted is not None:
            return self.wanted
        return self.pairs[0].id if len(self.pairs) == 1 else self.pair.id

    @property
    def record(self) -> PairRecord:
        """The pair, as it was when the request came."""
        return next(pair for pair in self.pairs if pair.id == self.pair_id)

    @property
    def home(self) -> str:
        """The address of the first page, about this pair."""
        return f"{launch_root()}?pair={self.pair_id}"

    def values(self) -> dict[str, Any]:
        """The values that its template takes."""
        return {
            "journey": self.journey,
            "pair": self.pair,
            "course_title": self.course_title,
            "done": flash_message(),
            "undo": undoable_step(self.journey, self.pair, self.participant.joined_at, utcnow()),
        }


def kept_pair_of_request(**arguments: Any) -> Relation:
    """The same as :func:`pair_of_request` for what stays to be read once a pair has come to its end."""
    return _relation(arguments, past=True)


def pair_of_request(**arguments: Any) -> Relation:
    """How whoever asks stands to the pair of the request, which is then at :func:`pair_page`.

    The pair is that of the session or objective in the address, else the one that ``?pair=`` names, else the one that
    matters most. A learner who has not joined, or has no partner, is sent to the home page; where a form was sent,
    :class:`NotAllowed` is raised instead, so that nobody takes it for kept.
    """
    return _relation(arguments, past=False)


def _relation(arguments: Mapping[str, Any], *, past: bool) -> Relation:
    """``past``: whether a pair of theirs that has come to its end will do."""
    activity = current_activity()
    if activity is None or activity.participant is None or activity.participant.has_stopped:
        return _not_enrolled()
    wanted = _pair_id(**arguments)
    if wanted is None and not activity.pairs:
        _go_home("no_partner")
    pairs = activity.pairs
    member = wanted is None or wanted in {pair.id for pair in pairs}
    over = _over(wanted, activity.participant.id) if wanted is not None and not member else None
    if over is not None and not past:
        _go_home("pair_over", pair=wanted)
    if over is not None:
        pairs, member = (*pairs, over), True
    if member:
        g.pair_page = PairPage(activity.participant, pairs, wanted, g.launch.course.title)
    return Relation(organisation_id=activity.organisation_id, participant=True, member=member)


def participant_of_request(**_arguments: Any) -> Relation:
    """How whoever asks stands to their own enrolment. Raises as :func:`pair_of_request` does without one."""
    activity = current_activity()
    if activity is None or activity.participant is None or activity.participant.has_stopped:
        return _not_enrolled()
    return Relation(organisation_id=activity.organisation_id, participant=True)


def _not_enrolled() -> Relation:
    """No relation for somebody who takes no part here; a learner is sent to where they can."""
    principal = current_principal()
    if principal.role == CourseRole.LEARNER:
        participant = current_participant()
        _go_home("taken_out" if participant is not None and participant.taken_out else "not_joined")
    return Relation(organisation_id=principal.organisation_id)


def _pair_id(
    *,
    session_id: uuid.UUID | None = None,
    objective_id: uuid.UUID | None = None,
    **_others: Any,
) -> uuid.UUID | None:
    if session_id is not None:
        with reading_once() as db:
            meeting = session(db, session_id)
        return meeting.pair_id if meeting is not None else abort(404)
    if objective_id is not None:
        with reading_once() as db:
            aim = objective(db, objective_id)
        return aim.pair_id if aim is not None else abort(404)
    return requested_pair_id()


def pair_page() -> PairPage:
    """The pair that :func:`pair_of_request` found for this request."""
    page: PairPage = g.pair_page
    return page


def _over(pair_id: uuid.UUID, participant_id: uuid.UUID) -> PairRecord | None:
    """A pair of theirs that has come to its end; None for any other."""
    with reading() as db:
        return pair_of_member(db, pair_id, participant_id)


def _go_home(code: str, **query: Any) -> NoReturn:
    if request.method == "POST":
        raise NotAllowed(code)
    abort(redirect(launch_url_for("home.home", **query)))


def requested_pair_id() -> uuid.UUID | None:
    """``?pair=`` of the address."""
    if "pair" not in request.args:
        return None
    value = read_query(request.args.to_dict())["pair"]
    return value if isinstance(value, uuid.UUID) else None


def user_today(now: dt.datetime) -> dt.date:
    """The day it is for the person who sent the present form; the server's UTC day for a form that says nothing."""
    return (now + read_clock(request.form.get("utc_offset", ""))).date()
