"""A browser without a screen, opened on one situation."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import aliased
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from tests.builder.situations import Situation, build_situation


@dataclass
class Visit:
    """Somebody at work in a situation; paths are below the situation's home."""

    client: FlaskClient
    home: str

    def get(self, below: str = "", **options: object) -> TestResponse:
        """Open a page."""
        return self.client.get(self.home + below, **options)  # type: ignore[arg-type]

    def text(self, below: str = "") -> str:
        """What a page says, entities resolved."""
        return html.unescape(self.get(below).get_data(as_text=True))

    def post(self, below: str, **form: object) -> TestResponse:
        """Send a form as its page would."""
        return self.client.post(self.home + below, data={"csrf_token": self.csrf_token(), **form})

    def csrf_token(self) -> str:
        """The token that every form of this launch carries."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get().get_data(as_text=True))
        assert found
        return found[1]

    def link(self, pattern: str, below: str = "") -> str:
        """The first address on a page that matches, as a path below the home."""
        found = re.search(rf'(?:href|action)="{re.escape(self.home)}({pattern})"', self.text(below))
        assert found, pattern
        return found[1]


def as_partner(here: Visit, services: Services) -> Visit:
    """The same activity, opened by the other of the only pair of whoever is here."""
    key = here.home.removeprefix("/l/").rstrip("/")
    session_id, _dot, secret = key.partition(".")
    with services.database.transaction() as db:
        opened = db.get_one(LaunchSession, uuid.UUID(session_id))
        me = aliased(Participant)
        partner = db.scalars(
            sa.select(Participant.person_id)
            .join(Pair, sa.or_(Pair.mentor_id == Participant.id, Pair.mentee_id == Participant.id))
            .join(me, sa.or_(Pair.mentor_id == me.id, Pair.mentee_id == me.id))
            .where(me.person_id == opened.person_id, Participant.person_id != opened.person_id)
        ).one()
        columns = {
            column.key: getattr(opened, column.key) for column in sa.inspect(LaunchSession).column_attrs
        }
        theirs = LaunchSession(**{**columns, "id": uuid.uuid4(), "person_id": partner})
        db.add(theirs)
        return Visit(here.client, f"/l/{theirs.id}.{secret}/")


@pytest.fixture
def visit(services: Services, client: FlaskClient) -> Callable[..., Visit]:
    """Build a situation and come to it: ``visit(situations.under_way, locale="fr")``."""

    def come(
        build: Callable[[Situation], None], *, family: str | None = "moodle", locale: str | None = "en"
    ) -> Visit:
        return Visit(client, build_situation(services, build, family=family, locale=locale or ""))

    return come
