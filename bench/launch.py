"""CPU and latency of one login and launch, beside the least it could be and beside the best-known libraries.

``python -m bench.launch``. Every contender runs in processes of its own; rounds are interleaved, so that a noisy
machine is equally noisy for all; the CPU time of the servers counts, and nothing of the browsers or the platform.
"""

from __future__ import annotations

import random
import statistics
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from bench import contenders
from bench.contenders import LtijsUnavailable
from bench.driving import Contender, drive, latencies
from bench.rows import Row, bench_options, report
from bench.servers import ServerDied
from tests.platform.keyset_server import KeysetServer
from tests.platform.platform import Platform

WEB_PROCESSES = 2
FEW_PEOPLE = 1_000
MANY_PEOPLE = 100_000
WARM_UP = 30
PER_SECOND = 25.0
"""Launches that begin in a second while latency is measured."""

_Start = Callable[[Platform, Path], AbstractContextManager[Contender]]


@dataclass
class Measured:
    """A contender and its rounds so far."""

    contender: Contender
    platform: Platform
    people: int
    rounds: list[float] = field(default_factory=list)
    launches: int = 0
    failed: int = 0

    def play(self, launches: int, chance: random.Random) -> None:
        """One round, by people drawn from all over the database."""
        subjects = [contenders.subject(chance.randrange(self.people)) for _ in range(launches)]
        tally = drive(self.contender, self.platform, subjects)
        self.launches += tally.launches
        self.failed += tally.failed
        self.rounds.append(tally.milliseconds)

    @property
    def milliseconds(self) -> float:
        """The median round's CPU for one login and launch."""
        return statistics.median(self.rounds)


class Field:
    """The contenders of one run, each with a platform of its own so that readings of its key set can be told apart."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        self._folder.chmod(0o711)  # PostgreSQL runs as a user of its own
        self._keysets = stack.enter_context(KeysetServer())
        self.all: list[Measured] = []

    def enter(self, start: _Start, people: int = FEW_PEOPLE) -> Measured:
        """Start a contender."""
        platform = Platform(self._keysets)
        contender = self._stack.enter_context(start(platform, self._folder / str(len(self.all))))
        self.all.append(Measured(contender, platform, people))
        return self.all[-1]

    def tandem(self, people: int, processes: int, name: str, *, on_postgresql: bool = False) -> Measured:
        """Start the tool, with so many people in its database."""

        def start(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
            return contenders.tandem(
                platform,
                folder,
                people=people,
                processes=processes,
                name=name,
                on_postgresql=on_postgresql,
            )

        return self.enter(start, people)


def measure(*, quick: bool = False, people: int = MANY_PEOPLE, seed: int = 7) -> list[Row]:
    """Run every contender; the rows of CPU are in milliseconds for one login and launch."""
    rounds, launches = (3, 60) if quick else (7, 200)
    chance = random.Random(seed)
    with ExitStack() as stack:
        entered = Field(stack)
        ours = entered.tandem(FEW_PEOPLE, WEB_PROCESSES, "two processes")
        on_postgresql = entered.tandem(FEW_PEOPLE, WEB_PROCESSES, "on PostgreSQL", on_postgresql=True)
        few = entered.tandem(FEW_PEOPLE, 1, f"{FEW_PEOPLE:,} people")
        many = entered.tandem(people, 1, f"{people:,} people")
        bare = entered.enter(contenders.bare)
        bare_twice = entered.enter(contenders.bare_twice)
        bare_ours = entered.enter(contenders.bare_on_tool_server)
        bare_twice_ours = entered.enter(contenders.bare_twice_on_tool_server)
        inline = entered.enter(contenders.example_inline)
        by_url = entered.enter(contenders.example_by_url)
        alone = entered.enter(contenders.pylti_alone)
        alone_twice = entered.enter(contenders.pylti_alone_twice)
        js: list[Measured] = []
        why_not = ""
        try:
            js = [entered.enter(contenders.ltijs_by_url), entered.enter(contenders.ltijs_inline)]
        except (LtijsUnavailable, ServerDied) as reason:
            why_not = f"not measured: {str(reason).strip().splitlines()[-1]}"
        for one in entered.all:
            one.play(WARM_UP, chance)
            one.rounds.clear()
        for _ in range(rounds):
            for one in entered.all:
                one.play(launches, chance)

        rows = [
            _cpu(ours, bare, 1.6),
            _cpu(ours, bare_twice, None),
            _cpu(ours, bare_ours, None),
            _cpu(ours, bare_twice_ours, None),
            _cpu(ours, inline, 0.5),
            _cpu(ours, by_url, None),
            _cpu(ours, alone, 1.0),
            _cpu(ours, alone_twice, None),
            *(_cpu(ours, one, target) for one, target in zip(js, (0.35, None), strict=False)),
            _cpu(on_postgresql, bare, 2.0, " on PostgreSQL"),
            _cpu(on_postgresql, bare_twice, None, " on PostgreSQL"),
            _p99(ours, bare, chance, quick=quick),
            _p99(on_postgresql, bare, chance, quick=quick, where=" on PostgreSQL"),
        ]
        if why_not:
            rows.append(Row("launch: CPU ms", ours.milliseconds, "ltijs", None, 0.35, note=why_not))
        rows += [
            Row(
                f"launch: CPU ms, {people:,} people in the database",
                many.milliseconds,
                few.contender.name,
                few.milliseconds,
                1.1,
            ),
            Row("launch: failed", ours.failed, "launches", ours.launches, 0.0),
            Row(
                "launch: readings of the key set",
                ours.platform.keyset_reads,
                "launches",
                ours.launches,
                0.01,
            ),
        ]
        failed = [one.contender.name for one in entered.all if one.failed]
        if failed:
            raise click.ClickException(f"launches failed at: {', '.join(failed)}")
    return rows


def _cpu(ours: Measured, other: Measured, target: float | None, where: str = "") -> Row:
    return Row(
        f"launch: CPU ms, {WEB_PROCESSES} processes, all stored{where}",
        ours.milliseconds,
        other.contender.name,
        other.milliseconds,
        target,
    )


def _p99(ours: Measured, other: Measured, chance: random.Random, *, quick: bool, where: str = "") -> Row:
    """The 99th percentile of the latency at a steady rate: the median of five runs, which take turns."""
    runs, launches = (1, 100) if quick else (5, 500)
    found: dict[int, list[float]] = {id(ours): [], id(other): []}
    for _ in range(runs):
        for one in (ours, other):
            subjects = [contenders.subject(chance.randrange(one.people)) for _ in range(launches)]
            waited = sorted(latencies(one.contender, one.platform, subjects, PER_SECOND))
            found[id(one)].append(waited[int(0.99 * len(waited))] * 1000)
    mine, theirs = (statistics.median(found[id(one)]) for one in (ours, other))
    return Row(f"launch: p99 ms at {PER_SECOND:g}/s{where}", mine, other.contender.name, theirs, 2.0)


@click.command()
@bench_options("Fewer and shorter rounds: the ratios wander by some 10 %.")
@click.option("--people", default=MANY_PEOPLE, show_default=True, help="People in the fuller database.")
def main(quick: bool, people: int, path: Path | None) -> None:
    """Measure a launch's CPU."""
    rows = measure(quick=quick, people=people)
    report(rows, path)


if __name__ == "__main__":
    main()
