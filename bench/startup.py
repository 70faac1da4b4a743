"""How long ``tandem serve`` takes until it is ready, and the memory of one web process. ``python -m bench.startup``.

Ready is an answer of 200 from ``/readyz``: the database is there and its migrations are done. The database exists
already, as at every start but the first. Memory is the resident set (RSS) after launches by many people.
"""

from __future__ import annotations

import http.client
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import click
import psutil

from bench import contenders
from bench.driving import drive
from bench.rows import Row, bench_options, report
from bench.servers import STARTING_SECONDS, free_port
from tests.platform.keyset_server import KeysetServer
from tests.platform.platform import TOOL, Platform

STARTS = 7
LAUNCHES = 500
PEOPLE = 1_000
TARGET_SECONDS = 2.0
TARGET_MEBIBYTES = 150.0
_MEBIBYTE = 1024 * 1024


def seconds_to_ready(folder: Path, *, worker: bool) -> float:
    """From the start of the command to the first answer of ``/readyz``; the tool's data is in ``folder``."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("tandem")), "serve", "--port", str(port)]
    environ = {"TANDEM_BASE_URL": TOOL, "TANDEM_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    begun = time.perf_counter()
    with subprocess.Popen(
        command if worker else [*command, "--no-worker"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while time.perf_counter() < begun + STARTING_SECONDS:
                if _is_ready(port):
                    return time.perf_counter() - begun
                time.sleep(0.01)
        finally:
            process.terminate()
    raise click.ClickException("the tool does not start")


def _is_ready(port: int) -> bool:
    with (
        suppress(OSError, http.client.HTTPException),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection,
    ):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    return False


def measure(*, quick: bool = False) -> list[Row]:
    """The median start, and the memory of one process after launches."""
    starts, launches = (3, 100) if quick else (STARTS, LAUNCHES)
    chance = random.Random(7)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        (folder / "own").mkdir()
        seconds_to_ready(folder / "own", worker=True)  # the first makes the database
        taken = [seconds_to_ready(folder / "own", worker=True) for _ in range(starts)]
        platform = Platform(stack.enter_context(KeysetServer()))
        tool = stack.enter_context(
            contenders.tandem(platform, folder / "launched", people=PEOPLE, processes=1, name="one process")
        )
        drive(tool, platform, [contenders.subject(chance.randrange(PEOPLE)) for _ in range(launches)])
        [server] = tool.servers
        memory = psutil.Process(server.process_id).memory_info().rss / _MEBIBYTE
    return [
        Row(
            "start to ready: seconds, with the worker",
            statistics.median(taken),
            "two seconds",
            TARGET_SECONDS,
            1.0,
        ),
        Row(f"memory after {launches} launches: MiB", memory, "150 MiB", TARGET_MEBIBYTES, 1.0),
    ]


@click.command()
@bench_options("Fewer starts and launches.")
def main(quick: bool, path: Path | None) -> None:
    """Measure a start and the memory of a web process."""
    rows = measure(quick=quick)
    report(rows, path)


if __name__ == "__main__":
    main()
