"""axe, run on a page as often as it can find something new: in several languages, themes and widths.

A rule reads some facts of a page. Where it has found nothing in the very same facts, it would find nothing again:

- most rules read elements, their attributes, which of them are shown, and which texts are empty or alike. What a text
  says is nothing to them, nor is an id that the tool has drawn. They are run on each page, and again where any of this
  is otherwise;
- rules of languages read the attributes that name one;
- rules of colours read each text's colours and whether its letters are large, what is behind it, and what lies upon it.
  Pages share these, so that they are run where a page brings together what no page before it has;
- rules of boxes read what scrolls, and the controls that are small, upon or close to each other. The same holds for
  these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.requirements import AXE

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, which includes a target size of 24 px, and what axe calls best practice."""

RULES = {
    "languages": ["html-has-lang", "html-lang-valid", "html-xml-lang-mismatch", "valid-lang"],
    "colours": ["color-contrast", "link-in-text-block"],
    "boxes": ["scrollable-region-focusable", "target-size"],
}
"""Those that do not read the structure, by the kind of facts that they read."""

_LOOK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

Facts = dict[str, set[str]]
"""Facts of each kind, as hashes."""


@dataclass
class AxeRuns:
    """In what axe has found nothing so far, on any page, in whatever language, theme and width."""

    fine: Facts = field(default_factory=lambda: {kind: set() for kind in ("structure", *RULES)})

    def look(self, page: Page, themes: list[str | None], *, axe: bool = True) -> list[dict[str, Any]]:
        """How each theme looks in the present width: ``overflow`` in pixels, and axe's ``violations`` where asked."""
        if axe and not page.evaluate("'loadAxe' in window"):
            page.evaluate(_load_axe())
        # One text each: Playwright takes every item of a list apart, and there are thousands.
        known = {kind: " ".join(facts) for kind, facts in self.fine.items()} if axe else {}
        seen: list[dict[str, Any]]
        seen, found = page.evaluate(_LOOK, [themes, AXE_RULES if axe else None, RULES, known])
        for kind, facts in found.items():
            self.fine[kind].update(facts.split())
        return seen


def keep_axe_at_hand(context: BrowserContext) -> BrowserContext:
    """Give every page of a context axe as a function not called yet, which costs a third of sending it to each."""
    context.add_init_script(_load_axe())
    return context


@cache
def _load_axe() -> str:
    return f"window.loadAxe = function () {{ {AXE.read_text(encoding='utf-8')} }};"


def findings(violations: list[dict[str, Any]], where: str) -> list[str]:
    """What is wrong with which element, and where, one line for each."""
    return [
        f"{where}: {violation['id']} – {node['target']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]
