"""What the tests of subscribers share: a signed pair, what it does, and what was enqueued."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Person
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.objectives.actions import agree_objective
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Placement
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import (
    confirm_session,
    correct_session,
    dispute_session,
    log_session,
)
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.messaging.models import Delivery, DeliveryKind
from tests.world import World, add_link

LINE_ITEM = "https://lms.example/lineitems/1/lineitem?type_id=1"


def bodies(services: Services, kind: DeliveryKind) -> list[dict[str, Any]]:
    """What was enqueued of one kind, in order, but for scores that others replaced."""
    with services.database.reading() as db:
        rows = db.scalars(sa.select(Delivery).where(Delivery.kind == kind.value).order_by(Delivery.id))
        return [json.loads(row.body) for row in rows if row.status != "superseded"]


def statements(services: Services) -> list[dict[str, Any]]:
    return bodies(services, DeliveryKind.STATEMENT)


def verbs(services: Services) -> list[str]:
    return [statement["verb"]["display"]["en"] for statement in statements(services)]


def scores(services: Services) -> list[dict[str, Any]]:
    return bodies(services, DeliveryKind.SCORE)


def actor_of(world: World, participant_id: uuid.UUID) -> str:
    """The name of a participant's account in statements."""
    with world.services.database.reading() as db:
        return str(
            db.scalars(
                sa.select(Person.pseudonym)
                .join(Participant, Participant.person_id == Person.id)
                .where(Participant.id == participant_id)
            ).one()
        )


def grade_column(world: World, url: str = LINE_ITEM, scopes: list[str] | None = None) -> uuid.UUID:
    """Let the activity accept grades; return its id."""
    with world.transaction() as db:
        link = db.get_one(ResourceLink, world.resource_link_id)
        link.line_item_url, link.scopes = url, [SCORE_SCOPE] if scopes is None else scopes
    return world.resource_link_id


def second_activity(world: World, url: str, role_view: str = "both") -> uuid.UUID:
    """Another activity of the same group, with a line item of its own; return the link's id."""
    with world.transaction() as db:
        link = add_link(db, db.get_one(Course, world.course_id), "activity-2", url)
        db.add(
            Placement(
                cohort_id=world.cohort_id,
                course_id=world.course_id,
                resource_link_id=link.id,
                role_view=role_view,
            )
        )
        return link.id


def log_session_of(world: World) -> uuid.UUID:
    """The mentor logs a session of 45 minutes."""
    with world.acting() as db:
        return log_session(
            db,
            pair_id=db.scalars(sa.select(Pair.id)).one(),
            by=world.mentor_id,
            held_on=utcnow().date(),
            minutes=45,
            format="video",
            form_key=uuid.uuid4(),
            now=utcnow(),
        ).id


def confirm(world: World, session_id: uuid.UUID) -> None:
    with world.acting() as db:
        confirm_session(db, session_id=session_id, by=world.mentee_id, now=utcnow())


def dispute(world: World, session_id: uuid.UUID) -> None:
    with world.acting() as db:
        dispute_session(db, session_id=session_id, by=world.mentee_id, reason="did-not-meet", now=utcnow())


def correct(world: World, session_id: uuid.UUID) -> None:
    """The mentor says that it was 30 minutes."""
    with world.acting() as db:
        correct_session(
            db,
            session_id=session_id,
            by=world.mentor_id,
            held_on=db.get_one(MentoringSession, session_id).held_on,
            minutes=30,
            format="video",
            now=utcnow(),
        )


def agree(world: World, title: str, direction: Role = Role.MENTEE) -> uuid.UUID:
    """The mentor sets an objective."""
    with world.acting() as db:
        return agree_objective(
            db,
            pair_id=db.scalars(sa.select(Pair.id)).one(),
            by=world.mentor_id,
            direction=direction,
            title=title,
            tag="skills",
            required=True,
            now=utcnow(),
        ).id
