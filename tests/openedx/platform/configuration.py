"""The JSON that the tests give the platform, read strictly into frozen values.

    {"tool": {"login_url": U, "launch_url": U, "jwks_url": U, "redirect_uris": [U], "deep_linking_url": U},
     "client_id": "tandem",
     "course": {"org": "Tandem", "course": "RM101", "run": "2026", "title": "T", "points": 100,
                "ags_mode": "programmatic", "share_people": true, "accept_grades_past_due": true,
                "due": "2026-11-01T00:00:00Z", "member_limit": 1000},
     "people": [{"username": "tess", "name": "Tess T", "email": "t@example.org", "role": "instructor",
                 "enrolled": true}]}

Only `people` must be there. `role` is `student`, `staff`, `instructor` or `limited_staff`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

ROLES = ("student", "staff", "instructor", "limited_staff")
AGS_MODES = ("disabled", "declarative", "programmatic")


class ConfigurationError(Exception):
    """The configuration is not one that this platform understands."""


@dataclass(frozen=True)
class Tool:
    """Where the tool is; all may stay empty until the tests know, and be set by `PUT /test/tool`."""

    login_url: str = ""
    launch_url: str = ""
    jwks_url: str = ""
    redirect_uris: list[str] = field(default_factory=list)
    deep_linking_url: str = ""


@dataclass(frozen=True)
class CourseSettings:
    """The one course and how its LTI block is set."""

    org: str = "Tandem"
    course: str = "RM101"
    run: str = "2026"
    title: str = "Reverse mentoring"
    activity_title: str = "Reverse mentoring"
    points: float = 100
    ags_mode: str = "programmatic"
    share_people: bool = True
    accept_grades_past_due: bool = True
    due: str = ""
    member_limit: int = 1000

    def __post_init__(self) -> None:
        if self.ags_mode not in AGS_MODES:
            raise ConfigurationError(f"ags_mode is one of {', '.join(AGS_MODES)}")

    @property
    def due_date(self) -> datetime | None:
        """When the activity closes, aware, or None."""
        return datetime.fromisoformat(self.due) if self.due else None


@dataclass(frozen=True)
class Person:
    """Someone in the course."""

    username: str
    name: str = ""
    email: str = ""
    role: str = "student"
    enrolled: bool = True

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ConfigurationError(f"the role of {self.username} is one of {', '.join(ROLES)}")


@dataclass(frozen=True)
class Configuration:
    """All of it."""

    people: list[Person]
    tool: Tool
    course: CourseSettings
    client_id: str


Known = TypeVar("Known", Tool, CourseSettings, Person)


def known_fields(shape: type[Known], values: dict[str, Any]) -> Known:
    """Builds `shape` from `values`; raises ConfigurationError on a name that it does not have."""
    unknown = set(values) - {each.name for each in fields(shape)}
    if unknown:
        raise ConfigurationError(f"{shape.__name__} has no {', '.join(sorted(unknown))}")
    return shape(**values)


def read_configuration(path: Path) -> Configuration:
    """Reads the file; raises ConfigurationError on anything unknown."""
    values = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(values) - {"people", "tool", "course", "client_id"}
    if unknown:
        raise ConfigurationError(f"the configuration has no {', '.join(sorted(unknown))}")
    return Configuration(
        people=[known_fields(Person, person) for person in values["people"]],
        tool=known_fields(Tool, values.get("tool", {})),
        course=known_fields(CourseSettings, values.get("course", {})),
        client_id=values.get("client_id", "tandem"),
    )
