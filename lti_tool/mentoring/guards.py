"""How an action refuses: what may not be done now raises :class:`NotAllowed`, and the transaction is rolled back."""

from __future__ import annotations

import datetime as dt
from typing import Final

UNDO_WITHIN: Final = dt.timedelta(minutes=10)
"""How long one's own step can be taken back, unless somebody else acts on it before."""


class NotAllowed(Exception):
    """What was asked cannot be done now; ``code`` says why, for a page to put into words."""

    def __init__(self, code: str) -> None:
        """``code``: a short name such as ``pair_over``, which a page's wording has a sentence for."""
        super().__init__(code)
        self.code = code


def require(condition: bool, code: str) -> None:
    """Raise :class:`NotAllowed` unless ``condition`` holds."""
    if not condition:
        raise NotAllowed(code)
