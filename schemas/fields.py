"""Fields whose errors are codes of ``schemas.problem`` and that never raise anything but a validation error.

A form sends text and a JSON document sends values; numbers take text only with ``from_text``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields

from schemas.problem import Problem

Kept = TypeVar("Kept")

_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})
_DIGITS = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_WEIGHT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}|/[0-9]{1,6})?", re.ASCII)
_IRI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def fail(code: str, /, **params: object) -> ValidationError:
    """The validation error for one problem, to be raised."""
    return ValidationError([Problem(code, **params)])


class CodedField(fields.Field[Kept]):
    """A field that reads a value into what is kept, and writes it back as JSON."""

    default_error_messages: dict[str, str | list[Any] | dict[Any, Any]] = {  # noqa: RUF012 - marshmallow's way
        "required": "required",
        "null": "required",
        "validator_failed": "invalid",
    }

    def read(self, value: Any) -> Kept:
        """Return what is kept. Raises the error that ``fail`` makes."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Return the JSON of a kept value, which is not None; max are their own."""
        return value

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Kept:
        return self.read(value)

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else self.write(value)


class Text(CodedField[str]):
    """Text that can be stored and shown anywhere: trimmed, in NFC, with ``\\n`` line ends.

    NUL, lone surrogates and control characters are refused; line ends and tabs only pass with ``lines``.
    Lengths are in characters, counted after trimming.
    """

    def __init__(
        self, *, min_length: int = 0, max_length: int = 200, lines: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.min_length, self.max_length, self.lines = min_length, max_length, lines

    def read(self, value: Any) -> str:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if not isinstance(value, str):
            raise fail("not_text")
        # Normalising costs time in proportion to the length: a form that is far too long stops here.
        if len(value) > 4 * self.max_length + 100:
            raise fail("too_long", max=self.max_length)
        text: str = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        allowed = {"\n", "\t"} if self.lines else set()
        if any(unicodedata.category(char) in ("Cc", "Cs") and char not in allowed for char in text):
            raise fail("forbidden_characters")
        text = unicodedata.normalize("NFC", text)
        if not text and self.required:
            raise fail("required")
        if len(text) < self.min_length and (text or self.required):
            raise fail("too_short", min=self.min_length)
        if len(text) > self.max_length:
            raise fail("too_long", max=self.max_length)
        return text


class Code(Text):
    """A short machine code that matches a pattern."""

    def __init__(self, pattern: str, *, max_length: int = 64, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)
        self.pattern = re.compile(pattern, re.ASCII)

    def read(self, value: Any) -> str:
        """Return the value kept, or raise the error that ``fail`` makes."""
        code = super().read(value)
        if not self.pattern.fullmatch(code):
            raise fail("invalid")
        return code


class Iri(Text):
    """An absolute IRI."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=1000, **options)

    def read(self, value: Any) -> str:
        """Return the value kept, or raise the error that ``fail`` makes."""
        iri = super().read(value)
        if not _IRI.fullmatch(iri):
            raise fail("not_an_iri")
        return iri


class Choice(CodedField[str]):
    """One of a closed list of codes."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.choices = tuple(choices)

    def read(self, value: Any) -> str:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if not isinstance(value, str) or value not in self.choices:
            raise fail("not_a_choice")
        return value


class WholeNumber(CodedField[int]):
    """A whole number between two bounds; ``from_text`` for forms."""

    def __init__(self, *, min: int, max: int, from_text: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.min, self.max, self.from_text = min, max, from_text

    def read(self, value: Any) -> int:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if self.from_text and isinstance(value, str):
            if not value.strip() and self.required:
                raise fail("required")
            if _DIGITS.fullmatch(value.strip()) is None:
                raise fail("not_a_number")
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise fail("not_a_number")
        if value < self.min:
            raise fail("too_small", min=self.min)
        if value > self.max:
            raise fail("too_large", max=self.max)
        return value


class ExactNumber(CodedField[Fraction]):
    """A number that is kept exactly: whole, decimal (also as text) or a fraction such as ``1/3``.

    A decimal of JSON arrives as a float; its shortest writing is what the author typed. It is written back as
    a whole number where it is one, else as ``a/b``.
    """

    def __init__(
        self, *, min: int = 0, max: int = 1000, problem: str = "not_a_weight", **options: Any
    ) -> None:
        super().__init__(**options)
        self.min, self.max, self.problem = min, max, problem

    def read(self, value: Any) -> Fraction:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise fail(self.problem)
        # Long integers cannot even be written out; they are too large whatever their digits.
        if isinstance(value, int) and abs(value) > self.max:
            raise fail("too_large", max=self.max) if value > 0 else fail(self.problem)
        written = str(value)
        if _WEIGHT.fullmatch(written.removeprefix("-")) is None:
            raise fail(self.problem)
        try:
            number = Fraction(written)
        except ZeroDivisionError:
            raise fail(self.problem) from None
        if number < self.min:
            raise fail(self.problem)
        if number > self.max:
            raise fail("too_large", max=self.max)
        return number

    def write(self, value: Fraction) -> int | str:
        """A whole number where it is one, else ``a/b``."""
        return value.numerator if value.denominator == 1 else str(value)


class Identifier(CodedField[UUID]):
    """A UUID in its usual writing."""

    def read(self, value: Any) -> UUID:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if not isinstance(value, str) or _UUID.fullmatch(value.strip()) is None:
            raise fail("not_an_id")
        return UUID(value.strip())


class Day(CodedField[date]):
    """A calendar day written year-month-day."""

    def read(self, value: Any) -> date:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if isinstance(value, str) and not value.strip() and self.required:
            raise fail("required")
        if not isinstance(value, str) or _ISO_DATE.fullmatch(value.strip()) is None:
            raise fail("not_a_date")
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise fail("not_a_date") from None


class Boolean(CodedField[bool]):
    """Yes or no, as a JSON boolean or as the text that check boxes and radio buttons send."""

    def read(self, value: Any) -> bool:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE:
            return value.strip().lower() in _TRUE
        raise fail("not_yes_or_no")


class List(CodedField[tuple[Any, ...]]):
    """A list whose entries pass a field: ``min`` to ``max`` of them, none twice where ``distinct``."""

    def __init__(
        self,
        inner: CodedField[Any],
        *,
        min: int = 1,
        max: int = 50,
        distinct: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.inner, self.min, self.max, self.distinct = inner, min, max, distinct

    def read(self, value: Any) -> tuple[Any, ...]:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if not isinstance(value, list | tuple):
            raise fail("not_a_list")
        if len(value) < self.min:
            raise fail("empty")
        if len(value) > self.max:
            raise fail("too_many", max=self.max)
        kept, wrong = [], {}
        for index, entry in enumerate(value):
            try:
                kept.append(self.inner.deserialize(entry))
            except ValidationError as error:
                wrong[index] = error.messages
        if wrong:
            raise ValidationError(wrong)
        if self.distinct and len(set(kept)) < len(kept):
            raise fail("duplicated")
        return tuple(kept)

    def write(self, value: Sequence[Any]) -> list[Any]:
        """A list of what the entries write."""
        return [self.inner.write(entry) for entry in value]


class Nested(CodedField[dict[str, Any]]):
    """An object inside an object, with a schema of its own; ``choose`` picks the schema from the object."""

    def __init__(self, choose: Callable[[Mapping[str, Any]], Schema], **options: Any) -> None:
        super().__init__(**options)
        self.choose = choose

    def read(self, value: Any) -> dict[str, Any]:
        """Return the value kept, or raise the error that ``fail`` makes."""
        if not isinstance(value, Mapping):
            raise fail("not_an_object")
        return dict(self.choose(value).load(value))

    def write(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """What the chosen schema writes."""
        return dict(self.choose(value).dump(value))
