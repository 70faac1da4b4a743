"""The time zone of whoever reads a page with days and hours.

A browser says its own, once in each session (static/js/frame.js). The platform says none at a launch, so that the first
page of a session is in UTC for a moment: a page that keeps itself up to date then asks again, and the others say the
day of a moment by the browser's clock (:func:`lti_tool.web.language.for_reader`).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_location
from flask import Blueprint, Flask, Response, abort, g, has_request_context, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.translation import current_language
from lti_tool.web.access import allows
from lti_tool.web.services import transaction
from schemas.display import TimeZoneForm
from schemas.form_schema import read_form
from schemas.problem import ShapeError

UTC: Final = ZoneInfo("UTC")

blueprint = Blueprint("time_zone", __name__, url_prefix="/l/<launch_key>")


def init_app(app: Flask) -> None:
    """Give the templates of ``app`` the reader's zone, and the day of a moment in it."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(reader_zone=reader_zone, reader_today=reader_today)
    app.jinja_env.filters.update(own_date=own_date)


@blueprint.post("/time-zone")
@allows(Action.SAY_TIME_ZONE)
def say() -> ResponseReturnValue:
    """Keep the time zone of the browser with its session. 400 for one that is not known."""
    try:
        name = read_form(TimeZoneForm(), request.form.items(multi=True))["zone"]
    except ShapeError:
        abort(400)
    if zone_called(name) is None:
        abort(400)
    with transaction() as db:
        db.get_one(LaunchSession, g.launch.id).time_zone = name
    return Response(status=204, headers={"Cache-Control": "no-store"})


def said_zone() -> ZoneInfo | None:
    """The zone that the browser of the present session has said; None until it has, and outside of a session."""
    launch = g.get("launch") if has_request_context() else None
    return zone_called(launch.time_zone) if launch is not None else None


def reader_zone() -> ZoneInfo:
    """The same; UTC where the browser has not said it."""
    return said_zone() or UTC


def reader_today() -> dt.date:
    """The day it is for whoever reads."""
    return own_date(utcnow())


def own_date(moment: dt.datetime) -> dt.date:
    """The day that a moment is on for whoever reads."""
    return moment.astimezone(reader_zone()).date()


def zone_called(name: str | None) -> ZoneInfo | None:
    """The time zone of this name (https://www.iana.org/time-zones); None without one, and for one that is not known."""
    return ZoneInfo(name) if name is not None and name in _names() else None


def zone_name(zone: ZoneInfo) -> str:
    """What a reader knows a zone by: the city that it is named after, in the current language, or UTC."""
    return str(get_timezone_location(zone, locale=current_language(), return_city=True))


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
