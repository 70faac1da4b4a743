"""What is installed of the tool: the wheel has every file of its packages, and the catalogues compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PACKAGES = ("lti_tool", "schemas", "xapi")
NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")


def test_the_wheel_has_all_that_the_tool_needs(tmp_path: Path) -> None:
    """Built as the installation does it, from a folder in which nothing was compiled; without a network."""
    source = tmp_path / "source"
    for package in PACKAGES:
        left_out = shutil.ignore_patterns("__pycache__", "*.mo", ".*_cache")
        shutil.copytree(ROOT / package, source / package, ignore=left_out)
    for name in NEEDED:
        shutil.copy(ROOT / name, source / name)
    files = {
        path.relative_to(source).as_posix() for package in PACKAGES for path in (source / package).rglob("*")
    }
    files = {name for name in files if (source / name).is_file()}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        packed = {name for name in built.namelist() if ".dist-info/" not in name}
        [points] = [name for name in built.namelist() if name.endswith(".dist-info/entry_points.txt")]
        assert "tandem = lti_tool.cli:main" in built.read(points).decode()
    assert files - packed == set()
    assert packed - files == {"lti_tool/translations/fr/LC_MESSAGES/messages.mo"}
    kinds = {(PurePosixPath(name).parts[0], PurePosixPath(name).suffix) for name in packed}
    assert kinds >= {
        ("lti_tool", ".html"), ("lti_tool", ".css"), ("lti_tool", ".js"), ("lti_tool", ".svg"),
        ("lti_tool", ".mo"), ("schemas", ".py"), ("xapi", ".py"),
    }  # fmt: skip
    assert any(name.startswith("lti_tool/migrations/versions/") for name in packed)
