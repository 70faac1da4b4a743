"""``python -m bench``: every measure, as ratios against named baselines that run beside it."""

from __future__ import annotations

from pathlib import Path

import click

from bench import (
    arrival,
    delivery,
    launch,
    learner_page,
    open_pages,
    people_import,
    roster,
    rule_preview,
    sessions,
    startup,
    tutor_page,
)
from bench.rows import bench_options, report


@click.command()
@bench_options("Fewer and shorter rounds: for a look, not for a claim.")
@click.option(
    "--people",
    default=launch.MANY_PEOPLE,
    show_default=True,
    help="People in the fuller of the two databases.",
)
def main(quick: bool, people: int, path: Path | None) -> None:
    """Measure launches, logging, pages, delivery, arrival, starting, rosters, lists and rules, and print the ratios.

    \b
    Example:
      python -m bench --quick --json bench.json
    """
    rows = [
        *launch.measure(quick=quick, people=people),
        *sessions.measure(quick=quick),
        *learner_page.measure(quick=quick),
        *tutor_page.measure(quick=quick),
        *delivery.measure(quick=quick),
        *arrival.measure(quick=quick),
        *open_pages.measure(quick=quick),
        *startup.measure(quick=quick),
        *roster.measure(quick=quick),
        *people_import.measure(quick=quick),
        *rule_preview.measure(quick=quick),
    ]
    report(rows, path)


if __name__ == "__main__":
    main()
