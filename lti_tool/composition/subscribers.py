"""The subscribers of the event log, in the order in which they handle an event. A new one is a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lti_tool.config import Config
from lti_tool.events.dispatch import Subscriber
from lti_tool.subscribers.audit import Audit
from lti_tool.subscribers.counters import Counters
from lti_tool.subscribers.participants import Participants
from lti_tool.subscribers.progress import Progress
from lti_tool.subscribers.scores import Scores
from lti_tool.subscribers.statements import Statements
from lti_tool.subscribers.timeline import Timeline
from lti_tool.subscribers.united import United

MakeSubscriber = Callable[[Config], Subscriber]
"""Makes a subscriber, once for a process, for the settings."""

SUBSCRIBERS: Final[tuple[MakeSubscriber, ...]] = (
    lambda _config: Participants(),
    lambda _config: United(),
    lambda _config: Progress(),
    Statements,
    lambda _config: Scores(),
    lambda _config: Audit(),
    lambda _config: Timeline(),
    lambda _config: Counters(),
)
