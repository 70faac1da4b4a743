"""CPU of one page, beside bare Flask that renders the same context, in one process.

Ours does all of a request: session, guards, every query, what is worked out from it, headers. The baseline opens
Flask's own request context and renders the same template from values that were read before: the work that no way of
reading them could save.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, g, template_rendered
from jinja2 import Template
from werkzeug.test import EnvironBuilder

from lti_tool.app import create_app
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.migrations import migrate

WARM_UP = 20
_ORIGIN = "http://127.0.0.1:5000"


def tool_in(folder: Path) -> tuple[Services, Flask]:
    """The tool with an empty database in a folder, and its application."""
    config = Config(
        base_url=_ORIGIN,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tandem.db'}",
        secret_key="a secret of this bench, long enough to be one",
        allow_private_networks=True,
    )
    services = make_services(config)
    migrate(services.database)
    return services, create_app(config, services)


def both_ways(app: Flask, address: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """What asks for a page of ours once, and what renders its context once."""
    client = app.test_client()

    def ours() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise click.ClickException(f"the page answered {answer.status_code}")

    rendered: dict[str, Any] = {}

    def keep(_app: Flask, template: Template, context: dict[str, Any], **_more: Any) -> None:
        rendered.update(template=template, context=dict(context), g=dict(vars(g._get_current_object())))

    with template_rendered.connected_to(keep, app):
        ours()
    environ = EnvironBuilder(path=address, base_url=_ORIGIN).get_environ()

    def bare() -> None:
        with app.request_context(dict(environ)):
            vars(g._get_current_object()).update(rendered["g"])
            Response(rendered["template"].render(rendered["context"]))

    return ours, bare


def milliseconds(page: Callable[[], None], number: int, before: Callable[[], None] | None = None) -> float:
    """CPU milliseconds of one of so many pages. ``before``: what is done before each of them, and not counted."""
    spent = 0.0
    for _ in range(number):
        if before is not None:
            before()
        begun = time.process_time()
        page()
        spent += time.process_time() - begun
    return spent * 1000 / number


def medians(rounds: int, *measured: Callable[[], float]) -> list[float]:
    """Measure each in turns; return the median of each."""
    played = [[each() for each in measured] for _ in range(rounds)]
    return [statistics.median(each) for each in zip(*played, strict=True)]
