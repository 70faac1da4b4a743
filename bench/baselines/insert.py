"""The floor of a form that is kept: Flask reads four fields and does one INSERT, with SQLite as the tool opens it.

No session, no right, no token, no check of a field, no event, no statement.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue


def create_app(settings: dict[str, Any]) -> Flask:
    """``settings``: ``database``, the path of the SQLite file."""
    app = Flask(__name__)
    local = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(settings["database"], isolation_level=None, timeout=30)
            local.connection.execute("PRAGMA journal_mode=WAL")
            # SQLite's own default: a commit is on the disk.
            local.connection.execute("PRAGMA synchronous=FULL")
        opened: sqlite3.Connection = local.connection
        return opened

    with sqlite3.connect(settings["database"]) as db:
        db.execute(
            "CREATE TABLE meeting"
            " (id INTEGER PRIMARY KEY, held_on TEXT, minutes INTEGER, format TEXT, form_key TEXT UNIQUE)"
        )

    @app.post("/meetings")
    def log() -> ResponseReturnValue:
        form = request.form
        connection().execute(
            "INSERT INTO meeting (held_on, minutes, format, form_key) VALUES (?, ?, ?, ?)",
            (form["held_on"], int(form["minutes"]), form["format"], form["form_key"]),
        )
        return redirect("/")

    return app
