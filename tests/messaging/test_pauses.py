"""Which pauses an outcome ends, keeps and prolongs: the receiver's, those of its groups, those of their parts."""

from __future__ import annotations

import datetime as dt

import pytest

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.messaging import pauses
from lti_tool.messaging.models import DeliveryPause
from lti_tool.messaging.outcomes import (
    Answered,
    Blocked,
    Damaged,
    Dead,
    GroupUnavailable,
    NotTried,
    Outcome,
    PartMissing,
    PartUnavailable,
    Retry,
    Sent,
    Superseded,
    Unavailable,
)

WHOLE, GROUP, PART = "", "host/", "host/item"
LATELY = utcnow() - dt.timedelta(hours=3)


def write_pauses(services: Services, *parts: str, missing_since: dt.datetime | None = None) -> None:
    """Pauses that are over."""
    with services.database.transaction() as db:
        for part in parts:
            db.add(
                DeliveryPause(
                    kind="test",
                    receiver="r",
                    part=part,
                    until=LATELY,
                    since=LATELY,
                    missing_since=missing_since,
                    failures=3,
                    refused=False,
                    reason="before",
                )
            )


def after(services: Services, outcome: Outcome) -> dict[str, DeliveryPause]:
    """The pauses after a round of one delivery to :data:`PART`."""
    with services.database.reading() as db:
        before = pauses.read(db, "test", "r")
    with services.database.transaction() as db:
        pauses.update(db, "test", "r", [(PART, outcome)], before, now=utcnow())
    with services.database.reading() as db:
        return {row.part: row for row in pauses.read(db, "test", "r").rows}


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        (Sent(), set()),
        (Dead("never"), set()),
        (Retry("later"), set()),
        (Superseded(lambda _: None, Answered.PART), set()),
        (NotTried(), {WHOLE, GROUP, PART}),
        (Damaged("unreadable"), {WHOLE, GROUP, PART}),
        (Superseded(), {WHOLE, GROUP, PART}),
        (Superseded(lambda _: None, Answered.RECEIVER), {GROUP, PART}),
        (Retry("unread", answered=Answered.GROUP), {PART}),
        (Retry("unread", answered=Answered.NOBODY), {WHOLE, GROUP, PART}),
        (PartUnavailable("locked"), {PART}),
        (GroupUnavailable("away"), {GROUP, PART}),
        (Unavailable("away"), {WHOLE, GROUP, PART}),
        (Blocked("refused"), {WHOLE, GROUP, PART}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, set) else "",
)
def test_which_pauses_are_kept(services: Services, outcome: Outcome, kept: set[str]) -> None:
    write_pauses(services, WHOLE, GROUP, PART)
    assert after(services, outcome).keys() == kept


@pytest.mark.parametrize(
    ("before", "outcome", "since"),
    [
        (None, PartMissing("404"), "now"),
        (LATELY, PartMissing("404"), "before"),
        (LATELY, PartUnavailable("500"), None),
    ],
)
def test_since_when_a_part_is_missing_is_kept_as_long_as_it_is_said_to_be(
    services: Services, before: dt.datetime | None, outcome: Outcome, since: str | None
) -> None:
    write_pauses(services, PART, missing_since=before)
    pause = after(services, outcome)[PART]
    assert (pause.since, pause.failures) == (LATELY, 4)
    if since == "now":
        assert pause.missing_since is not None
        assert pause.missing_since > LATELY
    else:
        assert pause.missing_since == (LATELY if since == "before" else None)
