"""Messages are found in the catalogue by whatever Python reads it."""

from __future__ import annotations

import pytest
from babel.support import Translations

from lti_tool.translation import gettext, using_language


def test_a_message_that_also_has_a_plural_is_found_where_gettext_looks_for_messages_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As the gettext of Python 3.11.2 does, which Debian 12 has.
    monkeypatch.setattr(Translations, "ugettext", lambda self, message: self._catalog.get(message, message))
    with using_language("fr"):
        assert (gettext("Complete"), gettext("Nobody has this text")) == ("Terminé", "Nobody has this text")
    with using_language("en"):
        assert gettext("Complete") == "Complete"
