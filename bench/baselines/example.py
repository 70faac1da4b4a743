"""PyLTI1p3 as its Flask example uses it: configuration read from a JSON file at every request, a cache in memory.

Written from the library's documentation and its example's behaviour, with what does not belong to a launch left
out, in the baseline's favour: the page that checks cookies, the printing of the launch data, the page itself.
"""

from __future__ import annotations

import time
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfJsonFile


class MemoryCache:
    """The two calls that PyLTI1p3 makes of a cache, on a dictionary."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, float]] = {}

    def get(self, key: str) -> Any:
        """The value, unless it has run out."""
        value, until = self._values.get(key, (None, 0.0))
        return value if until > time.monotonic() else None

    def set(self, key: str, value: Any, seconds: int | None) -> None:
        """Keep a value for so many seconds, ten minutes unless told."""
        self._values[key] = (value, time.monotonic() + (seconds or 600))


def create_app(settings: dict[str, Any]) -> Flask:
    """``settings``: ``config``, the path of PyLTI1p3's JSON configuration, and ``launch_url``."""
    app = Flask(__name__)
    app.secret_key = "a baseline's secret"
    storage = FlaskCacheDataStorage(MemoryCache())

    @app.get("/login")
    def login() -> ResponseReturnValue:
        config = ToolConfJsonFile(settings["config"])
        begun = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=storage)
        answer: ResponseReturnValue = begun.redirect(settings["launch_url"])
        return answer

    @app.post("/launch")
    def launch() -> ResponseReturnValue:
        config = ToolConfJsonFile(settings["config"])
        arriving = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=storage)
        claims = arriving.get_launch_data()
        return {"name": claims["name"], "launch": arriving.get_launch_id()}

    return app
