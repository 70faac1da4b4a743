"""Open edX: https://github.com/openedx/xblock-lti-consumer."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from lti_tool.lti.platforms.base import MakesLineItems, Platform
from lti_tool.translation import Message


class OpenEdx(Platform):
    """An Open edX site."""

    family: ClassVar[str | None] = "openedx"
    name: ClassVar[str | None] = "Open edX"

    # In its “programmatic” mode it names no line item, and publishes the grades of one made for the block.
    makes_line_items: ClassVar[MakesLineItems] = MakesLineItems.AT_ONCE
    made_line_item_note: ClassVar[Message | None] = None

    person_in_results_path: ClassVar[bool] = True
    results_lag: ClassVar[dt.timedelta] = dt.timedelta(0)

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Open edX has no status of its own for it, only words."""
        return b"already exists for the provided timestamp" in body or b"later point in time" in body
