"""Every module that defines events: a row of the log can be read only once the module of its kind is imported."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from lti_tool.events import organisation_events
from lti_tool.lti.registration import events as registration
from lti_tool.mentoring.completion import events as completion
from lti_tool.mentoring.enrolment import events as enrolment
from lti_tool.mentoring.feedback import events as feedback
from lti_tool.mentoring.objectives import events as objectives
from lti_tool.mentoring.pairs import events as pairs
from lti_tool.mentoring.programmes import events as programmes
from lti_tool.mentoring.programmes import right_events as programme_rights
from lti_tool.mentoring.reflections import events as reflections
from lti_tool.mentoring.sessions import events as sessions
from lti_tool.messaging import events as record_stores

EVENT_MODULES: Final[tuple[ModuleType, ...]] = (
    organisation_events,
    registration,
    record_stores,
    programmes,
    programme_rights,
    enrolment,
    pairs,
    sessions,
    objectives,
    reflections,
    feedback,
    completion,
)
