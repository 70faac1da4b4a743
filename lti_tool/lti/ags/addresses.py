"""One address for each line item, whichever address of it a launch names.

A platform may answer under several hosts: a Canvas account at its own domain and at instructure.com, a Moodle behind
two names. And the same line item may have another path, after an update or seen from another account
(:meth:`lti_tool.lti.platforms.base.Platform.line_item_id`). The specification makes the address the id of a line item
(AGS §3.2.5) and says of no launch that it names the same one as the last. Grades are kept by the one that was named
first, in the course of the activity alone: on another tenant of the same registration the same path is another line
item. Requests go to the address that was named last.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from lti_tool.database import table_of
from lti_tool.identity.models import Course
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.lti.platforms.base import Platform
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.outbound.origins import host_of, service_hosts

_SCHEMES: Final = ("https", "http")


def addresses_of(url: str, hosts: Collection[str]) -> list[str]:
    """What a line item may be called under each host of its platform, the address itself first.

    Only itself where its own host is none of them. ``hosts``: as :func:`lti_tool.outbound.origins.service_hosts` gives.
    """
    if host_of(url) not in hosts:
        return [url]
    parts = urlsplit(url)
    under_each = (
        urlunsplit(parts._replace(scheme=scheme, netloc=host))
        for host in sorted(hosts)
        for scheme in _SCHEMES
    )
    return list(dict.fromkeys([url, *under_each]))


@dataclass(frozen=True, slots=True)
class LineItemPlaces:
    """Where the line items of one registration's platform are."""

    hosts: frozenset[str]
    """As :func:`lti_tool.outbound.origins.service_hosts` gives them."""
    platform: Platform

    def are_one(self, url: str, other: str) -> bool:
        """Whether both are addresses of one line item of a course."""
        if url == other:
            return True
        parts, others = urlsplit(url), urlsplit(other)
        if not {host_of(url), host_of(other)} <= self.hosts:
            return False
        found = self.platform.line_item_id(parts.path)
        if found != parts.path:
            return found == self.platform.line_item_id(others.path)
        return (parts.path, parts.query) == (others.path, others.query)


def line_item_places(
    connection: sa.Connection, registration_id: uuid.UUID, named: Collection[str] = ()
) -> LineItemPlaces:
    """Those of a registration, with the hosts that a launch is the first to name."""
    registration = table_of(Registration).c
    row = connection.execute(sa.select(*registration).where(registration.id == registration_id)).one_or_none()
    if row is None:
        return LineItemPlaces(frozenset(), Platform())
    return LineItemPlaces(
        frozenset(service_hosts(row).union(named)), platform_of(row.issuer, row.platform_family)
    )


def known_address(
    connection: sa.Connection, url: str, course_id: uuid.UUID, places: LineItemPlaces
) -> str | None:
    """The address by which the activities of a course know a line item already; None where they know no such one."""
    link = table_of(ResourceLink).c
    known = connection.scalars(
        sa.select(link.line_item_url)
        .where(link.course_id == course_id, link.line_item_url.is_not(None))
        .order_by(link.created_at, link.id)
    )
    return next((each for each in known if each is not None and places.are_one(url, each)), None)


def registration_of_link(link_id: uuid.UUID) -> sa.ScalarSelect[uuid.UUID]:
    """The registration of an activity."""
    return (
        sa.select(Deployment.registration_id)
        .join(Course, Course.deployment_id == Deployment.id)
        .join(ResourceLink, ResourceLink.course_id == Course.id)
        .where(ResourceLink.id == link_id)
        .scalar_subquery()
    )
