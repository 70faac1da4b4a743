"""A command of the tool in a process of its own that does not import the tool anew, which takes a second.

It is forked from a process without any thread that has imported it (:data:`FORKS`, one for each test process).
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
"""A process without any thread, which has imported the tool and becomes a new process of it within milliseconds."""
FORKS.set_forkserver_preload(["tests.preloaded"])

LONGEST: Final = 60.0
"""After how many seconds a command that should have ended has failed."""


def start_forked(
    words: Sequence[str],
    environment: Mapping[str, str],
    out: Path = Path(os.devnull),
    err: Path = Path(os.devnull),
) -> BaseProcess:
    """Start ``tandem`` with these words and nothing but this environment; what it writes goes into these files."""
    process = FORKS.Process(target=_become, args=(words, dict(environment), out, err))
    process.start()
    return process


def run_forked(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``tandem`` with these words and nothing but this environment."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "stdout"), Path(folder, "stderr")
        process = start_forked(words, environment, *written)
        process.join(LONGEST)
        status = process.exitcode
        if status is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, LONGEST)
        process.close()
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in written]
    return subprocess.CompletedProcess(words, status, *texts)


def _become(words: Sequence[str], environment: dict[str, str], out: Path, err: Path) -> None:
    for path, number in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["tandem", *words]
    from lti_tool.cli import main

    main()
