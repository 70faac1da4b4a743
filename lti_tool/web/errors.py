"""When something goes wrong: a page that says what happened, what was kept, and what to do.

It carries the request's reference, which the log has too. No traceback ever reaches a person.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
import structlog
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

from lti_tool.mentoring.guards import NotAllowed
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.refusal_pages import reference
from lti_tool.web.refusal_wording import REFUSALS, refusal
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
    """What a page says of something that was sent and not carried out: why, as far as it is known, and what stands."""

    heading: str
    text: str
    back: tuple[str, str] | None = None
    """The words of a link, and the endpoint of the page where it is done again; the first page without one."""
    is_fault: bool = True
    """Whether something may be wrong that somebody could look for."""


_MEETINGS = (N_("See our meetings"), "sessions.index")
_OBJECTIVES = (N_("See our objectives"), "objectives.index")
_NOTES = (N_("Back to my notes"), "reflections.index")
_PAGE_TOO_OLD = N_(
    "We could not read what was sent: the page may have been open for too long. Everything is as it was."
)
_MEETING_GONE = N_("This meeting is no longer there")
_OBJECTIVE_GONE = N_("This objective is no longer there")
_ANSWERED_TOO_LATE = _SentPage(
    _MEETING_GONE,
    N_("Your partner may have removed it in the meantime. Your answer was not recorded."),
    _MEETINGS,
)
_SENT_PAGES = {
    400: _SentPage(
        N_("Nothing was saved"),
        N_("Part of what you sent was missing. Go back and start again."),
    ),
    404: _SentPage(
        N_("Nothing was saved"),
        N_("What you were changing has been removed in the meantime. You do not need to do anything."),
    ),
    409: _SentPage(
        N_("Nothing was changed"),
        N_("Things have changed in the meantime."),
    ),
}
"""The same where something was sent, and the page itself says what became of it."""

_SENT_PAGES_OF = {
    (400, "learner.change_role"): _SentPage(
        N_("Your role was not changed"),
        N_("We could not read which role you chose, so you keep the one you have. You can still change it."),
    ),
    (400, "reflections.move"): _SentPage(N_("Your note was not changed"), _PAGE_TOO_OLD, _NOTES),
    (400, "objectives.move"): _SentPage(N_("The objective was not changed"), _PAGE_TOO_OLD, _OBJECTIVES),
    (400, "sessions"): _SentPage(N_("Your answer was not saved"), _PAGE_TOO_OLD, _MEETINGS),
    (400, "undo"): _SentPage(N_("Nothing was undone"), _PAGE_TOO_OLD),
    (400, "kept_forms"): _SentPage(
        N_("Nothing was deleted"),
        N_(
            "What you typed earlier is still saved. The next page will show it again, so that you can carry on with it "
            "or delete it."
        ),
        is_fault=False,
    ),
    (404, "sessions.accept"): _SentPage(
        N_("This proposal is no longer there"),
        N_("The meeting that it was about may have been removed in the meantime. Nothing was accepted."),
        _MEETINGS,
    ),
    (404, "sessions.confirm"): _ANSWERED_TOO_LATE,
    (404, "sessions.dispute"): _ANSWERED_TOO_LATE,
    (404, "sessions.withdraw"): _SentPage(
        _MEETING_GONE,
        N_("It may have been removed already: there is nothing more for you to do."),
        _MEETINGS,
    ),
    (404, "sessions"): _SentPage(
        _MEETING_GONE, N_("It may have been removed in the meantime. Nothing was changed."), _MEETINGS
    ),
    (404, "objectives"): _SentPage(
        _OBJECTIVE_GONE,
        N_("It may have been removed in the meantime. Your answer was not recorded."),
        _OBJECTIVES,
    ),
    (404, "proposal"): _SentPage(N_("This suggestion is no longer there"), _NOTHING_CHANGED),
}
"""In place of those, by the endpoint or else by the blueprint: they name what was to be done."""

_SUGGESTION_CLOSED = _SentPage(
    N_("This suggestion is no longer open"),
    N_(
        "It was declined or withdrawn in the meantime, so your answer was not recorded. Somebody else can still be "
        "suggested to you."
    ),
)
_RULES = {
    ("proposal", "no_partner"): _SUGGESTION_CLOSED,
    ("proposal", "pair_over"): _SUGGESTION_CLOSED,
    ("sessions", "session_over"): _SentPage(
        _MEETING_GONE, N_("It was removed in the meantime. Nothing was changed."), _MEETINGS
    ),
    ("undo", "too_late_to_undo"): _SentPage(N_("It is too late to undo this"), REFUSALS["too_late_to_undo"]),
    ("reminder", "nothing_waits"): _SentPage(N_("No reminder is needed"), REFUSALS["nothing_waits"]),
    ("tutor_reminders", "nobody_to_remind"): _SentPage(
        N_("No reminder is needed"), REFUSALS["nobody_to_remind"]
    ),
}
"""In place of the usual page where a rule, and no fault, stands in the way: by the blueprint and the code."""

_ADVISES_ITSELF = (413, 429, 500)
"""Statuses whose text says what to do."""


def init_app(app: Flask) -> None:
    """Answer every error of ``app`` with a page that says what happened and what to do."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotAllowed, _not_allowed)
    app.register_error_handler(ShapeError, _unreadable)
    app.register_error_handler(Exception, _unexpected)


def error_page(
    status: int, *, text: str | None = None, rule: _SentPage | None = None, can_sign: bool = False
) -> Response:
    """The page for an HTTP status; ``text`` (translated) says more than the usual sentence.

    ``rule``: the page to show in place of the usual one. ``can_sign``: whether to lead to the agreement of the pair,
    because that is what is needed. A reference is for whoever looks for a fault: there is none where a rule stands in
    the way, nor where what was sent is about something that has been removed.
    """
    shown = status if status in _PAGES else 500 if status >= 500 else 400
    is_sent = request.method == "POST"
    sent = rule or (_sent_page(shown) if is_sent else None)
    heading, usual = (sent.heading, sent.text) if sent is not None else _PAGES[shown]
    html = render_template(
        "error.html",
        heading=_("The agreement comes first") if can_sign else _(heading),
        text=text or _(usual),
        kept=_(_NOTHING_CHANGED) if is_sent and sent is None else None,
        back=(_(sent.back[0]), sent.back[1]) if sent is not None and sent.back is not None else None,
        advises_itself=shown in _ADVISES_ITSELF,
        reference=reference(),
        can_sign=can_sign,
        programme_name=_programme_name(),
        has_reference=shown != 409 and not (is_sent and shown == 404) and (sent is None or sent.is_fault),
    )
    return make_response(html, status)


def _programme_name() -> str:
    """What the bar of the page says: the programme of the launch, unless it is the database that failed."""
    try:
        return wording.programme_name()
    except sa.exc.SQLAlchemyError:
        return _("Reverse mentoring")


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
    rule = _RULES.get((request.blueprint or "", error.code))
    return error_page(409, text=refusal(error.code) if rule is None else None, rule=rule, can_sign=can_sign)


def _unreadable(error: ShapeError) -> Response:
    log.info("input refused", problems=str(error))
    return error_page(400)


def _unexpected(error: Exception) -> Response:
    log.exception("request failed", reference=reference(), exc_info=error)
    return error_page(500)
