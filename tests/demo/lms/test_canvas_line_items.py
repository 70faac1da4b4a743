"""Line items by Canvas's rules: what a tool may not delete, and to which activity it may add one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_httpserver import HTTPServer

from lti_tool.demo.lms.canvas.launches import link_id
from lti_tool.demo.lms.line_items import ONE
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.tools import register_tool
from tests.demo.lms.conftest import make_activity, make_tool

COUPLED = "/1/lineitem"


def wanted(link: int | None) -> dict[str, Any]:
    named = {} if link is None else {"resourceLinkId": link_id(link)}
    return {"label": "Another column", "scoreMaximum": 10, "resourceId": "r", "tag": "t", **named}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("DELETE", COUPLED, None, 401),
        ("POST", "", wanted(1), 201),
        ("POST", "", wanted(None), 201),
        # It exists nowhere, and it is another tool's.
        ("POST", "", wanted(99), 404),
        ("POST", "", wanted(3), 404),
        # It takes no grades, and it is in another course.
        ("POST", "", wanted(2), 412),
        ("POST", "", wanted(4), 412),
        # Another tool has it.
        ("GET", "/3/lineitem", None, 412),
        ("DELETE", "/3/lineitem", None, 412),
        ("GET", "/99/lineitem", None, 404),
        # An update names it in vain.
        ("PUT", COUPLED, wanted(99), 200),
    ],
)
def test_canvas_answers_for_a_line_item(
    canvas: RunningLms,
    httpserver: HTTPServer,
    tool_key: rsa.RSAPrivateKey,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
) -> None:
    tool = make_tool(canvas, httpserver, tool_key)
    for _ in range(4):
        make_activity(canvas, tool)
    with canvas.lms.store.transaction() as db:
        db.execute("DELETE FROM line_items WHERE link_id = 2")
        db.execute("INSERT INTO courses (id, label, title_fr, title_en) VALUES (2, 'B', 'B', 'B')")
        db.execute("UPDATE links SET course_id = 2 WHERE id = 4")
        other = register_tool(db, replace(tool.registered, client_id="client-2"))
        db.execute("UPDATE links SET tool_id = ? WHERE id = 3", (other.id,))
        db.execute("UPDATE line_items SET tool_id = ? WHERE id = 3", (other.id,))
    answer = tool.call(
        method,
        f"{canvas.base_url}/services/1/lineitems{path}?type_id=1",
        headers={"Content-Type": ONE},
        data=None if body is None else json.dumps(body),
    )
    assert answer.status_code == status
    if method == "PUT":
        assert answer.json()["resourceLinkId"] == link_id(1)
