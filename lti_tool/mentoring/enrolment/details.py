"""What is known of a participant for choosing a partner, as values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.people_row import Skill


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of somebody for choosing a partner. None: nobody has said."""

    capacity: int | None = None
    offers: tuple[Skill, ...] | None = None
    wants: tuple[Skill, ...] | None = None
    department: str | None = None
    manager: str | None = None
    languages: tuple[str, ...] | None = None
    time_zone: str | None = None

    def as_json(self) -> dict[str, Any]:
        """A JSON object from which :meth:`from_json` makes equal details."""
        return {
            name: [list(each) if isinstance(each, tuple) else each for each in value]
            if isinstance(value, tuple)
            else value
            for name in DETAILS
            if (value := getattr(self, name)) is not None
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Details:
        """The details that :meth:`as_json` wrote."""
        values = {name: value for name, value in stored.items() if name in DETAILS}
        for name in ("offers", "wants"):
            if name in values:
                values[name] = tuple((code, level) for code, level in values[name])
        if "languages" in values:
            values["languages"] = tuple(values["languages"])
        return cls(**values)

    def updated(self, row: Details, *, has_answered: bool) -> Details:
        """These with what a file says, which is silent where its cells are empty.

        ``has_answered``: the person has answered the questions themselves; then their answers stay.
        """
        changes = {
            name: value
            for name in (FROM_FILE_ALONE if has_answered else DETAILS)
            if (value := getattr(row, name)) is not None
        }
        return Details(**{**{name: getattr(self, name) for name in DETAILS}, **changes})


DETAILS: Final = tuple(Details.__dataclass_fields__)
FROM_FILE_ALONE: Final = ("department", "manager")
"""Nobody is asked for these."""


@dataclass(frozen=True, slots=True)
class KnownDetails:
    """What is known of a participant."""

    details: Details = field(default_factory=Details)
    answered_at: dt.datetime | None = None
    """When they last answered the questions themselves."""
