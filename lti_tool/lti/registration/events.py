"""What happens to registrations and deployments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from lti_tool.events.base import Event


@dataclass(frozen=True, kw_only=True)
class PlatformConnected(Event):
    """A platform was registered, by an invitation or by an operator."""

    registration_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class DeploymentApproved(Event):
    """A deployment may launch from now on; the organisation is the event's scope."""

    deployment_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ServiceHostAllowed(Event):
    """Access tokens of a registration may be sent to one more host."""

    registration_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class ActorAccountChosen(Event):
    """Statements about people of a registration have this account from now on."""

    registration_id: uuid.UUID
    actor_account: str
    """``opaque`` or ``lms``."""


@dataclass(frozen=True, kw_only=True)
class FrameOriginAllowed(Event):
    """Pages of one more origin may show the tool in a frame."""

    registration_id: uuid.UUID
