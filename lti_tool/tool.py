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
from lti_tool.lti.crypto import Vault
from lti_tool.lti.http import GuardedHttp
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.keysets import PlatformKeys
from lti_tool.lti.roster import RosterReadings


@dataclass(frozen=True)
class Tool:
    """What every part of the tool is given."""

    config: Config
    database: Database
    guarded: GuardedHttp
    """Makes the sessions that call platforms and LRSs: time-outs, size limits, no private addresses."""
    http: requests.Session
    """The pooled session for calls to platforms."""
    vault: Vault
    """Encrypts secrets at rest."""
    keys: ToolKeys
    """The tool's own signing keys."""
    platform_keys: PlatformKeys
    """The platforms' public keys."""
    rosters: RosterReadings = field(default_factory=RosterReadings)
    """Readings of rosters, behind the pages."""
    wake: Event = field(default_factory=Event)
    """Set when deliveries were written, so that a worker in this process need not wait for its next look."""


def make_tool(config: Config) -> Tool:
    """Wire the parts for ``config``."""
    database = Database(config.database_url)
    guarded = GuardedHttp(config)
    vault = Vault(config.secret_key)
    return Tool(
        config=config,
        database=database,
        guarded=guarded,
        http=guarded.session(),
        vault=vault,
        keys=ToolKeys(database, vault),
        platform_keys=PlatformKeys(database, guarded),
    )


def current_tool() -> Tool:
    """The tool of the application that serves the present request."""
    return cast(Tool, current_app.extensions["tandem"])
