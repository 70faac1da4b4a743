"""A bench's result: one row for each ratio, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click


@dataclass(frozen=True)
class Row:
    """One measure beside its baseline. Values of one row are in one unit, which ``what`` names."""

    what: str
    ours: float | None
    baseline: str
    theirs: float | None
    target: float | None
    """The bound of the ratio; None where the row only informs."""
    at_most: bool = True
    """Whether ``target`` is the most that the ratio may be (cost), or the least (rate)."""
    note: str = ""
    """Why there is no value, where there is none."""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs; None when either was not measured."""
        if self.ours is None or not self.theirs:
            return None
        return self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a ratio or a target."""
        if self.ratio is None or self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def to_json(self) -> dict[str, Any]:
        """The row and what follows from it."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Row:
        """The row that :meth:`to_json` wrote."""
        return cls(**{name: value for name, value in stored.items() if name not in ("ratio", "met")})


_HEADINGS = ("what", "ours", "baseline", "theirs", "ratio", "target", "met")


def table(rows: Sequence[Row]) -> str:
    """The rows in columns, one line each."""
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: row.note or "-"}[row.met]
    sign = "≤" if row.at_most else "≥"
    return (
        row.what,
        _number(row.ours),
        row.baseline,
        _number(row.theirs),
        _number(row.ratio),
        "-" if row.target is None else f"{sign} {row.target:g}",
        met,
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def report(rows: Sequence[Row], path: Path | None) -> None:
    """Print the rows as a table, and write them to ``path`` where there is one."""
    click.echo(table(rows))
    if path:
        write_json(rows, path)


def write_json(rows: Sequence[Row], path: Path) -> None:
    """The rows and where they were measured."""
    measured = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "rows": [row.to_json() for row in rows],
    }
    path.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


Command = TypeVar("Command", bound=Callable[..., Any])


def bench_options(quick: str) -> Callable[[Command], Command]:
    """The options that every bench has: ``--quick``, whose help this is, and ``--json``, given as ``path``."""

    def add(command: Command) -> Command:
        json_file = click.Path(path_type=Path, dir_okay=False)
        command = click.option("--json", "path", type=json_file, help="Write the rows there too.")(command)
        return click.option("--quick", is_flag=True, help=quick)(command)

    return add
