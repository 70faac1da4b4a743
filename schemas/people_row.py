"""The shape of one row of a file of people: texts of cells become values, or problems of the cell.

A file has thousands of rows, so its schema is a :class:`~schemas.request_schema.RequestSchema`. What a programme's
skills, languages and time zones are called is given to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, missing

from schemas.fields import fail
from schemas.problem import Problem
from schemas.request_schema import RequestSchema

LEVELS: Final = range(1, 6)
MOST_PAIRS: Final = 20
"""The largest capacity."""
MOST_SKILLS: Final = 40
MOST_LANGUAGES: Final = 20

_EMAIL: Final = re.compile(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+\.[^\s@<>()\",;:.]+")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LEVEL: Final = re.compile(r"(.*?)\s*[:=]\s*([^:=]*)")
_SEPARATORS: Final = re.compile(r"[;,|\n]+")
_SKILL_SEPARATORS: Final = re.compile(r"[;|\n]+")
_ROLES: Final = {
    "mentor": "mentor", "mentore": "mentor", "mentors": "mentor", "teaches": "mentor", "transmet": "mentor",
    "mentee": "mentee", "mentoree": "mentee", "mentore e": "mentee", "mentoree s": "mentee", "learns": "mentee",
    "apprend": "mentee",
}  # fmt: skip
"""By the folded text. “Mentoré” and “mentore” are one text when folded, and are told apart before."""
_LEARNS: Final = re.compile("mentor(?:\u00e9|e\u0301)(?:e|·e|[.]e|[(]e[)]|-e)?", re.IGNORECASE)

Fold = Callable[[str], str]
Skill = tuple[str, int | None]
"""The code of a skill, and the level from 1 to 5; None where none was given."""


class Cell(fields.Field[Any]):
    """One cell; None where it is empty."""

    def __init__(self) -> None:
        super().__init__(load_default=None)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The value of the cell."""
        if value is missing:
            return super().deserialize(value, attr, data, **options)
        return self.read(str(value))

    def read(self, text: str) -> Any:
        """The value of a text. Raises :class:`marshmallow.ValidationError` with a :class:`schemas.problem.Problem`."""
        raise NotImplementedError


class CellText(Cell):
    """A text on one line of at most ``max`` characters."""

    def __init__(self, max: int, *, lower: bool = False) -> None:
        super().__init__()
        self.max, self.lower = max, lower

    def read(self, text: str) -> Any:
        """The text."""
        text = " ".join(text.split())
        if len(text) > self.max:
            raise fail("too_long", max=self.max)
        if _CONTROLS.search(text):
            raise fail("forbidden_characters")
        return text.lower() if self.lower else text


class CellEmail(CellText):
    """An e-mail address, in small letters: nobody tells two people apart by capitals."""

    def __init__(self) -> None:
        super().__init__(320, lower=True)

    def read(self, text: str) -> Any:
        """The address."""
        text = super().read(text)
        if _EMAIL.fullmatch(text) is None:
            raise fail("not_an_email")
        return text


class CellRole(Cell):
    """Who learns and who teaches, in either language."""

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self.fold = fold

    def read(self, text: str) -> Any:
        """``mentee`` or ``mentor``."""
        text = text.strip()
        role = "mentee" if _LEARNS.fullmatch(text) else _ROLES.get(self.fold(text))
        if role is None:
            raise fail("role_unknown", what=text[:60])
        return role


class CellNames(Cell):
    """Names of a list, each by its code; ``problem`` has the name that is not in the list as ``what``."""

    def __init__(self, codes: Mapping[str, str], fold: Fold, problem: str, max: int = MOST_LANGUAGES) -> None:
        super().__init__()
        self.codes, self.fold, self.problem, self.max = codes, fold, problem, max

    def read(self, text: str) -> Any:
        """The codes, each once."""
        named = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
        if len(named) > self.max:
            raise fail("too_many", max=self.max)
        found: dict[str, None] = {}
        for name in named:
            code = self.codes.get(self.fold(name))
            if code is None:
                raise fail(self.problem, what=name[:60])
            found[code] = None
        return tuple(found) or None


class CellName(CellNames):
    """One name of a list."""

    def read(self, text: str) -> Any:
        """Its code."""
        code = self.codes.get(self.fold(text))
        if code is None:
            raise fail(self.problem, what=text.strip()[:60])
        return code


class CellSkills(Cell):
    """Skills with levels, such as ``Excel:3; Power BI``."""

    def __init__(self, codes: Mapping[str, str], fold: Fold) -> None:
        super().__init__()
        self.codes, self.fold = codes, fold

    def read(self, text: str) -> Any:
        """The skills, each once, in the order of their codes."""
        found: dict[str, int | None] = {}
        for part in _SKILL_SEPARATORS.split(text):
            if part.strip():
                code, level = self._skill(part.strip())
                if code in found:
                    raise fail("repeated", what=part.strip()[:60])
                found[code] = level
        if len(found) > MOST_SKILLS:
            raise fail("too_many", max=MOST_SKILLS)
        return tuple(sorted(found.items())) or None

    def _skill(self, text: str) -> Skill:
        """A name may have a colon itself, so the whole text is looked up first."""
        whole = self.codes.get(self.fold(text))
        if whole is not None:
            return whole, None
        parted = _LEVEL.fullmatch(text)
        name, level = (parted[1], parted[2].strip()) if parted else (text, "")
        code = self.codes.get(self.fold(name))
        if code is None:
            raise fail("skill_unknown", what=name[:60])
        if parted is None:
            return code, None
        if not (level.isascii() and level.isdigit() and len(level) == 1 and int(level) in LEVELS):
            raise fail("level_wrong", what=text[:60])
        return code, int(level)


class CellNumber(Cell):
    """A whole number from ``min`` to ``max``."""

    def __init__(self, min: int, max: int) -> None:
        super().__init__()
        self.min, self.max = min, max

    def read(self, text: str) -> Any:
        """The number."""
        text = text.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 7):
            raise fail("not_a_number")
        number = int(text)
        if number < self.min:
            raise fail("too_small", min=self.min)
        if number > self.max:
            raise fail("too_large", max=self.max)
        return number


class PersonRowSchema(RequestSchema):
    """One row, from the texts of its cells by field. Cells that are empty are left out, and None in what is loaded.

    :func:`person_row_schema` makes it, with the fields whose choices are known by then alone.
    """

    user_id = CellText(255)
    user_name = CellText(255, lower=True)
    email = CellEmail()
    name = CellText(255)
    given_name = CellText(255)
    family_name = CellText(255)
    department = CellText(120)
    manager = CellText(320)
    capacity = CellNumber(1, MOST_PAIRS)

    def check(self, loaded: dict[str, Any]) -> None:
        """Who somebody is, and which role they have, is in every row."""
        wrong = {}
        if loaded["role"] is None:
            wrong["role"] = [Problem("role_missing")]
        if not (loaded["user_id"] or loaded["user_name"] or loaded["email"]):
            wrong["email"] = [Problem("no_identifier")]
        if wrong:
            raise ValidationError(dict(wrong))

    def finish(self, loaded: dict[str, Any]) -> dict[str, Any]:
        """One name, from its two parts where a file has them."""
        given, family = loaded.pop("given_name"), loaded.pop("family_name") or loaded["name"]
        if given:
            loaded["name"] = f"{given} {family}" if family else given
        else:
            loaded["name"] = loaded["name"] or family
        return loaded


def person_row_schema(
    *, fold: Fold, skills: Mapping[str, str], languages: Mapping[str, str], time_zones: Mapping[str, str]
) -> Schema:
    """The schema of a row where these are the skills, languages and time zones.

    Each is given as codes by the names that people write, folded by ``fold``.
    """
    made = PersonRowSchema.from_dict(
        {
            "role": CellRole(fold),
            "offers": CellSkills(skills, fold),
            "wants": CellSkills(skills, fold),
            "languages": CellNames(languages, fold, "language_unknown"),
            "time_zone": CellName(time_zones, fold, "time_zone_unknown"),
        },
        name="PersonRow",
    )
    return made()
