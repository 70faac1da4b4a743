"""Who acts on a learner's page: the participant behind the present launch, and the pair that the page is about."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import abort, g, redirect, request
from sqlalchemy.orm import Session

from lti_tool.identity.policy import Relation
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participant_of_person
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.queries import Journey, PairView, journey_of
from lti_tool.mentoring.objectives.queries import objective
from lti_tool.mentoring.programmes.queries import cohort, placement_of_link
from lti_tool.mentoring.sessions.queries import session
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading
from schemas.display import ClockForm, read_query


@dataclass(frozen=True)
class PairPage:
    """What every page about a pair starts from."""

    participant: ParticipantRecord
    journey: Journey
    pair: PairView
    course_title: str | None

    def values(self) -> dict[str, Any]:
        """The values that its template takes."""
        return {
            "journey": self.journey,
            "pair": self.pair,
            "course_title": self.course_title,
            "done": flash_message(),
        }


def current_participant(db: Session) -> ParticipantRecord | None:
    """The enrolment of whoever asks in the cohort that the activity opens; None before they have one."""
    principal, link_id = current_principal(), g.launch.resource_link_id
    placement = placement_of_link(db, link_id) if link_id is not None else None
    if placement is None or principal.person_id is None:
        return None
    return participant_of_person(db, placement.cohort_id, principal.person_id)


def pair_of_request(**arguments: Any) -> Relation:
    """How whoever asks stands to the pair of the request, which is then at :func:`pair_page`.

    The pair is that of the session or objective in the address, else the one that ``?pair=`` names, else the one that
    matters most. A learner who has not joined, or has no partner, is sent to the home page; where a form was sent,
    :class:`NotAllowed` is raised instead, so that nobody takes it for kept.
    """
    with reading() as db:
        participant = current_participant(db)
        if participant is None:
            return _not_enrolled()
        found = cohort(db, participant.cohort_id)
        journey = journey_of(db, participant)
        wanted = _pair_id(db, **arguments)
    pair = journey.pair(wanted)
    if pair is None and wanted is None:
        _go_home("no_partner")
    if pair is not None:
        g.pair_page = PairPage(participant, journey, pair, g.launch.course.title)
    return Relation(organisation_id=found.organisation_id, participant=True, member=pair is not None)


def participant_of_request(**_arguments: Any) -> Relation:
    """How whoever asks stands to their own enrolment. Raises as :func:`pair_of_request` does without one."""
    with reading() as db:
        participant = current_participant(db)
        if participant is None:
            return _not_enrolled()
        found = cohort(db, participant.cohort_id)
    return Relation(organisation_id=found.organisation_id, participant=True)


def _not_enrolled() -> Relation:
    """No relation for somebody who has nothing to join here; a learner is sent to where they can."""
    principal = current_principal()
    if principal.role == CourseRole.LEARNER:
        _go_home("not_joined")
    return Relation(organisation_id=principal.organisation_id)


def _pair_id(
    db: Session,
    *,
    session_id: uuid.UUID | None = None,
    objective_id: uuid.UUID | None = None,
    **_others: Any,
) -> uuid.UUID | None:
    if session_id is not None:
        meeting = session(db, session_id)
        return meeting.pair_id if meeting is not None else abort(404)
    if objective_id is not None:
        aim = objective(db, objective_id)
        return aim.pair_id if aim is not None else abort(404)
    return requested_pair_id()


def pair_page() -> PairPage:
    """The pair that :func:`pair_of_request` found for this request."""
    page: PairPage = g.pair_page
    return page


def _go_home(code: str) -> NoReturn:
    if request.method == "POST":
        raise NotAllowed(code)
    abort(redirect(launch_url_for("home.home")))


def requested_pair_id() -> uuid.UUID | None:
    """``?pair=`` of the address."""
    value = read_query(request.args.to_dict())["pair"]
    return value if isinstance(value, uuid.UUID) else None


def user_today(now: dt.datetime) -> dt.date:
    """The day it is for the person who sent the present form; the server's UTC day for a form that says nothing."""
    schema = ClockForm()
    given = {"utc_offset": request.form.get("utc_offset", "")}
    clock = schema.load({} if schema.validate(given) else given)
    return (now + dt.timedelta(minutes=clock["utc_offset"])).date()
