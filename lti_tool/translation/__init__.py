"""Texts in the reader's language, without a web framework: pages, mail, documents and comments use it alike.

The catalogues are those of Babel and gettext (https://babel.pocoo.org/en/latest/messages.html) below
``lti_tool/translations``. English is the language of the source and needs none.
"""

from lti_tool.translation.catalogue import (
    Message,
    ProductLabel,
    current_language,
    gettext,
    ngettext,
    plural_form,
    plural_message,
    set_language,
    using_language,
)
from lti_tool.translation.languages import LANGUAGES, Language, supported_language

__all__ = [
    "LANGUAGES",
    "Language",
    "Message",
    "ProductLabel",
    "current_language",
    "gettext",
    "ngettext",
    "plural_form",
    "plural_message",
    "set_language",
    "supported_language",
    "using_language",
]
