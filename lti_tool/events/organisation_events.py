"""What happens to organisations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from lti_tool.events.base import Event


@dataclass(frozen=True, kw_only=True)
class OrganisationAdded(Event):
    """An operator added the organisation of the scope."""


@dataclass(frozen=True, kw_only=True)
class OrganisationsMerged(Event):
    """Everything of another organisation belongs to the one of the scope from now on."""

    merged_id: uuid.UUID
