"""Milestones on the way to completion: 25, 50 and 75 per cent, each passed once."""

from __future__ import annotations

from typing import Final

MILESTONES: Final = (25, 50, 75)
"""In per cent of completion."""
_COMPLETED: Final = 100


def milestone_passed(before: int, score: int, highest: int) -> int | None:
    """The milestone that a change of the score passes, or None. ``highest``: the highest that was passed so far.

    Of several at once the highest counts: the lower ones were never where the person stood. Nothing below ``highest``
    counts any more, so that falling back and rising again passes nothing twice. Reaching 100 is a completion, which has
    an event of its own. A score that did not rise past a milestone passes none: nobody who was beyond it before
    milestones were recorded has passed it now.
    """
    if score >= _COMPLETED:
        return None
    passed = [each for each in MILESTONES if before < each <= score and each > highest]
    return max(passed, default=None)
