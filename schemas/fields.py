"""The fields and validators of our schemas: marshmallow's own, and a few of ours where it has none.

Every error is a code of ``schemas.problem``. The codes of marshmallow's fields are in ``schemas.problem.FIELD_CODES``;
a validator of marshmallow's is given its code as ``error``, with its parameters as marshmallow fills them in:
``validate.Length(max=40, error="too_long max={max}")``.

A form sends text and a JSON document sends values; numbers take text only with ``from_text``.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from schemas.problem import Problem

_DIGITS = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_WEIGHT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}|/[0-9]{1,6})?", re.ASCII)
_IRI = r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]+"


def fail(code: str, /, **params: object) -> ValidationError:
    """The validation error for one problem, to be raised."""
    return ValidationError([Problem(code, **params)])


def between(min: int, max: int) -> list[validate.Range]:
    """The validators of a number from ``min`` to ``max``."""
    return [
        validate.Range(min=min, error="too_small min={min}"),
        validate.Range(max=max, error="too_large max={max}"),
    ]


def entries(*, min: int = 1, max: int = 50) -> list[validate.Length]:
    """The validators of a list with ``min`` to ``max`` entries."""
    return [validate.Length(min=min, error="empty"), validate.Length(max=max, error="too_many max={max}")]


def distinct(values: Sequence[Any]) -> None:
    """The validator of a list in which nothing is twice."""
    if len(set(values)) < len(values):
        raise fail("duplicated")


def matches(pattern: str, code: str = "invalid") -> validate.Regexp:
    """The validator of a text that a pattern matches from its first character to its last."""
    return validate.Regexp(rf"(?:{pattern})\Z", re.ASCII, error=code)


_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc, control, and Cs, surrogate, which keep these code points for good."""
_FORBIDDEN_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""The same but for tabs and line ends."""


class Text(fields.String):
    """Text that can be stored and shown anywhere: trimmed, in NFC, with ``\\n`` line ends.

    NUL, lone surrogates and control characters are refused; line ends and tabs only pass with ``lines``.
    Lengths are in characters, counted after trimming. ``validate``: further validators.
    """

    def __init__(
        self,
        *,
        min_length: int = 0,
        max_length: int = 200,
        lines: bool = False,
        validate: Sequence[Callable[[str], Any]] = (),
        **options: Any,
    ) -> None:
        super().__init__(validate=[*_lengths(min_length, max_length), *validate], **options)
        self.max_length, self.lines = max_length, lines

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> str:
        text = super()._deserialize(value, *arguments, **options)
        # Normalising costs time in proportion to the length: a form that is far too long stops here.
        if len(text) > 4 * self.max_length + 100:
            raise fail("too_long", max=self.max_length)
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if (_FORBIDDEN_IN_LINES if self.lines else _FORBIDDEN).search(text):
            raise fail("forbidden_characters")
        if not text and self.required:
            raise self.make_error("required")
        return unicodedata.normalize("NFC", text)


def _lengths(min: int, max: int) -> list[validate.Length]:
    return [
        validate.Length(min=min, error="too_short min={min}"),
        validate.Length(max=max, error="too_long max={max}"),
    ]


class Code(Text):
    """A short machine code that matches a pattern."""

    def __init__(self, pattern: str, *, max_length: int = 64, **options: Any) -> None:
        super().__init__(max_length=max_length, validate=[matches(pattern)], **options)


class Iri(Text):
    """An absolute IRI."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=1000, validate=[matches(_IRI, "not_an_iri")], **options)


class _OneOf(validate.OneOf):
    """One of these; the problem says which, for whoever writes a file, where no page offers them."""

    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ValidationError:
            raise fail("not_a_choice", choices=", ".join(map(str, self.choices))) from None


class Choice(fields.String):
    """One of a closed list of codes; anything else, of whatever type, is no answer to the question."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        super().__init__(
            validate=_OneOf(tuple(choices)),
            error_messages={"invalid": "not_a_choice", **options.pop("error_messages", {})},
            **options,
        )


class WholeNumber(fields.Integer):
    """A whole number from ``min`` to ``max``; with ``from_text`` also as a form sends it, in ASCII digits."""

    def __init__(self, *, min: int, max: int, from_text: bool = False, **options: Any) -> None:
        super().__init__(strict=True, validate=between(min, max), **options)
        self.from_text = from_text

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> int:
        if self.from_text and isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        return super()._deserialize(value, *arguments, **options)


class Day(fields.Date):
    """A date as ``2027-01-31`` alone, which is what a browser sends; no other writing of ISO 8601."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> dt.date:
        # Python reads ``20270131`` and ``2027-W04-7`` too.
        if not isinstance(value, str) or _DAY.fullmatch(value.strip()) is None:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Identifier(fields.UUID):
    """A UUID in its usual writing alone: 36 characters."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> UUID:
        if not isinstance(value, str) or _UUID.fullmatch(value.strip()) is None:
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value.strip(), *arguments, **options)


class ExactNumber(fields.Field[Fraction]):
    """A number that is kept exactly: whole, decimal (also as text) or a fraction such as ``1/3``.

    A decimal of JSON arrives as a float; its shortest writing is what the author typed. It is written back as
    a whole number where it is one, else as ``a/b``. ``problem``: the code for what is no such number.
    """

    def __init__(
        self, *, min: int = 0, max: int = 1000, problem: str = "not_a_weight", **options: Any
    ) -> None:
        super().__init__(error_messages={"invalid": problem}, **options)
        self.min, self.max = min, max

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.make_error("invalid")
        # Long integers cannot even be written out; they are too large whatever their digits.
        if isinstance(value, int) and abs(value) > self.max:
            raise fail("too_large", max=self.max) if value > 0 else self.make_error("invalid")
        written = str(value)
        if _WEIGHT.fullmatch(written.removeprefix("-")) is None:
            raise self.make_error("invalid")
        try:
            number = Fraction(written)
        except ZeroDivisionError:
            raise self.make_error("invalid") from None
        if number < self.min:
            raise self.make_error("invalid")
        if number > self.max:
            raise fail("too_large", max=self.max)
        return number

    def _serialize(self, value: Fraction | None, *_: Any, **__: Any) -> int | str | None:
        if value is None or value.denominator == 1:
            return None if value is None else value.numerator
        return str(value)
