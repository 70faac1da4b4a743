"""A pytest plugin that keeps the folders of tests in memory, where there is room.

SQLite waits for the disk whenever the last connection to a file is closed, and the demo LMS opens one for every
request: on a disk that others use too, a test of it waits longer than it works.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000
"""How many bytes have to be free there: a container may have 64 megabytes."""


def is_roomy(folder: Path) -> bool:
    """Whether the folder can take what a whole run writes, and run what it installs."""
    return (
        folder.is_dir()
        and os.access(folder, os.W_OK)
        and shutil.disk_usage(folder).free > ROOM
        and not os.statvfs(folder).f_flag & os.ST_NOEXEC
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say where pytest makes its folders, unless somebody has said so; xdist's workers make theirs below."""
    if is_roomy(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
