"""Tools that this LMS knows: stored by dynamic registration, or straight by ``register_tool``."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lti_tool.demo.lms.refusals import Refusal

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM = AGS + "lineitem"
LINE_ITEM_READ = AGS + "lineitem.readonly"
RESULT_READ = AGS + "result.readonly"
SCORE = AGS + "score"
ROSTER_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SUPPORTED_SCOPES = (LINE_ITEM, LINE_ITEM_READ, RESULT_READ, SCORE, ROSTER_READ)
SUPPORTED_CLAIMS = ("sub", "iss", "name", "given_name", "family_name", "email")


@dataclass(frozen=True)
class Tool:
    """A registered tool with what it may do here. ``id`` also is its deployment id, as in Moodle."""

    client_id: str
    name: str
    initiate_login_uri: str
    redirect_uris: list[str]
    jwks_uri: str
    target_link_uri: str
    deep_link_uri: str | None = None
    "Where its content picker opens; None when it has none."
    scopes: list[str] = field(default_factory=lambda: list(SUPPORTED_SCOPES))
    claims: list[str] = field(default_factory=lambda: list(SUPPORTED_CLAIMS))
    custom: dict[str, str] = field(default_factory=dict)
    description: str = ""
    logo_uri: str = ""
    state: str = "active"
    canvas: dict[str, Any] = field(default_factory=dict)
    "Under Canvas's rules: its ``placements``, ``privacy_level`` and ``deployment_id``."
    id: int = 0

    @property
    def deployment_id(self) -> str:
        """The deployment id that launches carry."""
        return str(self.canvas.get("deployment_id", self.id))

    @property
    def privacy_level(self) -> str:
        """What Canvas says of people; everything that was asked for where its rules are not followed."""
        return str(self.canvas.get("privacy_level", "public"))

    @property
    def in_menu(self) -> bool:
        """Whether learners see its page in the course's menu; where it is hidden at first, a teacher shows it."""
        placement = self.placement("course_navigation")
        if placement is None or self.state != "active":
            return False
        return bool(self.canvas.get("in_menu", placement["default"] != "disabled"))

    def placement(self, name: str) -> dict[str, Any] | None:
        """The tool's placement of this name in Canvas."""
        found: dict[str, Any] | None = next(
            (one for one in self.canvas.get("placements", ()) if one["placement"] == name), None
        )
        return found

    @property
    def origin(self) -> str:
        """scheme://host:port of the tool, for messages between windows."""
        parts = urlsplit(self.target_link_uri)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def domain(self) -> str:
        """host:port of the tool."""
        return urlsplit(self.target_link_uri).netloc


_JSON_COLUMNS = ("redirect_uris", "scopes", "claims", "custom", "canvas")


def _tool(row: sqlite3.Row) -> Tool:
    values: dict[str, Any] = {key: row[key] for key in Tool.__dataclass_fields__}
    for column in _JSON_COLUMNS:
        values[column] = json.loads(values[column])
    return Tool(**values)


def register_tool(db: sqlite3.Connection, tool: Tool) -> Tool:
    """Store a tool and give it its id; the client_id must be new."""
    values = {key: getattr(tool, key) for key in Tool.__dataclass_fields__ if key != "id"}
    for column in _JSON_COLUMNS:
        values[column] = json.dumps(values[column])
    added = db.execute(
        "INSERT INTO tools (client_id, name, initiate_login_uri, redirect_uris, jwks_uri, target_link_uri,"
        " deep_link_uri, scopes, claims, custom, description, logo_uri, state, canvas) VALUES (:client_id, :name,"
        " :initiate_login_uri, :redirect_uris, :jwks_uri, :target_link_uri, :deep_link_uri, :scopes, :claims,"
        " :custom, :description, :logo_uri, :state, :canvas)",
        values,
    )
    return _tool(db.execute("SELECT * FROM tools WHERE id = ?", (added.lastrowid,)).fetchone())


def new_client_id() -> str:
    """A client id in Moodle's form: fifteen letters and digits."""
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(secrets.choice(alphabet) for _ in range(15))


def find_tool(db: sqlite3.Connection, tool_id: int) -> Tool:
    """The tool of that id, or a 404."""
    row = db.execute("SELECT * FROM tools WHERE id = ?", (tool_id,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_tool", "There is no such tool here.")
    return _tool(row)


def find_active_client(db: sqlite3.Connection, client_id: str) -> Tool | None:
    """The activated tool of that client_id; None when there is none."""
    row = db.execute("SELECT * FROM tools WHERE client_id = ? AND state = 'active'", (client_id,)).fetchone()
    return None if row is None else _tool(row)


def all_tools(db: sqlite3.Connection) -> list[Tool]:
    """Every tool, the oldest first."""
    return [_tool(row) for row in db.execute("SELECT * FROM tools ORDER BY id")]


def activate_tool(db: sqlite3.Connection, tool_id: int) -> None:
    """Let a registered tool be used."""
    find_tool(db, tool_id)
    db.execute("UPDATE tools SET state = 'active' WHERE id = ?", (tool_id,))


def delete_tool(db: sqlite3.Connection, tool_id: int) -> None:
    """Remove a tool with its activities, line items and tokens."""
    find_tool(db, tool_id)
    db.execute("DELETE FROM tools WHERE id = ?", (tool_id,))


def show_in_menu(db: sqlite3.Connection, tool: Tool, *, shown: bool) -> None:
    """Show a tool's page in the course's menu, or hide it."""
    db.execute(
        "UPDATE tools SET canvas = ? WHERE id = ?", (json.dumps({**tool.canvas, "in_menu": shown}), tool.id)
    )
