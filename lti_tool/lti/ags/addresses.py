"""One address for each line item, whichever host of its platform a launch names.

A platform may answer under several hosts: a Canvas account at its own domain and at instructure.com, a Moodle behind
two names. Its line items then have an address under each, with the same path and query. Grades are kept by the one that
was named first, in the course of the activity alone: on another tenant of the same registration the same path is
another line item. Requests go to the address that was named last.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from lti_tool.database import table_of
from lti_tool.identity.models import Course
from lti_tool.lti.launch.models import ResourceLink
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


def hosts_of(
    connection: sa.Connection, registration_id: uuid.UUID, named: Collection[str] = ()
) -> frozenset[str]:
    """The hosts of a registration's services, with those that a launch is the first to name."""
    row = connection.execute(
        sa.select(*table_of(Registration).c).where(table_of(Registration).c.id == registration_id)
    ).one_or_none()
    return frozenset() if row is None else service_hosts(row).union(named)


def known_address(
    connection: sa.Connection, url: str, course_id: uuid.UUID, hosts: Collection[str]
) -> str | None:
    """The address by which the activities of a course know a line item already; None where they know no such one."""
    link = table_of(ResourceLink).c
    return connection.scalar(
        sa.select(link.line_item_url)
        .where(link.course_id == course_id, link.line_item_url.in_(addresses_of(url, hosts)))
        .order_by(link.created_at, link.id)
        .limit(1)
    )


def registration_of_link(link_id: uuid.UUID) -> sa.ScalarSelect[uuid.UUID]:
    """The registration of an activity."""
    return (
        sa.select(Deployment.registration_id)
        .join(Course, Course.deployment_id == Deployment.id)
        .join(ResourceLink, ResourceLink.course_id == Course.id)
        .where(ResourceLink.id == link_id)
        .scalar_subquery()
    )
