"""How a test reads the tool's answer: let in, or refused for a recorded reason."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.identity.models import CourseRole, Person
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.models import Refusal


def opened(services: Services, response: TestResponse) -> LaunchSession:
    """The session that a launch opened; fails if it did not open one."""
    assert response.status_code == 303, response.text
    path = response.headers["Location"]
    assert path.startswith("/l/"), path
    session_id = path.split("/")[2].partition(".")[0]
    with services.database.reading() as db:
        return db.get_one(LaunchSession, uuid.UUID(session_id))


def role_of(services: Services, response: TestResponse) -> CourseRole:
    """The role that a launch was given."""
    return CourseRole(opened(services, response).role)


def person_of(services: Services, response: TestResponse) -> Person:
    """Who came with a launch."""
    person_id = opened(services, response).person_id
    with services.database.reading() as db:
        return db.get_one(Person, person_id)


def refusals(services: Services) -> list[Refusal]:
    """The audit, oldest first."""
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Refusal).order_by(Refusal.at)))


def assert_refused(services: Services, response: TestResponse, reason: str, *, status: int = 403) -> Refusal:
    """The answer is a page of this status without internals, and one audit row names this reason."""
    rows = refusals(services)
    assert (response.status_code, [row.reason for row in rows]) == (status, [reason])
    assert response.mimetype == "text/html"
    assert rows[0].reference in response.text
    for internal in ("Traceback", "lti_tool", reason, "LtiException"):
        assert internal not in response.text
    return rows[0]
