"""What a person sees when something is refused: what happened and what to do, in their language, and a reference.

The reason itself goes to the audit and to the log, under the same reference, and never to the page.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
import structlog
from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.lti import refusal_log as audit
from lti_tool.lti.errors import Advice, Refused, TooManyRequests
from lti_tool.translation import gettext as _
from lti_tool.web.services import current_services

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Answer every :class:`Refused` that a view raises with :func:`refuse`."""
    app.register_error_handler(Refused, refuse)


def refuse(refused: Refused) -> ResponseReturnValue:
    """The audit row, the log line and the page of a refusal."""
    record(refused)
    if refused.step in ("login", "launch"):
        # The page holds no control and nothing personal, and it appears inside an LMS that we may not know.
        g.setdefault("frame_origins", ["*"])
    for_administrator = refused.step == "registration"
    heading, text = _words(refused.advice, for_administrator=for_administrator)
    page = render_template(
        "refused.html",
        heading=heading,
        text=text,
        reference=reference(),
        for_administrator=for_administrator,
        is_expected=refused.advice is Advice.SIGNED_OUT,
    )
    headers = {"Retry-After": str(refused.retry_after)} if isinstance(refused, TooManyRequests) else {}
    return page, refused.status, headers


def record(refused: Refused) -> None:
    """The audit row and the log line of a refusal, for a view that has a page of its own.

    A database that is down does not keep the page from the person.
    """
    if refused.reference is not None:
        g.reference = refused.reference
        structlog.contextvars.bind_contextvars(reference=refused.reference)
    try:
        if isinstance(refused, TooManyRequests):
            g.reference, written = _collected(refused)
        else:
            written = True
            audit.record(current_services().database, refused, reference=reference())
    except sa.exc.SQLAlchemyError as error:
        written = True
        log.error("the refusal could not be recorded", error=str(error))
    if written:
        client = {"client": refused.client} if isinstance(refused, TooManyRequests) else {}
        log.warning(
            "refused",
            step=refused.step,
            reason=refused.reason,
            detail=refused.detail,
            issuer=refused.issuer,
            **client,
        )


def _collected(refused: TooManyRequests) -> tuple[str, bool]:
    """The reference of a refusal, and whether it is this one that has it; whoever floods the tool makes no more."""
    own = reference()
    found = current_services().frequent_refusals.record(refused, reference=own)
    return found, found == own


def reference() -> str:
    """The present request's reference: short enough to be read out on the telephone."""
    if "reference" not in g:
        g.reference = secrets.token_hex(6)
    return str(g.reference)


def _words(advice: Advice, *, for_administrator: bool) -> tuple[str, str]:
    """The heading and the text for a piece of advice: what happened, why, and what to do, each said once.

    ``for_administrator``: to whoever connects a platform, who came from no course.
    """
    match advice:
        case Advice.OPEN_AGAIN:
            return (
                _("The activity did not open"),
                _(
                    "The link from your course works only once, and only for a short time. Nothing is lost: open the "
                    "activity again from your course."
                ),
            )
        case Advice.AWAIT_APPROVAL:
            return (
                _("Almost there: approval is awaited"),
                _(
                    "The person who runs the mentoring tool has to approve your platform, with the reference below; "
                    "after that, this activity opens as usual."
                ),
            )
        case Advice.SIGN_IN:
            return (
                _("Sign in to your learning platform again"),
                _("It did not recognise you. Once you are signed in, open the activity from your course."),
            )
        case Advice.NEW_TAB:
            return (
                _("Open this page in a new tab"),
                _("Your browser blocks this page’s cookies inside the course. The page works in a new tab."),
            )
        case Advice.SESSION_OVER:
            return (
                _("Your session has expired"),
                _("What you saved is kept. To go on, open the activity again from your course."),
            )
        case Advice.SIGNED_OUT:
            return (
                _("You have signed out"),
                _("What you saved is kept. To come back, open the activity from your course."),
            )
        case Advice.SESSION_OVER_FORM_KEPT:
            return (
                _("Your session has expired"),
                _(
                    "Open the activity again from your course. What you typed will be there, ready to send. We keep "
                    "it, encrypted, for about a day and show it to you once."
                ),
            )
        case Advice.SESSION_OVER_FORM_LOST:
            return (
                _("Your session has expired"),
                _(
                    "What you have just done was not saved, and could not be kept. Open the activity again from your "
                    "course and do it once more. What you saved before is still there."
                ),
            )
        case Advice.SESSION_OVER_FORM_SAVED:
            return (
                _("Your session has expired"),
                _(
                    "What you have just sent was saved before: there is no need to send it again. To go on, open the "
                    "activity again from your course."
                ),
            )
        case Advice.PAGE_UNKNOWN:
            return (
                _("This page cannot be opened any more"),
                _(
                    "It is too old, or its address is not complete. Open the activity again from your course; if you "
                    "have just sent something from this page, it was not saved."
                ),
            )
        case Advice.NOT_YOURS:
            return (
                _("This page opens only where it was started"),
                _(
                    "That keeps your mentoring private. Nothing was changed. Open the activity from your course in "
                    "this browser."
                ),
            )
        case Advice.TUTORS_ONLY:
            return _("This page is for tutors"), _(
                "You are taking part in this programme: your journey is waiting for you."
            )
        case Advice.TAKEN_OVER:
            return (
                _("The owners of this programme look after its settings"),
                _(
                    "An owner has taken them over, so tutors can no longer change the settings or the rule. Pairing "
                    "people and looking after your group stays with you. For a change, ask an owner of the programme."
                ),
            )
        case Advice.NOT_ENROLLED:
            return (
                _("You are here as an administrator"),
                _(
                    "You can add this activity to courses. To open it or to look after a group, have yourself "
                    "enrolled in the course as a teacher."
                ),
            )
        case Advice.NAMELESS:
            return (
                _("You are looking in as a guest"),
                _("Your platform did not say who you are, so you can look around but not take part yet."),
            )
        case Advice.COURSE_LEFT:
            return (
                _("You are not in this course any more"),
                _(
                    "Your course no longer lists you, so this activity is closed to you. What you did is kept. If "
                    "this is a mistake, ask your tutor."
                ),
            )
        case Advice.WITHDRAWN:
            return (
                _("This activity is closed for now"),
                _(
                    "The administrator of the mentoring tool no longer lets your platform in. What you saved is kept; "
                    "what you have just sent was not saved. Your own administrator can ask for access again."
                ),
            )
        case Advice.FORM_AGAIN:
            return (
                _("Nothing was saved"),
                _(
                    "The page was open for too long, or you have signed in again since. What you had just typed was "
                    "not kept. Your browser’s Back button may still show it: if so, copy it. Then open the activity "
                    "again from your course."
                ),
            )
        case Advice.TOO_LARGE:
            return (
                _("Your platform sent too much"),
                _("It is far more than any activity needs. Give your administrator the reference below."),
            )
        case Advice.WAIT if for_administrator:
            return (
                _("Too many requests"),
                _("Many came from your network in a short time. Wait a minute, then try again."),
            )
        case Advice.WAIT:
            return (
                _("Too many requests"),
                _(
                    "Many came from your network or your learning platform in a short time, so this one was not "
                    "carried out. Wait a minute, then open the activity again from your course."
                ),
            )
        case Advice.PLATFORM_UNKNOWN:
            return (
                _("We could not open the activity"),
                _(
                    "This tool does not recognise your learning platform. You have done nothing wrong. Give the "
                    "reference below to whoever runs that platform."
                ),
            )
        case Advice.CONTACT_ADMIN:
            return (
                _("We could not open the activity"),
                _(
                    "You did nothing wrong. Open the activity again from your course; if it happens again, give the "
                    "reference below to whoever runs your platform."
                ),
            )
