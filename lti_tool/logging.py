"""Structured logs on standard error: readable lines, or JSON for a collector. No secret is ever logged."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar

import structlog

_describe: ContextVar[Callable[[], Mapping[str, object]]] = ContextVar("_describe", default=dict)


def describe_lines(fields: Callable[[], Mapping[str, object]]) -> None:
    """Add to each later line of this thread what ``fields`` returns when the line is written.

    It is a function, since hardly any request writes a line: structlog's own context variables have to be filled, and
    emptied, at each.
    """
    _describe.set(fields)


def with_description(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the fields of :func:`describe_lines`; those of the line itself come first."""
    return {**_describe.get()(), **event}


def without_control_characters(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Write control characters as escapes: who reads the log in a terminal must not run what others have sent."""
    return {name: _printable(value) for name, value in event.items()}


def _printable(value: object) -> object:
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in value)


def configure_logging(log_format: str, level: int = logging.INFO) -> None:
    """Set up structlog for the process; ``log_format`` is ``text`` or ``json``."""
    renderer: structlog.typing.Processor
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
        # Without the variables of each frame, which structlog writes by default: they hold tokens and secrets.
        exceptions: structlog.typing.Processor = structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        )
    else:
        # structlog's own choice, rich where it is installed, also writes the variables of every frame.
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        exceptions = structlog.processors.format_exc_info
    structlog.configure(
        processors=[
            with_description,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            exceptions,
            without_control_characters,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
