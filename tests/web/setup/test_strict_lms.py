"""The same with a real, strict LMS: from the invitation to an activity in the course, over HTTP alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.config import Config
from lti_tool.demo.browser import Browser, PageError
from lti_tool.demo.connect import add_activity, connect_tool, log_in_as
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.lti.registration.models import Deployment, Registration
from tests.web.setup.conftest import new_invitation
from tests.web.setup.listening import tool_and_lms


@dataclass
class Served:
    """A tool at a port of its own, and a strict LMS beside it."""

    services: Services
    lms: RunningLms

    def setup_url(self) -> str:
        """A new invitation's page."""
        return f"{self.services.config.base_url}/setup?invite={new_invitation(self.services)}"

    def tools(self) -> list[dict[str, Any]]:
        """The tools that the LMS knows."""
        with self.lms.lms.store.reading() as db:
            return [dict(row) for row in db.execute("SELECT * FROM tools")]


@pytest.fixture
def served(config: Config, tmp_path: Path) -> Iterator[Served]:
    """The tool and the LMS, both listening."""
    with tool_and_lms(config, LmsSettings(data_dir=tmp_path / "lms", port=0)) as (services, lms):
        yield Served(services, lms)


@pytest.fixture
def tool_id(served: Served) -> str:
    """The LMS's id of the tool, registered and activated."""
    return connect_tool(Browser(), served.lms.base_url, served.setup_url())


def test_the_lms_grants_every_scope_and_claim_asked_for(served: Served, tool_id: str) -> None:
    [known] = [tool for tool in served.tools() if str(tool["id"]) == tool_id]
    assert len(json.loads(known["scopes"])) == 5
    assert {"name", "given_name", "family_name", "email"} <= set(json.loads(known["claims"]))


def test_the_tool_trusts_the_client_that_the_lms_made(served: Served, tool_id: str) -> None:
    [known] = [tool for tool in served.tools() if str(tool["id"]) == tool_id]
    with served.services.database.reading() as db:
        stored = db.scalars(sa.select(Registration)).one()
        deployed = db.scalars(sa.select(Deployment)).one()
    assert (stored.issuer, stored.client_id) == (served.lms.base_url, known["client_id"])
    assert (deployed.deployment_id, deployed.status) == (tool_id, "approved")


def test_a_registration_page_pressed_twice_leaves_one_tool(served: Served) -> None:
    admin = Browser()
    log_in_as(admin, served.lms.base_url, "admin")
    url = admin.open(served.setup_url()).values["registration-url"]
    frame = admin.open(f"{served.lms.base_url}/admin/registrations", {"registration_url": url})
    form = admin.open(frame.link("registration_token")).form(having="registration_token")
    pages = [admin.submit(form) for _ in range(2)]
    assert ["Your platform is connected" in page.text for page in pages] == [True, True]
    assert len(served.tools()) == 1


def test_a_registration_form_of_another_browser_is_refused(served: Served) -> None:
    admin = Browser()
    log_in_as(admin, served.lms.base_url, "admin")
    url = admin.open(served.setup_url()).values["registration-url"]
    frame = admin.open(f"{served.lms.base_url}/admin/registrations", {"registration_url": url})
    form = admin.open(frame.link("registration_token")).form(having="registration_token")
    admin.submit(form)
    with pytest.raises(PageError, match="410"):
        Browser().submit(form)
    assert len(served.tools()) == 1


def test_a_used_registration_token_leaves_the_invitation_open(served: Served) -> None:
    admin = Browser()
    log_in_as(admin, served.lms.base_url, "admin")
    first, second = (admin.open(served.setup_url()).values["registration-url"] for _ in range(2))
    frame = admin.open(f"{served.lms.base_url}/admin/registrations", {"registration_url": first})
    link = frame.link("registration_token")
    admin.submit(admin.open(link).form(having="registration_token"))
    other = link.replace(first.split("invite=")[1], second.split("invite=")[1])
    with pytest.raises(PageError, match="400"):
        admin.submit(admin.open(other).form(having="registration_token"))
    assert admin.open(second.replace("/lti/register", "/setup")).status == 200


def test_the_content_picker_adds_one_activity_with_a_line_item(served: Served, tool_id: str) -> None:
    link_id = add_activity(Browser(), served.lms.base_url, template="demo", tool_id=tool_id)
    with served.lms.lms.store.reading() as db:
        items = [dict(row) for row in db.execute("SELECT * FROM line_items WHERE link_id = ?", (link_id,))]
    [item] = items
    assert (item["score_maximum"], item["tag"]) == (100, "reverse-mentoring")


def test_the_activity_carries_our_content_id_which_its_line_item_has_too(
    served: Served, tool_id: str
) -> None:
    link_id = add_activity(Browser(), served.lms.base_url, template="demo", tool_id=tool_id)
    with served.lms.lms.store.reading() as db:
        link = dict(db.execute("SELECT * FROM links WHERE id = ?", (link_id,)).fetchone())
        item = dict(db.execute("SELECT * FROM line_items WHERE link_id = ?", (link_id,)).fetchone())
    assert json.loads(link["custom"])["content_id"] == item["resource_id"]
