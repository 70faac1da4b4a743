"""The formats that the meetings of a programme may have, and what they are called there."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.programmes.models import ProgrammeSettings


@dataclass(frozen=True)
class MeetingFormats:
    """Those of one version of a programme's settings."""

    codes: tuple[str, ...]
    """In the order in which they are offered."""
    names: Mapping[str, Mapping[str, str]]
    """What the business calls some of them: by code, then by language."""

    def name(self, code: str, language: str) -> str | None:
        """What the business calls a format; None where it has no word of its own."""
        return self.names.get(code, {}).get(language)


def meeting_formats(db: Session, settings_id: uuid.UUID) -> MeetingFormats:
    """The formats of a version of settings. Versions are immutable: each is read once for a process."""
    known = _kept(settings_id)
    if not known:
        settings = db.scalars(
            sa.select(ProgrammeSettings.settings).where(ProgrammeSettings.id == settings_id)
        ).one()
        names = {
            code: MappingProxyType(dict(each)) for code, each in settings.get("format_names", {}).items()
        }
        known.append(MeetingFormats(tuple(settings.get("formats", ())), MappingProxyType(names)))
    return known[0]


@functools.lru_cache(maxsize=512)
def _kept(_settings_id: uuid.UUID) -> list[MeetingFormats]:
    """A place for the formats of a version, empty until they are read."""
    return []
