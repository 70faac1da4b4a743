"""Deliveries of a kind that tests have a channel of their own for."""

from __future__ import annotations

import uuid

from lti_tool.composition.services import Services
from lti_tool.messaging import outbox


def enqueue(services: Services, *order_keys: str) -> None:
    """Of the kind ``scripted``, to the receiver ``r``, one for each order key."""
    with services.database.transaction() as db:
        for order_key in order_keys:
            outbox.enqueue(
                db, kind="scripted", receiver="r", key=uuid.uuid4(), order_key=order_key, body=b"{}"
            )
