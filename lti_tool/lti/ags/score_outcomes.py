"""What became of a score that was to be posted: the outbox's outcomes, and those that gradebooks alone have."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lti_tool.lti.ags.results import Reading
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.messaging.outcomes import (
    Answered,
    Blocked,
    Dead,
    GroupUnavailable,
    NotTried,
    PartMissing,
    PartUnavailable,
    Retry,
    Sent,
    Unavailable,
)


@dataclass(frozen=True)
class Stale:
    """The platform holds something else under a timestamp that is not earlier: say it again, later."""

    than: dt.datetime
    reason: str


@dataclass(frozen=True)
class Refused(Dead):
    """The platform will never take the score. ``refusal``: why, as far as its answer says."""

    refusal: ScoreRefusal = ScoreRefusal.OTHER
    is_missing: bool = False
    """Whether the platform says that the line item is not there, or not the tool's, rather than anything of a score."""


@dataclass(frozen=True)
class Withheld:
    """The score was not posted, so that nobody's grade is erased.

    ``reading``: what is there, where it could be read.
    """

    reading: Reading | None = None


@dataclass(frozen=True)
class UnreadHere(PartUnavailable):
    """The result could not be read before posting: the platform answered, and not as it should."""


@dataclass(frozen=True)
class LineItemGone(PartMissing):
    """The platform, or a proxy before it, knows nothing at the address of this line item."""


@dataclass(frozen=True)
class NotInstalledHere(PartMissing):
    """The platform gives tokens, and takes none of them for this line item."""


@dataclass(frozen=True)
class ForbiddenHere(PartMissing):
    """The platform forbids this line item to the tool."""


@dataclass(frozen=True)
class UnreadAnywhere(GroupUnavailable):
    """The result could not be read before posting: the platform did not answer."""


@dataclass(frozen=True)
class UnreadAlone(Retry):
    """The result could not be read before posting, which must not hold other scores."""

    answered: Answered = Answered.GROUP


ScoreOutcome = (
    Sent
    | Dead
    | Retry
    | PartUnavailable
    | GroupUnavailable
    | Unavailable
    | Blocked
    | NotTried
    | Stale
    | Withheld
)
