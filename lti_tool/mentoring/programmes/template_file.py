"""A programme template as a file that people edit: YAML, with a comment above each section.

The built-in templates are files of exactly this kind. What is written reads back as the same template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from lti_tool.mentoring.completion.queries import criterion_schemas
from lti_tool.mentoring.programmes.template import ProgrammeTemplate, read_template
from lti_tool.translation import gettext as _
from schemas import choices
from schemas.problem import N_, Problem, ShapeError
from schemas.programme_template import dump_programme_template, load_programme_template
from schemas.yaml_text import YamlDocument, YamlError, read_yaml, write_yaml

HEAD: Final = (
    N_(
        "Every text is there in French (fr) and in English (en). Put any text that contains a colon in quotation marks."
    ),
    N_("Indent with spaces, not with tabs. [] is a list with nothing in it yet."),
)
OF_A_FILE: Final = N_("A programme template. Change it in any text editor, then import it again.")
OF_A_PAGE: Final = N_("A programme template. A line that begins with # explains what follows.")
COMMENTS: Final[Mapping[str, str]] = {
    "v": N_("The version of this file format: leave it as it is."),
    "code": N_("Lower-case letters, digits and hyphens. A different code makes a new template."),
    "title": N_("What people see when they choose the template."),
    "summary": N_("What it is for, in a line below the title."),
    "goal": N_("Why the company runs the programme."),
    "role_names": N_("What you call the two roles. Without this part, they have their usual names."),
    "skills": N_("What people can learn. The tag is one of: skills, communication, culture, person."),
    "objectives": N_(
        "What pairs can choose from. direction: who learns; level: 1 to 5; evidence: self, partner, tutor."
    ),
    "formats": N_(
        "What a meeting can be: coaching, professional-training, trade-show, audio, multimodal, other, or your own."
    ),
    "format_names": N_("The names of your own formats, by their codes. Without this part, there are none."),
    "rhythm": N_("What a pair is advised to do: how many meetings, of how many minutes."),
    "rule": N_("What a person must do to complete the programme. w is a criterion's weight."),
    "kpis": N_(
        "What is measured, with the target. The code sets how it is calculated; the definition explains it to people."
    ),
    "questionnaires": N_("What people are asked, and when: before, after, then, follow_up."),
    "dates": N_("Counted from the day a group is created; the follow-up is counted from the end."),
    "budget": N_("What it may cost (amount) and who pays for it (funding); left out if undecided."),
    "visibility": N_("Who sees and changes what. smallest_group is at least 5."),
}
"""What stands above each section of a file, as English sentences; each section has one."""

EXAMPLES: Final[Mapping[str, Any]] = {
    "role_names": {
        "mentee": {"fr": "Explorateurs", "en": "Explorers"},
        "mentor": {"fr": "Éclaireurs", "en": "Guides"},
    },
    "format_names": {"shop-visit": {"fr": "Visite de magasin", "en": "Shop visit"}},
}
"""What a section could hold of which a template holds nothing: a file has it behind ``#``."""

_EXACT: Final = frozenset({"value", "amount", "w", "min_scaled"})
"""The fields that are exact numbers, which a file has as decimals where they can be written so."""


@dataclass(frozen=True)
class FileProblem:
    """What is wrong with a file, and where."""

    line: int | None
    """From 1; None where it is about the whole file."""
    path: str
    """Of the value, as ``rule.criteria.0.type``; empty where the text itself cannot be read."""
    problem: Problem

    @property
    def place(self) -> str:
        """The path as people read it, entries of a list counted from 1: ``rule › criteria › 1 › type``."""
        parts = [str(int(part) + 1) if part.isdecimal() else part for part in self.path.split(".")]
        return " › ".join(part if part.isprintable() and len(part) <= 60 else "…" for part in parts)


class TemplateFileError(ValueError):
    """A file is no template; ``problems`` says where and why: what is there and wrong first, then what is missing."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {each.line}: {each.problem.text}" for each in self.problems))


def read_template_file(content: bytes) -> ProgrammeTemplate:
    """Return the template of a file. Raises :class:`TemplateFileError`."""
    try:
        document = read_yaml(content)
    except YamlError as error:
        raise TemplateFileError([FileProblem(error.line, "", error.problem)]) from error
    try:
        return read_template(document.value)
    except ShapeError as error:
        found = [
            _in_file(document, "" if path == "_schema" else path, problem)
            for path, problems in error.problems.items()
            for problem in problems
        ]
        # A misspelt name is better seen as such than as one that is missing.
        found.sort(key=lambda each: (each.problem == "field_missing", each.line or 0, each.path))
        raise TemplateFileError(found) from error


def _in_file(document: YamlDocument, path: str, problem: Problem) -> FileProblem:
    """A problem where it stands: one about a value that is not there is about what should hold it."""
    if problem == "required" and path not in document.lines:
        around, _dot, name = path.rpartition(".")
        return FileProblem(document.line_of(around), around, Problem("field_missing", what=name))
    if problem == "not_a_choice" and "choices" in problem.params:
        problem = Problem("not_one_of", what=problem.params["choices"])  # a file offers none
    elif problem == "invalid" and path.rpartition(".")[2] == "code":
        problem = Problem("not_a_code")
    return FileProblem(document.line_of(path), path, problem)


def write_template_file(template: ProgrammeTemplate, *, first_line: str = OF_A_FILE) -> str:
    """The file of a template, with comments in the current language; :func:`read_template_file` reads it back.

    ``first_line``: what stands above all, as an English sentence.
    """
    criteria = criterion_schemas()
    # The schema has the sections in the order in which people think of them; stored documents are in no order.
    document = dump_programme_template(load_programme_template(template.document(), criteria), criteria)
    parts = ["".join(f"# {_(line)}\n" for line in (first_line, *HEAD))]
    for section, value in document.items():
        parts.append(f"# {_(COMMENTS[section])}\n{_section(section, _as_written(value))}")
    return "\n".join(parts)


def _section(name: str, value: Any) -> str:
    if value or name not in EXAMPLES:
        return write_yaml({name: value})
    lines = [_("For example:"), *write_yaml({name: EXAMPLES[name]}).splitlines()]
    return "".join(f"# {line}\n" for line in lines)


def _as_written(value: Any, name: str = "") -> Any:
    """A value as a person would write it: decimals, and nothing that says what holds anyway."""
    if isinstance(value, dict):
        return {
            key: _as_written(inner, key)
            for key, inner in value.items()
            if not _goes_without_saying(key, inner)
        }
    if isinstance(value, list | tuple):
        return [_as_written(inner) for inner in value]
    return _decimal(value) if name in _EXACT and isinstance(value, str) else value


def _goes_without_saying(name: str, value: Any) -> bool:
    return (
        value is None
        or (name == "options" and not value)
        or (name == "roles" and tuple(value) == choices.ROLES)
    )


def _decimal(written: str) -> float | str:
    """``9/10`` as 0.9; a fraction that no short decimal equals, such as ``1/3``, as it is."""
    number = Fraction(written)
    decimal = float(number)
    shown = str(decimal)
    return decimal if "e" not in shown and Fraction(Decimal(shown)) == number else written
