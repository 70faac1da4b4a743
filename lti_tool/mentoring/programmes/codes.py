"""Codes for what a business adds to the settings of a programme."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection


def new_code(name: str, taken: Collection[str], *, prefix: str = "", longest: int = 30) -> str:
    """A code that nothing has yet, made of a name."""
    words = unicodedata.normalize("NFKD", f"{prefix} {name}".replace("’", " "))
    plain = words.encode("ascii", "ignore").decode().lower()
    parts = re.findall("[a-z0-9]+", plain)[:6] or ["entry"]
    code = "-".join(parts)[: longest - 4].strip("-")
    number = 1
    found = code
    while found in taken:
        number += 1
        found = f"{code}-{number}"
    return found
