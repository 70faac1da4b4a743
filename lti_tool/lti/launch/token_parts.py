"""The parts of an id_token, taken apart before anything in it is verified (RFC 7515 §3.1, RFC 7519).

Strictly: what two readers could read differently is no token.
"""

from __future__ import annotations

import binascii
import functools
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn

MAX_JSON_DEPTH: Final = 50
"""Levels of objects and lists in a token; a real one has four or five."""

_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
"""From base64url without padding to base64; what base64url does not have becomes a character that neither has."""
_LONGEST_KNOWN_HEADER: Final = 300


def header(part: str) -> Mapping[str, Any]:
    """What a token's header says. Raises :class:`ValueError`."""
    # All tokens of a platform have the same one, until it changes its key.
    return _known_header(part) if len(part) <= _LONGEST_KNOWN_HEADER else json_object(decoded(part))


@functools.lru_cache(maxsize=1_000)
def _known_header(part: str) -> Mapping[str, Any]:
    return MappingProxyType(json_object(decoded(part)))


def decoded(part: str) -> bytes:
    """Strict base64url without padding (RFC 7515 §2). Raises :class:`ValueError`."""
    if not part:
        raise ValueError("not base64url")
    base64 = part.encode("ascii").translate(_TO_BASE64) + b"=" * (-len(part) % 4)
    return binascii.a2b_base64(base64, strict_mode=True)


def json_object(encoded: bytes) -> dict[str, Any]:
    """A JSON object that can be written again, and kept by any database. Raises :class:`ValueError`.

    Python reads numbers that JSON does not have (RFC 8259 §6), and nests deeper than it can write.
    """
    written = encoded.decode("utf-8")
    found = _JSON.decode(written)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    if written.count("{") + written.count("[") <= MAX_JSON_DEPTH:
        return found  # it cannot be nested deeper than that
    level: list[Any] = [found]
    for _depth in range(MAX_JSON_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _HOLDS_OTHERS)
        ]
        if not level:
            return found
    raise ValueError(f"nested more than {MAX_JSON_DEPTH} deep")


def _finite(written: str) -> float:
    number = float(written)
    return number if math.isfinite(number) else _reject_number(written)


def _reject_number(written: str) -> NoReturn:
    raise ValueError(f"{written[:40]} is not a number of JSON")


_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_reject_number)
_HOLDS_OTHERS = (dict, list)
