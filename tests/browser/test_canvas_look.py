"""The demo LMS in the look of Canvas: as accessible, as narrow and as quiet as in its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lti_tool.demo.lms.course import add_link, the_course
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import Tool
from tests.browser.axe_runs import AxeRuns
from tests.browser.chromium import TIMEOUT
from tests.browser.page_inspection import Console, inspect_page
from tests.canvas.conftest import CANVAS
from tests.requirements import needs_chromium, needs_node

pytestmark = [needs_chromium, needs_node]

PAGES = {
    "who are you": (None, "/"),
    "course of a teacher": ("claire.dubreuil", "/"),
    "course of a learner": ("lina.haddad", "/"),
    "new activity": ("claire.dubreuil", "/activities/new"),
    "gradebook": ("claire.dubreuil", "/gradebook"),
    "tools": ("amelie.roux", "/admin/tools"),
    "what is not published": ("lina.haddad", "/launch/1"),
}


@pytest.fixture(scope="module")
def lms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLms]:
    """A course with an activity that is published and one that is not, and a tool in its menu."""
    with RunningLms(replace(CANVAS, data_dir=Path(tmp_path_factory.mktemp("canvas-look")))) as running:
        here = "http://127.0.0.1:9/"
        tool = running.register_tool(
            Tool(
                client_id="10000000000001",
                name="Mentorat",
                initiate_login_uri=here + "login",
                redirect_uris=[here + "launch"],
                jwks_uri=here + "jwks",
                target_link_uri=here + "launch",
                deep_link_uri=here + "launch",
                canvas={
                    "in_menu": True,
                    "placements": [
                        {
                            "placement": name,
                            "message_type": "LtiDeepLinkingRequest",
                            "target_link_uri": None,
                            "default": None,
                        }
                        for name in ("course_navigation", "assignment_selection", "link_selection")
                    ],
                },
            )
        )
        with running.lms.store.transaction() as db:
            for published in (False, True):
                add_link(
                    db,
                    the_course(db).id,
                    tool,
                    "Mentorat",
                    line_item={"scoreMaximum": 100.0},
                    published=published,
                )
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("who", "path"), PAGES.values(), ids=list(PAGES))
def test_the_page_is_as_it_should_be(lms: RunningLms, page: Page, who: str | None, path: str) -> None:
    page.context.clear_cookies()
    if who is not None:
        people = page.request.get(f"{lms.base_url}/people.json").json()
        person = next(person for person in people if person["username"] == who)
        page.request.post(
            f"{lms.base_url}/login", form={"person_id": person["id"]}, headers={"Origin": lms.base_url}
        )
    faults, axe_runs = [], AxeRuns()
    for language in ("en", "fr"):
        console = Console(page)
        page.goto(f"{lms.base_url}{path}?lang={language}")
        seen = inspect_page(page, f"{path}, {language}", axe_runs=axe_runs)
        refused = "/launch/" in path  # the browser writes the status of a page that is refused
        faults += seen.axe + ([] if refused else console.messages)
        faults += [f"{where} is {by} px too wide" for where, by in seen.overflow.items() if by > 0]
    assert faults == []
