"""What can be seen of a page without knowing what it is for: axe's findings, overflow, the console, its words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

import lti_tool
from tests.browser.axe_runs import AxeRuns, findings

WIDTHS = (390, 1280)
NARROWEST = 320
HEIGHT = 900

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


def inspect_page(
    page: Page, name: str, themes: Iterable[str] = (), axe_runs: AxeRuns | None = None
) -> PageInspection:
    """Inspect what the page shows now: as it is, or in each of these themes.

    ``axe_runs``: what axe has read of this page in another language, and of others.
    """
    seen = PageInspection(name, language=str(page.locator("html").get_attribute("lang")))
    seen.words = page.evaluate(_WORDS)
    # What is folded away is read too.
    page.evaluate("document.querySelectorAll('main details').forEach((details) => { details.open = true; })")
    axe_runs = axe_runs or AxeRuns()
    looks: list[str | None] = list(themes) or [None]
    for width in (NARROWEST, *WIDTHS):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found = axe_runs.look(page, looks, axe=width in WIDTHS)
        for theme, look in zip(looks, found, strict=True):
            where = f"{name}, {theme or 'as it is'}, {width} px"
            seen.overflow[where] = look["overflow"]
            seen.axe += findings(look["violations"], where)
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
    return [said for said in words if _is_english(said)]


@cache
def _is_english(said: str) -> bool:
    # Pages share most of their texts, and a text is compared with two thousand.
    plain, patterns = english_sources()
    return (
        said in plain
        or any(pattern.fullmatch(said) for pattern in patterns)
        or any(sentence in said for sentence in plain if sentence.count(" ") >= 2)
    )
