"""Events as values, and their way to and from rows.

An event is a frozen dataclass named in the past tense; its fields are what happened, in ids, codes, numbers and dates,
never a text that somebody wrote: it names the row and the version that hold the text, so that erasing the text leaves
the log valid. A change of its fields raises ``version``, and :meth:`Event.upgrade` reads what older versions wrote.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import cattrs

from lti_tool.identity.audit_policy import Subject
from lti_tool.identity.principal import PrincipalKind

KINDS: dict[str, type[Event]] = {}
"""Every kind of event by its name and by its former names."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened. Subclasses are registered by their names."""

    version: ClassVar[int] = 1
    """Raised with every change of the fields."""
    audit_subject: ClassVar[Subject]
    """What the audit counts it to, which decides who is shown it. Every kind says it, or inherits it."""
    former_names: ClassVar[tuple[str, ...]] = ()
    """What rows call it that were written before it was renamed."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the kind known to whoever reads rows."""
        super().__init_subclass__(**kwargs)
        for name in (cls.__name__, *cls.former_names):
            known = KINDS.setdefault(name, cls)
            if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"two kinds of event are called {name}: {known} and {cls}")
            KINDS[name] = cls

    @property
    def has_audit_entry(self) -> bool:
        """Whether the audit has an entry of its own for it; another event's entry stands for one that has none."""
        return True

    @classmethod
    def upgrade(cls, version: int, details: dict[str, Any]) -> dict[str, Any]:
        """The details of ``version`` (older than the present one) as the present version writes them.

        Of the first version's rows the migration added ``subject_id`` and ``participant_id`` to the details.
        """
        del version
        return details


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Where an event belongs."""

    organisation_id: uuid.UUID
    programme_id: uuid.UUID | None = None
    cohort_id: uuid.UUID | None = None
    placement_id: uuid.UUID | None = None
    pair_id: uuid.UUID | None = None
    participant_id: uuid.UUID | None = None
    """The participant whose act it was, or whom it is about."""


@dataclass(frozen=True, slots=True)
class ActedBy:
    """Who acted: the principal's kind, and its id where the kind has any."""

    kind: PrincipalKind
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with its place in the log."""

    id: uuid.UUID
    at: dt.datetime
    """When it was recorded; aware."""
    scope: Scope
    acted_by: ActedBy
    event: Event


class EventUnreadable(Exception):
    """A row of the log cannot be read. The text names the row and says what to do."""

    def __init__(self, event_id: uuid.UUID, kind: str, version: int, reason: str) -> None:
        super().__init__(
            f"event {event_id} ({kind}, version {version}) cannot be read: {reason}. "
            "If a newer version of the tool wrote it, install that version; else restore the row from a backup. "
            "Nothing was changed."
        )
        self.event_id = event_id


_converter = cattrs.Converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(uuid.UUID, str)
_converter.register_structure_hook(uuid.UUID, lambda value, _type: uuid.UUID(value))
_converter.register_unstructure_hook(dt.datetime, lambda value: value.isoformat())
_converter.register_structure_hook(dt.datetime, lambda value, _type: dt.datetime.fromisoformat(value))
_converter.register_unstructure_hook(dt.date, lambda value: value.isoformat())
_converter.register_structure_hook(dt.date, lambda value, _type: dt.date.fromisoformat(value))


def _exactly(kind: type) -> Any:
    """cattrs would turn a number into text and text into a number; a log is read as it was written."""

    def structure(value: Any, _type: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not {kind.__name__}")
        return value

    return structure


for _kind in (int, str, bool):
    _converter.register_structure_hook(_kind, _exactly(_kind))

Payload = TypeVar("Payload", bound=Event)


def to_details(event: Event) -> dict[str, Any]:
    """The event's own fields as JSON values."""
    details: dict[str, Any] = _converter.unstructure(event)
    return details


def from_details(event_id: uuid.UUID, kind: str, version: int, details: Mapping[str, Any]) -> Event:
    """The event that a row holds, whatever version wrote it. Raises :class:`EventUnreadable`."""
    cls = KINDS.get(kind)
    if cls is None:
        raise EventUnreadable(event_id, kind, version, "this version of the tool knows no such event")
    if not 1 <= version <= cls.version:
        raise EventUnreadable(
            event_id, kind, version, f"this version of the tool knows version {cls.version}"
        )
    try:
        current = dict(details) if version == cls.version else cls.upgrade(version, dict(details))
        return _converter.structure(current, cls)
    except Exception as error:
        reason = "; ".join(cattrs.transform_error(error)) or f"{type(error).__name__}: {error}"
        raise EventUnreadable(event_id, kind, version, f"its details are damaged ({reason})") from error
