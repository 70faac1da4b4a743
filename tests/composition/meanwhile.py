"""Two transactions at the same time, of which the second begins in the middle of the first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

PAUSE = 1.0
"""Seconds for which the first stays in its transaction."""


class Meanwhile:
    """Two who act: the second begins once the first is in the middle of its transaction."""

    def __init__(self) -> None:
        self._inside = threading.Event()

    def pause(self) -> None:
        """Called by the first."""
        self._inside.set()
        time.sleep(PAUSE)

    def run(self, first: Callable[[], object], second: Callable[[], object]) -> None:
        """Run both to their ends; raises what either of them raised."""

        def once_inside() -> None:
            assert self._inside.wait(10)
            second()

        with ThreadPoolExecutor(2) as people:
            running = [people.submit(first), people.submit(once_inside)]
            for each in running:
                each.result(timeout=60)
