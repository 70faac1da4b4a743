"""The title of every page names the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lti_tool.web

FOLDER = Path(lti_tool.web.__file__).parent
PAGES = {
    str(path.relative_to(FOLDER)): text
    for path in sorted(FOLDER.rglob("*.html"))
    if '{% extends "base.html" %}' in (text := path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("text", PAGES.values(), ids=list(PAGES))
def test_a_page_has_a_title(text: str) -> None:
    assert re.search(r"{% block title %}.+{% endblock %}", text)


def test_no_page_is_called_by_the_product_s_name_alone() -> None:
    bare = {name for name, text in PAGES.items() if "{% block title %}{{ _('Reverse mentoring') }}" in text}
    assert bare == set()
