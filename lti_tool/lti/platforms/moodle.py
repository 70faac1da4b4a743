"""Moodle: https://docs.moodle.org/en/External_tool."""

from __future__ import annotations

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform
from lti_tool.translation import Message
from schemas.problem import N_


class Moodle(Platform):
    """A Moodle site; each is run by its own organisation."""

    family: ClassVar[str | None] = "moodle"
    name: ClassVar[str | None] = "Moodle"
    theme: ClassVar[str] = "moodle"
    needs_activation: ClassVar[bool] = True
    line_item_advice: ClassVar[Message] = Message(
        N_(
            "In the settings of this activity in Moodle, open “Privacy” and tick “Accept grades from the tool”, then "
            "save and open the activity once more. Or add it anew with “Select content”: that ticks the box for you."
        )
    )
