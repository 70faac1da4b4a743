"""Schemas and fields for the requests that come most often: logins, launches, and the claims of a launch.

While marshmallow loads, it keeps account of every error of every field, and makes a function and a list of validators
for each value. That costs a login and launch three times what the checks themselves do, though hardly any has an error.
So each field takes the values that are plainly right by itself, and a :class:`RequestSchema` asks its fields directly.
As soon as a field refuses a value, marshmallow loads the whole once more and says everything that is wrong. What is
taken and what is refused, and why, is therefore what marshmallow's own :meth:`~marshmallow.Schema.load` does with the
validators of these fields; ``tests/schemas/test_request_schema.py`` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    missing,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from schemas.web_address import is_web_address, web_address

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
MOST_TEXTS: Final = 500
LONGEST_ADDRESS: Final = 2_000


def is_storable(value: str) -> bool:
    """Whether every database keeps this text: none keeps NUL and lone surrogates."""
    # A token has some three thousand characters, all of them ASCII: looking for one of them needs no pattern.
    return "\x00" not in value if value.isascii() else _UNSTORABLE.search(value) is None


def storable(value: str) -> None:
    """Refuse what :func:`is_storable` denies."""
    if not is_storable(value):
        raise ValidationError("holds characters that are none")


class RequestSchema(Schema):
    """A schema whose input is nearly always right. What is not declared passes unread.

    Subclasses override the three steps below in place of marshmallow's hooks.
    """

    class Meta:
        unknown = EXCLUDE

    def __init__(self) -> None:
        super().__init__()
        plan = {
            field.data_key or name: (name, field.load_default, field.deserialize)
            for name, field in self.load_fields.items()
        }
        self._known = {key: (name, deserialize) for key, (name, _default, deserialize) in plan.items()}
        """By the name of the value, the field's own name and what reads it."""
        self._absent: dict[str, Any] = {name: None for name, _default, _read in plan.values()}
        """What nearly all fields are that are not there."""
        self._asked = [
            (key, name, deserialize)
            for key, (name, default, deserialize) in plan.items()
            if default is not None
        ]
        """The other fields: each is asked what it makes of it that it is not there."""

    def prepare(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the fields are read from. May raise :class:`marshmallow.ValidationError`."""
        return data

    def check(self, loaded: dict[str, Any]) -> None:
        """Compare fields with each other. May raise :class:`marshmallow.ValidationError`."""

    def finish(self, loaded: dict[str, Any]) -> dict[str, Any]:
        """What is returned when nothing is wrong."""
        return loaded

    @pre_load
    def _prepare(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        return self.prepare(data)

    @validates_schema
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        self.check(data)

    @post_load
    def _finish(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self.finish(data)

    def load(self, data: Any, **options: Any) -> Any:
        """What marshmallow's own ``load`` returns or raises."""
        if not options and isinstance(data, dict):
            try:
                return self._load_valid(data)
            except ValidationError:
                pass  # marshmallow finds this error again, and every other one
        return super().load(data, **options)

    def _load_valid(self, data: dict[str, Any]) -> dict[str, Any]:
        prepared = self.prepare(data)
        loaded = self._absent.copy()
        known = self._known
        for key, value in prepared.items():
            if key in known:
                name, deserialize = known[key]
                loaded[name] = deserialize(value, key, prepared)
        for key, name, deserialize in self._asked:
            if key not in prepared:
                loaded[name] = deserialize(missing, key, prepared)
                if loaded[name] is missing:
                    del loaded[name]
        self.check(loaded)
        return self.finish(loaded)


def _is_storable_text(value: Any) -> bool:
    return type(value) is str and is_storable(value)


class StorableText(fields.String):
    """Text of ``min`` to ``max`` characters, all of which any database keeps."""

    def __init__(self, *, min: int = 0, max: int | None = None, **options: Any) -> None:
        checks: list[Any] = [storable] if max is None else [validate.Length(min=min, max=max), storable]
        super().__init__(validate=checks, **options)
        self._min, self._max = min, float("inf") if max is None else max

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The text."""
        if type(value) is str and self._min <= len(value) <= self._max and is_storable(value):
            return value
        return super().deserialize(value, attr, data, **options)


class WebAddress(fields.String):
    """An absolute http(s) address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=(validate.Length(max=LONGEST_ADDRESS), web_address), **options)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The address."""
        if type(value) is str and len(value) <= LONGEST_ADDRESS and is_web_address(value):
            return value
        return super().deserialize(value, attr, data, **options)


class StorableTexts(fields.List[str]):
    """A list of at most :data:`MOST_TEXTS` texts, which any database keeps."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            fields.String(validate=storable), validate=validate.Length(max=MOST_TEXTS), **options
        )

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The list."""
        if type(value) is list and len(value) <= MOST_TEXTS and all(map(_is_storable_text, value)):
            return value
        return super().deserialize(value, attr, data, **options)


class ShownText(fields.Field[str | None]):
    """Text to show a person: kept up to ``length`` characters; None when it is null or blank."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(load_default=None, allow_none=True, **options)
        self.length = length

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Any:
        """The text, or None."""
        if _is_storable_text(value):
            return value.strip()[: self.length] or None
        return super().deserialize(value, attr, data, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str | None:
        if not isinstance(value, str):
            raise ValidationError("is not text")
        storable(value)
        return value.strip()[: self.length] or None
