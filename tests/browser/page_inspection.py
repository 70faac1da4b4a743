"""What can be seen of a page without knowing what it is for: axe's findings, overflow, the console, its words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Frame, Page

import lti_tool
from tests.requirements import AXE

WIDTHS = (390, 1280)
NARROWEST = 320
HEIGHT = 900

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, which includes a target size of 24 px, and what axe calls best practice."""

RULES_OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""The rules among them that read colours and sizes. All others read the elements and which of them are shown: where a
theme and a width show the same ones as others do, they find the same."""

_WORDS = """() => {
  const said = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest('script, style, code, pre, [translate=no]')) said.push(node.textContent);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [alt], [placeholder], optgroup')) {
    for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'label']) said.push(element.getAttribute(name));
  }
  return said.filter(Boolean).map((text) => text.replace(/\\s+/g, ' ').trim()).filter(Boolean);
}"""

# In the present width: by how many pixels each theme is too wide, and what axe finds in it. One call for all themes:
# each has its price. The theme is this attribute and nothing else: `base.html`. `checked`: which elements were shown
# each time that all rules were run.
_LOOK = """async ([themes, tags, looks, checked]) => {
  const seen = [];
  const root = document.documentElement;
  const shown = () => Array.from(document.querySelectorAll('*'), (element) => {
    if (!element.checkVisibility({visibilityProperty: true})) return '-';
    const box = element.getBoundingClientRect();
    return box.right + scrollX <= 0 || box.bottom + scrollY <= 0 ? 'o' : 'v';
  }).join('');
  for (const theme of themes) {
    if (theme) root.dataset.theme = theme;
    const look = {overflow: root.scrollWidth - root.clientWidth, violations: []};
    if (tags) {
      const now = shown();
      const known = checked.includes(now);
      const runOnly = known ? {type: 'rule', values: looks} : {type: 'tag', values: tags};
      look.violations = (await axe.run(document, {runOnly, resultTypes: ['violations'], preload: false})).violations;
      if (!known) checked.push(now);
    }
    seen.push(look);
  }
  return [seen, checked];
}"""

_REPORT_VIOLATIONS = """
  addEventListener('securitypolicyviolation', (event) =>
    console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class PageInspection:
    """One page in one language, seen in several themes and at several widths."""

    name: str
    axe: list[str] = field(default_factory=list)
    """What axe found fault with, and at which width."""
    overflow: dict[str, int] = field(default_factory=dict)
    """By how many pixels the page is wider than the window, in each theme and at each width."""
    console: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    language: str = ""


class Console:
    """The messages of a page's console, breaches of its content policy included."""

    def __init__(self, page: Page) -> None:
        self.messages: list[str] = []
        self._page = page
        page.on("console", self._on_message)
        page.on("pageerror", self._on_error)

    def close(self) -> None:
        """Listen no longer."""
        self._page.remove_listener("console", self._on_message)
        self._page.remove_listener("pageerror", self._on_error)

    def _on_error(self, error: Error) -> None:
        self.messages.append(f"error: {error}")

    def _on_message(self, message: ConsoleMessage) -> None:
        # The browser notes the status of a page that refuses something: that is what the page is for.
        refusal = re.search(r"server responded with a status of 4\d\d", message.text)
        if message.type in ("error", "warning") and not refusal:
            self.messages.append(f"{message.type}: {message.text}")


def report_violations(context: BrowserContext) -> BrowserContext:
    """Make every page of a context report breaches of its content policy to the console."""
    context.add_init_script(_REPORT_VIOLATIONS)
    return context


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def axe_findings(page: Page | Frame, where: str) -> list[str]:
    """What axe finds fault with in a page, or in a frame of another site."""
    _load_axe(page)
    [[seen], _] = page.evaluate(_LOOK, [[None], AXE_RULES, RULES_OF_LOOKS, []])
    return _findings(seen["violations"], where)


def _load_axe(page: Page | Frame) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_source())


def _findings(violations: list[dict[str, Any]], where: str) -> list[str]:
    return [
        f"{where}: {violation['id']} – {node['target']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def inspect_page(page: Page, name: str, themes: Iterable[str] = ()) -> PageInspection:
    """Inspect what the page shows now: as it is, or in each of these themes."""
    seen = PageInspection(name, language=str(page.locator("html").get_attribute("lang")))
    seen.words = page.evaluate(_WORDS)
    # What is folded away is read too.
    page.evaluate("document.querySelectorAll('main details').forEach((details) => { details.open = true; })")
    _load_axe(page)
    looks = list(themes) or [None]
    checked: list[str] = []
    for width in (NARROWEST, *WIDTHS):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        rules = AXE_RULES if width in WIDTHS else None
        found, checked = page.evaluate(_LOOK, [looks, rules, RULES_OF_LOOKS, checked])
        for theme, look in zip(looks, found, strict=True):
            where = f"{name}, {theme or 'as it is'}, {width} px"
            seen.overflow[where] = look["overflow"]
            seen.axe += _findings(look["violations"], where)
    return seen


def _one_space(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@cache
def english_sources() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The catalogue's English texts whose French differs by more than its spaces: plain ones, and patterns of those
    with a value in them."""
    path = Path(lti_tool.__file__).parent / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    plain, patterns = set(), []
    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        translated = {_one_space(str(string)) for string in strings}
        for source in message.id if isinstance(message.id, tuple) else (message.id,):
            text = _one_space(source)
            if not text or text in translated:
                continue
            parts = [part.replace("%%", "%") for part in re.split(r"%\(\w+\)[sd]", text)]
            if len(parts) == 1:
                plain.add(text)
            elif re.search(r"[^\W\d_]{2,}", "".join(parts)):
                patterns.append(re.compile(".+?".join(map(re.escape, parts))))
    return frozenset(plain), tuple(patterns)


def english_in(words: Iterable[str]) -> list[str]:
    """The texts of a page that are English of the catalogue: a whole text, or a longer sentence within one."""
    plain, patterns = english_sources()
    sentences = [text for text in plain if text.count(" ") >= 2]
    return [
        said
        for said in words
        if said in plain
        or any(pattern.fullmatch(said) for pattern in patterns)
        or any(sentence in said for sentence in sentences)
    ]
