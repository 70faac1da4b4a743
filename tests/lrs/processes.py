"""Starting the two LRSs that the tests speak to; both listen on loopback and end with the test run."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from lti_tool.demo.lrs import LRSStartError, RunningLRS, start_ralph, wait_until_ready

__all__ = ["NODE_MODULES", "LRSStartError", "RunningLRS", "node_is_ready", "start_ralph", "start_strict_lrs"]

NODE_MODULES = Path(__file__).parents[1] / "node" / "node_modules"
_PRELOAD = Path(__file__).with_name("loopback.js")


def node_is_ready() -> bool:
    """Whether Node and the packages of tests/node are there (`npm ci --prefix tests/node`)."""
    return shutil.which("node") is not None and (NODE_MODULES / "xapi-statements").is_dir()


def start_strict_lrs(data_dir: Path, port: int = 0) -> RunningLRS:
    """Start xapi-statements with its memory storage, which is empty at every start. Any password passes."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log_path = data_dir / "strict-lrs.log"
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH_REPO": "test",
        "EVENTS_REPO": "test",
        "MODELS_REPO": "memory",
        "STORAGE_REPO": "local",
        "FS_LOCAL_STORAGE_DIR": str(data_dir / "storage"),
        "SERVICE_AWAIT_UPDATES": "true",
        "EXPRESS_PORT": str(port),
        "LANG": "en",
    }
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [
                "node",
                "--no-deprecation",
                "--require",
                _PRELOAD,
                NODE_MODULES / "xapi-statements/dist/server.js",
            ],
            cwd=data_dir,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{_announced_port(process, log_path)}"
    lrs = RunningLRS(f"{address}/xAPI/", "any", "any", process)
    wait_until_ready(lrs, f"{address}/xAPI/about", log_path)
    return lrs


def _announced_port(process: subprocess.Popen[bytes], log_path: Path) -> int:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if match := re.search(r"listening on (\d+)", log_path.read_text()):
            return int(match[1])
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise LRSStartError(f"the strict LRS did not start: {log_path.read_text()[-500:]}")
