"""What happens to registrations and deployments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class PlatformConnected(Event):
    """A platform was registered, by an invitation or by an operator."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    registration_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class DeploymentApproved(Event):
    """A deployment may launch from now on; the organisation is the event's scope."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    deployment_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class DeploymentWithdrawn(Event):
    """A deployment may not launch any more; the organisation, which stays its own, is the event's scope."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    deployment_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ServiceHostAllowed(Event):
    """Access tokens of a registration may be sent to one more host."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    registration_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ActorAccountChosen(Event):
    """Statements about people of a registration have this account from now on."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    registration_id: uuid.UUID
    actor_account: str
    """``opaque`` or ``lms``."""


@dataclass(frozen=True, kw_only=True)
class FrameOriginAllowed(Event):
    """Pages of one more origin may show the tool in a frame."""

    audit_subject: ClassVar[Subject] = Subject.ADMINISTRATION
    registration_id: uuid.UUID
