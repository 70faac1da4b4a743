"""The channels, and the worker that serves them."""

from __future__ import annotations

from typing import Any

from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action, require
from lti_tool.identity.principal import TOOL
from lti_tool.lti.ags.channel import GradebookChannel
from lti_tool.messaging.channel import Channel
from lti_tool.messaging.lrs_channel import LRSChannel
from lti_tool.messaging.worker import Worker


def make_channels(services: Services) -> tuple[Channel, ...]:
    """Where deliveries go. A new channel is a line here."""
    return (
        LRSChannel(services.config, services.vault, services.http),
        GradebookChannel(services),
    )


def make_worker(services: Services, **options: Any) -> Worker:
    """A worker for every channel. ``options``: those of :class:`lti_tool.messaging.worker.Worker`."""
    require(TOOL, Action.DELIVER)
    return Worker(
        services.database,
        make_channels(services),
        wake=services.wake,
        **options,
    )
