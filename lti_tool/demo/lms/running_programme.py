"""What the demo knows of a programme that runs in a course: how long, and how far each of its people is.

The LMS asks for it when a page is shown, so that the words are as true as the tool's own pages; it knows nothing of
the tool, which :meth:`lti_tool.demo.lms.server.RunningLms.ask_programmes_of` is given an answer of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import current_app

from lti_tool.demo.lms.course import LmsCourse
from lti_tool.demo.lms.ids import shown_context_id
from lti_tool.demo.lms.people import LmsPerson
from lti_tool.demo.lms.texts import text
from lti_tool.demo.lms.wiring import current_lms

EXTENSION = "running_programmes"
LOOK_AT = ("contested", "to_confirm", "to_accept", "paused", "completed", "never_opened")
"""The states that are worth a look, in the order in which they are proposed."""


@dataclass(frozen=True)
class Part:
    """What somebody does in a programme: the role, ``mentor``, ``mentee`` or none, and the state they are in.

    ``state``: the end of the key of a text, ``part_…``; ``meetings``: how many meetings of theirs are confirmed.
    """

    role: str
    state: str
    meetings: int = 0


@dataclass(frozen=True)
class RunningProgramme:
    """A programme in a course. ``parts``: by the LMS's id of the person, as in launches."""

    weeks: int
    pairs: int
    parts: Mapping[str, Part] = field(default_factory=dict)

    def part_of(self, person: LmsPerson, locale: str) -> str:
        """What somebody's part is, as a line below their name; empty for whoever has none."""
        part = self.parts.get(str(person.id))
        if part is None:
            return ""
        state = text(locale, f"part_{part.state}", number=part.meetings)
        return f"{text(locale, f'part_{part.role}')} · {state}" if part.role else state

    def to_look_at(self, people: list[LmsPerson], locale: str) -> str:
        """One person in each of :data:`LOOK_AT`, by their given names: “Chloé (a meeting is contested), …”."""
        found = []
        for state in LOOK_AT:
            here = (person for person in people if self._state(person) == state)
            if person := next(here, None):
                found.append(f"{person.given_name} ({text(locale, f'part_{state}')})")
        return ", ".join(found)

    def _state(self, person: LmsPerson) -> str:
        part = self.parts.get(str(person.id))
        return part.state if part else ""


AskForProgramme = Callable[[str], RunningProgramme | None]
"""Gives the programme of a course, by its id in launches; None where nothing runs there."""


def programme_of(course: LmsCourse) -> RunningProgramme | None:
    """The programme that runs in a course, where somebody answers for it."""
    ask: AskForProgramme | None = current_app.extensions.get(EXTENSION)
    return ask(shown_context_id(current_lms().settings, course.id)) if ask else None
