"""What happens to reflections. The pair, and the author, are the event's scope; the words are in their row alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class ReflectionEvent(Event):
    """What every event of a reflection says: which one."""

    audit_subject: ClassVar[Subject] = Subject.WORDS
    reflection_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ReflectionWritten(ReflectionEvent):
    """Somebody wrote down what they changed."""

    shared: bool
    """Whether their partner may read it."""


@dataclass(frozen=True, kw_only=True)
class ReflectionShared(ReflectionEvent):
    """Its author lets the partner read it."""


@dataclass(frozen=True, kw_only=True)
class ReflectionRemoved(ReflectionEvent):
    """Its author deleted it: its statement is voided."""
