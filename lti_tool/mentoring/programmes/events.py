"""What happens to programmes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.events.base import Event
from lti_tool.identity.audit_policy import Subject


@dataclass(frozen=True, kw_only=True)
class CohortDrafted(Event):
    """A cohort was made, and waits for its tutor to set it up and to start it. Nobody can join before."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    template: str
    settings_number: int
    """The version of the programme's settings."""
    rule_number: int
    """The version of the completion rule."""
    copied_from: uuid.UUID | None = None
    """The cohort whose settings and rule it took over, when an activity was copied."""


@dataclass(frozen=True, kw_only=True)
class SettingsChanged(Event):
    """A part of the settings of a cohort was changed, and the cohort runs on a new version of them."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    section: str
    """A code of :class:`lti_tool.mentoring.programmes.readiness.Section`."""
    number: int
    """The version of the programme's settings on which it runs now."""
    previous: int
    """The version on which it ran before."""


@dataclass(frozen=True, kw_only=True)
class CohortStarted(Event):
    """A cohort runs: at once when it was made from a template or as a copy of another, or started from a draft."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    version: ClassVar[int] = 3
    template: str
    settings_number: int
    """The version of the programme's settings."""
    rule_number: int
    """The version of the completion rule."""
    copied_from: uuid.UUID | None = None
    """The cohort whose settings and rule it took over, when an activity was copied."""

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The first version had one version of each, and until the third there was no copy."""
        return {"settings_number": 1, "rule_number": 1, "copied_from": None, **details}


@dataclass(frozen=True, kw_only=True)
class PlacementOpened(Event):
    """An activity in a course opens a cohort from now on. The placement is the event's scope."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    course_id: uuid.UUID
    resource_link_id: uuid.UUID
    role_view: str
    shared: bool
    """Whether the cohort had another activity already."""


@dataclass(frozen=True, kw_only=True)
class RuleApplied(Event):
    """Another version of the completion rule is in force in a cohort from now on, and everybody is judged by it."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    number: int
    """Of the version that is in force now."""
    previous: int
    """Of the one that was."""


@dataclass(frozen=True, kw_only=True)
class PilotScaled(Event):
    """A full-scale cohort was made from the pilot of the scope; it waits for an activity."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    scale_id: uuid.UUID
    """The cohort that was made."""


@dataclass(frozen=True, kw_only=True)
class FullScaleTakenBack(Event):
    """A full-scale cohort was taken back, which no activity had opened. The scope is that of the pilot."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    scale_id: uuid.UUID
    """The cohort that was taken back."""


@dataclass(frozen=True, kw_only=True)
class ActivityChosen(Event):
    """Somebody chose in the content picker what one or two new activities of a course are to open."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    course_id: uuid.UUID
    content_id: uuid.UUID
    """Of the row that holds the choice; the links carry it."""


@dataclass(frozen=True, kw_only=True)
class OwnerNamed(Event):
    """A person owns the programme from now on."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    person_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class TemplateAdded(Event):
    """A company has a new template of its own."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    template_id: uuid.UUID
    """Of the row that holds the version."""
    number: int


@dataclass(frozen=True, kw_only=True)
class TemplateChanged(Event):
    """A company's own template has a new version, which is in force from now on."""

    audit_subject: ClassVar[Subject] = Subject.PROGRAMME
    template_id: uuid.UUID
    """Of the row that holds the version."""
    number: int
