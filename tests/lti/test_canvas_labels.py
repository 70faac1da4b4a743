"""The guides quote Canvas's screens from the one table, in each language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lti_tool.lti.platforms.canvas_labels import LABELS
from lti_tool.translation import using_language

DOCS = Path(__file__).parents[2] / "docs"
OURS = {
    "en": {"Registration URL", "Connect"},
    "fr": {"URL d’enregistrement", "Connecter"},
}
"""Words of the tool's own pages."""


@pytest.mark.parametrize(("name", "language"), [("install-canvas.md", "en"), ("install-canvas.fr.md", "fr")])
def test_every_label_that_a_guide_quotes_is_in_the_table(name: str, language: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    with using_language(language):
        known = {label.text for label in LABELS.values()}
    quoted = {words for words in re.findall(r"\*\*([^*\n]+)\*\*", text) if not words.endswith(".")}
    assert quoted - known - OURS[language] == set()
    assert len(quoted & known) > 15


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("install-canvas.md", "was not run on a Canvas hosted by Instructure"),
        ("install-canvas.fr.md", "n’a pas été suivi sur un Canvas hébergé par Instructure"),
    ],
)
def test_a_guide_says_what_was_not_tried(name: str, words: str) -> None:
    assert words in (DOCS / name).read_text(encoding="utf-8")


def test_a_label_is_in_the_language_of_whoever_reads_it() -> None:
    with using_language("fr"):
        assert (LABELS["publish"].text, LABELS["find"].text) == ("Publier", "Trouver")
    with using_language("en"):
        assert LABELS["publish"].text == "Publish"
