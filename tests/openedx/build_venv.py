"""Builds the environment of the independent platform: `python tests/openedx/build_venv.py [FOLDER]`.

The folder is TANDEM_OPENEDX_VENV, or `.venv-openedx` beside the README. uv does it when there is one, otherwise
the pip of the Python that runs this file. Nothing happens when the folder already holds what `requirements.txt`
asks; anything half-built is removed first. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
REPOSITORY = Path(__file__).resolve().parents[2]


def default_folder() -> Path:
    """Where the environment is: TANDEM_OPENEDX_VENV, or `.venv-openedx` in the repository."""
    return Path(os.environ.get("TANDEM_OPENEDX_VENV") or REPOSITORY / ".venv-openedx")


def python_of(folder: Path) -> Path:
    """The environment's Python."""
    return folder / "bin" / "python"


def wanted() -> str:
    """What a finished environment is stamped with: its requirements and the Python it was made for."""
    requirements = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{requirements} {sys.version_info.major}.{sys.version_info.minor}\n"


def stamp_of(folder: Path) -> Path:
    """The file that is written last, so that its presence means a finished environment."""
    return folder / "built-from"


def is_built(folder: Path) -> bool:
    """Whether the folder holds a finished environment of today's requirements."""
    stamp = stamp_of(folder)
    return python_of(folder).exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted()


def find_uv() -> str | None:
    """uv, from beside this Python or from PATH; None to do without."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def commands(folder: Path, uv: str | None) -> list[list[str]]:
    """The commands that make the environment, with uv or with this Python's own venv and pip."""
    install = ["install", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", *install, "--quiet", "--python", str(python_of(folder))],
        ]
    # Without pip of its own, so that it also works where Debian left ensurepip out: this Python's pip does it.
    return [
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [sys.executable, "-m", "pip", "--python", str(python_of(folder)), *install, "--quiet"],
    ]


def main() -> int:
    """Builds the environment where it is wanted; returns the exit code of the first command that failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?", default=default_folder())
    parser.add_argument("--pip", action="store_true", help="use pip even where there is uv")
    asked = parser.parse_args()
    folder: Path = asked.folder
    if is_built(folder):
        return 0
    if folder.exists():
        if not (folder / "pyvenv.cfg").exists() and any(folder.iterdir()):
            print(f"{folder} is not an environment: it is left alone. Name another folder.", file=sys.stderr)
            return 2
        shutil.rmtree(folder)
    print(f"Building the environment of the independent platform in {folder}", flush=True)
    for command in commands(folder, None if asked.pip else find_uv()):
        failed = subprocess.run(command, check=False).returncode
        if failed:
            print(f"This failed: {' '.join(command)}", file=sys.stderr)
            return failed
    stamp_of(folder).write_text(wanted(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
