"""Sending scores to a gradebook, and what each answer means: nothing lost, nothing twice, nobody's own grade erased.

Before a score is posted the result is read, where a grade may be there that the tool never sent: before the first
grade, before any score that sets none (it would erase the grade), before one that may have arrived already, and before
that of a completion, so that no page says that the course shows it while a teacher's grade stands there. Only a
platform that keeps what a teacher entered (:attr:`lti_tool.lti.platforms.base.Platform.keeps_teachers_grades`) is not
asked before each later grade on the way.

| the platform answers | do |
|---|---|
| 2xx | sent |
| 409 (Moodle), 400 for an earlier time (Canvas, Open edX) | read the result: ours → sent; somebody's own → kept; else
again, with a later time. Where it cannot be read: sent, if it was tried before; else again |
| 422 because no attempt is left (Canvas) | the same again, as no further attempt |
| 400, 422 otherwise | read the result: ours → sent; else dead, with the platform's words |
| no token at all | the platform is blocked until somebody has looked; nothing is dropped |
| 404, 410, 401 after a fresh token (Canvas: the tool was removed from the course), 403 (Moodle: the line item was taken
away) | this line item waits, and is asked ever more rarely: a proxy may say so of everything for a while |
| nothing was sent, since the address is on a host that is not the platform's | this line item waits |
| 500, anything else below 502 | this line item waits, the others go on; or the score alone, see below |
| 429 (Canvas: 403 that says so), 502 to 504, a time-out, a reset | this host is unavailable: the same bytes later, and
the others with them; those for line items on another host of the platform go on |

What is said to be missing for days rests: :func:`lti_tool.lti.ags.reconciliation.may_rest`. After as long a score is
dead that alone is answered so, while its line item takes others; at once, where no activity has the line item any more.

Moodle answers 500 for a line item that is locked; Open edX answers 500 for a single
score that it cannot take. So a second score of the same line item is tried: once one is taken, each failure is that
score's own; when both fail, the rest of that line item is not tried in this round.

Where the result cannot be read, the score waits, since it might replace somebody's own grade; for how long, see
:func:`lti_tool.lti.ags.reconciliation.may_go_unread`. Where the platform refuses to show results, or refuses the token
for that right alone, a grade is posted and a score that sets none is not. Canvas says of results too that their line
item is not there: then it waits.

Nothing here stores, sleeps or logs. https://www.imsglobal.org/spec/lti-ags/v2p0#score-service-media-type-and-schema
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import requests

from lti_tool.database import utcnow
from lti_tool.lti.ags.models import MAXIMUM, READING_FAILED
from lti_tool.lti.ags.reconciliation import (
    GradeRecord,
    MissingAnswers,
    Posting,
    ReadingFailures,
    Result,
    before_posting,
    may_go_unread,
    may_rest,
)
from lti_tool.lti.ags.reports import as_posted
from lti_tool.lti.ags.results import (
    Reading,
    ResultsRefused,
    ResultsUnreadable,
    error_text,
    read_results,
    subresource_url,
)
from lti_tool.lti.ags.score_outcomes import (
    ForbiddenHere,
    LineItemGone,
    NotInstalledHere,
    Refused,
    ScoreOutcome,
    Stale,
    UnreadAlone,
    UnreadAnywhere,
    UnreadHere,
    Withheld,
)
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.platform_service import Answer, PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.lti.platforms import is_earlier_timestamp_error
from lti_tool.lti.platforms.base import Platform, ScoreRefusal
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import (
    Answered,
    Blocked,
    Dead,
    GroupUnavailable,
    NotTried,
    PartMissing,
    PartUnavailable,
    Retry,
    Sent,
    Unavailable,
)
from lti_tool.messaging.pauses import group_of
from lti_tool.messaging.retry import retry_after
from lti_tool.outbound.client import OutboundRequestError, was_never_connected

SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
_FORBIDDEN: Final = frozenset({"bad_address", "not_https", "private_address"})
_MAX_RESTAMPS: Final = 20


@dataclass(frozen=True, slots=True)
class KnownGrade:
    """What is known of a grade whose score is about to be posted."""

    record: GradeRecord
    may_read: bool = True
    """Whether the platform gave the right to read results."""
    last_result: Result | None = None
    """The result that was read last."""
    failures: ReadingFailures | None = None
    """How long the results of its line item could not be read."""
    missing: MissingAnswers | None = None
    """How often its line item was said to be missing."""
    address: str | None = None
    """Where requests to its line item go, if not to the address by which it is known."""
    is_uncoupled: bool = False
    """Whether its line item is one that launches do not name. Moodle lets a tool's grade replace a teacher's there."""
    is_used: bool = True
    """Whether its line item is still that of an activity."""

    def is_read_first(self, score: int | None, platform: Platform, *, repeated: bool) -> bool:
        """Whether the result is to be read before this score is posted."""
        if score is None:
            return not platform.keeps_grades_from_states
        keeps_theirs = platform.keeps_teachers_grades and not self.is_uncoupled
        if repeated or self.record.accepted_score is None or not keeps_theirs:
            return True
        if score == MAXIMUM:
            # It takes the score and keeps the teacher's grade: only a reading tells which of the two is shown.
            return True
        return self.last_result is not None and not self.record.sent(self.last_result)


ROUND_SECONDS: Final = 5.0
"""After this time no further score is tried, so that a slow platform does not keep a sender from the others."""


def deliver_scores(
    service: PlatformService,
    deliveries: Sequence[ClaimedDelivery],
    known: Mapping[str, KnownGrade] | None = None,
) -> list[ScoreOutcome]:
    """Post the scores, in order, and say what became of each, in the same order.

    ``known``: what is known of the grades, by ``order_key``; of one that is not in it the result is not read. A fault
    of the platform ends the round: the rest share its outcome. So do those on a host that is unavailable, and those of
    a line item whose first two scores failed.
    """
    outcomes: list[ScoreOutcome] = []
    begun = time.monotonic()
    failed: dict[str, list[PartUnavailable]] = {}
    answered: set[str] = set()
    refused: set[str] = set()
    away: dict[str, GroupUnavailable] = {}
    for delivery in deliveries:
        failures = failed.setdefault(delivery.part, [])
        host = group_of(delivery.part)
        if host in away:
            outcomes.append(away[host])
            continue
        if time.monotonic() - begun > ROUND_SECONDS:
            outcomes.append(NotTried())
            continue
        if len(failures) >= 2 and delivery.part not in answered:
            kind = type(failures[-1]) if isinstance(failures[-1], PartMissing) else PartUnavailable
            outcomes.append(kind(failures[-1].reason, failures[-1].after_seconds, _NEVER_SENT))
            continue
        grade = (known or {}).get(delivery.order_key)
        unposted = _outcome_without_posting(service, delivery, grade, refused)
        outcome = unposted or _outcome_of_posting(service, delivery, grade)
        outcomes.append(outcome)
        if isinstance(outcome, Unavailable | Blocked):
            rest = outcome
            if isinstance(rest, Unavailable):
                rest = Unavailable(rest.reason, rest.after_seconds, _NEVER_SENT)
            outcomes += [rest] * (len(deliveries) - len(outcomes))
            break
        if isinstance(outcome, GroupUnavailable):
            away[host] = GroupUnavailable(outcome.reason, outcome.after_seconds, _NEVER_SENT, tried=False)
        elif isinstance(outcome, PartUnavailable):
            failures.append(outcome)
        elif unposted is None:
            answered.add(delivery.part)
    return [
        _alone(outcome, delivery)
        if isinstance(outcome, PartUnavailable) and delivery.part in answered
        else outcome
        for delivery, outcome in zip(deliveries, outcomes, strict=True)
    ]


_NEVER_SENT: Final = False
"""``may_have_arrived`` of what was not posted."""


def _alone(outcome: PartUnavailable, delivery: ClaimedDelivery) -> Retry | Refused:
    """The same failure, of one score alone."""
    if isinstance(outcome, PartMissing):
        since = dt.datetime.fromisoformat(json.loads(delivery.body)["timestamp"])
        if may_rest(MissingAnswers(delivery.failures + 1, since), utcnow()):
            return Refused(outcome.reason)
    kind = UnreadAlone if isinstance(outcome, UnreadHere) else Retry
    return kind(outcome.reason, outcome.after_seconds, outcome.may_have_arrived)


def _outcome_without_posting(
    service: PlatformService, delivery: ClaimedDelivery, known: KnownGrade | None, refused: set[str]
) -> ScoreOutcome | None:
    """What becomes of a score that is not posted, for want of a token or for what is there; None: it is posted.

    ``refused``: the line items whose results the platform refuses to show, which are not asked for again.
    """
    try:
        service.get_access_token([SCORE_SCOPE])
    except TokenRefused as error:
        return Blocked(str(error))
    except requests.RequestException as error:
        if isinstance(error, OutboundRequestError) and error.reason in _FORBIDDEN:
            return Blocked(f"the token endpoint: {error}")
        return Unavailable(f"the token endpoint: {error_text(error)}", may_have_arrived=_NEVER_SENT)
    return None if known is None else _outcome_before_posting(service, delivery, known, refused)


def _outcome_of_posting(
    service: PlatformService, delivery: ClaimedDelivery, known: KnownGrade | None
) -> ScoreOutcome:
    try:
        answer = _post(service, delivery, known)
    except TokenRefused as error:
        return Blocked(str(error))
    except ServiceHostUnknown as error:
        return PartUnavailable(f"the line item's address: {error}", may_have_arrived=_NEVER_SENT)
    except requests.RequestException as error:
        if isinstance(error, OutboundRequestError) and error.reason in _FORBIDDEN:
            return Dead(f"the line item's address: {error}")
        return GroupUnavailable(error_text(error), may_have_arrived=not was_never_connected(error))
    return _outcome_of_response(service, delivery, answer, known)


def _post(service: PlatformService, delivery: ClaimedDelivery, known: KnownGrade | None) -> Answer:
    """Post a score, and once more without a further attempt where the platform says that none is left.

    Canvas counts the attempt before it finds a fault of the score, so that one that was refused, or whose answer was
    lost, may have used up the last. A grade needs none. Nor does one that was enqueued before the platform took an
    earlier completion.
    """
    url, body = subresource_url(_address(delivery, known), "scores"), delivery.body
    if known is not None and known.record.accepted_score == MAXIMUM:
        body = _without_attempt(service, body) or body
    answer = service.call("POST", url, [SCORE_SCOPE], body=body, content_type=SCORE_TYPE)
    if service.platform.score_refusal(answer.status, answer.body) is not ScoreRefusal.NO_ATTEMPT_LEFT:
        return answer
    again = _without_attempt(service, body)
    if again is None:
        return answer
    return service.call("POST", url, [SCORE_SCOPE], body=again, content_type=SCORE_TYPE)


def _without_attempt(service: PlatformService, body: bytes) -> bytes | None:
    """The same score as no attempt; None where it is none as it is."""
    score = service.platform.without_attempt(json.loads(body))
    return None if score is None else as_posted(score)


def _outcome_before_posting(
    service: PlatformService, delivery: ClaimedDelivery, known: KnownGrade, refused: set[str]
) -> ScoreOutcome | None:
    """What becomes of a score that is not posted, because of what is there or may be there; None: it is posted."""
    target, body = delivery.target or {}, json.loads(delivery.body)
    score = body.get("scoreGiven")
    repeated = delivery.attempts > 1
    if not known.is_read_first(score, service.platform, repeated=repeated):
        return None
    if not known.may_read or delivery.part in refused:
        return Withheld() if score is None else None
    try:
        reading = read_results(service, _address(delivery, known), target["user_id"])
    except ResultsRefused as error:
        if score is None and error.is_gone and service.platform.has_results_of_every_line_item:
            return LineItemGone(str(error), may_have_arrived=_NEVER_SENT)
        refused.add(delivery.part)
        return Withheld() if score is None else None
    except TokenRefused as error:
        return Blocked(f"{READING_FAILED}{error}")
    except ResultsUnreadable as error:
        return _outcome_unread(known, body, error)
    result = reading.results.get(target["user_id"])
    if not reading.tells_of(target["user_id"]):
        return _outcome_unread(known, body, ResultsUnreadable("what is listed could not be read"))
    match before_posting(known.record, score, result, repeated=repeated):
        case Posting.ARRIVED:
            return Sent()
        case Posting.KEEP_THEIRS:
            return Withheld(reading)
    return None


def _outcome_unread(
    known: KnownGrade, body: Mapping[str, object], error: ResultsUnreadable
) -> ScoreOutcome | None:
    """What becomes of a score whose result could not be read; None: it is posted all the same."""
    now = utcnow()
    is_final = body.get("activityProgress") == "Completed" and body.get("gradingProgress") == "FullyGraded"
    if may_go_unread(known.failures, is_final=is_final, now=now):
        return None
    reason = f"{READING_FAILED}{error}"
    if may_go_unread(known.failures, is_final=True, now=now):
        # It must not hold the final grades of others any more.
        answered = Answered.NOBODY if error.unavailable else Answered.GROUP
        return UnreadAlone(reason, error.after_seconds, _NEVER_SENT, answered)
    kind = UnreadAnywhere if error.unavailable else UnreadHere
    return kind(reason, error.after_seconds, _NEVER_SENT)


def _outcome_of_response(
    service: PlatformService, delivery: ClaimedDelivery, answer: Answer, known: KnownGrade | None
) -> ScoreOutcome:
    if answer.ok:
        return Sent()
    if answer.status == 409 or (answer.status == 400 and is_earlier_timestamp_error(answer.body)):
        return _handle_stale_timestamp(service, delivery, answer, known)
    if answer.status in (400, 422):
        reading, _ = _read(service, delivery, known)
        held = reading.results.get((delivery.target or {})["user_id"]) if reading else None
        score = json.loads(delivery.body).get("scoreGiven")
        return Sent() if held is not None and _is_there(known, score, held) else _refused(service, answer)
    if answer.status == 401:
        return NotInstalledHere(answer.words, may_have_arrived=_NEVER_SENT)
    after = retry_after(answer.headers.get("Retry-After", ""))
    if answer.status in (404, 410):
        return LineItemGone(answer.words, after, _NEVER_SENT)
    if answer.is_throttled or answer.status > 501:
        return GroupUnavailable(answer.words, after)
    if answer.status == 403:
        return ForbiddenHere(answer.words, after, _NEVER_SENT)
    return PartUnavailable(answer.words, after)


def _is_there(known: KnownGrade | None, score: int | None, held: Result) -> bool:
    return held.shows(score) if known is None else known.record.is_there(score, held)


def _refused(service: PlatformService, answer: Answer) -> Refused:
    return Refused(answer.words, refusal=service.platform.score_refusal(answer.status, answer.body))


def _handle_stale_timestamp(
    service: PlatformService, delivery: ClaimedDelivery, answer: Answer, known: KnownGrade | None
) -> ScoreOutcome:
    """Whether it is there, by what the gradebook holds: the refusal alone says only that something later is.

    A repeat of ours, or a later one of ours, means delivered; one of somebody else stays, where its time is later or
    not known. Anything else is sent again with a later time.
    """
    reading, fault = _read(service, delivery, known)
    if fault is not None:
        return fault
    ours = json.loads(delivery.body)
    score, sent_at = ours.get("scoreGiven"), dt.datetime.fromisoformat(ours["timestamp"])
    if score is None:
        # A state without a grade leaves no result to compare.
        return Sent()
    if reading is None:
        # The attempt before may have brought it there; a first one has not.
        return Sent() if delivery.attempts > 1 else _later(service, delivery, answer, sent_at)
    held = reading.results.get((delivery.target or {})["user_id"])
    if held is None or (held.timestamp is not None and held.timestamp <= sent_at):
        there = held is not None and _is_there(known, score, held)
        return Sent() if there else _later(service, delivery, answer, sent_at)
    if _is_there(known, score, held):
        return Sent()
    if known is not None and not known.record.sent(held):
        return Withheld(reading)
    return _later(service, delivery, answer, sent_at) if held.timestamp is None else Sent()


def _later(
    service: PlatformService, delivery: ClaimedDelivery, answer: Answer, than: dt.datetime
) -> ScoreOutcome:
    """The same again with a later time, as often as is reasonable."""
    if (delivery.target or {}).get("restamps", 0) >= _MAX_RESTAMPS:
        return _refused(service, answer)
    return Stale(than=than, reason=answer.words)


def _address(delivery: ClaimedDelivery, known: KnownGrade | None) -> str:
    """Where requests to the line item of a score go."""
    named: str = (delivery.target or {})["line_item_url"]
    return known.address or named if known is not None else named


def _read(
    service: PlatformService, delivery: ClaimedDelivery, known: KnownGrade | None
) -> tuple[Reading | None, ScoreOutcome | None]:
    """What the gradebook holds for the person, read back; or why that cannot be known now.

    Both are None where the platform gives no right to read results.
    """
    target = delivery.target or {}
    try:
        reading = read_results(service, _address(delivery, known), target["user_id"])
    except (TokenRefused, ResultsRefused):
        return None, None
    except ResultsUnreadable as error:
        kind = GroupUnavailable if error.unavailable else Retry
        return None, kind(f"{READING_FAILED}{error}", error.after_seconds)
    if not reading.tells_of(target["user_id"]):
        return None, Retry(f"{READING_FAILED}what is listed could not be read")
    return reading, None
