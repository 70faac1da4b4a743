"""The roster: who belongs to a course, read page by page (NRPS 2.0), so that people can be paired before they came.

https://www.imsglobal.org/spec/lti-nrps/v2p0. One page is in memory at a time, and each is stored in its own
transaction; nothing is read inside one. Whoever is no longer listed becomes inactive, but only after a complete
reading of the course's own roster that lists somebody: what a platform sends before it breaks off, or of one link's
people, says nothing about the rest, and an empty answer is a fault of the platform.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
import sqlalchemy as sa
import structlog
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW, insert_for, utcnow
from lti_tool.identity.models import Course, Membership, Person, full_name
from lti_tool.identity.principal import TOOL
from lti_tool.jobs.kinds import RunningJob
from lti_tool.lti import roles
from lti_tool.lti.ags.resending import check_returned
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import (
    Answer,
    PlatformService,
    ServiceDeps,
    ServiceHostUnknown,
    TokenRefused,
)
from lti_tool.lti.registration.models import Deployment
from lti_tool.outbound.client import OutboundRequestError, network_fault
from schemas.nrps import load_members

SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
CONTAINER_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
STORED_AT_ONCE = 500
"""Members in one statement: PostgreSQL takes 65,535 parameters."""
PAGE_SIZE: Final = 500
"""Asked for; a platform may give fewer. Moodle and Open edX give pages only when a limit is asked for."""
MOST_PAGES: Final = 5000
LONGEST_READING: Final = dt.timedelta(minutes=10)
"""How long a whole reading may take, however many pages it has."""
MAX_PAGE_DELAY: Final = 0.2
"""Seconds between two pages of one reading, at most."""
THROTTLED_PAUSES: Final = (2.0, 5.0, 10.0)
"""Seconds before a page is asked for again that the platform did not give because it is asked too often."""
FRESH_FOR: Final = dt.timedelta(hours=1)
"""How old a roster may be before it is read again by itself."""
READING: Final = "reading"
"""The phase of a job that reads a roster; its progress counts people."""
RETRY_AFTER: Final = dt.timedelta(minutes=5)
"""How long no reading begins by itself after one that failed."""

_NAMES: Final = ("name", "given_name", "family_name", "email")

_log = structlog.get_logger(__name__)


class RosterUnreadable(Exception):
    """The platform did not give the whole roster; what was known before stays."""


@dataclass(frozen=True)
class RosterReading:
    """What one complete reading found."""

    members: int
    pages: int
    unreadable: int
    """Entries that could not be read; then nobody was made inactive."""
    left: int
    """How many are no longer listed; 0 where only the people of a link could be read."""


def pause_readings(deps: ServiceDeps, course_id: uuid.UUID) -> None:
    """Let no reading begin by itself for a while, counted from now: the one that failed may have taken long."""
    with deps.database.transaction() as db:
        db.execute(
            sa.update(Course)
            .where(Course.id == course_id)
            .values(roster_paused_until=utcnow() + RETRY_AFTER)
            .execution_options(synchronize_session=False)
        )


def read_roster(
    deps: ServiceDeps,
    course_id: uuid.UUID,
    job: RunningJob | None = None,
    then: Callable[[Session, uuid.UUID, dt.datetime], object] | None = None,
) -> RosterReading:
    """Read every page and store what it says. Raises :class:`RosterUnreadable`; pages already read are kept.

    Goes over the network, so never inside a transaction and never in a request's thread. ``job``: the job that reads
    it, whose progress is stored with each page and which is finished with the last. An interrupted reading begins
    again at the first page: only one reading as a whole says who is no longer listed. ``then``: what follows for the
    course, in the transaction of the last page.
    """
    transaction = job.transaction if job else deps.database.transaction
    with deps.database.reading() as db:
        course = db.get(Course, course_id)
        if course is None:
            raise RosterUnreadable("the course is not known any more")
        registration_id = db.get_one(Deployment, course.deployment_id).registration_id
        link = db.scalar(
            sa.select(ResourceLink.resource_link_id)
            .where(ResourceLink.course_id == course_id)
            .order_by(ResourceLink.created_at.desc())
            .limit(1)
        )
    if course.roster_url is None:
        raise RosterUnreadable("the platform gave no address for it")
    service = PlatformService(deps, registration_id)
    started_at = utcnow()
    if job is not None:
        with transaction() as db:
            job.report(db, 0, phase=READING)
    answer, of_course = _first_page(service, course.roster_url, link)
    seen: set[str] = set()
    members = unreadable = pages = 0
    while True:
        page_began = time.monotonic()
        found, wrong = _members(answer)
        for start in range(0, len(found), STORED_AT_ONCE):
            stored = found[start : start + STORED_AT_ONCE]
            with transaction() as db:
                _store(db, registration_id, course_id, stored, started_at)
                members += len(stored)
                if job is not None:
                    job.report(db, members, phase=READING)
        unreadable, pages = unreadable + wrong, pages + 1
        next_url = _next_url(answer)
        if next_url is None:
            break
        if next_url in seen or pages >= MOST_PAGES:
            raise RosterUnreadable("its pages lead back to each other")
        if utcnow() - started_at > LONGEST_READING:
            raise RosterUnreadable(f"it takes longer than {LONGEST_READING}")
        seen.add(next_url)
        # Pages are served by the same processor: a reading leaves them two thirds of its time.
        time.sleep(min(MAX_PAGE_DELAY, 2 * (time.monotonic() - page_began)))
        answer = _page(service, next_url)
    with transaction() as db:
        left = _finish(db, course_id, started_at, complete=of_course and not unreadable)
        if then is not None:
            then(db, course_id, utcnow())
        reading = RosterReading(members, pages, unreadable, left)
        if job is not None:
            job.finish(db, asdict(reading))
    return reading


def _first_page(service: PlatformService, url: str, link: str | None) -> tuple[Answer, bool]:
    """The first page of the course's roster; where that is refused, of who a link's people are (§2.4.2).

    The second value: whether it is the course's. Of a link, Moodle lists only those who may see the activity and Canvas
    only those to whom it is assigned. So it is not asked for where the course's can be had, and nobody has left the
    course because a link does not list them: one refusal would make all others inactive.
    """
    try:
        return _page(service, _with_query(url, limit=str(PAGE_SIZE))), True
    except _RefusedError:
        if link is None:
            raise
        _log.info("roster_of_link", url_host=urlsplit(url).hostname)
        return _page(service, _with_query(url, limit=str(PAGE_SIZE), rlid=link)), False


class _RefusedError(RosterUnreadable):
    """The platform answered, and it was a refusal."""


def _page(service: PlatformService, url: str) -> Answer:
    """One page, asked for again a little later where the platform says that it is asked too often."""
    answer = _asked(service, url)
    for seconds in THROTTLED_PAUSES:
        if not answer.is_throttled:
            break
        time.sleep(seconds)
        answer = _asked(service, url)
    if answer.ok:
        return answer
    is_refusal = 400 <= answer.status < 500 and not answer.is_throttled
    raise (_RefusedError if is_refusal else RosterUnreadable)(answer.words)


def _asked(service: PlatformService, url: str) -> Answer:
    try:
        return service.call("GET", url, [SCOPE], accept=CONTAINER_TYPE)
    except (TokenRefused, ServiceHostUnknown) as error:
        raise RosterUnreadable(str(error)) from None
    except requests.RequestException as error:
        raise RosterUnreadable(network_fault(error)) from None


def _members(answer: Answer) -> tuple[list[dict[str, Any]], int]:
    try:
        return load_members(answer.json())
    except (ValidationError, requests.RequestException):
        raise RosterUnreadable("a page is not a membership container") from None


def _next_url(answer: Answer) -> str | None:
    try:
        return answer.next_url
    except OutboundRequestError as error:
        # What was read is not all of it, so nobody may be made inactive.
        raise RosterUnreadable(error.detail) from None


def _with_query(url: str, **added: str) -> str:
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in added]
    return urlunsplit(parts._replace(query=urlencode([*kept, *added.items()])))


def _store(
    db: Session,
    registration_id: uuid.UUID,
    course_id: uuid.UUID,
    members: Sequence[dict[str, Any]],
    read_at: dt.datetime,
) -> None:
    """Upsert one page: what is there replaces, what is absent keeps; a role only of somebody who never launched."""
    by_subject = {member["user_id"]: member for member in members}
    resolved = {subject: roles.resolve(member["roles"]) for subject, member in by_subject.items()}
    # Test students are skipped: they must not be paired with people.
    listed = sorted(subject for subject in by_subject if not resolved[subject].is_test_user)
    if not listed:
        return
    arrived = insert_for(db, Person).values(
        [
            {
                "id": uuid.uuid4(),
                "pseudonym": uuid.uuid4(),
                "created_at": read_at,
                "registration_id": registration_id,
                "subject": subject,
                **_names(by_subject[subject]),
            }
            for subject in listed
        ]
    )
    kept = {field: sa.func.coalesce(arrived.excluded[field], getattr(Person, field)) for field in _NAMES}
    people = db.execute(
        arrived.on_conflict_do_update(index_elements=["registration_id", "subject"], set_=kept).returning(
            Person.subject, Person.id
        )
    )
    members_of_page = [
        {
            "id": uuid.uuid4(),
            "course_id": course_id,
            "person_id": person_id,
            "role": resolved[subject].role,
            "active": by_subject[subject]["status"] == "Active",
            "listed_at": read_at,
        }
        for subject, person_id in people
    ]
    returned = _returned(db, course_id, [each["person_id"] for each in members_of_page if each["active"]])
    belonging = insert_for(db, Membership).values(members_of_page)
    replaced = {
        # Whoever has launched here has the role of that launch: some platforms test it by another capability.
        "role": sa.case((Membership.launched_at.is_(None), belonging.excluded.role), else_=Membership.role),
        "active": belonging.excluded.active,
        "listed_at": belonging.excluded.listed_at,
    }
    db.execute(belonging.on_conflict_do_update(index_elements=["course_id", "person_id"], set_=replaced))
    if returned:
        check_returned(db, course_id, returned, TOOL)


def _names(member: Mapping[str, Any]) -> dict[str, str | None]:
    """What a member of a roster says of the person."""
    told = {field: member[field] for field in _NAMES}
    return {**told, "name": full_name(told["name"], told["given_name"], told["family_name"])}


def _returned(db: Session, course_id: uuid.UUID, person_ids: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """Those of these people, who are listed, who had left the course."""
    return db.scalars(
        sa.select(Membership.person_id).where(
            Membership.course_id == course_id,
            Membership.active.is_(False),
            Membership.person_id.in_(person_ids),
        )
    ).all()


def _finish(db: Session, course_id: uuid.UUID, started_at: dt.datetime, *, complete: bool) -> int:
    """Note that the whole roster was read; make inactive whoever an earlier one listed and this one did not.

    Whoever launched since this reading began is there. Somebody whom no roster ever listed may be there all the same:
    some platforms list only those who have grades. Raises :class:`RosterUnreadable`, so that nothing of this is
    stored, where everybody would have to go because nobody at all is listed.
    """
    # Before anybody's place in it, as a launch does that tells something new of the course.
    db.execute(sa.select(Course.id).where(Course.id == course_id).with_for_update(**LOCK_ROW))
    left = 0
    if complete:
        gone = db.execute(
            sa.update(Membership)
            .where(
                Membership.course_id == course_id,
                Membership.active.is_(True),
                Membership.listed_at < started_at,
                sa.or_(Membership.launched_at.is_(None), Membership.launched_at < started_at),
            )
            .values(active=False)
            .returning(Membership.id)
            .execution_options(synchronize_session=False)
        )
        left = len(gone.all())
        is_listed = sa.exists().where(Membership.course_id == course_id, Membership.listed_at >= started_at)
        if left and not db.scalar(sa.select(is_listed)):
            raise RosterUnreadable("it lists nobody")
    db.execute(
        sa.update(Course)
        .where(Course.id == course_id)
        .values(roster_read_at=utcnow(), roster_paused_until=None)
        .execution_options(synchronize_session=False)
    )
    return left
