"""The tool's parts, wired once and handed to whoever works: the web, the worker, the commands.

A :class:`Tool` holds no state of its own. Making one connects to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import cast

import requests
from flask import current_app

from lti_tool.config import Config
from lti_tool.database import Database
from lti_tool.lti.http import GuardedHttp


@dataclass(frozen=True)
class Tool:
    """What every part of the tool is given."""

    config: Config
    database: Database
    guarded: GuardedHttp
    """Makes the sessions that call platforms and LRSs: time-outs, size limits, no private addresses."""
    http: requests.Session
    """The pooled session for calls to platforms."""
    wake: Event = field(default_factory=Event)
    """Set when deliveries were written, so that a worker in this process need not wait for its next look."""


def make_tool(config: Config) -> Tool:
    """Wire the parts for ``config``."""
    guarded = GuardedHttp(config)
    return Tool(config=config, database=Database(config.database_url), guarded=guarded, http=guarded.session())


def current_tool() -> Tool:
    """The tool of the application that serves the present request."""
    return cast(Tool, current_app.extensions["tandem"])
