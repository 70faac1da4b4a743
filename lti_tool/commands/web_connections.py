"""How many connections the server keeps open at once, and for how long one that does nothing.

waitress serves a fixed number of requests at a time (:mod:`lti_tool.commands.web_threads`), but holds every connection
that is open. At its ``connection_limit`` it accepts no more, so that with the default of 100 as many browsers that keep
a connection alive, or one stranger who opens them, stopped every launch for two minutes.
https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html
"""

from __future__ import annotations

import resource
from typing import Any, Final

MOST_CONNECTIONS: Final = 1000
"""Each costs a file descriptor and a few kilobytes. More is for the proxy in front."""
IDLE_SECONDS: Final = 60
"""How long a connection stays open on which nothing is sent and no request is being answered."""
LOOK_SECONDS: Final = 10
"""How often the server looks for such connections."""
OTHER_FILES: Final = 300
"""File descriptors for everything else: databases, the record store, platforms, and bodies on disk."""


def connection_settings() -> dict[str, Any]:
    """What :func:`waitress.create_server` is given, as far as the process may open files.

    Raises the soft limit of open files as far as it is needed, and allowed. ``poll`` has no limit of its own, where
    ``select`` takes no descriptor beyond 1,023.
    """
    needed = MOST_CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    files = needed if soft == resource.RLIM_INFINITY else soft
    return {
        "connection_limit": max(100, min(MOST_CONNECTIONS, files - OTHER_FILES)),
        "channel_timeout": IDLE_SECONDS,
        "cleanup_interval": LOOK_SECONDS,
        "asyncore_use_poll": True,
    }
