"""What single values of a statement must be: objects of known properties, arrays, and texts and numbers of a form.

:mod:`xapi.validation` says which value has to be what.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_WEB_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`/?#]+[^\s<>\"{}|\\^`]*", re.IGNORECASE)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_DURATION = re.compile(r"PT(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,2})?S)?")
# The part of RFC 5646 that a learning platform sends: "fr", "fr-CA", "zh-Hant-TW".
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_SHA2 = re.compile(r"[0-9a-f]{64}")

Check = Callable[[str, Any], None]


class InvalidStatementError(ValueError):
    """The statement breaks a rule at the given place, written as a JSON path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def check_object(
    path: str, value: Any, *, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None
) -> None:
    """An object with all the required properties, perhaps the optional ones, and no other."""
    optional = optional or {}
    if not isinstance(value, Mapping):
        raise InvalidStatementError(path, "must be an object")
    for name in required:
        if name not in value:
            raise InvalidStatementError(f"{path}.{name}", "is missing")
    for name, item in value.items():
        check = required.get(name) or optional.get(name)
        if check is None:
            raise InvalidStatementError(f"{path}.{name}", "is not a property that we write")
        check(f"{path}.{name}", item)


def each(check: Check) -> Check:
    """A non-empty array whose items all pass the check."""

    def check_each(path: str, value: Any) -> None:
        if not isinstance(value, list) or not value:
            raise InvalidStatementError(path, "must be an array with at least one item")
        for index, item in enumerate(value):
            check(f"{path}[{index}]", item)

    return check_each


def exactly(expected: str) -> Check:
    def check_exactly(path: str, value: Any) -> None:
        if value != expected:
            raise InvalidStatementError(path, f"must be {expected!r}")

    return check_exactly


def matching(pattern: re.Pattern[str], meaning: str) -> Check:
    def check_matching(path: str, value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InvalidStatementError(path, f"must be {meaning}")

    return check_matching


iri = matching(IRI, "an IRI with its scheme")
web_iri = matching(_WEB_IRI, "an http or https IRI")
language_tag = matching(_LANGUAGE, "a language tag")
duration = matching(_DURATION, "an ISO 8601 duration in hours, minutes and hundredths of a second")
sha2 = matching(_SHA2, "a SHA-256 digest in hexadecimal")


def uuid_text(path: str, value: Any) -> None:
    try:
        canonical = isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        canonical = False
    if not canonical:
        raise InvalidStatementError(path, "must be a UUID in its usual spelling")


def timestamp(path: str, value: Any) -> None:
    try:
        if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
            raise ValueError
        datetime.fromisoformat(value)
    except ValueError:
        raise InvalidStatementError(path, "must be a UTC moment with three decimals and Z") from None


def text(path: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidStatementError(path, "must be a text that is not blank")


def boolean(path: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidStatementError(path, "must be true or false")


def number(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidStatementError(path, "must be a finite number")


def size(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidStatementError(path, "must be a size in bytes")


def language_map(path: str, value: Any) -> None:
    check_object(path, value, required={"en": text, "fr": text})
