"""Sakai: https://www.sakailms.org."""

from __future__ import annotations

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class Sakai(Platform):
    """A Sakai site."""

    family: ClassVar[str | None] = "sakai"
    name: ClassVar[str | None] = "Sakai"
