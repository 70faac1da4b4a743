"""Check of clocks and key sets: every platform and record store is asked, with short time-outs, through the guard."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events.models import EventRow
from lti_tool.health_checks.findings import Found, Verdict
from lti_tool.health_checks.record_stores import TIMEOUT, fix_of, reachable_stores
from lti_tool.health_checks.stored import name_of
from lti_tool.jobs.models import Job, SchedulerLease
from lti_tool.jobs.schedule import LEASE
from lti_tool.lti.errors import KeysetUnreadable
from lti_tool.lti.launch.keysets import usable_keys
from lti_tool.lti.registration.models import Registration
from lti_tool.moments import CLOCKS_DIFFER
from lti_tool.outbound.client import GuardedHttp, OutboundRequestError, network_fault

CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""Tokens are accepted with this much difference between two clocks; beyond it launches are refused."""
CLOCK_WARNING: Final = dt.timedelta(seconds=20)
EARLIEST: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""No correct clock shows an earlier time: the tool did not exist."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a platform or an LRS answered when it was asked for its clock."""

    name: str
    behind: dt.timedelta | None = None
    """How far this machine's clock is behind the other; None when it did not say."""
    fault: str = ""
    fix: str = ""


def clock(services: Services) -> Found:
    """Compare with every platform and with the LRS; both sides judge tokens by the clock."""
    now = utcnow()
    if now < EARLIEST:
        yield Verdict.ERROR, f"this machine says {now:%Y-%m-%d %H:%M} UTC", _SET_CLOCK
        return
    stored = _latest_stored(services)
    if stored is not None and stored > now + CLOCKS_DIFFER:
        yield (
            Verdict.WARNING,
            f"something was stored at {stored:%Y-%m-%d %H:%M} UTC, and this machine says {now:%Y-%m-%d %H:%M} UTC: its "
            "clock is behind, or that of a machine with this database was ahead",
            _SET_CLOCK,
        )
    replies = _fetch_clocks(services)
    answered = [reply for reply in replies if reply.behind is not None]
    # One that does not answer has a fault of its own; if none does, it is rather this machine's network.
    verdict = Verdict.WARNING if answered else Verdict.ERROR
    for reply in replies:
        if reply.fault:
            yield verdict, f"{reply.name}: {reply.fault}", reply.fix
    for reply in answered:
        behind = reply.behind or dt.timedelta()
        off = abs(behind)
        if off > CLOCK_WARNING:
            side = "behind" if behind > dt.timedelta() else "ahead of"
            yield (
                Verdict.ERROR if off > CLOCK_TOLERANCE else Verdict.WARNING,
                f"this machine is {off.total_seconds():.0f} s {side} {reply.name}",
                _SET_CLOCK,
            )
        else:
            yield Verdict.OK, f"agrees with {reply.name}", ""
    if not replies:
        yield Verdict.OK, f"{now:%Y-%m-%d %H:%M} UTC, with nothing to compare it with yet", ""


_SET_CLOCK = "let the machine follow a time server, for example: timedatectl set-ntp true"


def _latest_stored(services: Services) -> dt.datetime | None:
    """When the latest event, job or lease of the scheduler was stored, by the clock of whoever stored it."""
    with services.database.reading() as db:
        lease = db.scalar(sa.select(SchedulerLease.until))
        moments = [
            db.scalar(sa.select(EventRow.at).order_by(EventRow.sequence.desc()).limit(1)),
            db.scalar(sa.select(Job.created_at).order_by(Job.id.desc()).limit(1)),
            lease - LEASE if lease is not None else None,
        ]
    return max((moment for moment in moments if moment is not None), default=None)


def _fetch_clocks(services: Services) -> list[_Reply]:
    with services.database.reading() as db:
        registrations = db.scalars(sa.select(Registration).order_by(Registration.created_at)).all()
    addresses = [(name_of(row), row.jwks_url) for row in registrations]
    with services.guarded.session() as http, ThreadPoolExecutor(max_workers=8) as several:
        replies = list(several.map(lambda each: _platform_clock(http, *each), addresses))
        stores = {store.access.endpoint: store for store in reachable_stores(services)}
        for endpoint, store in stores.items():
            replies += _lrs_clock(
                http, "the LRS" if store.from_settings else f"the LRS {store.label}", endpoint
            )
    return replies


def _platform_clock(http: GuardedHttp, name: str, url: str) -> _Reply:
    try:
        status, behind = _clock_of(http, url)
    except OutboundRequestError as error:
        if error.reason != "no_answer":
            return _Reply(
                name, fault=f"its key set may not be read: {network_fault(error)}", fix=fix_of(error)
            )
        return _Reply(
            name,
            fault=f"its key set at {url} cannot be read: {network_fault(error)}",
            fix="check that this machine reaches the address, and its certificate",
        )
    if status != 200:
        return _Reply(
            name,
            fault=f"its key set at {url} answers {status}",
            fix=_COMPARE_ADDRESS,
        )
    try:
        keys = usable_keys(http.fetch_json(url))
    except (OutboundRequestError, KeysetUnreadable) as error:
        said = network_fault(error) if isinstance(error, OutboundRequestError) else error.detail
        return _Reply(
            name,
            fault=f"its key set at {url} cannot be read, so that launches with a new key are refused: {said}",
            fix=_COMPARE_ADDRESS,
        )
    if not keys:
        return _Reply(
            name,
            fault=f"its key set at {url} has no RSA signing key of 2048 bits, so that its launches are refused",
            fix=_COMPARE_ADDRESS,
        )
    return _Reply(name, behind=behind)


_COMPARE_ADDRESS: Final = (
    "compare the address with the one that the LMS shows (tandem registrations list --json)"
)


def _lrs_clock(http: GuardedHttp, name: str, endpoint: str) -> list[_Reply]:
    """The LRS's clock, whatever it answers; that it does not answer is the other check's finding."""
    try:
        _status, behind = _clock_of(http, f"{endpoint}/about")
    except OutboundRequestError:
        return []
    return [_Reply(name, behind=behind)]


def _clock_of(http: GuardedHttp, url: str) -> tuple[int, dt.timedelta | None]:
    """The status of an answer, and how far this machine's clock is behind its Date header."""
    sent_at = utcnow()
    status, date = http.status_and_date(url, timeout=TIMEOUT)
    return status, _behind(date, sent_at)


def _behind(date: str | None, sent_at: dt.datetime) -> dt.timedelta | None:
    """How far the local clock is behind an HTTP date, measured from the middle of the exchange."""
    middle = sent_at + (utcnow() - sent_at) / 2
    try:
        their_time = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return None if their_time.tzinfo is None else their_time - middle
