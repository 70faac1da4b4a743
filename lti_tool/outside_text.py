"""Text that another machine wrote, such as an error, in one line that every database keeps."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

LONGEST: Final = 2000
"""Characters."""


def one_line(text: str, limit: int = LONGEST) -> str:
    """The text in one line of printable characters, cut to ``limit``; NUL and lone surrogates become spaces."""
    cut = " ".join(text.split())[:limit]
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cut).split())


def error_line(error: BaseException) -> str:
    """An exception in one line: its type and what it says."""
    return one_line(f"{type(error).__name__}: {error}".rstrip(": "), 500)


class OneLine(sa.TypeDecorator[str]):
    """A column of :func:`one_line`: whatever is written into it can be stored."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Reduce a text to what every database keeps."""
        return None if value is None else one_line(value)
