"""Reading results back: what a gradebook shows for each person of a line item (AGS §3.3).

https://www.imsglobal.org/spec/lti-ags/v2p0#result-service. Every method goes over the network.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from marshmallow import ValidationError

from lti_tool.database import utcnow
from lti_tool.lti.ags.columns import SCORE_SCOPE
from lti_tool.lti.ags.reconciliation import Result
from lti_tool.lti.platform_service import Answer, PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.messaging.retry import retry_after
from lti_tool.outbound.client import OutboundRequestError, network_fault
from schemas.ags import ResultSchema

RESULT_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
PAGE_SIZE: Final = 500
"""Asked for; a platform may give fewer."""
MOST_PAGES: Final = 2000
LONGEST_READING: Final = dt.timedelta(minutes=10)
"""How long a whole reading may take, however many pages it has."""


class ResultsRefused(Exception):
    """The platform refuses to show results, or has no such service: what its gradebook shows is not known."""

    def __init__(self, reason: str, *, is_gone: bool = False) -> None:
        """``is_gone``: it answered as for a line item that is not there, or as an address of nothing."""
        super().__init__(reason)
        self.is_gone = is_gone


class ResultsUnreadable(Exception):
    """The results could not be read now."""

    def __init__(self, reason: str, *, unavailable: bool = False, after_seconds: float | None = None) -> None:
        """``unavailable``: the platform takes no request at all, rather than this one alone."""
        super().__init__(reason)
        self.unavailable = unavailable
        self.after_seconds = after_seconds


@dataclass(frozen=True)
class Reading:
    """What was read of one line item."""

    began_at: dt.datetime
    results: Mapping[str, Result]
    """By the platform's id of the person; only those who have a grade."""
    unreadable: frozenset[str] = frozenset()
    """Those whose result was listed and could not be read; the empty text where it named nobody."""
    empty: frozenset[str] = frozenset()
    """Those who were listed without a number."""

    def tells_of(self, user_id: str) -> bool:
        """Whether it is known what the gradebook shows for a person, be it nothing."""
        return user_id in self.results or not self.unreadable & {user_id, ""}


def read_results(service: PlatformService, line_item_url: str, user_id: str | None = None) -> Reading:
    """Read the results of a line item, page by page; of one person alone with ``user_id``.

    A platform that does not know the filter lists everybody, so that pages are followed as far as that person. One
    that cuts the list at the limit and has no further page, as Open edX does, is asked again without a limit.
    Raises :class:`ResultsRefused`, :class:`ResultsUnreadable` or, where the platform gives no token for anything,
    :class:`lti_tool.lti.platform_service.TokenRefused`.
    """
    began_at = utcnow()
    url: str | None = _first_url(service, line_item_url, user_id)
    found: dict[str, Result] = {}
    unreadable, empty, seen = set[str](), set[str](), set[str]()
    while url is not None and (user_id is None or user_id not in found):
        if url in seen or len(seen) >= MOST_PAGES:
            raise ResultsUnreadable("its pages lead back to each other")
        if utcnow() - began_at > LONGEST_READING:
            raise ResultsUnreadable(f"it takes longer than {LONGEST_READING}")
        seen.add(url)
        answer = _page(service, url)
        listed, garbled = _listed(answer)
        unreadable |= garbled
        for person, result in listed.items():
            if result["score"] is not None:
                found.setdefault(
                    person, Result(result["score"], result["maximum"] or 1.0, result["timestamp"])
                )
            else:
                empty.add(person)
        url = _next_url(answer)
        is_cut = service.platform.results_take_limit and len(seen) == 1 and len(listed) >= PAGE_SIZE
        if url is None and user_id is None and is_cut:
            url = subresource_url(line_item_url, "results")
    empty -= found.keys()
    if user_id is not None and service.platform.merges_people and user_id not in found.keys() | empty:
        # The filter finds the person alone, whatever the id under which they are listed.
        if len(found) == 1 and not empty:
            found = dict(zip([user_id], found.values(), strict=True))
        elif len(empty) == 1 and not found:
            empty = {user_id}
    return Reading(began_at, found, frozenset(unreadable), frozenset(empty))


def _first_url(service: PlatformService, line_item_url: str, user_id: str | None) -> str:
    if user_id is None:
        limit = {"limit": str(PAGE_SIZE)} if service.platform.results_take_limit else {}
        return subresource_url(line_item_url, "results", **limit)
    if service.platform.person_in_results_path:
        return subresource_url(line_item_url, f"results/{quote(user_id, safe='')}")
    return subresource_url(line_item_url, "results", user_id=user_id)


def _page(service: PlatformService, url: str) -> Answer:
    try:
        answer = service.call("GET", url, [RESULT_SCOPE], accept=RESULTS_TYPE)
    except ServiceHostUnknown as error:
        raise ResultsUnreadable(str(error)) from None
    except TokenRefused as error:
        raise _refused_token(service, error) from None
    except requests.RequestException as error:
        raise ResultsUnreadable(error_text(error), unavailable=True) from None
    if answer.ok:
        return answer
    if 400 <= answer.status < 500 and not answer.is_throttled:
        # Canvas answers 422 for a course that has ended.
        raise ResultsRefused(answer.words, is_gone=answer.status in (404, 410))
    raise ResultsUnreadable(
        answer.words,
        unavailable=answer.is_throttled or answer.status > 501,
        after_seconds=retry_after(answer.headers.get("Retry-After", "")),
    )


def _refused_token(service: PlatformService, error: TokenRefused) -> Exception:
    """What a refused token for reading results means.

    Where the platform gives a new token for scores at this moment, it refuses the right to read alone; else it refuses
    the tool, and knows better once somebody has looked.
    """
    try:
        service.renew_access_token([SCORE_SCOPE])
    except TokenRefused:
        return error
    except requests.RequestException as fault:
        return ResultsUnreadable(f"the token endpoint: {error_text(fault)}", unavailable=True)
    return ResultsRefused(str(error))


def _listed(answer: Answer) -> tuple[dict[str, dict[str, Any]], set[str]]:
    try:
        return ResultSchema().load_page(answer.json())
    except OutboundRequestError as error:
        raise ResultsUnreadable(error_text(error)) from None
    except ValidationError:
        raise ResultsUnreadable("a page is not a list of results") from None


def _next_url(answer: Answer) -> str | None:
    try:
        return answer.next_url
    except OutboundRequestError as error:
        raise ResultsUnreadable(error.detail) from None


def subresource_url(url: str, name: str, **query: str) -> str:
    """The address of a line item's scores or results: in its path, before the query (AGS §3.2.10)."""
    parts = urlsplit(url)
    added = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    both = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query=both))


def error_text(error: Exception) -> str:
    """What went wrong between the platform and the tool, in a line for operators and tutors."""
    return network_fault(error)
