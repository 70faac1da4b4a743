"""Checks of the platforms and the LRS: each is asked once, with short time-outs, through the guard."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks.findings import Found, Verdict
from lti_tool.health_checks.stored import name_of
from lti_tool.lti.registration.models import Registration
from lti_tool.outbound.client import GuardedHttp, OutboundRequestError, network_fault
from xapi.client import LRSClient, LRSError

CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""Tokens are accepted with this much difference between two clocks; beyond it launches are refused."""
CLOCK_WARNING: Final = dt.timedelta(seconds=20)
EARLIEST: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""No correct clock shows an earlier time: the tool did not exist."""
TIMEOUT: Final = (5.0, 5.0)
"""Seconds to connect, and to wait for a byte."""


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


def _fetch_clocks(services: Services) -> list[_Reply]:
    with services.database.reading() as db:
        registrations = db.scalars(sa.select(Registration).order_by(Registration.created_at)).all()
    addresses = [(name_of(row), row.jwks_url) for row in registrations]
    with services.guarded.session() as http, ThreadPoolExecutor(max_workers=8) as several:
        replies = list(several.map(lambda each: _platform_clock(http, *each), addresses))
        if services.config.lrs_endpoint:
            replies += _lrs_clock(http, services.config.lrs_endpoint)
    return replies


def _platform_clock(http: GuardedHttp, name: str, url: str) -> _Reply:
    try:
        status, behind = _clock_of(http, url)
    except OutboundRequestError as error:
        if error.reason != "no_answer":
            return _Reply(
                name, fault=f"its key set may not be read: {network_fault(error)}", fix=_fix_of(error)
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
            fix="compare the address with the one that the LMS shows (tandem registrations list --json)",
        )
    return _Reply(name, behind=behind)


def _lrs_clock(http: GuardedHttp, endpoint: str) -> list[_Reply]:
    """The LRS's clock, whatever it answers; that it does not answer is the other check's finding."""
    try:
        _status, behind = _clock_of(http, f"{endpoint}/about")
    except OutboundRequestError:
        return []
    return [_Reply("the LRS", behind=behind)]


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


def _fix_of(error: OutboundRequestError) -> str:
    if error.reason == "private_address":
        return "if it is of your own network, add its host to TANDEM_ALLOWED_HOSTS"
    if error.reason == "not_https":
        return "it must have an https:// address"
    return "check the address"


def lrs(services: Services) -> Found:
    """The learning record store answers, takes the credentials, and supports the version that is set."""
    config = services.config
    if not (config.lrs_endpoint and config.lrs_username and config.lrs_password):
        yield (
            Verdict.WARNING,
            "no LRS is set: statements wait, and are sent once there is one",
            "set TANDEM_LRS_ENDPOINT, TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD",
        )
        return
    with services.guarded.session() as http:
        client = LRSClient(
            config.lrs_endpoint,
            config.lrs_username,
            config.lrs_password,
            version=config.lrs_version,
            http=http,
            timeout=TIMEOUT,
        )
        try:
            # /about needs no credentials, and some LRSs have none: only a resource that asks for them proves them.
            answer = client.exchange("GET", "statements", params={"limit": "1"})
            versions = _versions(client)
        except LRSError as error:
            cause = error.__cause__
            yield (
                Verdict.ERROR,
                f"{config.lrs_endpoint} cannot be asked: {network_fault(cause or error)}",
                _fix_of(cause) if isinstance(cause, OutboundRequestError) else _CHECK_ENDPOINT,
            )
            return
    if answer.status_code in (401, 403):
        yield (
            Verdict.ERROR,
            f"{config.lrs_endpoint} refuses the credentials of {config.lrs_username} ({answer.status_code})",
            "give them the right to write and read statements, or correct TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD",
        )
    elif answer.status_code != 200:
        yield Verdict.ERROR, f"{config.lrs_endpoint} answers {answer.status_code}", _CHECK_ENDPOINT
    elif versions and config.lrs_version not in versions:
        yield (
            Verdict.WARNING,
            f"{config.lrs_endpoint} supports xAPI {', '.join(versions)}, and {config.lrs_version} is set",
            "set TANDEM_LRS_VERSION to a version that it supports",
        )
    else:
        yield Verdict.OK, f"{config.lrs_endpoint} answers and takes the credentials", ""


_CHECK_ENDPOINT = "TANDEM_LRS_ENDPOINT must be the address to which /statements is added"


def _versions(client: LRSClient) -> list[str]:
    """The versions that the LRS says it supports; none when it does not say."""
    reply = client.about()
    versions = reply.content.get("version") if reply.success and isinstance(reply.content, dict) else None
    return [str(version) for version in versions] if isinstance(versions, list) else []
