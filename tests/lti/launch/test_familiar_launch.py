"""A launch that tells nothing new writes what any launch writes, and nothing when it is not one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.errors import StateUsed
from lti_tool.lti.launch.familiar_launch import _write, persist_familiar_launch
from lti_tool.lti.launch.login_states import PendingLogin, new_secret
from lti_tool.lti.launch.models import LaunchSession, UsedNonce
from lti_tool.lti.launch.persist import PersistedLaunch, VerifiedLaunch, persist_launch, session_row
from lti_tool.lti.registration.models import Deployment
from tests.platform.platform import Platform

SECRET_HASH = "0" * 64
LIFETIME = dt.timedelta(hours=12)


@pytest.fixture
def launch(services: Services, platform: Platform) -> VerifiedLaunch:
    """A learner's launch, every value of it present, and like one that was written a moment ago."""
    with services.database.reading() as db:
        deployment_id = db.scalars(sa.select(Deployment.id)).one()
    launch = VerifiedLaunch(
        registration_id=platform.registration_id,
        deployment_id=deployment_id,
        message_type="LtiResourceLinkRequest",
        role=CourseRole.LEARNER,
        subject="person-1",
        name="Amina Okafor",
        given_name="Amina",
        family_name="Okafor",
        email="amina@lms.example",
        locale="fr",
        context_id="course-1",
        context_title="Leading today",
        resource_link_id="link-1",
        resource_link_title="Reverse mentoring",
        content_id=uuid.uuid4(),
        template="a-template",
        line_item_url="https://lms.example/items/1",
        scopes=("https://purl.imsglobal.org/spec/lti-ags/scope/score",),
        roster_url="https://lms.example/nrps",
        return_url="https://lms.example/course",
        deep_linking={"data": "x"},
    )
    write(services, launch)
    return launch


@pytest.fixture
def login(services: Services, platform: Platform) -> PendingLogin:
    """A login under way."""
    registration = services.tool_config.registration(platform.registration_id)
    assert registration is not None
    return PendingLogin(new_secret(), registration, None, "", "", utcnow() + LIFETIME)


def write(services: Services, launch: VerifiedLaunch) -> PersistedLaunch:
    """Write a launch as any is written."""
    with services.database.writing_connection() as connection:
        return persist_launch(connection, launch, secret_hash=SECRET_HASH, lifetime=LIFETIME)


def write_familiar(services: Services, launch: VerifiedLaunch, login: PendingLogin) -> PersistedLaunch | None:
    found = persist_familiar_launch(
        services.database, launch, login, secret_hash=SECRET_HASH, lifetime=LIFETIME
    )
    return found if isinstance(found, PersistedLaunch) else None


def session_columns(services: Services, session_id: uuid.UUID) -> dict[str, object]:
    """What a session has that does not differ from launch to launch, and how long it lasts."""
    with services.database.reading() as db:
        session = db.get_one(LaunchSession, session_id)
        names = {column.name for column in sa.inspect(LaunchSession).columns}
        own = {"id", "csrf_key", "created_at", "expires_at"}
        columns = {name: getattr(session, name) for name in names - own}
        return columns | {"lasts": session.expires_at - session.created_at, "key": len(session.csrf_key)}


def rows(services: Services) -> tuple[list[uuid.UUID], list[str], list[tuple[object, ...]]]:
    """Everything that a launch may write here: sessions, nonces and memberships."""
    with services.database.reading() as db:
        sessions = list(db.scalars(sa.select(LaunchSession.id).order_by(LaunchSession.id)))
        nonces = list(db.scalars(sa.select(UsedNonce.nonce).order_by(UsedNonce.nonce)))
        memberships = [
            tuple(row)
            for row in db.execute(sa.select(Membership.id, Membership.role, Membership.launched_at))
        ]
    return sessions, nonces, memberships


def test_its_session_is_that_of_any_launch(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    familiar = write_familiar(services, launch, login)
    usual = write(services, launch)
    assert familiar is not None
    assert session_columns(services, familiar.session_id) == session_columns(services, usual.session_id)
    assert dataclasses.replace(familiar, session_id=usual.session_id) == usual


def test_it_uses_its_nonce_up(services: Services, launch: VerifiedLaunch, login: PendingLogin) -> None:
    write_familiar(services, launch, login)
    with services.database.reading() as db:
        used = db.scalars(sa.select(UsedNonce)).one()
    assert (used.nonce, used.expires_at) == (login.nonce, login.expires_at)


def test_its_role_replaces_the_former_one(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(Membership).values(active=False))
    before = utcnow()
    write_familiar(services, dataclasses.replace(launch, role=CourseRole.TUTOR), login)
    with services.database.reading() as db:
        membership = db.scalars(sa.select(Membership)).one()
    assert (membership.role, membership.active) == ("tutor", True)
    assert membership.launched_at is not None
    assert membership.launched_at >= before


def test_what_it_leaves_out_is_no_news(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    little = dataclasses.replace(launch, name=None, email=None, context_title=None, resource_link_title=None)
    assert write_familiar(services, little, login) is not None


@pytest.mark.parametrize(
    "news",
    [
        {"subject": "person-2"},
        {"subject": None},
        {"name": "Amina Obi"},
        {"locale": "en"},
        {"context_id": "course-2"},
        {"context_id": None},
        {"context_title": "Leading tomorrow"},
        {"roster_url": "https://lms.example/nrps/2"},
        {"context_history": "course-0"},
        {"resource_link_id": "link-2"},
        {"resource_link_title": "Mentoring"},
        {"content_id": uuid.UUID(int=1)},
        {"template": "another"},
        {"line_item_url": "https://lms.example/items/2"},
        {"line_item_url": None},
        {"scopes": ()},
        {"service_hosts": ("lms.example",)},
        {"platform_family": "moodle"},
    ],
    ids=str,
)
def test_a_launch_that_tells_anything_new_is_left_to_be_written_whole(
    services: Services, launch: VerifiedLaunch, login: PendingLogin, news: dict[str, object]
) -> None:
    before = rows(services)
    assert write_familiar(services, dataclasses.replace(launch, **news), login) is None
    assert rows(services) == before


def test_a_first_launch_of_whom_a_roster_listed_is_left_to_be_written_whole(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    with services.database.transaction() as db:
        db.execute(sa.update(Membership).values(launched_at=None))
    assert write_familiar(services, launch, login) is None


def test_a_first_launch_of_another_activity_of_the_course_is_left_to_be_written_whole(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    second = dataclasses.replace(launch, resource_link_id="link-2")
    write(services, dataclasses.replace(second, subject="person-2"))
    assert write_familiar(services, second, login) is None
    write(services, second)
    assert write_familiar(services, second, login) is not None


def test_a_nonce_serves_once_and_a_replay_writes_nothing(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    write_familiar(services, launch, login)
    before = rows(services)
    with pytest.raises(StateUsed):
        write_familiar(services, dataclasses.replace(launch, role=CourseRole.TUTOR), login)
    assert rows(services) == before


def test_a_launch_of_a_deployment_that_is_gone_leaves_nothing(
    services: Services, launch: VerifiedLaunch, login: PendingLogin
) -> None:
    before = rows(services)
    # A course belongs to its deployment: only a session can still refer to one that there is not.
    with services.database.reading() as db:
        known = db.scalars(sa.select(LaunchSession)).one()
    row = session_row(
        dataclasses.replace(launch, deployment_id=uuid.uuid4()),
        known.person_id,
        known.course_id,
        known.resource_link_id,
        secret_hash=SECRET_HASH,
        lifetime=LIFETIME,
        now=utcnow(),
    )
    nonce = {
        "nonce": login.nonce,
        "nonce_expires_at": login.expires_at,
        "membership_id": uuid.uuid4(),
        "membership_role": "learner",
    }
    with pytest.raises(sa.exc.IntegrityError), services.database.quick_write() as connection:
        _write(connection, row | nonce)
    assert rows(services) == before
