"""Serve one Python baseline: ``python -m bench.baselines.serve NAME PORT SETTINGS [--tool-server]``.

On waitress as it comes, which is how Flask's documentation has an application served
(https://flask.palletsprojects.com/en/stable/deploying/waitress/), or on the tool's own server, which is waitress with
other threads and other connections (:mod:`lti_tool.commands.web_channels`). With as many threads as the tool has.
"""

from __future__ import annotations

import json
import sys

import waitress

from bench.baselines import bare, example, insert
from lti_tool.commands.serve import THREADS
from lti_tool.commands.web_channels import make_server

ON_TOOL_SERVER = "--tool-server"

APPS = {"bare": bare.create_app, "example": example.create_app, "insert": insert.create_app}


def main() -> None:
    """``SETTINGS`` is a JSON object."""
    name, port, settings, *option = sys.argv[1:]
    app = APPS[name](json.loads(settings))
    if option == [ON_TOOL_SERVER]:
        make_server(app, THREADS, host="127.0.0.1", port=int(port)).run()
    else:
        waitress.serve(app, threads=THREADS, host="127.0.0.1", port=int(port), ident=None)


if __name__ == "__main__":
    main()
