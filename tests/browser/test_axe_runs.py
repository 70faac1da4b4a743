"""What is wrong in one language, theme or width alone is found, though axe does not read the same facts twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.axe_runs import AxeRuns
from tests.browser.page_inspection import inspect_page
from tests.requirements import needs_chromium, needs_node

pytestmark = [needs_chromium, needs_node]

PAGE = """<!doctype html><html lang="{lang}" data-theme="moodle"><head><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
  body {{ background: #fff; color: #222; }} button, a {{ display: inline-block; padding: 1rem; }}
  {style}
</style></head><body><main><h1>{title}</h1><p id="text">{text}</p><button id="first">{button}</button>
{more}</main></body></html>"""

ENGLISH = {"lang": "en", "title": "Meetings", "text": "Two so far", "button": "Log", "style": "", "more": ""}
FRENCH = {**ENGLISH, "lang": "fr", "title": "Rencontres", "text": "Déjà deux", "button": "Noter"}

PALE = "#text { color: #ccc; }"
FAULTS = {
    "no words": ({"button": " "}, "button-name", {"moodle"}),
    "another element": ({"more": "<h4>Suite</h4>"}, "heading-order", {"moodle"}),
    "another attribute": ({"more": '<p role="nothing">Suite</p>'}, "aria-roles", {"moodle"}),
    "no label": ({"more": '<input aria-label=" ">'}, "label", {"moodle"}),
    "no such language": ({"lang": "zz"}, "html-lang-valid", {"moodle"}),
    "no language": ({"lang": ""}, "html-has-lang", {"moodle"}),
    "pale": ({"style": PALE}, "color-contrast", {"moodle"}),
    "pale in one theme": ({"style": f"[data-theme=canvas] {PALE}"}, "color-contrast", {"canvas"}),
    "pale in one theme when wide": (
        {"style": f"@media (min-width: 1000px) {{ [data-theme=canvas] {PALE} }}"}, "color-contrast", {"canvas"}),
    "upon something dark": ({"style": "#dark { position: absolute; z-index: -1; inset: 0; background: #333; }",
                             "more": '<div id="dark"></div>'}, "color-contrast", {"moodle"}),
    "small": ({"style": "#first { all: unset; font-size: 6px; } ", "more": '<button class="b">Non</button>'
               }, "target-size", {"moodle"}),
    "small in one theme": ({"style": "[data-theme=canvas] button { padding: 0; border: 0; font-size: 6px; }",
                            "more": "<button>Non</button>"}, "target-size", {"canvas"}),
}  # fmt: skip


@pytest.fixture
def page(third_party_blocked: BrowserContext) -> Iterator[Page]:
    """A tab that holds what it is told to."""
    page = third_party_blocked.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_one_language_theme_or_width_is_found(page: Page, fault: str) -> None:
    changes, rule, themes = FAULTS[fault]
    runs = AxeRuns()
    page.set_content(PAGE.format(**ENGLISH))
    assert inspect_page(page, "page", ("moodle", "canvas"), runs).axe == []
    page.set_content(PAGE.format(**{**FRENCH, **changes}))
    found = inspect_page(page, "page", ("moodle", "canvas"), runs).axe
    assert {line.split(", ")[1] for line in found if f": {rule} – " in line} >= themes, found
    assert inspect_page(page, "page", ("moodle", "canvas"), runs).axe, "what was found is found again"
