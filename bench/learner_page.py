"""CPU of a learner's home, beside bare Flask that renders the same context. ``python -m bench.learner_page``.

Both run in this process, and its CPU time counts. Ours does all of a request: session, guards, every query, the journey
and its drawings, headers. The baseline opens Flask's own request context and renders the same template from values that
were read before: the work that no way of reading them could save.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, g, template_rendered
from jinja2 import Template
from werkzeug.test import EnvironBuilder

from bench.rows import Row, bench_options, report
from lti_tool.app import create_app
from lti_tool.composition.services import make_services
from lti_tool.config import Config
from lti_tool.migrations import migrate
from tests.builder.situations import build_situation, under_way

TARGET = 3.0
WARM_UP = 20
_ORIGIN = "http://127.0.0.1:5000"


def _pages(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """What asks for our page once, and what renders its context once."""
    config = Config(
        base_url=_ORIGIN,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'tandem.db'}",
        secret_key="a secret of this bench, long enough to be one",
        allow_private_networks=True,
    )
    services = make_services(config)
    migrate(services.database)
    app = create_app(config, services)
    home = build_situation(services, under_way)
    client = app.test_client()

    def ours() -> None:
        answer = client.get(home)
        if answer.status_code != 200:
            raise click.ClickException(f"the page answered {answer.status_code}")

    rendered: dict[str, Any] = {}

    def keep(_app: Flask, template: Template, context: dict[str, Any], **_more: Any) -> None:
        rendered.update(template=template, context=dict(context), g=dict(vars(g._get_current_object())))

    with template_rendered.connected_to(keep, app):
        ours()
    environ = EnvironBuilder(path=home, base_url=_ORIGIN).get_environ()

    def bare() -> None:
        with app.request_context(dict(environ)):
            vars(g._get_current_object()).update(rendered["g"])
            Response(rendered["template"].render(rendered["context"]))

    return ours, bare


def _milliseconds(page: Callable[[], None], number: int) -> float:
    before = time.process_time()
    for _ in range(number):
        page()
    return (time.process_time() - before) * 1000 / number


def measure(*, quick: bool = False) -> list[Row]:
    """Run both in turns; the row is CPU in milliseconds for one page."""
    rounds, pages = (3, 40) if quick else (7, 200)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        ours, bare = _pages(Path(folder))
        for page in (ours, bare):
            _milliseconds(page, WARM_UP)
        played = [(_milliseconds(ours, pages), _milliseconds(bare, pages)) for _ in range(rounds)]
    mine, theirs = (statistics.median(each) for each in zip(*played, strict=True))
    return [Row("a learner's home: CPU ms", mine, "Flask rendering the same context", theirs, TARGET)]


@click.command()
@bench_options("Fewer and shorter rounds: the ratio wanders by some 10 %.")
def main(quick: bool, path: Path | None) -> None:
    """Measure the CPU of a learner's home."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
