"""axe, run on a page as often as it can find something new: in several languages, themes and widths.

A rule reads some facts of a page. Where it has been run on the very same facts, it would find the same again:

- most rules read elements, their attributes, which of them are shown, and which texts are empty or alike. What a text
  says and which language it is in is nothing to them, nor is an id that the tool has drawn;
- rules of colours read the computed colours and whether letters are large;
- rules of boxes read where controls are, and what can be scrolled.

The first theme of each width is looked at by the rules of colours and of boxes in any case: what lies upon what is in
none of these facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.requirements import AXE

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, which includes a target size of 24 px, and what axe calls best practice."""

RULES_OF_LANGUAGE = ["html-has-lang", "html-lang-valid", "html-xml-lang-mismatch", "valid-lang"]
RULES_OF_COLOURS = ["color-contrast", "link-in-text-block"]
RULES_OF_BOXES = ["scrollable-region-focusable", "target-size"]

# In the present width: by how many pixels each theme is too wide, and what axe finds in it. One call for all themes:
# each has its price. The theme is this attribute and nothing else: `base.html`. `known`: the facts that axe has read.
_LOOK = """async ([themes, rules, known]) => {
  const seen = [];
  const root = document.documentElement;
  const literal = new RegExp('^(aria-(?!label$|roledescription$|placeholder$|valuetext$).*|autocomplete|checked|class|'
    + 'controls|disabled|for|headers|hidden|id|list|multiple|name|open|readonly|rel|required|role|scope|tabindex|'
    + 'target|type)$');
  const drawn = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{24,}/g;
  const describe = () => {
    const elements = Array.from(document.querySelectorAll('*'));
    const numbers = new Map();
    const alike = (value) => {
      const text = value.trim();
      if (!text) return '';
      if (!numbers.has(text)) numbers.set(text, numbers.size);
      return `#${numbers.get(text)}`;
    };
    const attribute = ({name, value}) => {
      if (name === 'data-theme') return '';
      const kept = literal.test(name) || (name === 'href' && value.startsWith('#'));
      return `${name}=${kept ? value.replace(drawn, alike) : alike(value)}`;
    };
    const shown = elements.map((element) => {
      if (!element.checkVisibility({visibilityProperty: true})) return '-';
      const box = element.getBoundingClientRect();
      return box.right + scrollX <= 0 || box.bottom + scrollY <= 0 ? 'o' : 'v';
    });
    const texts = (element) => Array.from(element.childNodes, (node) =>
      node.nodeType === Node.TEXT_NODE ? alike(node.textContent) : '').join('');
    const structure = elements.map((element, at) => [element.tagName, element.parentElement?.tagName, shown[at],
      Array.from(element.attributes, attribute).sort().join(' '), texts(element)].join('|')).join('\\n');
    const visible = elements.filter((_, at) => shown[at] !== '-');
    const colours = visible.map((element) => {
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      return [style.color, style.fill, style.backgroundColor, style.backgroundImage, style.opacity, style.textShadow,
        style.filter, style.mixBlendMode, style.textDecorationLine, style.borderBottomStyle, style.borderBottomColor,
        style.fontWeight, large].join();
    }).join('\\n');
    const boxes = visible.map((element) => {
      const scrolls = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
      if (!scrolls && !element.matches('a, button, input, select, textarea, summary, label, [tabindex], [role]')) {
        return '';
      }
      const box = element.getBoundingClientRect();
      return [box.x, box.y, box.width, box.height, scrolls].map((value) => Math.round(Number(value) * 10)).join();
    }).join('\\n');
    return {structure, colours: structure + colours, boxes: structure + boxes};
  };
  for (const [at, theme] of themes.entries()) {
    if (theme) root.dataset.theme = theme;
    const look = {overflow: root.scrollWidth - root.clientWidth, violations: []};
    if (rules) {
      const now = describe();
      const isNew = (kind) => !known[kind].includes(now[kind]);
      const values = [
        ...(at === 0 ? rules.language : []),
        ...(at === 0 || isNew('colours') ? rules.colours : []),
        ...(at === 0 || isNew('boxes') ? rules.boxes : []),
      ];
      const runOnly = isNew('structure') ? {type: 'tag', values: rules.tags} : {type: 'rule', values};
      if (runOnly.values.length) {
        look.violations = (await axe.run(document, {runOnly, resultTypes: ['violations'], preload: false})).violations;
      }
      for (const kind of Object.keys(known)) if (isNew(kind)) known[kind].push(now[kind]);
    }
    seen.push(look);
  }
  return [seen, known];
}"""


@dataclass
class AxeRuns:
    """What axe has read so far of one page, in whatever language, theme and width."""

    known: dict[str, list[str]] = field(default_factory=lambda: {"structure": [], "colours": [], "boxes": []})

    def look(self, page: Page, themes: list[str | None], *, axe: bool = True) -> list[dict[str, Any]]:
        """How each theme looks in the present width: ``overflow`` in pixels, and axe's ``violations`` where asked."""
        if axe and not page.evaluate("'axe' in window || ('loadAxe' in window && (loadAxe(), true))"):
            page.evaluate(_axe_source())
        rules = {
            "tags": AXE_RULES,
            "language": RULES_OF_LANGUAGE,
            "colours": RULES_OF_COLOURS,
            "boxes": RULES_OF_BOXES,
        }
        seen: list[dict[str, Any]]
        seen, self.known = page.evaluate(_LOOK, [themes, rules if axe else None, self.known])
        return seen


def keep_axe_at_hand(context: BrowserContext) -> BrowserContext:
    """Give every page of a context axe as a function not called yet, which costs a third of sending it to each."""
    context.add_init_script(f"window.loadAxe = function () {{ {_axe_source()} }};")
    return context


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def findings(violations: list[dict[str, Any]], where: str) -> list[str]:
    """What is wrong with which element, and where, one line for each."""
    return [
        f"{where}: {violation['id']} – {node['target']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]
