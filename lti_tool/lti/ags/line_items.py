"""The line items of a course: finding the activity's own, making it, bringing it up to date, deleting it (AGS §3.2).

https://www.imsglobal.org/spec/lti-ags/v2p0#line-item-service. Every method of a service goes over the network; which
line item is the activity's own is decided by a pure function. When any of it is done:
:mod:`lti_tool.lti.ags.line_item_job`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from marshmallow import ValidationError

from lti_tool.database import utcnow
from lti_tool.lti.ags.models import MAXIMUM
from lti_tool.lti.ags.results import error_text
from lti_tool.lti.platform_service import Answer, PlatformService, ServiceHostUnknown, TokenRefused
from lti_tool.outbound.client import OutboundRequestError, was_never_connected
from schemas.ags import LineItemSchema

LINE_ITEM_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
LINE_ITEM_TAG: Final = "reverse-mentoring"
"""How the ``tag`` of each line item begins that the tool makes, or has a platform make with the content picker."""
PAGE_SIZE: Final = 100
"""Asked for; a platform may give fewer, or all."""
_UNBOUND: Final = "-column"
MOST_PAGES: Final = 100
LONGEST_LOOK: Final = dt.timedelta(minutes=1)
"""How long looking through a course's line items may take, however many pages they have."""


class LineItemsUnavailable(Exception):
    """The platform did not answer as it should. What it was asked for may have happened."""


class LineItemRefused(Exception):
    """The platform refuses, or was never asked: what it was asked for has not happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A line item as a platform lists it (§3.2.5)."""

    url: str
    label: str = ""
    maximum: float | None = None
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    fields: Mapping[str, Any]
    """All that the platform says of it, which goes back when it is changed."""


def line_item_tag(role: str | None) -> str:
    """The tag of an activity's line item: two activities of one content, one for each role, have one each."""
    return LINE_ITEM_TAG if role is None else f"{LINE_ITEM_TAG}-{role}"


def unbound_tag(tag: str) -> str:
    """The tag of a line item that an earlier version of the tool made for its link, once it is for none."""
    return f"{tag}{_UNBOUND}"


@dataclass(frozen=True, slots=True)
class OwnLineItem:
    """What the line item of an activity is known by, and what it is to be called."""

    resource_id: str
    """The activity's content id, which survives a course copy; the id of its row where it has none, or where a line
    item says nothing of its link: a duplicate has the same content id."""
    resource_link_id: str
    label: str
    tag: str = LINE_ITEM_TAG
    """:func:`line_item_tag` of the activity's role."""
    is_bound: bool = True
    """Whether it is made for the resource link (``resourceLinkId``)."""

    def is_one(self, item: LineItem) -> bool:
        """Whether this may be it: a duplicate of the activity has the same resource id, and another link."""
        return (
            item.resource_id == self.resource_id
            and item.tag == self.tag
            and item.resource_link_id in ("", self.resource_link_id)
        )

    def to_json(self) -> dict[str, Any]:
        """As it is posted (§3.2.6)."""
        bound = {"resourceLinkId": self.resource_link_id} if self.is_bound else {}
        return {
            "label": self.label,
            "scoreMaximum": MAXIMUM,
            "resourceId": self.resource_id,
            "tag": self.tag,
            **bound,
        }


def choose(
    own: OwnLineItem, items: Iterable[LineItem], *, known_url: str | None = None, taken: Collection[str] = ()
) -> LineItem | None:
    """The activity's own among those of its course: the known one, else one made for its link, else one for none.

    ``known_url``: which it was before. ``taken``: those that other activities have.
    """
    candidates = [item for item in items if own.is_one(item) and item.url not in taken]
    candidates.sort(key=lambda item: (item.url != known_url, not item.resource_link_id, item.url))
    return candidates[0] if candidates else None


def find(
    service: PlatformService,
    container_url: str,
    own: OwnLineItem,
    scopes: Collection[str],
    *,
    known_url: str | None = None,
    taken: Collection[str] = (),
) -> LineItem | None:
    """Look for the activity's own line item among those of its course, page by page; as :func:`choose` does.

    Raises :class:`LineItemsUnavailable`, :class:`LineItemRefused`.
    """
    items = _listed(service, container_url, scopes, resource_id=own.resource_id, tag=own.tag)
    return choose(own, items, known_url=known_url, taken=taken)


def find_copies(
    service: PlatformService, container_url: str, own: OwnLineItem, scopes: Collection[str]
) -> list[LineItem]:
    """Those of the course that are for no other link, and known by another resource id, as copies are that came with
    their course. Raises as :func:`find` does.
    """
    items = _listed(service, container_url, scopes, tag=own.tag)
    return [
        item for item in items if item.resource_id and own.is_one(replace(item, resource_id=own.resource_id))
    ]


def _listed(
    service: PlatformService, container_url: str, scopes: Collection[str], **asked: str
) -> list[LineItem]:
    """Those that a platform lists, which may know no filter and list all of them."""
    scope = LINE_ITEM_SCOPE if LINE_ITEM_SCOPE in scopes else LINE_ITEM_READ_SCOPE
    began_at, seen, found = utcnow(), set[str](), list[LineItem]()
    url: str | None = _filtered(container_url, asked)
    while url is not None:
        if url in seen or len(seen) >= MOST_PAGES or utcnow() - began_at > LONGEST_LOOK:
            raise LineItemsUnavailable("the list of line items does not end")
        seen.add(url)
        answer = _call(service, "GET", url, scope, accept=LINE_ITEMS_TYPE)
        try:
            page, url = LineItemSchema().load_page(answer.json()), answer.next_url
        except (OutboundRequestError, ValidationError):
            raise LineItemsUnavailable("what it answers is no list of line items") from None
        found += [_line_item(loaded, fields) for loaded, fields in page]
    return found


def make(service: PlatformService, container_url: str, own: OwnLineItem) -> LineItem:
    """Make the activity's own line item. Raises :class:`LineItemsUnavailable`, after which it may be there or not;
    :class:`LineItemRefused`, after which it is not.
    """
    answer = _call(
        service, "POST", container_url, LINE_ITEM_SCOPE, accept=LINE_ITEM_TYPE, body=_bytes(own.to_json())
    )
    return _answered(answer)


def is_gone(service: PlatformService, url: str, scopes: Collection[str]) -> bool:
    """Whether the platform says that it has no such line item; False where it says nothing of the kind.

    Only the line item's own address is believed: Moodle's results answer 404 to a fault of theirs.
    """
    scope = next((scope for scope in (LINE_ITEM_READ_SCOPE, LINE_ITEM_SCOPE) if scope in scopes), None)
    if scope is None:
        return False
    try:
        answer = service.call("GET", url, [scope], accept=LINE_ITEM_TYPE)
    except (TokenRefused, ServiceHostUnknown, requests.RequestException):
        return False
    return answer.status in (404, 410) and not answer.is_web_page


def change(service: PlatformService, item: LineItem, **values: str) -> None:
    """Give a line item another ``label`` or ``resourceId``; all else of it stays. Raises as :func:`make` does."""
    # Open edX lists null where there is no date, and takes none back.
    fields = {name: value for name, value in item.fields.items() if name != "id" and value is not None}
    body = _bytes({**fields, **values})
    _call(service, "PUT", item.url, LINE_ITEM_SCOPE, accept=LINE_ITEM_TYPE, body=body)


def unbind(service: PlatformService, item: LineItem, *, tag: str) -> LineItem:
    """Let a line item be one for no link, with another tag; as it is afterwards. Raises as :func:`make` does.

    What the platform makes of it is read again: whether it has let go of the link is its own affair.
    """
    fields = {
        name: value for name, value in item.fields.items() if name not in _OF_THE_LINK and value is not None
    }
    body = _bytes({**fields, "tag": tag})
    _call(service, "PUT", item.url, LINE_ITEM_SCOPE, accept=LINE_ITEM_TYPE, body=body)
    return _answered(_call(service, "GET", item.url, LINE_ITEM_SCOPE, accept=LINE_ITEM_TYPE))


_OF_THE_LINK: Final = ("id", "resourceLinkId", "ltiLinkId")


def delete(service: PlatformService, url: str) -> None:
    """Delete a line item, with its grades; one that is gone already is deleted. Raises as :func:`make` does."""
    _call(service, "DELETE", url, LINE_ITEM_SCOPE, accept=LINE_ITEM_TYPE, gone_is_done=True)


def _filtered(url: str, asked: Mapping[str, str]) -> str:
    parts, query = urlsplit(url), urlencode({**asked, "limit": PAGE_SIZE})
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, query) if part)))


def _call(
    service: PlatformService,
    method: Any,
    url: str,
    scope: str,
    *,
    accept: str,
    body: bytes | None = None,
    gone_is_done: bool = False,
) -> Answer:
    try:
        answer = service.call(method, url, [scope], accept=accept, body=body, content_type=LINE_ITEM_TYPE)
    except (TokenRefused, ServiceHostUnknown) as error:
        raise LineItemRefused(str(error)) from None
    except requests.RequestException as error:
        fault = LineItemRefused if was_never_connected(error) else LineItemsUnavailable
        raise fault(error_text(error)) from None
    if answer.ok or (gone_is_done and answer.status in (404, 410)):
        return answer
    refused = 400 <= answer.status < 500 and not answer.is_throttled
    raise (LineItemRefused if refused else LineItemsUnavailable)(answer.words)


def _answered(answer: Answer) -> LineItem:
    """The line item of an answer. Raises :class:`LineItemsUnavailable`."""
    try:
        fields = answer.json()
        return _line_item(LineItemSchema().load_one(fields), fields)
    except (OutboundRequestError, ValidationError):
        raise LineItemsUnavailable("what it answers is no line item") from None


def _line_item(loaded: Mapping[str, Any], fields: Mapping[str, Any]) -> LineItem:
    return LineItem(**loaded, fields=fields)


def _bytes(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()
