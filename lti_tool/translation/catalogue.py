"""The catalogue of the current language, and messages that are translated only when they are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from babel.support import NullTranslations, Translations

from lti_tool.translation.elision import elided

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"

_language: ContextVar[str | Callable[[], str]] = ContextVar("_language", default="en")
"""The tag, or what finds it when a text is first needed."""


@functools.cache
def _catalogue(tag: str) -> NullTranslations:
    """The catalogue of a language; one that translates nothing where there is none."""
    found: NullTranslations = Translations.load(CATALOGUES, [tag])
    return found


def current_language() -> str:
    """The tag of the current language."""
    held = _language.get()
    if callable(held):
        held = held()
        _language.set(held)
    return held


def set_language(tag: str | Callable[[], str]) -> None:
    """Change the current language, in this thread or task. A function is called when the language is first needed."""
    _language.set(tag)


@contextmanager
def using_language(tag: str) -> Iterator[None]:
    """Change the current language inside the block."""
    token = _language.set(tag)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str, /, **params: object) -> str:
    """``message`` in the current language, with its ``%(name)s`` filled in."""
    catalogue = _catalogue(current_language())
    found: str = catalogue.ugettext(message)
    if found == message:
        # Python 3.11.2, Debian 12's, finds a message that has a plural only where a number is given.
        found = catalogue.ungettext(message, message, 1)
    return filled(found, params) if params else found


def filled(text: str, params: Mapping[str, object]) -> str:
    """A text of the current language's catalogue with its ``%(name)s`` filled in."""
    return (elided(text, params) if current_language() == "fr" else text) % params


def plural_form(singular: str, plural: str, number: int) -> str:
    """The form of a message for ``number`` in the current language, its ``%(name)s`` not filled in."""
    found: str = _catalogue(current_language()).ungettext(singular, plural, number)
    return found


def ngettext(singular: str, plural: str, number: int, /, **params: object) -> str:
    """The form of a message for ``number``, which is also the parameter ``num``."""
    return filled(plural_form(singular, plural, number), {"num": number, **params})


@dataclass(frozen=True, slots=True)
class ProductLabel:
    """What another product's pages call something, in each language that we have: quoted, not translated by us."""

    texts: Mapping[str, str]
    """By language; English is always there."""
    string: str = ""
    """What the product calls the text itself: its component and identifier."""
    file: str = ""
    """Where the product's source has it."""

    @property
    def text(self) -> str:
        """The label in the current language, English where we have none."""
        return self.texts.get(current_language(), self.texts["en"])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be put into the language of whoever reads it.

    ``singular`` is the English sentence that the catalogues have, marked with ``N_`` where it stands;
    :func:`plural_message` makes one with a ``plural``, of which ``number`` chooses the form.
    """

    singular: str
    plural: str | None = None
    number: int = 1
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in the current language. A parameter that is a message is put into words too."""
        params = {
            name: value.text if isinstance(value, Message) else value for name, value in self.params.items()
        }
        if self.plural is None:
            return gettext(self.singular, **params)
        return ngettext(self.singular, self.plural, self.number, **params)


def plural_message(
    singular: str, plural: str, number: int, params: Mapping[str, object] | None = None
) -> Message:
    """A message with a form for ``number``. Babel extracts it by this name, which the Makefile gives it."""
    return Message(singular, plural, number, params or {})
