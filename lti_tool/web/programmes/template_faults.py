"""What is wrong with the text of a template, as its page says it: line by line, and what is missing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from marshmallow import Schema

from lti_tool.mentoring.programmes.template_file import FileProblem
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording as words
from lti_tool.web.programmes import wording
from schemas import programme_template


@dataclass(frozen=True)
class FaultLine:
    """What is wrong with one line of a file, in words."""

    line: int | None
    place: str
    """As :attr:`lti_tool.mentoring.programmes.template_file.FileProblem.place`."""
    words: str
    lacks: bool = False
    """Whether :attr:`words` are the names of parts that the whole text lacks."""


@dataclass(frozen=True)
class Faults:
    """Everything that is wrong with a text."""

    lines: Sequence[FaultLine]
    missing: int
    """How many parts the whole text lacks."""

    @property
    def count(self) -> str:
        """How much there is to correct, as one phrase; empty where that is said of the whole text alone."""
        wrong = len({each.line for each in self.lines if each.line is not None})
        said = []
        if wrong:
            said.append(ngettext("%(num)s line to correct", "%(num)s lines to correct", wrong))
        if self.missing:
            said.append(ngettext("%(num)s part missing", "%(num)s parts missing", self.missing))
        return ", ".join(said)


def faults_of(found: Sequence[FileProblem]) -> Faults:
    """What is wrong, in the order of the lines: everything that is missing in one place is said at once."""
    lines = []
    missing: dict[tuple[int | None, str], list[str]] = {}
    for each in found:
        if each.problem == "field_missing":
            missing.setdefault((each.line, each.place), []).append(str(each.problem.params["what"]))
        elif each.problem == "unknown_field":
            name = each.place.rpartition(" › ")[2]
            near = difflib.get_close_matches(name, _KEYS, n=1, cutoff=0.75)
            said = _("“%(name)s” is not recognised here.", name=name)
            if near:
                said += " " + _("Did you mean “%(name)s”?", name=near[0])
            lines.append(FaultLine(each.line, each.place, said))
        else:
            lines.append(FaultLine(each.line, each.place, words.problem(each.problem)))
    for (line, place), names in missing.items():
        if place:
            needed = ", ".join(_("“%(name)s”", name=name) for name in names)
            lines.append(FaultLine(line, place, _("It needs %(names)s.", names=needed)))
            continue
        # What is missing from the whole text is on no line of it.
        said = ", ".join(_part_name(name) for name in names) + "."
        lines.append(FaultLine(None, place, said, lacks=True))
    lines.sort(key=lambda each: (each.line is None, each.line or 0))
    return Faults(lines, sum(len(names) for (_line, place), names in missing.items() if not place))


_KEYS: Final = sorted(
    {
        name
        for each in vars(programme_template).values()
        if isinstance(each, type) and issubclass(each, Schema)
        for name in each._declared_fields
    }
)
"""Names that a template file may hold, of which one may have been meant."""


def _part_name(key: str) -> str:
    """A key of the file with what the pages call it, such as “Skills (skills)”."""
    title = wording.KEYS.get(key)
    return f"{_(title)} ({key})" if title else key
