"""What each answer of an LRS means for every statement sent: nothing lost, nothing twice.

| the LRS answers | for each statement |
|---|---|
| 204, 200 with the ids sent | sent |
| 200 with some of them | those are sent, the others asked for by id as after a 409 |
| 200 with anything else | this is no LRS, or one that fails: the same bytes later |
| 409 | asked for by id: equal → sent; different → dead, with theirs; absent → sent again once, then later |
| 400, 422 | the batch is halved until the bad one stands alone and is dead; the rest go through |
| 413 | the batch is halved; a statement too large alone is dead |
| the same 400, 413 or 422 for ten or more of all, and none taken | the LRS is unavailable: the same bytes later |
| the same for ten or more, then others taken | the last of them is sent once more: taken now, those before go again |
| the same for fewer, or a single one, and none taken | it is asked for one by id: dead if it answers that as an LRS
does: with the statement or an empty list, or with 403 or 404 and the header of xAPI; else it is unavailable |
| 401, 403 | blocked: this LRS must be looked at, and nothing is dropped |
| 429, 5xx, a time-out, a reset, anything else | the LRS is unavailable: the same bytes later |

Nothing here stores, sleeps or logs: it sends, and says what became of each statement.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID

import requests
from urllib3 import Retry as RetryPolicy
from urllib3.exceptions import InvalidHeader

from xapi.client import LRSClient, LRSError, LRSStatementError
from xapi.comparison import same_statement

LONGEST_DELAY = timedelta(hours=1)
NO_LRS = "not the answer of an LRS, which is 204, or 200 with the ids of the statements"
"""xAPI 1.0.3, Communication 2.1.2: after a POST of statements, the array of their ids."""
MANY = 10
"""From how many statements on the same refusal of all means that the LRS fails, whatever else it answers.

No caller should try fewer after a pause: fewer may all be given up, of an LRS that refuses everything.
"""
_VARYING = re.compile("[0-9a-fA-F-]{8,}|[0-9]+")
"""What differs in the same words about two statements: ids, moments, positions."""
_MOST_WORDS = 2000
_MOST_BYTES = 8_000


@dataclass(frozen=True)
class Sent:
    """The LRS holds it."""


SENT = Sent()


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
    """The LRS takes nothing now: the same bytes later, not before ``after_seconds`` when it said so.

    ``refused``: it refused each of them alone, so that it may take others.
    """

    reason: str
    after_seconds: float | None = None
    refused: bool = False


@dataclass(frozen=True)
class Blocked:
    """The LRS refuses us: stop sending to it until somebody has corrected the credentials or the rights."""

    reason: str


Outcome = Sent | Dead | Retry | Unavailable | Blocked
Item = tuple[UUID, bytes]
_Item = tuple[str, bytes]


class _StopSendingError(Exception):
    """Stops sending; ``outcome`` applies to all remaining statements."""

    def __init__(self, outcome: Unavailable | Blocked) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def first_words(body: bytes) -> str:
    """The beginning of an answer in one line, markup and all."""
    return " ".join(body[:_MOST_BYTES].decode("utf-8", "replace").split())[:_MOST_WORDS]


def deliver(
    client: LRSClient, statements: Sequence[Item], *, read_answer: Callable[[bytes], str] = first_words
) -> list[Outcome]:
    """Send the statements, in order, and say what became of each, in the same order.

    ``statements``: pairs of statement id and the stored bytes, which are sent exactly as they are. ``read_answer``
    makes the text of a reason from the body of an answer, which is whatever a machine, or a proxy before it, has sent.
    """
    # As text, as an LRS answers them: a UUID is compared in Python, a text is not.
    ids = [str(identifier) for identifier, _ in statements]
    bodies = dict(zip(ids, (body for _, body in statements), strict=True))
    delivery = _Delivery(client, read_answer)
    stopped: Unavailable | Blocked | None = None
    try:
        delivery.send(list(bodies.items()))
    except _StopSendingError as stop:
        stopped = stop.outcome
    if delivery.refuses_everything():
        stopped = stopped or delivery.fault()
        if stopped is not None:
            delivery.known.clear()
    else:
        stopped = delivery.look_again(bodies, stopped)
    if stopped is not None:
        for identifier in bodies:
            delivery.known.setdefault(identifier, stopped)
    return [delivery.known[identifier] for identifier in ids]


class _Delivery:
    """One call of :func:`deliver`."""

    def __init__(self, client: LRSClient, read_answer: Callable[[bytes], str]) -> None:
        self._client = client
        self._read_answer = read_answer
        self.known: dict[str, Outcome] = {}
        self.refusals: dict[str, str] = {}
        """What was said of each statement that was refused alone."""

    def refuses_everything(self) -> bool:
        """Whether nothing was taken, and all, or many, were refused in the same words."""
        if not self.refusals or self.refusals.keys() != self.known.keys():
            return False
        words = self._words_of_refusals()
        return len(words) == 1 or max(words.values()) >= MANY

    def _words_of_refusals(self) -> Counter[str]:
        return Counter(_VARYING.sub("", said) for said in self.refusals.values())

    def fault(self) -> Unavailable | None:
        """What is wrong with an LRS that refuses everything; None where it is the statements, for all that is known.

        Of many it is a setting, or a proxy before the LRS. A few, or a single one, may all be bad. At a wrong address,
        or where nothing passes, asking for a statement is not answered as by an LRS either.
        """
        count, (identifier, words) = len(self.refusals), next(iter(self.refusals.items()))
        alike = " alike" if len(self._words_of_refusals()) == 1 else ""
        said = f"it refused all {count} statements{alike}: {words}" if count > 1 else words
        if count >= MANY:
            return Unavailable(said, refused=True)
        try:
            self._client.check_look_up(UUID(identifier))
        except LRSError as error:
            return Unavailable(f"{said}; {error}", refused=True)
        return None

    def look_again(
        self, bodies: Mapping[str, bytes], stopped: Unavailable | Blocked | None
    ) -> Unavailable | Blocked | None:
        """Judge many that were refused before the first that was not: the LRS may have been put right between the two.

        The last of them is sent once more. If it is taken now, those before it go again; where sending has ``stopped``,
        or stops then, all of them do. Returns why it stopped.
        """
        before = list(takewhile(self.refusals.__contains__, self.known))
        if not MANY <= len(before) < len(self.known):
            return stopped
        last = before[-1]
        if stopped is None:
            try:
                self.send([(last, bodies[last])])
            except _StopSendingError as stop:
                stopped = stop.outcome
        if stopped is not None:
            for identifier in before:
                del self.known[identifier]
        elif not isinstance(self.known[last], Dead):
            again = Retry(f"another one that the LRS had refused it took later: {self.refusals[last]}")
            self.known.update(dict.fromkeys(before[:-1], again))
        return stopped

    def send(self, items: list[_Item], *, repeat: bool = False) -> None:
        """Send a batch and write the outcome of each into ``known``; ``repeat`` once a 409 has been looked into."""
        if not items:
            return
        try:
            answer = self._client.post_statements([body for _, body in items])
        except LRSError as error:
            raise _StopSendingError(Unavailable(str(error))) from error
        status = answer.status_code
        sent = [identifier for identifier, _ in items]
        if status == 204:
            self.known.update(dict.fromkeys(sent, SENT))
        elif status == 200:
            named = _ids(answer.content, sent)
            if not named or not named <= set(sent):
                raise _StopSendingError(Unavailable(f"{NO_LRS}: {self._words(answer)}"))
            self.known.update(dict.fromkeys(named, SENT))
            # Of a batch that was sent before in part, some LRSs name only what is new to them.
            rest = [item for item in items if item[0] not in named]
            self._ask_for_each(rest, "after an answer that names fewer statements", repeat=repeat)
        elif status == 409:
            self._ask_for_each(items, "after a conflict", repeat=repeat)
        elif status in (400, 413, 422):
            if len(items) == 1:
                identifier, words = items[0][0], self._words(answer)
                self.known[identifier], self.refusals[identifier] = Dead(words), words
                return
            middle = len(items) // 2
            self.send(items[:middle], repeat=repeat)
            self.send(items[middle:], repeat=repeat)
        elif status in (401, 403):
            raise _StopSendingError(Blocked(self._words(answer)))
        else:
            raise _StopSendingError(
                Unavailable(self._words(answer), retry_after(answer.headers.get("Retry-After", "")))
            )

    def _ask_for_each(self, items: list[_Item], when: str, *, repeat: bool) -> None:
        """Some LRSs refuse a whole batch for one id they hold: ask for each, and send what is absent again.

        The absent ones go together, then each alone; one that still conflicts and is still absent waits.
        """
        absent: list[_Item] = []
        for identifier, body in items:
            try:
                theirs = self._client.get_statement(UUID(identifier))
            except LRSStatementError as error:
                self.known[identifier] = Dead(str(error))
                continue
            except LRSError as error:
                raise _StopSendingError(Unavailable(f"{when}: {error}")) from error
            if theirs is None:
                absent.append((identifier, body))
            elif same_statement(json.loads(body), theirs):
                self.known[identifier] = SENT
            else:
                self.known[identifier] = Dead("the LRS holds another statement under this id", theirs)
        if not repeat:
            self.send(absent, repeat=True)
        elif len(items) > 1:
            for item in absent:
                self.send([item], repeat=True)
        else:
            for identifier, _ in absent:
                self.known[identifier] = Retry(f"{when}: the LRS holds no statement under this id")

    def _words(self, answer: requests.Response) -> str:
        """The status and what the LRS said."""
        text = self._read_answer(answer.content)
        return f"HTTP {answer.status_code} {answer.reason or ''}: {text}".rstrip(": ")


def _ids(content: bytes, sent: list[str]) -> set[str] | None:
    """The ids that an LRS answers to a POST of statements, in whatever case; None when this is no list of ids.

    Nearly always they are those that were ``sent``, as they were: to read each takes ten times as long.
    """
    try:
        listed = json.loads(content)
        if listed == sent:
            return set(sent)
        return {str(UUID(each)) for each in listed} if isinstance(listed, list) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def retry_after(value: str) -> float | None:
    """Seconds to wait, from a ``Retry-After`` of a number or of an HTTP date (RFC 9110 §10.2.3); None otherwise.

    Never more than :data:`LONGEST_DELAY`: no record store may stop deliveries for years.
    """
    try:
        seconds = RetryPolicy().parse_retry_after(value)
    except (InvalidHeader, OverflowError, ValueError):
        return None
    return float(min(seconds, LONGEST_DELAY.total_seconds()))
