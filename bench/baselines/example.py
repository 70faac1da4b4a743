"""PyLTI1p3 as its Flask example uses it: configuration read from a JSON file at every request, a cache in memory.

Written from what the example does, not from its text. ``published``: with all of it, which is the page that tries
whether cookies are kept before the login goes on, the launch data printed and shown, and Flask-Caching's simple
cache, which pickles. Without: the library's own work alone, the least that a tool built on it can do.

``in_session``: what must be kept is in Flask's session, as it is unless the library is told otherwise, so that a launch
may go to another process than its login.
"""

from __future__ import annotations

import pickle
import pprint
import time
from typing import Any

from flask import Flask, render_template_string
from flask.typing import ResponseReturnValue
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfJsonFile

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ page_title }}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='page.css') }}"></head>
<body>
{% if is_deep_link_launch %}<p>Choose.</p>{% else %}<p>Good day, {{ name }}.</p>{% endif %}
<script src="{{ url_for('static', filename='page.js') }}"></script>
<script>const launch = "{{ launch_id }}"; const claims = {{ claims | tojson }};</script>
</body>
</html>
"""


class MemoryCache:
    """The two calls that PyLTI1p3 makes of a cache, on a dictionary."""

    def __init__(self, *, pickled: bool) -> None:
        self._values: dict[str, tuple[Any, float]] = {}
        self._pickled = pickled

    def get(self, key: str) -> Any:
        """The value, unless it has run out."""
        value, until = self._values.get(key, (None, 0.0))
        if until <= time.monotonic():
            return None
        return pickle.loads(value) if self._pickled else value

    def set(self, key: str, value: Any, seconds: int | None) -> None:
        """Keep a value for so many seconds, ten minutes unless told."""
        kept = pickle.dumps(value, pickle.HIGHEST_PROTOCOL) if self._pickled else value
        self._values[key] = (kept, time.monotonic() + (seconds or 600))


def create_app(settings: dict[str, Any]) -> Flask:
    """``settings``: ``config``, the path of PyLTI1p3's JSON configuration, ``launch_url``, ``published``,
    ``in_session``.
    """
    app = Flask(__name__)
    app.secret_key = "a baseline's secret"
    published: bool = settings["published"]
    storage = None if settings["in_session"] else FlaskCacheDataStorage(MemoryCache(pickled=published))

    @app.get("/login")
    def login() -> ResponseReturnValue:
        config = ToolConfJsonFile(settings["config"])
        begun = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=storage)
        if published:
            begun.enable_check_cookies()
        answer: ResponseReturnValue = begun.redirect(settings["launch_url"])
        return answer

    @app.post("/launch")
    def launch() -> ResponseReturnValue:
        config = ToolConfJsonFile(settings["config"])
        arriving = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=storage)
        claims = arriving.get_launch_data()
        if not published:
            return {"name": claims["name"], "launch": arriving.get_launch_id()}
        pprint.pprint(claims)
        return render_template_string(
            _PAGE,
            page_title="Example",
            is_deep_link_launch=arriving.is_deep_link_launch(),
            claims=claims,
            launch_id=arriving.get_launch_id(),
            name=claims["name"],
        )

    return app
