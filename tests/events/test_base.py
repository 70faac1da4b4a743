"""Events on their way to rows and back: every kind, older versions, former names, and rows that cannot be read."""

from __future__ import annotations

import datetime as dt
import inspect
import pkgutil
import uuid
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from typing import Any, get_type_hints

import pytest

import lti_tool
from lti_tool.composition.event_kinds import EVENT_MODULES
from lti_tool.events.base import KINDS, Event, EventUnreadable, from_details, to_details
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted, TutorValidated
from lti_tool.mentoring.objectives.events import ObjectiveAgreed, ObjectiveProposed, ObjectiveWithdrawn
from lti_tool.mentoring.pairs.events import PairProposed
from lti_tool.mentoring.programmes.events import CohortStarted
from lti_tool.mentoring.sessions.events import SessionCorrected, SessionLogged

ID = uuid.UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0001")
OTHER = uuid.UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0002")
DAY = dt.date(2026, 11, 12)

SAMPLES: dict[Any, Any] = {
    uuid.UUID: ID,
    str: "mentor",
    int: 3,
    bool: True,
    dt.date: DAY,
    dt.date | None: DAY,
    str | None: None,
    int | None: 3,
    uuid.UUID | None: None,
    tuple[uuid.UUID, ...]: (ID, OTHER),
    tuple[str, ...]: ("self", "tutor"),
}


def concrete() -> Iterator[type[Event]]:
    """Every kind of event that is appended."""
    for module in EVENT_MODULES:
        for _name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Event) and cls.__module__ == module.__name__ and not cls.__subclasses__():
                yield cls


def sample(kind: type[Event]) -> Event:
    hints = get_type_hints(kind)
    return kind(**{field.name: SAMPLES[hints[field.name]] for field in fields(kind)})


@pytest.mark.parametrize("kind", list(concrete()), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_read_as_it_was_written(kind: type[Event]) -> None:
    event = sample(kind)
    assert from_details(ID, kind.__name__, kind.version, to_details(event)) == event


def test_every_module_of_events_is_named_in_the_composition() -> None:
    """A row of a kind whose module is not imported could not be read."""
    modules = {
        info.name
        for info in pkgutil.walk_packages(lti_tool.__path__, "lti_tool.")
        if info.name.endswith(".events")
        and any(
            issubclass(cls, Event) and cls.__module__ == info.name
            for _name, cls in inspect.getmembers(import_module(info.name), inspect.isclass)
        )
    }
    assert modules - {"lti_tool.commands.events"} <= {module.__name__ for module in EVENT_MODULES}


FIRST_VERSION = [
    (
        "SessionLogged",
        {
            "subject_id": str(ID),
            "revision": 0,
            "started_at": "2026-11-12T12:00:00+00:00",
            "minutes": 45,
            "format": "video",
        },
        SessionLogged(session_id=ID, revision=0, held_on=DAY, minutes=45, format="coaching", mode="video"),
    ),
    (
        "SessionCorrected",
        {
            "subject_id": str(ID),
            "revision": 1,
            "started_at": "2026-11-11T23:10:00+00:00",
            "held_on": "2026-11-12",
            "minutes": 30,
            "format": "audio",
        },
        SessionCorrected(session_id=ID, revision=1, held_on=DAY, minutes=30, format="audio"),
    ),
    (
        "ObjectiveAgreed",
        {"subject_id": str(ID), "direction": "mentee", "tag": "skills", "required": False},
        ObjectiveAgreed(objective_id=ID, direction="mentee", tag="skills", required=False),
    ),
    (
        "ObjectiveDropped",
        {"subject_id": str(ID), "direction": "mentor"},
        ObjectiveWithdrawn(objective_id=ID, direction="mentor"),
    ),
    (
        "PairFormed",
        {"mentor_id": str(ID), "mentee_id": str(OTHER)},
        PairProposed(mentor_id=ID, mentee_id=OTHER),
    ),
    (
        "CohortStarted",
        {"template": "digital-skills"},
        CohortStarted(template="digital-skills", settings_number=1, rule_number=1),
    ),
    ("TutorValidated", {"about_id": str(ID)}, TutorValidated()),
    (
        "CompletionReopened",
        {"about_id": str(ID), "reason_id": str(OTHER)},
        CompletionReopened(reason_id=OTHER),
    ),
    ("ProgrammeCompleted", {"role": "mentee", "score": 100}, ProgrammeCompleted(role="mentee", score=100)),
]
"""What the first version wrote, with what the migration added."""


@pytest.mark.parametrize(("kind", "details", "event"), FIRST_VERSION, ids=[row[0] for row in FIRST_VERSION])
def test_an_event_of_the_first_version_is_read(kind: str, details: dict[str, Any], event: Event) -> None:
    assert from_details(ID, kind, 1, details) == event


def test_an_objective_of_before_needs_the_partner_s_word() -> None:
    details = {"objective_id": str(ID), "direction": "mentee", "tag": "skills", "required": True}
    assert from_details(ID, "ObjectiveProposed", 2, details) == ObjectiveProposed(
        objective_id=ID, direction="mentee", tag="skills", required=True, accepts=("partner",)
    )


LOGGED = to_details(
    SessionLogged(session_id=ID, revision=0, held_on=DAY, minutes=45, format="coaching", mode="video")
)


@pytest.mark.parametrize(
    ("code", "format", "mode"),
    [
        ("in-person", "coaching", "in-person"),
        ("video", "coaching", "video"),
        ("chat", "coaching", "writing"),
        ("trade-show", "trade-show", None),
        ("fab-lab", "fab-lab", None),
    ],
)
def test_a_format_of_before_modes_is_read_as_both(code: str, format: str, mode: str | None) -> None:
    details = {**LOGGED, "format": code}
    del details["mode"]
    event = from_details(ID, "SessionLogged", 2, details)
    assert isinstance(event, SessionLogged)
    assert (event.format, event.mode) == (format, mode)


@pytest.mark.parametrize(
    ("kind", "version", "details"),
    [
        ("SessionMoved", 1, LOGGED),
        ("SessionLogged", 99, LOGGED),
        ("SessionLogged", 0, LOGGED),
        ("SessionLogged", 3, {**LOGGED, "minutes": "45"}),
        ("SessionLogged", 3, {**LOGGED, "minutes": True}),
        ("SessionLogged", 3, {**LOGGED, "minutes": None}),
        ("SessionLogged", 3, {**LOGGED, "format": 7}),
        ("SessionLogged", 3, {**LOGGED, "session_id": "no id"}),
        ("SessionLogged", 3, {**LOGGED, "held_on": "yesterday"}),
        ("SessionLogged", 3, {**LOGGED, "note": "a text"}),
        ("SessionLogged", 3, {name: value for name, value in LOGGED.items() if name != "minutes"}),
        ("SessionLogged", 1, {}),
        ("TutorValidated", 2, {"about_id": str(ID)}),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_what_to_do(
    kind: str, version: int, details: dict[str, Any]
) -> None:
    with pytest.raises(EventUnreadable) as unreadable:
        from_details(ID, kind, version, details)
    said = str(unreadable.value)
    assert str(ID) in said
    assert "restore the row from a backup" in said


def test_no_event_holds_a_text_that_somebody_wrote() -> None:
    """Texts are in rows that can be erased; what is text in an event is a code, or what an operator calls a machine."""
    codes = {
        "role", "format", "mode", "direction", "tag", "evidence", "reason", "template", "role_view",
        "actor_account", "was", "status",
        "section", "skill", "catalogue_code",
    }  # fmt: skip
    machines = {"store_name", "endpoint", "former_endpoint"}
    texts = {
        field.name
        for kind in concrete()
        for field in fields(kind)
        if get_type_hints(kind)[field.name] in (str, str | None)
    }
    assert texts <= codes | machines


def test_two_kinds_cannot_have_one_name() -> None:
    known = dict(KINDS)
    try:
        with pytest.raises(TypeError, match="two kinds of event are called PairFormed"):
            type("PairFormed", (Event,), {"__module__": "elsewhere"})
    finally:
        KINDS.clear()
        KINDS.update(known)
