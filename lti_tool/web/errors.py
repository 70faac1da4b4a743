"""When something goes wrong: a page that says what happened, what was kept, and what to do.

It carries the request's reference, which the log has too. No traceback ever reaches a person.
"""

from __future__ import annotations

from typing import NamedTuple

import structlog
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

from lti_tool.mentoring.guards import NotAllowed
from lti_tool.translation import gettext as _
from lti_tool.web.refusal_pages import reference
from lti_tool.web.refusal_wording import refusal
from schemas.problem import N_, ShapeError

log = structlog.get_logger()

_PAGES = {
    400: (
        N_("This page cannot be shown"),
        N_("Its address is not complete."),
    ),
    403: (
        N_("You cannot open this page"),
        N_("You may have been away for a while, or it belongs to somebody else."),
    ),
    404: (
        N_("Page not found"),
        N_("This address is wrong, or the page no longer exists."),
    ),
    405: (
        N_("This address opens no page"),
        N_("It belongs to a button of another page. Go back and use that button."),
    ),
    409: (
        N_("This page cannot be opened now"),
        N_("Things have changed in the meantime."),
    ),
    413: (
        N_("What you sent is too large"),
        N_("It is larger than anything this page needs."),
    ),
    429: (
        N_("Too many requests"),
        N_("Many came in a short time. Wait a minute, then try again."),
    ),
    500: (
        N_("Something went wrong on our side"),
        N_("It is not your doing, and it has been noted. Try again in a moment."),
    ),
}
"""Heading and text for each status; any other status gets that of its hundred."""

_NOTHING_CHANGED = N_("Nothing was changed.")


class _SentPage(NamedTuple):
    """What a page says of something that was sent and not carried out."""

    heading: str
    text: str
    back: tuple[str, str] | None = None
    """The words of a link, and the endpoint of the page where it is done again; the first page without one."""


_MEETINGS = (N_("See our meetings"), "sessions.index")
_OBJECTIVES = (N_("See our objectives"), "objectives.index")
_SENT_PAGES = {
    400: _SentPage(
        N_("Nothing was saved"),
        N_("Part of what you sent was missing. Go back to the page that you sent it from, and try again."),
    ),
    404: _SentPage(
        N_("Nothing was saved"),
        N_("What it was about has been removed in the meantime."),
    ),
    409: _SentPage(
        N_("Nothing was changed"),
        N_("Things have changed in the meantime."),
    ),
}
"""The same where something was sent, and the page itself says what became of it."""

_SENT_PAGES_OF = {
    (400, "learner.change_role"): _SentPage(
        N_("Your role was not changed"), N_("Go back to your first page and choose again.")
    ),
    (400, "reflections.move"): _SentPage(
        N_("Your note was not changed"),
        N_("Go back to your notes and choose again."),
        (N_("Back to my notes"), "reflections.index"),
    ),
    (400, "objectives.move"): _SentPage(
        N_("The objective was not changed"), N_("Go back to your objectives and choose again."), _OBJECTIVES
    ),
    (400, "sessions"): _SentPage(
        N_("Your answer was not saved"),
        N_("Part of it was missing. Go back to your first page, and answer about the meeting again."),
    ),
    (400, "undo"): _SentPage(
        N_("Nothing was undone"), N_("Go back to your first page: it shows how things stand.")
    ),
    (400, "kept_forms"): _SentPage(
        N_("Nothing was deleted"), N_("What we kept for you is still offered on your first page.")
    ),
    (404, "sessions.withdraw"): _SentPage(
        N_("This meeting is no longer there"), N_("There is nothing more for you to do."), _MEETINGS
    ),
    (404, "sessions"): _SentPage(N_("This meeting is no longer there"), _NOTHING_CHANGED, _MEETINGS),
    (404, "objectives"): _SentPage(N_("This objective is no longer there"), _NOTHING_CHANGED, _OBJECTIVES),
    (404, "proposal"): _SentPage(N_("This suggestion is no longer there"), _NOTHING_CHANGED),
}
"""In place of those, by the endpoint or else by the blueprint: they name what was to be done."""

_HEADINGS = {
    ("proposal", "no_partner"): N_("This suggestion is no longer open"),
    ("proposal", "pair_over"): N_("This suggestion is no longer open"),
    ("sessions", "session_over"): N_("This meeting is no longer there"),
    ("undo", "too_late_to_undo"): N_("It is too late to undo this"),
    ("reminder", "nothing_waits"): N_("No reminder is needed"),
    ("tutor_reminders", "nobody_to_remind"): N_("No reminder is needed"),
}
"""In place of the usual one where a rule, and no fault, stands in the way: by the blueprint and the code."""

_ADVISES_ITSELF = (413, 429, 500)
"""Statuses whose text says what to do."""


def init_app(app: Flask) -> None:
    """Answer every error of ``app`` with a page that says what happened and what to do."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotAllowed, _not_allowed)
    app.register_error_handler(ShapeError, _unreadable)
    app.register_error_handler(Exception, _unexpected)


def error_page(
    status: int, *, text: str | None = None, own_heading: str | None = None, can_sign: bool = False
) -> Response:
    """The page for an HTTP status; ``text`` (translated) says more than the usual sentence.

    ``own_heading``: in place of the usual one, where no fault is to be looked for.
    ``can_sign``: whether to lead to the agreement of the pair, because nothing went wrong and that is what is needed.
    """
    shown = status if status in _PAGES else 500 if status >= 500 else 400
    is_sent = request.method == "POST"
    sent = _sent_page(shown) if is_sent else None
    heading, usual = (sent.heading, sent.text) if sent is not None else _PAGES[shown]
    html = render_template(
        "error.html",
        heading=_("The agreement comes first") if can_sign else _(own_heading or heading),
        text=text or _(usual),
        kept=_(_NOTHING_CHANGED) if is_sent and sent is None else None,
        back=(_(sent.back[0]), sent.back[1]) if sent is not None and sent.back is not None else None,
        advises_itself=shown in _ADVISES_ITSELF,
        reference=reference(),
        can_sign=can_sign,
        has_reference=not can_sign and own_heading is None,
    )
    return make_response(html, status)


def _sent_page(status: int) -> _SentPage | None:
    """What is said of something sent that has no page of its own."""
    found = _SENT_PAGES_OF.get((status, request.endpoint or ""))
    found = found or _SENT_PAGES_OF.get((status, request.blueprint or ""))
    return found or _SENT_PAGES.get(status)


def _http_error(error: HTTPException) -> Response:
    """Keep the status, and the headers that it demands (Allow, Retry-After)."""
    original = error.get_response()
    if error.response is not None or original.status_code < 400:
        return make_response(original)
    if isinstance(error, InternalServerError):
        log.error("request failed", reference=reference(), cause=repr(error.original_exception or error))
    page = error_page(original.status_code)
    for name in ("Allow", "Retry-After"):
        if name in original.headers:
            page.headers[name] = original.headers[name]
    return page


def _not_allowed(error: NotAllowed) -> Response:
    log.info("action refused", code=error.code)
    can_sign = error.code == "agreement_first" and request.blueprint == "sessions"
    heading = _HEADINGS.get((request.blueprint or "", error.code))
    return error_page(409, text=refusal(error.code), own_heading=heading, can_sign=can_sign)


def _unreadable(error: ShapeError) -> Response:
    log.info("input refused", problems=str(error))
    return error_page(400)


def _unexpected(error: Exception) -> Response:
    log.exception("request failed", reference=reference(), exc_info=error)
    return error_page(500)
