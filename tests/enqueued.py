"""What was enqueued: statements and scores, read from the outbox."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging.models import Delivery, DeliveryKind
from tests.builder import World


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
