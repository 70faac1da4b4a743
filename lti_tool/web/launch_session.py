"""How a launch session travels between a browser and the tool.

Every page after a launch is under ``/l/<launch_key>/``, so that it has an address of its own, survives a reload
and stands beside other launches (people, courses, tabs) of the same browser. The key is

- the session's id, where the browser keeps our cookie: the cookie holds the secret that must come with it;
- ``<id>.<secret>`` where it refuses every cookie: then the address is the secret, so it is sent to nobody
  (``Referrer-Policy: no-referrer``), kept by no cache, written to no log, and good for an hour after its last use.

Views never see the key: it is taken out of their arguments, they find the session at ``g.launch``, and
:func:`launch_url_for` puts the key into their links.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app, g, request, url_for
from sqlalchemy.engine import Dialect

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.lti.errors import Advice, DeploymentWithdrawn, TooManyUnknownPages
from lti_tool.lti.forms.kept import Outcome
from lti_tool.lti.launch import sessions
from lti_tool.lti.launch.login import BROWSER_COOKIE
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.launch.opened_launch import COLUMNS, OpenedLaunch, opened_launch, with_launch
from lti_tool.lti.registration.models import Deployment, DeploymentStatus
from lti_tool.mentoring.programmes.standing import has_open_link, owns_any, reads_any
from lti_tool.translation import set_language, supported_language
from lti_tool.web import activity, rate_limits
from lti_tool.web.access import AccessRefused
from lti_tool.web.activity import Activity, activity_from, with_activity
from lti_tool.web.forms.kept import keep_late_form
from lti_tool.web.launch.pylti_adapters import BrowserCookies
from lti_tool.web.security import has_csrf_token
from lti_tool.web.services import current_services
from lti_tool.web.way_back import WayBack

LIFETIME: Final = dt.timedelta(hours=12)
"""How long the pages of a launch can be used."""
ADDRESS_LIFETIME: Final = dt.timedelta(minutes=60)
"""How long they can be used after their last use where the address is the secret; but for :data:`LIFETIME` in all."""
LAUNCH: Final = "/l/<launch_key>"
"""What the address of every page of a launch begins with."""
OF_GROUP: Final = "of_group_"
"""What the name of a blueprint begins with whose pages are about a group that the address names
(:mod:`lti_tool.web.owner.group_in_address`)."""
_INSTEAD: Final = {
    "home.home": "group.show",
    "history.pair": "group.pair",
    "pair_page.person": "group.person",
}
"""There the first page, and those of a pair and of a person, are the owner's."""
SIGN_OUT: Final = "sign_out"
"""The blueprint that ends a session."""
EXTENDED_EVERY: Final = dt.timedelta(minutes=1)
"""Uses that follow one another faster are one: not every request shall write."""


@once_for_each_dialect
def _find_session(dialect: Dialect) -> CompiledStatement:
    """A launch session, the role of its person in the course, their rights to programmes, and its activity."""
    role = (Membership.role, Membership.active, Membership.launched_at)
    whose = LaunchSession.person_id, Deployment.organisation_id
    rights = owns_any(*whose).label("owns_programmes"), reads_any(*whose).label("reads_programmes")
    waits = has_open_link(Deployment.organisation_id, sa.bindparam("now")).label("hr_link_waits")
    query = with_activity(
        with_launch(
            sa.select(*COLUMNS, *role, *rights, waits, *activity.COLUMNS).select_from(LaunchSession)
        ).outerjoin(
            Membership,
            sa.and_(
                Membership.course_id == LaunchSession.course_id,
                Membership.person_id == LaunchSession.person_id,
            ),
        ),
        LaunchSession.resource_link_id.expression,
        LaunchSession.person_id.expression,
    )
    return CompiledStatement(query.where(LaunchSession.id == sa.bindparam("wanted")), dialect)


_ROLE_AT: Final = len(COLUMNS)
_LINK_AT: Final = _ROLE_AT + 5
_ACTIVITY_AT: Final = _LINK_AT + 1
"""Where a row of the session has the role of the person in the course with their rights, whether a link for human
resources waits in the company, and the activity."""


class SessionUnknown(AccessRefused):
    """No launch has this address, or it was over more than a day ago."""

    advice = Advice.PAGE_UNKNOWN


class SessionOfAnotherBrowser(AccessRefused):
    """The launch was opened in another browser."""


class SessionExpired(AccessRefused):
    """The launch is older than :data:`LIFETIME`, was not used for :data:`ADDRESS_LIFETIME`, or was ended."""

    status = 410
    advice = Advice.SESSION_OVER


class SessionSignedOut(SessionExpired):
    """The person has ended the session."""

    advice = Advice.SIGNED_OUT


class SessionExpiredFormKept(SessionExpired):
    """A form was sent after the launch had expired, and is kept for its person's next launch."""

    advice = Advice.SESSION_OVER_FORM_KEPT


class SessionExpiredFormLost(SessionExpired):
    """A form was sent after the launch had expired, and cannot be kept."""

    advice = Advice.SESSION_OVER_FORM_LOST


class SessionExpiredFormSaved(SessionExpired):
    """A form was sent again after the launch had expired; it had had its effect before."""

    advice = Advice.SESSION_OVER_FORM_SAVED


_EXPIRED: Final[Mapping[Outcome | None, type[SessionExpired]]] = {
    None: SessionExpired,
    Outcome.KEPT: SessionExpiredFormKept,
    Outcome.NOT_KEPT: SessionExpiredFormLost,
    Outcome.SAVED_BEFORE: SessionExpiredFormSaved,
}


class CsrfTokenWrong(AccessRefused):
    """The form does not carry the token of its launch."""

    advice = Advice.FORM_AGAIN


def init_app(app: Flask) -> None:
    """Load the launch session of every request under ``/l/<launch_key>/``."""
    app.url_value_preprocessor(_take_key)
    app.before_request(_load)
    app.jinja_env.globals.update(launch_url_for=launch_url_for)


def course_title() -> str | None:
    """The title of the course of the launch; None where the platform names no course, or gives it no title."""
    return g.launch.course.title if g.launch.course is not None else None


def launch_url_for(endpoint: str, **values: Any) -> str:
    """The address of ``endpoint`` within the present launch.

    On a page about a group that the address names, that of the page about the same group, where there is one.
    """
    group_id = g.get("group_id")
    if group_id is not None:
        of_group = OF_GROUP + _INSTEAD.get(endpoint, endpoint)
        if of_group in current_app.view_functions:
            return url_for(of_group, launch_key=g.launch_key, group_id=group_id, **values)
    return url_for(endpoint, launch_key=g.launch_key, **values)


def launch_root() -> str:
    """The address of the first page of the present launch, below which all its pages are."""
    if "launch_root" not in g:
        g.launch_root = url_for("home.home", launch_key=g.launch_key)
    root: str = g.launch_root
    return root


def _take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "launch_key" in values:
        g.launch_key = values.pop("launch_key")
        g.group_id = values.pop("group_id", None)


def _load() -> None:
    """Find the session of the present address, see that this browser may use it, and say who is asking.

    Raises :class:`SessionUnknown`, :class:`SessionOfAnotherBrowser`, :class:`lti_tool.lti.errors.DeploymentWithdrawn`,
    :class:`SessionExpired` (which says what became of a form that was sent) or, for a form that was not ours,
    :class:`CsrfTokenWrong`.
    """
    key: str | None = g.get("launch_key")
    if key is None:
        return
    try:
        _find(key)
    except (SessionUnknown, SessionOfAnotherBrowser):
        rate_limits.limit(TooManyUnknownPages)
        raise


def _find(key: str) -> None:
    session_id, _dot, address_secret = key.partition(".")
    try:
        wanted = uuid.UUID(session_id)
    except ValueError:
        raise SessionUnknown from None
    with current_services().database.reading_once_connection() as connection:
        rows = _find_session(connection).all(connection, {"wanted": wanted, "now": utcnow()})
    if not rows:
        raise SessionUnknown
    launch = opened_launch(rows[0])
    try:
        _check(launch, address_secret)
    except (AccessRefused, DeploymentWithdrawn):
        # The refusal shows where the page would have been.
        g.frame_origins = launch.registration.frame_origins
        raise
    if address_secret and not _is_polled():
        _extend(launch)
    g.launch = launch
    g.activity = activity_from([row[_ACTIVITY_AT:] for row in rows], launch.person)
    g.principal = principal_of(launch, g.activity, *rows[0][_ROLE_AT:_LINK_AT])
    g.hr_link_waits = bool(rows[0][_LINK_AT])


def principal_of(
    launch: OpenedLaunch,
    opened: Activity | None,
    role_in_course: str | None,
    active: bool | None,
    launched_at: dt.datetime | None,
    owns_programmes: bool,
    reads_programmes: bool,
) -> Principal:
    """Who asks by a launch session. The role is that of the person's latest own launch in the course.

    ``role_in_course``, ``active`` and ``launched_at`` are those of the person's membership; None without one.
    ``owns_programmes``, ``reads_programmes``: whether they have such a right to a programme of the company.

    A person whom the roster no longer lists has left, unless they are an administrator of the site: those may launch
    without being in the course.
    """
    is_named = launch.person_id is not None
    role = role_in_course if is_named and launched_at is not None else None
    return Principal(
        kind=PrincipalKind.PERSON if is_named else PrincipalKind.ANONYMOUS,
        person_id=launch.person_id,
        organisation_id=launch.deployment.organisation_id,
        course_id=launch.course_id,
        placement_id=opened.placement.id if opened is not None else None,
        cohort_id=opened.placement.cohort_id if opened is not None else None,
        programme_id=opened.programme_id if opened is not None else None,
        role=CourseRole(role or launch.role),
        is_admin=launch.is_admin,
        owns_programmes=owns_programmes,
        reads_programmes=reads_programmes,
        active=not is_named or launch.is_admin or active is not False,
    )


_View = TypeVar("_View", bound=Callable[..., Any])


def polled(view: _View) -> _View:
    """Mark a view that an open page asks by itself, again and again: that is no use of the session.

    A page that somebody has left open on a computer that others use too then expires like any other.
    """
    vars(view)["is_polled"] = True
    return view


def _is_polled() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return view is not None and "is_polled" in vars(view)


def _extend(launch: OpenedLaunch) -> None:
    """Let a session whose secret is in the address last from now on, where that is worth a transaction."""
    until = min(utcnow() + ADDRESS_LIFETIME, launch.created_at + LIFETIME)
    if until - launch.expires_at >= EXTENDED_EVERY:
        sessions.extend(current_services().database, launch, until)


def _use_language_of(launch: OpenedLaunch) -> None:
    """Answer in the language of a launch that is not used any further, unless the address asks for another."""
    chosen = supported_language(request.args.get("lang")) or supported_language(launch.locale)
    if chosen is not None:
        set_language(chosen)


def _check(launch: OpenedLaunch, address_secret: str) -> None:
    secret = address_secret or BrowserCookies().get_cookie(BROWSER_COOKIE) or ""
    if not hmac.compare_digest(secret_hash(secret), launch.secret_hash):
        raise SessionOfAnotherBrowser(
            issuer=launch.registration.issuer, client_id=launch.registration.client_id
        )
    if launch.deployment.status != DeploymentStatus.APPROVED and request.blueprint != SIGN_OUT:
        _use_language_of(launch)
        g.way_back = WayBack(launch.return_url, launch.registration)
        raise DeploymentWithdrawn(
            issuer=launch.registration.issuer,
            client_id=launch.registration.client_id,
            deployment_id=launch.deployment.deployment_id,
        )
    if launch.expires_at <= utcnow():
        _use_language_of(launch)
        g.way_back = WayBack(launch.return_url, launch.registration)
        outcome = None if request.blueprint == SIGN_OUT else keep_late_form(launch)
        if outcome is None and launch.signed_out_at is not None:
            raise SessionSignedOut
        raise _EXPIRED[outcome]
    if not has_csrf_token(launch):
        g.way_back = WayBack(launch.return_url, launch.registration)
        raise CsrfTokenWrong
