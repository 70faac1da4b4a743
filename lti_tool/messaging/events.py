"""What happens to record stores: where the statements of an organisation go, and since when."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class RecordStoreEvent(Event):
    """A record store to which statements of the organisation of the scope go. Never its credentials."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    record_store_id: uuid.UUID
    store_name: str
    """``primary``, or the name of a copy."""
    endpoint: str
    """Its address, which holds no credentials."""
    of_installation: bool
    """It serves every organisation that has none of its own."""
    registration_id: uuid.UUID | None
    """The one registration of the organisation that it is for; None for all of them."""


@dataclass(frozen=True, kw_only=True)
class RecordStoreSet(RecordStoreEvent):
    """An operator added a record store."""


@dataclass(frozen=True, kw_only=True)
class RecordStoreChanged(RecordStoreEvent):
    """An operator changed the address, the credentials or the version of a record store."""

    former_endpoint: str


@dataclass(frozen=True, kw_only=True)
class RecordStoreRemoved(RecordStoreEvent):
    """An operator removed a record store."""
