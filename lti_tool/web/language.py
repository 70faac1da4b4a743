"""The language and the theme of a page, and the functions and filters that templates use for them.

A page's language is, in this order: ``?lang=`` of the address, what the person chose or arrived with (kept on the
launch), what the browser asks for, the tool's default. The switch on every page after a launch keeps the choice on the
launch and on the person; nothing is kept in a cookie. On a page with a form the switch is a button of that form, so
that what was typed is shown again (:mod:`lti_tool.web.forms`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from flask import Blueprint, Flask, abort, current_app, g, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from lti_tool.identity.models import Person
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import NEUTRAL_THEME
from lti_tool.mentoring.journey.views import SessionLine
from lti_tool.translation import (
    LANGUAGES,
    current_language,
    gettext,
    plural_form,
    set_language,
    supported_language,
)
from lti_tool.translation.dates import long_date, short_date
from lti_tool.translation.elision import elided
from lti_tool.translation.lists import and_list
from lti_tool.web import wording
from lti_tool.web.access import allows
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_services, transaction
from lti_tool.web.time_zone import own_date, reader_today, said_zone
from schemas.display import LanguageForm
from schemas.form_schema import read_form
from schemas.problem import ShapeError

SOURCE_LANGUAGE: Final = "en"
"""The language that texts are written in."""

blueprint = Blueprint("language", __name__, url_prefix="/l/<launch_key>")


def init_app(app: Flask) -> None:
    """Give the templates of ``app`` what they need for the language of a page."""
    app.register_blueprint(blueprint)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # With newstyle, Jinja fills in the parameters itself, after escaping them.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        lambda message: gettext(message), plural_form, newstyle=True
    )
    app.jinja_env.globals.update(
        gettext=_gettext_of_template,
        asset=asset,
        picture_in_language=picture_in_language,
        theme=theme,
        language=current_language,
        other_languages=other_languages,
        other_query=other_query,
        this_page=this_page,
        word=wording.word,
        words=wording,
    )
    app.jinja_env.filters.update(
        day=for_reader(day),
        day_in_year=for_reader(day_in_year),
        on_day=on_day,
        since=since,
        unconfirmed_by=unconfirmed_by,
        noted_by=noted_by,
        month=month,
        short_day=for_reader(short_day),
        month_letter=month_letter,
        time_of_day=time_of_day,
        number=number,
        problem=wording.problem,
        person=wording.person,
        first_name=wording.first_name,
        tutors=lambda tutor: and_list(wording.tutors(tutor)),
        duration=wording.duration,
        spoken_duration=wording.spoken_duration,
        format_name=wording.format_name,
        format_phrase=wording.format_phrase,
        mode_and_format=wording.mode_and_format,
        proposed_changes=proposed_changes,
        dispute_said=dispute_said,
        mode_phrase=wording.mode_phrase,
        unbroken=wording.unbroken,
        first_upper=first_upper,
        first_lower=first_lower,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def choose_when_needed() -> None:
    """Have the language of the present request found when its first text is needed, which redirects have none of."""
    set_language(_chosen)


def _chosen() -> str:
    """The language, from what is known of the present request now, its launch included once that is loaded."""
    if not has_request_context():
        return (
            SOURCE_LANGUAGE  # the request is over in which this was set, and nothing has needed a text in it
        )
    launch = g.get("launch")
    chosen = supported_language(request.args.get("lang")) or supported_language(
        launch.locale if launch is not None else None
    )
    default = supported_language(current_services().config.default_locale) or "en"
    return chosen or _accepted() or default


def _accepted() -> str | None:
    """The supported language that ``Accept-Language`` prefers; a region counts as its language."""
    wanted = (supported_language(tag) for tag, quality in request.accept_languages if quality > 0)
    return next((tag for tag in wanted if tag is not None), None)


def other_languages() -> dict[str, str]:
    """The languages to switch to, with their own names."""
    return {tag: language.name for tag, language in LANGUAGES.items() if tag != current_language()}


def theme() -> str:
    """The theme of the platform that launched this page; a theme of ``static/css/tandem.css``."""
    launch = g.get("launch")
    if launch is None:
        return NEUTRAL_THEME
    return platform_of(launch.registration.issuer, launch.registration.platform_family).theme


def for_reader(words: Callable[[dt.date], str]) -> Callable[[dt.date], str]:
    """The filter that says a date by ``words``, and of a moment the day that it is on for the reader.

    Until the browser has said its time zone (:mod:`lti_tool.web.time_zone`) that day is known to it alone. So the page
    has the day in UTC, with the day before and the day after, in the same words: static/js/frame.js shows the one that
    it is in the browser's time zone. Without a script it is UTC.
    """

    def shown(value: dt.date) -> str:
        if not isinstance(value, dt.datetime):
            return words(value)
        if (zone := said_zone()) is not None:
            moment = value.astimezone(zone)
            return Markup('<time datetime="{}">{}</time>').format(
                moment.isoformat(timespec="seconds"), words(moment.date())
            )
        moment = value.astimezone(dt.UTC)
        on, one = moment.date(), dt.timedelta(days=1)
        return Markup('<time datetime="{}" data-before="{}" data-after="{}">{}</time>').format(
            moment.isoformat(timespec="seconds"), words(on - one), words(on + one), words(on)
        )

    return shown


def day(value: dt.date) -> str:
    """A date in full, such as ``12 November 2026``."""
    return long_date(value)


@pass_context
def _gettext_of_template(context: Context, message: str, /, **params: object) -> str:
    """As the extension's own, and with what a name asks of the word before it."""
    text = gettext(message)
    if current_language() == "fr":
        text = elided(text, params)
    return (Markup(text) if context.eval_ctx.autoescape else text) % params  # noqa: S704  # of the catalogue


def on_day(value: dt.date) -> str:
    """A recent day in a sentence: “today”, “on Tuesday”, or “on 12 November”."""
    match (reader_today() - value).days:
        case 0:
            return gettext("today")
        case 1:
            return gettext("yesterday")
        case days if 1 < days < 7:
            return gettext("on %(weekday)s", weekday=_weekday(value))
    return gettext("on %(day)s", day=day_in_year(value))


def unconfirmed_by(value: dt.date, name: str) -> str:
    """That somebody has yet to confirm the meeting of a day, which is said as :func:`on_day` says it."""
    match (reader_today() - value).days:
        case 0:
            return gettext("%(name)s has yet to confirm today’s meeting", name=name)
        case 1:
            return gettext("%(name)s has yet to confirm yesterday’s meeting", name=name)
        case days if 1 < days < 7:
            return gettext(
                "%(name)s has yet to confirm %(weekday)s’s meeting", name=name, weekday=_weekday(value)
            )
    return gettext("%(name)s has yet to confirm your meeting of %(day)s", name=name, day=day_in_year(value))


def noted_by(value: dt.date, name: str) -> str:
    """That the partner has noted the meeting of a day, which is said as :func:`on_day` says it."""
    match (reader_today() - value).days:
        case 0:
            return gettext("%(name)s says you met today", name=name)
        case 1:
            return gettext("%(name)s says you met yesterday", name=name)
        case days if 1 < days < 7:
            return gettext("%(name)s says you met on %(weekday)s", name=name, weekday=_weekday(value))
    return gettext("%(name)s says you met on %(day)s", name=name, day=day_in_year(value))


def since(moment: dt.datetime) -> str:
    """Since when something waits: “since today”, “since Tuesday”, or “since 12 November”."""
    value = own_date(moment)
    match (reader_today() - value).days:
        case 0:
            return gettext("since today")
        case 1:
            return gettext("since yesterday")
        case days if 1 < days < 7:
            return gettext("since %(weekday)s", weekday=_weekday(value))
    return gettext("since %(day)s", day=day_in_year(value))


def first_upper(text: str) -> str:
    """The same at the beginning of a sentence: the first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def first_lower(text: str) -> str:
    """The same behind a colon: the first letter small, unless the word is written in capitals, such as “LMS”."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def proposed_changes(line: SessionLine) -> str:
    """What whoever disputes a meeting proposes in its place, such as “1 h, by phone”."""
    new = line.proposal
    found = {
        "held_on": day_in_year(new.held_on),
        "minutes": wording.duration(new.minutes),
        "mode": wording.mode_phrase(new.mode or ""),
        "format": wording.format_phrase(new.format),
    }
    return ", ".join(found[name] for name in line.changes)


def dispute_said(line: SessionLine, name: str) -> str:
    """What the partner says of a meeting that one noted, with what was noted, such as “… it was not on 25 November”."""
    reason = line.dispute_reason or "other"
    if reason == "wrong-mode" and line.mode is None:
        reason = "other"
    return gettext(
        wording.DISPUTES_SAID.get(reason, wording.DISPUTES_SAID["other"]),
        name=name,
        day=day_in_year(line.held_on),
        length=wording.duration(line.minutes),
        mode=wording.mode_phrase(line.mode or ""),
        format=wording.format_phrase(line.format),
    )


def day_in_year(value: dt.date) -> str:
    """A date with its year only where that is not the present one."""
    return long_date(value, year=value.year != reader_today().year)


def _weekday(value: dt.date) -> str:
    return format_date(value, "EEEE", locale=current_language())


def month(value: dt.date) -> str:
    """The short name of a date's month, for the calendar leaf."""
    return format_date(value, "MMM", locale=current_language())


def month_letter(value: dt.date) -> str:
    """The letter of a date's month, where there is no room for more."""
    return format_date(value, "LLLLL", locale=current_language())


def time_of_day(value: dt.datetime) -> str:
    """The time of a moment in its own zone, such as ``14:05``."""
    return format_time(value.timetz(), "HH:mm", tzinfo=value.tzinfo, locale=current_language())


def short_day(value: dt.date) -> str:
    """A date in a list, such as ``12 Nov``; with its year where that is another than today's."""
    return short_date(value, year=value.year != dt.datetime.now(dt.UTC).year)


def number(value: float) -> str:
    """A number with the language's own grouping and decimals, such as ``1,500`` or ``12,5``."""
    return format_decimal(value, locale=current_language())


def money(amount: object, currency: str) -> str:
    """An amount, such as ``18 000,50 €``, from a number or text like ``36001/2``; decimals only where it has some."""
    value, language = Fraction(str(amount)), current_language()
    text = format_currency(float(value), currency or "EUR", locale=language)
    return text.replace(",00" if language == "fr" else ".00", "") if value.denominator == 1 else text


def other_query(tag: str) -> str:
    """The query of the present address in another language."""
    return urlencode({**request.args.to_dict(), "lang": tag})


def this_page() -> str:
    """Where the switch leads back: the present page; nowhere in particular from the answer to a form."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""


def asset(path: str) -> str:
    """The address of a static file, which changes when its content does."""
    return url_for("static", filename=path, v=_fingerprint(str(current_app.static_folder), path))


def picture_in_language(path: str) -> str:
    """The address of a picture that is kept as ``name.LANGUAGE.png``; in English for a language that has none yet."""
    stem, ending = path.rsplit(".", 1)
    own = f"{stem}.{current_language()}.{ending}"
    return asset(own if (Path(str(current_app.static_folder)) / own).is_file() else f"{stem}.en.{ending}")


@lru_cache(maxsize=64)
def _fingerprint(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:10]


@blueprint.post("/language")
@allows(Action.CHOOSE_LANGUAGE)
def switch() -> ResponseReturnValue:
    """Keep the language that a person chose, and show the same page in it."""
    try:
        form = read_form(LanguageForm(LANGUAGES), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    keep_language(form["lang"])
    root = launch_url_for("home.home")
    # Only a page of this very launch: never another address that a form names.
    return redirect(form["back"] if form["back"].startswith(root) else root)


def keep_language(tag: str) -> None:
    """Keep the language that a person chose, on the launch and on the person, and answer in it. 400 for another one."""
    if tag not in LANGUAGES:
        abort(400)
    with transaction() as db:
        launch = db.get_one(LaunchSession, g.launch.id)
        launch.locale = tag
        if launch.person_id is not None:
            db.get_one(Person, launch.person_id).locale = tag
    set_language(tag)
