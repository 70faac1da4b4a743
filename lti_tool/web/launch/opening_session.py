"""Opening a launch session: the rows of a verified launch, and the address of its first page."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from contextlib import AbstractContextManager
from typing import Final

from flask import url_for
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL, CourseRole, Principal, PrincipalKind
from lti_tool.lti.ags.read_results_job import request_results
from lti_tool.lti.ags.resending import revive
from lti_tool.lti.errors import HandoffUnknown
from lti_tool.lti.launch import handoffs, nonces
from lti_tool.lti.launch.familiar_launch import persist_familiar_launch
from lti_tool.lti.launch.known_rows import KnownRows
from lti_tool.lti.launch.login import BROWSER_COOKIE
from lti_tool.lti.launch.login_states import PendingLogin, new_secret, secret_hash
from lti_tool.lti.launch.persist import (
    DEEP_LINKING_REQUEST,
    SUBMISSION_REVIEW_REQUEST,
    PersistedLaunch,
    VerifiedLaunch,
    persist_launch,
)
from lti_tool.subscribers.scores import backfill_scores
from lti_tool.web.launch.pylti_adapters import BrowserCookies
from lti_tool.web.launch_session import ADDRESS_LIFETIME, LIFETIME
from lti_tool.web.services import current_request, current_services, reading

_ANY_KEY: Final = "any-key"
_FIRST_PAGES: Final = {
    DEEP_LINKING_REQUEST: "deep_linking.choose",
    SUBMISSION_REVIEW_REQUEST: "review.show",
}


def open_session(launch: VerifiedLaunch, *, answered: PendingLogin | None = None) -> str:
    """Open a session for a verified launch: write its rows, and return the address of its first page.

    The session goes by cookie where this browser brought one, else by its address. ``answered``: the login whose nonce
    is used up in the same transaction; None where that has happened before. Raises
    :class:`lti_tool.lti.errors.StateUsed`.
    """
    cookie = BrowserCookies().get_cookie(BROWSER_COOKIE)
    secret = cookie or new_secret()
    lifetime = LIFETIME if cookie else ADDRESS_LIFETIME
    database = current_services().database
    found = None
    if answered is not None:
        found = persist_familiar_launch(
            database, launch, answered, secret_hash=secret_hash(secret), lifetime=lifetime
        )
    if isinstance(found, PersistedLaunch):
        persisted = found
    else:
        with database.writing_connection() as connection:
            if answered is not None:
                nonces.burn(connection, answered)
            persisted = _persist(connection, launch, secret, lifetime, found)
    return _first_page(launch, persisted, None if cookie else secret)


def continue_handoff(token: str) -> str:
    """Open the session of a launch that was handed to a new tab, once; return the address of its first page.

    Of several requests at once one opens it; the others, too, get its address where the browser that sends them proves
    by its cookie that the session is its own. Raises :class:`lti_tool.lti.errors.HandoffUnknown`, or
    :class:`lti_tool.lti.errors.DeploymentWithdrawn` where the deployment was withdrawn while the launch waited.
    """
    cookie = BrowserCookies().get_cookie(BROWSER_COOKIE)
    secret = cookie or new_secret()
    try:
        with current_services().database.writing_connection() as connection:
            launch = handoffs.consume(connection, token)
            persisted = _persist(connection, launch, secret, LIFETIME if cookie else ADDRESS_LIFETIME)
            handoffs.note_session(connection, token, persisted.session_id)
    except HandoffUnknown:
        with reading() as db:
            session = handoffs.session_just_opened(db, token, cookie or "")
        if session is None:
            raise
        return url_for(_first_endpoint(session.message_type, session.role), launch_key=str(session.id))
    return _first_page(launch, persisted, None if cookie else secret)


def _persist(
    connection: Connection,
    launch: VerifiedLaunch,
    secret: str,
    lifetime: dt.timedelta,
    read_before: KnownRows | None = None,
) -> PersistedLaunch:
    """Write the rows of a launch and of its session."""
    persisted = persist_launch(
        connection, launch, secret_hash=secret_hash(secret), lifetime=lifetime, read_before=read_before
    )
    if persisted.line_item_rests and persisted.resource_link_id is not None:
        # First, since it locks the line item, and then grades.
        with _acting(connection, launch) as db:
            revive(db, persisted.resource_link_id, TOOL)
    if persisted.resource_link_id is not None and _lacks_scores(persisted):
        _backfill(connection, launch, persisted, persisted.resource_link_id)
    if persisted.has_grade and persisted.resource_link_id is not None:
        # Behind the launch: the page waits for no platform.
        with _acting(connection, launch) as db:
            request_results(db, persisted.resource_link_id, TOOL, person_id=persisted.person_id)
    return persisted


def _first_page(launch: VerifiedLaunch, persisted: PersistedLaunch, address_secret: str | None) -> str:
    """Where a launch leads whose rows are committed."""
    lacks_scores = _lacks_scores(persisted)
    has_jobs = persisted.has_grade or persisted.line_item_rests
    if lacks_scores or has_jobs:
        composition.wake_workers(current_services(), deliveries=lacks_scores, jobs=has_jobs)
    if persisted.registration_changed:
        current_services().tool_config.clear_cache()
    key = str(persisted.session_id) if address_secret is None else f"{persisted.session_id}.{address_secret}"
    endpoint = _first_endpoint(launch.message_type, launch.role)
    before, after = _around_key(endpoint, current_request().script_root)
    return f"{before}{key}{after}"


def _first_endpoint(message_type: str, role: str) -> str:
    """The view of the first page. Whoever reviews their own work sees it on their own home."""
    if message_type == SUBMISSION_REVIEW_REQUEST and role != CourseRole.TUTOR:
        return "home.home"
    return _FIRST_PAGES.get(message_type, "home.home")


@functools.lru_cache(maxsize=16)
def _around_key(endpoint: str, _root: str) -> tuple[str, str]:
    """What stands before and after the key in an address, whose characters an address takes as they are."""
    before, _key, after = url_for(endpoint, launch_key=_ANY_KEY).partition(_ANY_KEY)
    return before, after


def _lacks_scores(persisted: PersistedLaunch) -> bool:
    """Whether the line item is new, or the person is to one that is known."""
    newcomer = persisted.first_in_course and persisted.has_line_item
    return persisted.resource_link_id is not None and (persisted.line_item_changed or newcomer)


def _backfill(
    connection: Connection, launch: VerifiedLaunch, persisted: PersistedLaunch, link_id: uuid.UUID
) -> None:
    """Enqueue the scores that a line item lacks: everybody's on a new one, a newcomer's on one that is known."""
    with _acting(connection, launch) as db:
        person_id = None if persisted.line_item_changed else persisted.person_id
        backfill_scores(db, link_id, utcnow(), person_id=person_id)


def _acting(connection: Connection, launch: VerifiedLaunch) -> AbstractContextManager[Session]:
    """The launch's transaction, in which whoever launches acts."""
    principal = Principal(kind=PrincipalKind.ANONYMOUS if launch.subject is None else PrincipalKind.PERSON)
    return composition.transaction(current_services(), principal, within=connection)
