"""When something goes wrong: a page that says what happened, what was kept, and what to do.

It carries the request's reference, which the log has too. No traceback ever reaches a person.
"""

from __future__ import annotations

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

_SENT_PAGES = {
    400: (
        N_("Your answer was not saved"),
        N_("Part of it was missing. Open the question again, and answer once more."),
    ),
    404: (
        N_("Your answer was not saved"),
        N_("What it was about has been removed in the meantime."),
    ),
    409: (
        N_("Nothing was changed"),
        N_("Things have changed in the meantime."),
    ),
}
"""The same where something was sent, and the page itself says what became of it."""

_GONE = {
    "sessions": N_("This meeting is no longer there. Nothing was changed."),
    "objectives": N_("This objective is no longer there. Nothing was changed."),
    "proposal": N_("This suggestion is no longer there. Nothing was changed."),
}
"""What was sent was about something that is gone: what, by the blueprint."""

_HEADINGS = {
    ("proposal", "no_partner"): N_("This suggestion is no longer open"),
    ("proposal", "pair_over"): N_("This suggestion is no longer open"),
    ("undo", "too_late_to_undo"): N_("It is too late to undo this"),
    ("reminder", "nothing_waits"): N_("There is nothing left to remind of"),
}
"""In place of the usual one where a rule, and no fault, stands in the way: by the blueprint and the code."""

_NOTHING_CHANGED = N_("Nothing was changed.")
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
    heading, usual = (_SENT_PAGES.get(shown) if is_sent else None) or _PAGES[shown]
    if is_sent and shown == 404:
        usual = _GONE.get(request.blueprint or "", usual)
    html = render_template(
        "error.html",
        heading=_("The agreement comes first") if can_sign else _(own_heading or heading),
        text=text or _(usual),
        kept=_(_NOTHING_CHANGED) if is_sent and shown not in _SENT_PAGES else None,
        advises_itself=shown in _ADVISES_ITSELF,
        reference=reference(),
        can_sign=can_sign,
        has_reference=not can_sign and own_heading is None,
    )
    return make_response(html, status)


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
