"""What each answer of an LRS means for every statement sent: nothing lost, nothing twice.

| the LRS answers | for each statement |
|---|---|
| 200, 204 | sent (unless it is a web page: then the address is wrong, and the same bytes wait) |
| 409 | asked for by id: equal → sent; different → dead, with theirs; absent → sent again once, then later |
| 400, 422 | the batch is halved until the bad one stands alone and is dead; the rest go through |
| 413 | the batch is halved; a statement too large alone is dead |
| 401, 403 | blocked: this LRS must be looked at, and nothing is dropped |
| 429, 5xx, a time-out, a reset, anything else | the LRS is unavailable: the same bytes later |

Nothing here stores, sleeps or logs: it sends, and says what became of each statement.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests
from urllib3 import Retry as RetryPolicy
from urllib3.exceptions import InvalidHeader

from xapi.client import LRSClient, LRSError
from xapi.comparison import same_statement

LONGEST_DELAY = timedelta(hours=1)
_MOST_WORDS = 2000
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Sent:
    """The LRS holds it."""


@dataclass(frozen=True)
class Dead:
    """The LRS will never take it. ``reason`` is in the LRS's words; ``theirs`` what it holds under that id."""

    reason: str
    theirs: dict[str, Any] | None = None


@dataclass(frozen=True)
class Retry:
    """The LRS is well, and this statement alone must go again."""

    reason: str


@dataclass(frozen=True)
class Unavailable:
    """The LRS takes nothing now: the same bytes later, not before ``after_seconds`` when it said so."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True)
class Blocked:
    """The LRS refuses us: stop sending to it until somebody has corrected the credentials or the rights."""

    reason: str


Outcome = Sent | Dead | Retry | Unavailable | Blocked
Item = tuple[UUID, bytes]


class _StopSendingError(Exception):
    """Stops sending; ``outcome`` applies to all remaining statements."""

    def __init__(self, outcome: Unavailable | Blocked) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def deliver(client: LRSClient, statements: Sequence[Item]) -> list[Outcome]:
    """Send the statements, in order, and say what became of each, in the same order.

    ``statements``: pairs of statement id and the stored bytes, which are sent exactly as they are.
    """
    bodies = dict(statements)
    known: dict[UUID, Outcome] = {}
    try:
        _send(client, list(bodies.items()), known)
    except _StopSendingError as stop:
        for identifier in bodies:
            known.setdefault(identifier, stop.outcome)
    return [known[identifier] for identifier, _ in statements]


def _send(client: LRSClient, items: list[Item], known: dict[UUID, Outcome], *, repeat: bool = False) -> None:
    """Send a batch and write the outcome of each into ``known``; ``repeat`` once a 409 has been looked into."""
    if not items:
        return
    try:
        answer = client.post_statements([body for _, body in items])
    except LRSError as error:
        raise _StopSendingError(Unavailable(str(error))) from error
    status = answer.status_code
    if status in (200, 204):
        if answer.content.lstrip().startswith(b"<"):
            raise _StopSendingError(Unavailable(f"a web page answered, not an LRS: {_words(answer)}"))
        known.update((identifier, Sent()) for identifier, _ in items)
    elif status == 409:
        _resolve_conflict(client, items, known, repeat=repeat)
    elif status in (400, 413, 422):
        if len(items) == 1:
            known[items[0][0]] = Dead(_words(answer))
            return
        middle = len(items) // 2
        _send(client, items[:middle], known, repeat=repeat)
        _send(client, items[middle:], known, repeat=repeat)
    elif status in (401, 403):
        raise _StopSendingError(Blocked(_words(answer)))
    else:
        raise _StopSendingError(
            Unavailable(_words(answer), retry_after(answer.headers.get("Retry-After", "")))
        )


def _resolve_conflict(
    client: LRSClient, items: list[Item], known: dict[UUID, Outcome], *, repeat: bool
) -> None:
    """Some LRSs refuse a whole batch for one id they hold: ask for each, and send what is absent again.

    The absent ones go together, then each alone; one that still conflicts and is still absent waits.
    """
    absent: list[Item] = []
    for identifier, body in items:
        try:
            theirs = client.get_statement(identifier)
        except LRSError as error:
            raise _StopSendingError(Unavailable(f"after a conflict: {error}")) from error
        if theirs is None:
            absent.append((identifier, body))
        elif same_statement(json.loads(body), theirs):
            known[identifier] = Sent()
        else:
            known[identifier] = Dead("the LRS holds another statement under this id", theirs)
    if not repeat:
        _send(client, absent, known, repeat=True)
    elif len(items) > 1:
        for item in absent:
            _send(client, [item], known, repeat=True)
    else:
        for identifier, _ in absent:
            known[identifier] = Retry("the LRS answered 409 but holds no statement under this id")


def _words(answer: requests.Response) -> str:
    """The status and what the LRS said in one line, a web page reduced to its text, cut to a length to be stored."""
    text = answer.content[:_MOST_BYTES].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        text = html.unescape(_TAGS.sub(" ", _UNSEEN.sub(" ", text)))
    text = " ".join(text.split())[:_MOST_WORDS]
    return f"HTTP {answer.status_code} {answer.reason or ''}: {text}".rstrip(": ")


_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?(</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>?")


def retry_after(value: str) -> float | None:
    """Seconds to wait, from a ``Retry-After`` of a number or of an HTTP date (RFC 9110 §10.2.3); None otherwise.

    Never more than :data:`LONGEST_DELAY`: no record store may stop deliveries for years.
    """
    try:
        seconds = RetryPolicy().parse_retry_after(value)
    except (InvalidHeader, OverflowError, ValueError):
        return None
    return float(min(seconds, LONGEST_DELAY.total_seconds()))
