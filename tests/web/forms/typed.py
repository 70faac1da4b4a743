"""Forms as a person fills them in, read from a page and sent from it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.lti.launch.models import LaunchSession
from tests.builder.launches import add_next_launch, key_of, session_id_of
from tests.forms import Form, forms_of
from tests.web.visiting import Visit

OBJECTIVE = {"title": "Lire un bilan", "direction": "mentor", "tag": "culture", "required": "yes"}


def meeting() -> dict[str, str]:
    """A meeting of today, which is not the day that the tests began on."""
    return {"held_on": utcnow().date().isoformat(), "minutes": "50", "mode": "video", "format": "audio"}


def form_of(here: Visit, below: str, form_id: str) -> Form:
    """The form of a page, by its id."""
    [found] = [form for form in forms_of(here.get(below)) if form.attributes.get("id") == form_id]
    return found


def filled(here: Visit, below: str, form_id: str, **typed: str) -> tuple[str, dict[str, str]]:
    """The address of a form, and its fields with what was typed."""
    form = form_of(here, below, form_id)
    return form.action, {**form.fields, **typed}


def launch_of(here: Visit) -> uuid.UUID:
    """The id of the launch session."""
    return session_id_of(here.home)


def expire(services: Services, here: Visit) -> None:
    """End the session of a launch."""
    with services.database.transaction() as db:
        db.execute(
            sa.update(LaunchSession)
            .where(LaunchSession.id == launch_of(here))
            .values(expires_at=utcnow() - dt.timedelta(seconds=1))
        )


def launch_again(services: Services, here: Visit, **changes: Any) -> Visit:
    """The same person's next launch; with ``changes``, another person's or of another place."""
    with services.database.transaction() as db:
        launch = add_next_launch(db, launch_of(here), **changes)
        return Visit(here.client, f"/l/{key_of(launch)}/")


def value_of(page: str, name: str) -> str:
    """What a text field of a page holds."""
    found = re.search(rf'<input [^>]*name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]
