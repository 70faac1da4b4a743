"""Compiles the catalogues when the wheel is built, or installed in place: hatchling's custom build hook.

``pyproject.toml`` names this file under ``[tool.hatch.build.hooks.custom]``; the compiled files are in no
repository (https://hatch.pypa.io/latest/plugins/build-hook/custom/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface[Any]):
    """Turns every ``messages.po`` into the ``messages.mo`` that is read at run time."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the wheel take the compiled files in although git ignores them."""
        for source in sorted(Path(self.root, "lti_tool", "translations").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parent.parent.name)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue)
            build_data["artifacts"].append(source.with_suffix(".mo").relative_to(self.root).as_posix())
