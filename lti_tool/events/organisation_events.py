"""What happens to organisations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class OrganisationAdded(Event):
    """An operator added the organisation of the scope."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION


@dataclass(frozen=True, kw_only=True)
class OrganisationsMerged(Event):
    """Everything of another organisation belongs to the one of the scope from now on."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    merged_id: uuid.UUID
