"""A launch session as its pages know it: plain values, read in one row by every request under ``/l/<launch_key>/``.

The fields of each value are columns of the same names, in their order, so that a row is cut into values.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from lti_tool.identity.models import Course, Person
from lti_tool.lti.launch.models import LaunchSession, ResourceLink
from lti_tool.lti.registration.models import Deployment, Registration


@dataclass(slots=True)
class LaunchRegistration:
    """The registration of a launch."""

    id: uuid.UUID
    issuer: str
    client_id: str
    auth_login_url: str
    jwks_url: str
    frame_origins: list[str]
    platform_family: str | None


@dataclass(slots=True)
class LaunchDeployment:
    """The deployment of a launch."""

    id: uuid.UUID
    deployment_id: str
    """The platform's own id for it."""
    organisation_id: uuid.UUID | None
    status: str


@dataclass(slots=True)
class LaunchPerson:
    """Whom a launch named."""

    id: uuid.UUID
    name: str | None
    given_name: str | None
    family_name: str | None


@dataclass(slots=True)
class LaunchCourse:
    """The course of a launch."""

    id: uuid.UUID
    context_id: str
    title: str | None
    roster_url: str | None
    roster_read_at: dt.datetime | None
    roster_paused_until: dt.datetime | None


@dataclass(slots=True)
class LaunchLink:
    """The activity of a launch."""

    id: uuid.UUID
    resource_link_id: str
    """The platform's own id for it."""
    title: str | None
    content_id: uuid.UUID | None
    template: str | None
    only_role: str | None
    line_item_url: str | None
    own_line_item_url: str | None
    line_items_url: str | None
    scopes: list[str]


@dataclass(slots=True)
class LaunchValues:
    """The columns of a launch session that its pages use."""

    id: uuid.UUID
    secret_hash: str
    csrf_key: str
    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    role: str
    is_admin: bool
    is_test_user: bool
    locale: str | None
    time_zone: str | None
    return_url: str | None
    document_target: str | None
    shown_subjects: list[str] | None
    deep_linking: dict[str, Any] | None
    created_at: dt.datetime
    expires_at: dt.datetime
    signed_out_at: dt.datetime | None


@dataclass(slots=True)
class OpenedLaunch(LaunchValues):
    """A launch session, with what it belongs to."""

    registration: LaunchRegistration
    deployment: LaunchDeployment
    person: LaunchPerson | None
    course: LaunchCourse | None
    resource_link: LaunchLink | None


_PARTS: Final = (
    (LaunchSession, LaunchValues),
    (Registration, LaunchRegistration),
    (Deployment, LaunchDeployment),
    (Person, LaunchPerson),
    (Course, LaunchCourse),
    (ResourceLink, LaunchLink),
)


def value_columns(mapped: Any, values: Any) -> list[sa.ColumnElement[Any]]:
    """The columns of a mapped class that the fields of a class of values name, labelled by both."""
    return [
        getattr(mapped, each.name).label(f"{mapped.__tablename__}_{each.name}")
        for each in dataclasses.fields(values)
    ]


COLUMNS: Final = [column for mapped, values in _PARTS for column in value_columns(mapped, values)]
"""What :func:`opened_launch` takes: of the launch session, and of what it belongs to."""
_ENDS: Final = list(itertools.accumulate(len(dataclasses.fields(values)) for _mapped, values in _PARTS))


def with_launch(query: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Join the tables of :data:`COLUMNS` to a query of launch sessions."""
    return (
        query.join(Registration, Registration.id == LaunchSession.registration_id)
        .join(Deployment, Deployment.id == LaunchSession.deployment_id)
        .outerjoin(Person, Person.id == LaunchSession.person_id)
        .outerjoin(Course, Course.id == LaunchSession.course_id)
        .outerjoin(ResourceLink, ResourceLink.id == LaunchSession.resource_link_id)
    )


def opened_launch(row: Sequence[Any]) -> OpenedLaunch:
    """The launch session of a row that begins with :data:`COLUMNS`."""
    launch, registration, deployment, person, course, link = (
        row[start:end] for start, end in itertools.pairwise((0, *_ENDS))
    )
    belongs_to = (
        LaunchRegistration(*registration),
        LaunchDeployment(*deployment),
        None if person[0] is None else LaunchPerson(*person),
        None if course[0] is None else LaunchCourse(*course),
        None if link[0] is None else LaunchLink(*link),
    )
    return OpenedLaunch(*[*launch, *belongs_to])
