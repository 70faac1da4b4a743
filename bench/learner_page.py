"""CPU of a learner's home, beside bare Flask that renders the same context. ``python -m bench.learner_page``.

What is measured is at the head of :mod:`bench.page_cpu`; here the page is the journey of a pair under way, with its
drawings.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bench.page_cpu import WARM_UP, both_ways, medians, milliseconds, tool_in
from bench.rows import Row, bench_options, report
from tests.builder.situations import build_situation, under_way

TARGET = 3.0


def measure(*, quick: bool = False) -> list[Row]:
    """Run both in turns; the row is CPU in milliseconds for one page."""
    rounds, pages = (3, 40) if quick else (7, 200)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        services, app = tool_in(Path(folder))
        ours, bare = both_ways(app, build_situation(services, under_way))
        for page in (ours, bare):
            milliseconds(page, WARM_UP)
        mine, theirs = medians(rounds, lambda: milliseconds(ours, pages), lambda: milliseconds(bare, pages))
    return [Row("a learner's home: CPU ms", mine, "Flask rendering the same context", theirs, TARGET)]


@click.command()
@bench_options("Fewer and shorter rounds: the ratio wanders by some 10 %.")
def main(quick: bool, path: Path | None) -> None:
    """Measure the CPU of a learner's home."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
