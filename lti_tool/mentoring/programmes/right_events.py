"""What happens to the rights to a programme: who owns it, may use it and may read it. The programme is the scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class OwnershipEnded(Event):
    """A person gave up that they own the programme, which has other owners."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    person_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ProgrammeShared(Event):
    """An owner lets teachers choose the programme for new activities."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    course_id: uuid.UUID | None
    """The teachers of this course; None for all of the organisation."""


@dataclass(frozen=True, kw_only=True)
class ProgrammeShareEnded(Event):
    """An owner ended that; what was opened meanwhile goes on."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    course_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True)
class HrLinkMade(Event):
    """An owner made a link that lets somebody of human resources read the programme's settings."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    link_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class HrLinkWithdrawn(Event):
    """An owner took such a link back before anybody had used it."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    link_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class HrReadingGranted(Event):
    """Somebody opened such a link, and may read the programme's settings from now on."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    link_id: uuid.UUID
    person_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class HrReadingEnded(Event):
    """An owner ended that right."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    person_id: uuid.UUID
