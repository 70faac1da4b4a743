"""What everybody's pages show of a programme's settings: formats, names of the roles, and the length of a meeting."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.programmes.models import ProgrammeSettings

Names = Mapping[str, Mapping[str, str]]
"""What the business calls some things: by code, then by language."""


@dataclass(frozen=True)
class ShownSettings:
    """Those of one version of a programme's settings."""

    formats: tuple[str, ...]
    """The codes of the formats that a meeting may have, in the order in which they are offered."""
    title: Mapping[str, str]
    """What the programme is called, by language."""
    format_names: Names
    role_names: Names
    former_format_names: Names
    """Of the formats that other versions have: a meeting in one that was removed keeps its word."""
    minutes: int
    """How long a meeting is advised to be."""

    def format_name(self, code: str, language: str) -> str | None:
        """What the business calls a format; None where it has no word of its own."""
        names = self.format_names if code in self.format_names else self.former_format_names
        return names.get(code, {}).get(language)

    def role_name(self, role: str, language: str) -> str | None:
        """The same of a role."""
        return self.role_names.get(role, {}).get(language)


def known_settings(settings_id: uuid.UUID) -> ShownSettings | None:
    """What :func:`shown_settings` has read before in this process, without a connection; None before that."""
    known = _kept(settings_id)
    return known[0] if known else None


def shown_settings(db: Session, settings_id: uuid.UUID) -> ShownSettings:
    """What is shown of a version of settings. Versions are immutable: each is read once for a process."""
    known = _kept(settings_id)
    if not known:
        programme = sa.select(ProgrammeSettings.programme_id).where(ProgrammeSettings.id == settings_id)
        shown = (
            ProgrammeSettings.settings[key]
            for key in ("formats", "title", "format_names", "role_names", "rhythm")
        )
        versions = db.execute(
            sa.select(ProgrammeSettings.id, *shown)
            .where(ProgrammeSettings.programme_id == programme.scalar_subquery())
            .order_by(ProgrammeSettings.number)
        ).all()
        _id, formats, title, format_names, role_names, rhythm = next(
            version for version in versions if version.id == settings_id
        )
        former: dict[str, Mapping[str, str] | None] = {}
        for _other, _formats, _title, names, _roles, _rhythm in versions:
            former |= names or {}
        known.append(
            ShownSettings(
                formats=tuple(formats or ()),
                title=MappingProxyType(dict(title or {})),
                format_names=_names(format_names or {}),
                role_names=_names(role_names or {}),
                former_format_names=_names(former),
                minutes=rhythm["minutes"],
            )
        )
    return known[0]


def _names(given: Mapping[str, Mapping[str, str] | None]) -> Names:
    return MappingProxyType({code: MappingProxyType(dict(name)) for code, name in given.items() if name})


@functools.lru_cache(maxsize=512)
def _kept(_settings_id: uuid.UUID) -> list[ShownSettings]:
    """A place for what is shown of a version, empty until it is read."""
    return []
