"""What others answer: the platforms and the LRS, each asked once with short time-outs, through the guard."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import requests
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.health_checks.findings import Seen, Verdict, one_line
from lti_tool.health_checks.stored import named
from lti_tool.lti.http import Unreachable
from lti_tool.lti.models import Registration
from lti_tool.tool import Tool
from xapi.client import LRSClient, LRSError

CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""Tokens are accepted with this much difference between two clocks; beyond it launches are refused."""
CLOCK_UNEASE: Final = dt.timedelta(seconds=20)
EARLIEST: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""No correct clock shows an earlier time: the tool did not exist."""
TIMEOUT: Final = (5.0, 5.0)
"""Seconds to connect, and to wait for a byte."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a platform or an LRS answered to a look at its clock."""

    name: str
    behind: dt.timedelta | None = None
    """How far this machine's clock is behind the other; None when it did not say."""
    fault: str = ""
    mend: str = ""


def clock(tool: Tool) -> Seen:
    """Compare with every platform and with the LRS; both sides judge tokens by the clock."""
    now = utcnow()
    if now < EARLIEST:
        yield Verdict.WRONG, f"this machine says {now:%Y-%m-%d %H:%M} UTC", _SET_CLOCK
        return
    replies = _ask_all(tool)
    heard = [reply for reply in replies if reply.behind is not None]
    # One that does not answer has a fault of its own; if none does, it is rather this machine's network.
    verdict = Verdict.WARNING if heard else Verdict.WRONG
    for reply in replies:
        if reply.fault:
            yield verdict, f"{reply.name}: {reply.fault}", reply.mend
    for reply in heard:
        behind = reply.behind or dt.timedelta()
        off = abs(behind)
        if off > CLOCK_UNEASE:
            side = "behind" if behind > dt.timedelta() else "ahead of"
            yield (
                Verdict.WRONG if off > CLOCK_TOLERANCE else Verdict.WARNING,
                f"this machine is {off.total_seconds():.0f} s {side} {reply.name}",
                _SET_CLOCK,
            )
        else:
            yield Verdict.GOOD, f"agrees with {reply.name}", ""
    if not replies:
        yield Verdict.GOOD, f"{now:%Y-%m-%d %H:%M} UTC, with nothing to compare it with yet", ""


_SET_CLOCK = "let the machine follow a time server, for example: timedatectl set-ntp true"


def _ask_all(tool: Tool) -> list[_Reply]:
    with tool.database.reading() as db:
        registrations = db.scalars(sa.select(Registration).order_by(Registration.created_at)).all()
    asked = [(named(row), row.jwks_url) for row in registrations]
    with tool.guarded.session() as http, ThreadPoolExecutor(max_workers=8) as several:
        replies = list(several.map(lambda each: _ask_platform(http, *each), asked))
        if tool.config.lrs_endpoint:
            replies += _ask_lrs(http, tool.config.lrs_endpoint)
    return replies


def _ask_platform(http: requests.Session, name: str, url: str) -> _Reply:
    try:
        status, behind = _look(http, url)
    except Unreachable as error:
        return _Reply(name, fault=f"its key set may not be read: {_plainly(error)}", mend=_mend_of(error))
    except requests.RequestException as error:
        return _Reply(
            name,
            fault=f"its key set at {url} cannot be read: {_plainly(error)}",
            mend="check that this machine reaches the address, and its certificate",
        )
    if status != 200:
        return _Reply(
            name,
            fault=f"its key set at {url} answers {status}",
            mend="compare the address with the one that the LMS shows (tandem registrations list --json)",
        )
    return _Reply(name, behind=behind)


def _ask_lrs(http: requests.Session, endpoint: str) -> list[_Reply]:
    """The LRS's clock, whatever it answers; that it does not answer is the other check's finding."""
    try:
        _status, behind = _look(http, f"{endpoint}/about")
    except requests.RequestException:
        return []
    return [_Reply("the LRS", behind=behind)]


def _look(http: requests.Session, url: str) -> tuple[int, dt.timedelta | None]:
    """The status of an answer, and how far this machine's clock is behind its Date header."""
    sent_at = utcnow()
    with http.get(url, timeout=TIMEOUT, stream=True) as answer:
        return answer.status_code, _behind(answer.headers.get("Date"), sent_at)


def _behind(date: str | None, sent_at: dt.datetime) -> dt.timedelta | None:
    """How far the local clock is behind an HTTP date, measured from the middle of the exchange."""
    middle = sent_at + (utcnow() - sent_at) / 2
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return None if told.tzinfo is None else told - middle


def _mend_of(error: Unreachable) -> str:
    if error.reason == "private_address":
        return "if it is of your own network, add its host to TANDEM_ALLOWED_HOSTS"
    if error.reason == "not_https":
        return "it must have an https:// address"
    return "check the address"


_SAID: Final = {
    "bad_address": "it is no web address",
    "not_https": "it is not an https:// address",
    "private_address": "its address is of a private network",
    "too_slow": "it takes too long",
    "too_large": "it answers far too much",
    "redirected": "it sends elsewhere",
}
"""The guard's codes in words."""


def _plainly(error: BaseException) -> str:
    """What went wrong on the network, without the objects that libraries put into their messages."""
    if isinstance(error, Unreachable):
        return _SAID.get(error.reason) or one_line(error.detail or error)
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return one_line(str(inner or error).rpartition("): ")[2])


def lrs(tool: Tool) -> Seen:
    """The learning record store answers, takes the credentials, and speaks the version that is set."""
    config = tool.config
    if not (config.lrs_endpoint and config.lrs_username and config.lrs_password):
        yield (
            Verdict.WARNING,
            "no LRS is set: statements wait, and are sent once there is one",
            "set TANDEM_LRS_ENDPOINT, TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD",
        )
        return
    with tool.guarded.session() as http:
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
            spoken = _versions(client)
        except LRSError as error:
            cause = error.__cause__
            yield (
                Verdict.WRONG,
                f"{config.lrs_endpoint} cannot be asked: {_plainly(cause or error)}",
                _mend_of(cause) if isinstance(cause, Unreachable) else _CHECK_ENDPOINT,
            )
            return
    if answer.status_code in (401, 403):
        yield (
            Verdict.WRONG,
            f"{config.lrs_endpoint} refuses the credentials of {config.lrs_username} ({answer.status_code})",
            "give them the right to write and read statements, or correct TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD",
        )
    elif answer.status_code != 200:
        yield Verdict.WRONG, f"{config.lrs_endpoint} answers {answer.status_code}", _CHECK_ENDPOINT
    elif spoken and config.lrs_version not in spoken:
        yield (
            Verdict.WARNING,
            f"{config.lrs_endpoint} speaks xAPI {', '.join(spoken)}, and {config.lrs_version} is set",
            "set TANDEM_LRS_VERSION to a version that it speaks",
        )
    else:
        yield Verdict.GOOD, f"{config.lrs_endpoint} answers and takes the credentials", ""


_CHECK_ENDPOINT = "TANDEM_LRS_ENDPOINT must be the address to which /statements is added"


def _versions(client: LRSClient) -> list[str]:
    """The versions that the LRS says it speaks; none when it does not say."""
    reply = client.about()
    told = reply.content.get("version") if reply.success and isinstance(reply.content, dict) else None
    return [str(version) for version in told] if isinstance(told, list) else []
