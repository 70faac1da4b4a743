"""Who acts: the participant behind the present launch, and the pair that a page is about."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import abort, g, redirect, request
from sqlalchemy.orm import Session

from lti_tool.mentoring import journey
from lti_tool.mentoring.actions import NotAllowed
from lti_tool.mentoring.journey import Journey, PairView
from lti_tool.mentoring.models import Participant
from lti_tool.tool import current_tool
from lti_tool.views import wording
from lti_tool.views.launch_sessions import here
from schemas.display import FormOrigin, read_query


@dataclass(frozen=True)
class PairPage:
    """What every page about a pair starts from."""

    journey: Journey
    pair: PairView
    course_title: str | None

    def values(self) -> dict[str, Any]:
        """The values that its template takes."""
        return {
            "journey": self.journey,
            "pair": self.pair,
            "course_title": self.course_title,
            "done": done_message(),
        }


def acting(db: Session) -> Participant:
    """The participant who acts. Somebody who has not joined is sent to the home page, where one joins.

    Raises :class:`NotAllowed` instead when a form was sent, so that nobody takes it for kept.
    """
    launch = g.launch
    cohort = journey.current_cohort(db, launch.course_id) if launch.course_id else None
    found = journey.participant_of(db, cohort.id, launch.person_id) if cohort and launch.person_id else None
    if found is None:
        _go_home("not_joined")
    return found


def pair_page(wanted: uuid.UUID | None = None) -> PairPage:
    """The pair that the address names (or the one that matters most); 404 for somebody else's pair."""
    with current_tool().database.reading() as db:
        mine = journey.journey_of(db, acting(db))
    wanted = wanted or asked_pair()
    pair = mine.pair(wanted)
    if pair is None:
        if wanted is not None:
            abort(404)
        _go_home("no_partner")
    return PairPage(mine, pair, g.launch.course.title)


def _go_home(code: str) -> NoReturn:
    if request.method == "POST":
        raise NotAllowed(code)
    abort(redirect(here("home.home")))


def asked_pair() -> uuid.UUID | None:
    """``?pair=`` of the address."""
    value = read_query(request.args.to_dict())["pair"]
    return value if isinstance(value, uuid.UUID) else None


def done_message() -> str | None:
    """What was just done, in words, when the address says so."""
    code = read_query(request.args.to_dict())["done"]
    return wording.word(wording.DONE, code) if isinstance(code, str) and code in wording.DONE else None


def own_day(now: dt.datetime) -> dt.date:
    """The day it is for the person who sent the present form; the server's UTC day for a form that says nothing."""
    return (now + dt.timedelta(minutes=form_origin()["utc_offset"])).date()


def form_origin() -> dict[str, Any]:
    """``form_key`` and ``utc_offset`` of the present form; what cannot be read counts as not sent."""
    given = {name: request.form.get(name, "") for name in ("form_key", "utc_offset")}
    schema = FormOrigin()
    return dict(
        schema.load({name: value for name, value in given.items() if not schema.validate({name: value})})
    )
