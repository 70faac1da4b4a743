"""Lists in the language of the present request."""

from __future__ import annotations

from collections.abc import Sequence

from babel.lists import format_list

from lti_tool.translation.catalogue import current_language
from lti_tool.translation.languages import LANGUAGES


def and_list(parts: Sequence[str]) -> str:
    """The parts in the middle of a sentence, such as ``French, English and German``; empty for none."""
    language = LANGUAGES[current_language()]
    return format_list(parts, locale=language.list_locale or language.tag)
