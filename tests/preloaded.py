"""What the process that others are forked from does once for all of them (:mod:`tests.forked_command`)."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.orm import configure_mappers

for name in ("lti_tool.commands.serve", "lti_tool.demo.run", "tests.killed_process"):
    import_module(name)

# Otherwise each of them does it at its first query, which takes a quarter of a second.
configure_mappers()
