"""Sending scores to a gradebook, and what each answer means: nothing lost, nothing twice.

| the platform answers | do |
|---|---|
| 2xx | sent |
| 409 (Moodle), 400 for an earlier time (Canvas, Open edX) | read the result: ours or later → sent; else again |
| 400, 422 otherwise | read the result: ours → sent; else dead, with the platform's words |
| 404, 410 | the line item is gone: dead |
| 401 after a fresh token, or no token at all | the platform is blocked until somebody has looked; nothing is dropped |
| nothing was sent, since the address is on a host that is not the platform's | this line item waits |
| 403, 500, anything else below 502 | this line item waits, the others go on; or the score alone, see below |
| 429, 502 to 504, a time-out, a reset | the platform is unavailable: the same bytes later, and the others with them |

Moodle answers 403 for a line item that was taken away and 500 for one that is locked; Open edX answers 500 for a single
score that it cannot take. So a second score of the same line item is tried: once one is taken, each failure is that
score's own; when both fail, the rest of that line item is not tried in this round.

Nothing here stores, sleeps or logs. https://www.imsglobal.org/spec/lti-ags/v2p0#score-service-media-type-and-schema
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import requests

from lti_tool.lti.ags.scores import RESULT_SCOPE, SCORE_SCOPE
from lti_tool.lti.platform_service import Answer, PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.lti.platforms import is_earlier_timestamp_error
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Blocked, Dead, NotTried, PartUnavailable, Retry, Sent, Unavailable
from lti_tool.messaging.retry import retry_after
from lti_tool.outbound.client import OutboundRequestError
from schemas.ags import ResultSchema

SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
_FORBIDDEN: Final = frozenset({"bad_address", "not_https", "private_address"})
_MAX_RESTAMPS: Final = 20


@dataclass(frozen=True)
class Stale:
    """The platform holds something else under a timestamp that is not earlier: say it again, later."""

    than: dt.datetime
    reason: str


ScoreOutcome = Sent | Dead | Retry | PartUnavailable | Unavailable | Blocked | NotTried | Stale

ROUND_SECONDS: Final = 5.0
"""After this time no further score is tried, so that a slow platform does not keep a sender from the others."""


def deliver_scores(service: PlatformService, deliveries: Sequence[ClaimedDelivery]) -> list[ScoreOutcome]:
    """Post the scores, in order, and say what became of each, in the same order.

    A fault of the platform ends the round: the rest share its outcome. So do those of a line item whose first two
    scores failed.
    """
    outcomes: list[ScoreOutcome] = []
    begun = time.monotonic()
    failed: dict[str, list[PartUnavailable]] = {}
    answered: set[str] = set()
    for number, delivery in enumerate(deliveries):
        failures = failed.setdefault(delivery.part, [])
        if time.monotonic() - begun > ROUND_SECONDS:
            return outcomes + [NotTried()] * (len(deliveries) - number)
        if len(failures) >= 2 and delivery.part not in answered:
            outcomes.append(failures[-1])
            continue
        outcome = _deliver_one(service, delivery)
        outcomes.append(outcome)
        if isinstance(outcome, Unavailable | Blocked):
            outcomes += [outcome] * (len(deliveries) - len(outcomes))
            break
        if isinstance(outcome, PartUnavailable):
            failures.append(outcome)
        else:
            answered.add(delivery.part)
    return [
        Retry(outcome.reason, outcome.after_seconds)
        if isinstance(outcome, PartUnavailable) and delivery.part in answered
        else outcome
        for delivery, outcome in zip(deliveries, outcomes, strict=True)
    ]


def _deliver_one(service: PlatformService, delivery: ClaimedDelivery) -> ScoreOutcome:
    target = delivery.target or {}
    try:
        service.get_access_token([SCORE_SCOPE])
    except TokenRefused as error:
        return Blocked(str(error))
    except requests.RequestException as error:
        if isinstance(error, OutboundRequestError) and error.reason in _FORBIDDEN:
            return Blocked(f"the token endpoint: {error}")
        return Unavailable(f"the token endpoint: {_error_text(error)}")
    try:
        answer = service.call(
            "POST",
            subresource_url(target["line_item_url"], "scores"),
            [SCORE_SCOPE],
            body=delivery.body,
            content_type=SCORE_TYPE,
        )
    except TokenRefused as error:
        return Blocked(str(error))
    except ServiceHostUnknown as error:
        return PartUnavailable(f"the line item's address: {error}")
    except requests.RequestException as error:
        if isinstance(error, OutboundRequestError) and error.reason in _FORBIDDEN:
            return Dead(f"the line item's address: {error}")
        return Unavailable(_error_text(error))
    return _outcome_of_response(service, delivery, answer)


def _outcome_of_response(service: PlatformService, delivery: ClaimedDelivery, answer: Answer) -> ScoreOutcome:
    if answer.ok:
        return Sent()
    if answer.status == 409 or (answer.status == 400 and is_earlier_timestamp_error(answer.body)):
        return _handle_stale_timestamp(service, delivery, answer)
    if answer.status in (400, 422):
        held, _ = _result(service, delivery)
        ours = json.loads(delivery.body)
        return Sent() if held and _same(ours, held) else Dead(answer.words)
    if answer.status in (404, 410):
        return Dead(answer.words)
    if answer.status == 401:
        return Blocked(answer.words)
    after = retry_after(answer.headers.get("Retry-After", ""))
    if answer.status == 429 or answer.status > 501:
        return Unavailable(answer.words, after)
    return PartUnavailable(answer.words, after)


def _handle_stale_timestamp(
    service: PlatformService, delivery: ClaimedDelivery, answer: Answer
) -> ScoreOutcome:
    """A repeat of ours, or a later score, means delivered. Only something else, not later, is sent again."""
    held, fault = _result(service, delivery)
    if fault is not None:
        return fault
    ours = json.loads(delivery.body)
    sent_at = dt.datetime.fromisoformat(ours["timestamp"])
    if held is not None and (_same(ours, held) or (held["timestamp"] or sent_at) > sent_at):
        return Sent()
    if "scoreGiven" not in ours or (held is not None and held["timestamp"] is None):
        # A state without a grade leaves no result to compare; and where results bear no time, the refusal
        # itself says that something later is there.
        return Sent()
    if delivery.failures > _MAX_RESTAMPS:
        return Dead(answer.words)
    return Stale(than=max(sent_at, (held or {}).get("timestamp") or sent_at), reason=answer.words)


def _result(
    service: PlatformService, delivery: ClaimedDelivery
) -> tuple[dict[str, Any] | None, ScoreOutcome | None]:
    """What the gradebook holds for the person, read back; or why that cannot be known now.

    Where the platform gives no right to read results, its answer counts as it is.
    """
    target = delivery.target or {}
    address = subresource_url(target["line_item_url"], "results", user_id=target["user_id"])
    try:
        answer = service.call("GET", address, [RESULT_SCOPE], accept=RESULTS_TYPE)
    except TokenRefused:
        return None, Sent()
    except ServiceHostUnknown as error:
        return None, PartUnavailable(f"reading the result: {error}")
    except requests.RequestException as error:
        return None, Unavailable(f"reading the result: {_error_text(error)}")
    if answer.ok:
        try:
            return ResultSchema().load_matching(answer.json(), target["user_id"]), None
        except OutboundRequestError as error:
            return None, Retry(f"reading the result: {error}")
    if answer.status in (401, 403, 404, 405):
        return None, Sent()
    fault = f"reading the result: {answer.words}"
    after = retry_after(answer.headers.get("Retry-After", ""))
    if answer.status == 429 or answer.status > 501:
        return None, Unavailable(fault, after)
    return None, Retry(fault, after)


def _same(ours: dict[str, Any], held: dict[str, Any]) -> bool:
    """Whether the result is the score we sent, whatever its scale."""
    if "scoreGiven" not in ours:
        return held["score"] is None
    if held["score"] is None:
        return False
    share = held["score"] / (held["maximum"] or 1.0)
    return bool(abs(share - ours["scoreGiven"] / ours["scoreMaximum"]) < 1e-4)


def subresource_url(url: str, name: str, **query: str) -> str:
    """The address of a line item's scores or results: in its path, before the query (AGS §3.2.10)."""
    parts = urlsplit(url)
    added = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    both = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query=both))


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"
