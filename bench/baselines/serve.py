"""Serve one Python baseline as the tool serves itself: ``python -m bench.baselines.serve NAME PORT SETTINGS``."""

from __future__ import annotations

import json
import sys

from bench.baselines import bare, example, insert
from lti_tool.commands.serve import THREADS
from lti_tool.commands.web_channels import make_server

APPS = {"bare": bare.create_app, "example": example.create_app, "insert": insert.create_app}


def main() -> None:
    """``SETTINGS`` is a JSON object."""
    name, port, settings = sys.argv[1:]
    app = APPS[name](json.loads(settings))
    make_server(app, THREADS, host="127.0.0.1", port=int(port)).run()


if __name__ == "__main__":
    main()
