"""A served LMS with one registered tool, one activity that accepts grades, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.course import Link, add_link, the_course
from lti_tool.demo.lms.secrets_file import platform_private_key
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.tools import Tool
from tests.demo.lms.tool import Browser, TestTool, public_jwk

FIRST_STUDENT = "2"


@pytest.fixture(scope="session")
def tool_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def platform_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One signing key for every LMS of these tests: making one takes longer than most of them."""
    return platform_private_key(tmp_path_factory.mktemp("platform-key"))


@pytest.fixture
def lms(tmp_path: Path, platform_key: str) -> Iterator[RunningLms]:
    (tmp_path / "lms").mkdir()
    (tmp_path / "lms" / "platform-key.pem").write_text(platform_key)
    with RunningLms(LmsSettings(data_dir=tmp_path / "lms", port=0)) as running:
        yield running


@pytest.fixture
def canvas(tmp_path: Path) -> Iterator[RunningLms]:
    settings = LmsSettings(
        data_dir=tmp_path / "canvas", port=0, grade_rules="canvas", product_family_code="canvas"
    )
    with RunningLms(settings) as running:
        yield running


def make_tool(lms: RunningLms, server: HTTPServer, key: rsa.RSAPrivateKey) -> TestTool:
    """Serve the tool's key set and register the tool."""
    server.expect_request("/jwks").respond_with_json({"keys": [public_jwk(key, "key-1")]})
    here = server.url_for("/")
    registered = lms.register_tool(
        Tool(
            client_id="client-1",
            name="Test tool",
            initiate_login_uri=here + "login",
            redirect_uris=[here + "launch"],
            jwks_uri=here + "jwks",
            target_link_uri=here + "launch",
            deep_link_uri=here + "pick",
        )
    )
    return TestTool(lms, server, key, registered)


@pytest.fixture
def tool(lms: RunningLms, httpserver: HTTPServer, tool_key: rsa.RSAPrivateKey) -> TestTool:
    return make_tool(lms, httpserver, tool_key)


def make_activity(lms: RunningLms, tool: TestTool, rule: str = "grade", pass_grade: float = 0) -> Link:
    """An activity with a coupled line item out of 100."""
    with lms.lms.store.transaction() as db:
        return add_link(
            db,
            the_course(db).id,
            tool.registered,
            "Reverse mentoring",
            completion_rule=rule,
            pass_grade=pass_grade,
            custom={"history": "$Context.id.history", "old": "$ResourceLink.id.history", "plain": "x"},
            line_item={"scoreMaximum": 100.0, "resourceId": "programme", "tag": "t"},
        )


@pytest.fixture
def activity(lms: RunningLms, tool: TestTool) -> Link:
    return make_activity(lms, tool)


@pytest.fixture
def browser(lms: RunningLms) -> Iterator[Browser]:
    someone = Browser(lms)
    yield someone
    someone.http.close()


@pytest.fixture
def item(lms: RunningLms, activity: Link) -> str:
    return f"{lms.base_url}/services/1/lineitems/1/lineitem?type_id=1"


@pytest.fixture
def post(tool: TestTool, item: str) -> Callable[..., requests.Response]:
    token = tool.token()
    return lambda body, **kwargs: tool.post_score(item, token, body, **kwargs)


@pytest.fixture
def student_state(browser: Browser) -> Callable[[], dict[str, Any]]:
    """How the first student stands in the gradebook: {"cell", "completion"} of the first activity."""
    browser.log_in_as("claire.dubreuil")

    def read() -> dict[str, Any]:
        students = browser.get("/gradebook.json").json()["students"]
        student = next(student for student in students if student["id"] == FIRST_STUDENT)
        return {"cell": student["grades"]["1"], "completion": student["completion"]["1"]}

    return read
