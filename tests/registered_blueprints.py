"""The tool's blueprints, registered once for all applications of a test process.

To give an application its hundreds of addresses takes longer than most tests do, and they are the same each time.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final, NoReturn

import pytest
from flask import Flask

import lti_tool.app
from lti_tool.composition.services import Services
from lti_tool.config import Config
from lti_tool.web.owner import group_in_address

BY_BLUEPRINT: Final = (
    "error_handler_spec",
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
)
"""What Flask keeps by the name of a blueprint, and under None for the whole application."""


def create_app_like(complete: Flask, config: Config, services: Services) -> Flask:
    """What ``create_app`` makes, with the blueprints of an application that is not used otherwise.

    Its templates have to be those of that application too: blueprints give them functions.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lti_tool.app, "PAGES", ())
        patch.setattr(group_in_address, "PAGES", ())
        patch.setattr(lti_tool.app, "TEMPLATES", SimpleNamespace(rglob=lambda name: ()))
        app = lti_tool.app.create_app(config, services)
    app.jinja_loader = complete.jinja_loader
    app.url_map = complete.url_map
    app.blueprints = dict(complete.blueprints)
    for endpoint, view in complete.view_functions.items():
        app.view_functions.setdefault(endpoint, view)
    for name in BY_BLUEPRINT:
        own = getattr(app, name)
        for blueprint, registered in getattr(complete, name).items():
            if blueprint is not None:
                own[blueprint] = registered
    vars(app)["add_url_rule"] = _refuse
    return app


def _refuse(*arguments: Any, **options: Any) -> NoReturn:
    raise AssertionError("the address would be every other test's too: make an application with create_app")
