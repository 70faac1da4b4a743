"""A tutor who was sent to the tool to choose content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.lti.models import Refusal
from tests.forms import form_with
from tests.platform.platform import ABSENT, INSTRUCTOR, Browser, Platform

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN_URL = "https://lms.example/mod/lti/contentitem_return.php?course=2"


@dataclass
class Picker:
    """The platform's content picker, opened in a browser."""

    platform: Platform
    browser: Browser
    services: Services

    def launch(self, *, settings: dict[str, Any] | None = None, **claims: Any) -> TestResponse:
        """Open the picker; ``settings`` are changes to what the platform asks for, ``ABSENT`` takes one out."""
        asked = {
            "deep_link_return_url": RETURN_URL,
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "data": "opaque <data>",
            **(settings or {}),
        }
        changes = {
            "message_type": "LtiDeepLinkingRequest",
            "resource_link": ABSENT,
            "roles": [INSTRUCTOR],
            f"{DL}deep_linking_settings": {
                name: value for name, value in asked.items() if value is not ABSENT
            },
        }
        return self.platform.launch(self.browser, **{**changes, **claims})

    def open(self, *, settings: dict[str, Any] | None = None, **claims: Any) -> TestResponse:
        """Open the picker and follow to the tool's page."""
        arrived = self.launch(settings=settings, **claims)
        assert arrived.status_code in (302, 303), arrived.text
        return self.browser.get(urlsplit(arrived.headers["Location"]).path)

    def choose(self, page: TestResponse, **fields: str) -> TestResponse:
        """Send the page's form, with these changes; a new group starts at once."""
        form = form_with(page, "title")
        return self.browser.post(form.action, data={**form.fields, "begin": "now", **fields})

    def answer(self, *, settings: dict[str, Any] | None = None, **fields: str) -> TestResponse:
        """Open the picker and choose."""
        return self.choose(self.open(settings=settings), **fields)

    def claims(self, page: TestResponse) -> dict[str, Any]:
        """What the answer says to the platform, its signature checked with the tool's published keys."""
        token = form_with(page, "JWT").fields["JWT"]
        keys = jwt.PyJWKSet.from_dict(self.browser.get("/.well-known/jwks.json").get_json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=self.platform.issuer, issuer=self.platform.client_id
        )
        return claims

    def reasons(self) -> list[tuple[str, str]]:
        """What the audit says was refused: step and reason."""
        with self.services.database.reading() as db:
            return [(row.step, row.reason) for row in db.scalars(sa.select(Refusal).order_by(Refusal.at))]


@pytest.fixture
def picker(platform: Platform, browser: Browser, services: Services) -> Picker:
    """A content picker of a registered platform."""
    return Picker(platform, browser, services)
