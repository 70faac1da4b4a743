"""Languages and looks: which language a page is in, which theme it wears, and the words its template may use.

A page's language is, in this order: ``?lang=`` of the address, what the person chose or arrived with (kept on
the launch), what the browser asks for, the tool's default. The switch on every page after a launch keeps the
choice on the launch and on the person; nothing is kept in a cookie.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, format_date, get_locale
from werkzeug.datastructures import LanguageAccept

from lti_tool.lti.models import LaunchSession
from lti_tool.people import Person
from lti_tool.tool import current_tool
from lti_tool.views import wording
from lti_tool.views.launch_sessions import here
from schemas.display import LanguageForm
from schemas.mentoring_forms import read_form
from schemas.problem import ShapeError

if TYPE_CHECKING:
    import datetime as dt

LANGUAGES = {"en": "English", "fr": "Français"}
"""The languages that the tool speaks, each by its own name."""

THEMES = ("moodle", "canvas")
"""Platform families with a theme of their own; every other platform gets the neutral one."""

blueprint = Blueprint("i18n", __name__, url_prefix="/l/<launch_key>")


def init_app(app: Flask) -> None:
    """Give ``app`` its languages, and its templates their words."""
    Babel(app, default_timezone="UTC", locale_selector=choose_language)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(
        asset=asset,
        theme=theme,
        language=language,
        other_languages=other_languages,
        other_query=other_query,
        word=wording.word,
        words=wording,
    )
    app.jinja_env.filters.update(
        day=day,
        month=month,
        problem=wording.problem,
        person=wording.person,
        first_name=wording.first_name,
        duration=wording.duration,
        format_name=wording.format_name,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def choose_language() -> str:
    """The language of the present request: one of :data:`LANGUAGES`."""
    launch = g.get("launch")
    for tag in (request.args.get("lang"), launch.locale if launch is not None else None):
        if spoken := _spoken(tag):
            return spoken
    default = _spoken(current_tool().config.default_locale) or "en"
    return _accepted(request.accept_languages) or default


def _spoken(tag: str | None) -> str | None:
    """The language of ours that a BCP 47 tag names, such as ``fr`` for ``fr-CA`` or Moodle's ``fr_ca``."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else None


def _accepted(accepted: LanguageAccept) -> str | None:
    return accepted.best_match(list(LANGUAGES))


def language() -> str:
    """The present language, for ``<html lang>``."""
    return str(get_locale() or "en")


def other_languages() -> dict[str, str]:
    """The languages to switch to, with their own names."""
    return {tag: name for tag, name in LANGUAGES.items() if tag != language()}


def theme() -> str:
    """The theme of the platform that launched this page."""
    launch = g.get("launch")
    family = launch.registration.platform_family if launch is not None else None
    return family if family in THEMES else "neutral"


def day(value: dt.date) -> str:
    """A date in full, such as ``12 November 2026``; in French the first of a month is ``1er``."""
    if language() == "fr":
        return str(format_date(value, "d MMMM y" if value.day > 1 else "d'er' MMMM y"))
    return str(format_date(value, "d MMMM y"))


def month(value: dt.date) -> str:
    """The short name of a date's month, for the calendar leaf."""
    return str(format_date(value, "MMM"))


def other_query(tag: str) -> str:
    """The query of the present address in another language."""
    return urlencode({**request.args.to_dict(), "lang": tag})


def asset(path: str) -> str:
    """The address of a static file, which changes when its content does."""
    return url_for("static", filename=path, v=_fingerprint(str(current_app.static_folder), path))


@lru_cache(maxsize=64)
def _fingerprint(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:10]


@blueprint.post("/language")
def switch() -> ResponseReturnValue:
    """Keep the language that a person chose, and show the same page in it."""
    try:
        form = read_form(LanguageForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    with current_tool().database.transaction() as db:
        launch = db.get_one(LaunchSession, g.launch.id)
        launch.locale = form["lang"]
        if launch.person_id is not None:
            db.get_one(Person, launch.person_id).locale = form["lang"]
    root = here("home.home")
    # Only a page of this very launch: never another address that a form names.
    return redirect(form["back"] if form["back"].startswith(root) else root)
