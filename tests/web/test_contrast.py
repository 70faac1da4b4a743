"""The colours of the pages, computed: text on every ground it stands on, in each theme (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lti_tool

SHEET = (Path(lti_tool.__file__).parent / "static/css/tandem.css").read_text(encoding="utf-8")
TEXT, SHAPE = 4.5, 3.0

TEXTS = [
    ("text", "page"),
    ("text", "soft"),
    ("text", "quiet"),
    ("text", "accent-soft"),
    ("muted", "page"),
    ("muted", "soft"),
    ("link", "page"),
    ("link", "soft"),
    ("link", "accent-soft"),
    ("accent-deep", "page"),
    ("on-accent", "accent"),
    ("mentor", "page"),
    ("mentor", "soft"),
    ("mentor-deep", "mentor-soft"),
    ("mentee", "page"),
    ("mentee", "soft"),
    ("mentee", "mentee-soft"),
    ("good", "page"),
    ("good", "soft"),
    ("good", "good-soft"),
    ("warn", "page"),
    ("warn", "soft"),
    ("warn", "warn-soft"),
    ("bad", "page"),
    ("bad", "soft"),
    ("bad", "bad-soft"),
]
"""Text, and what it stands on."""

SHAPES = [
    ("edge", "page"),
    ("edge", "soft"),
    ("to-come", "page"),
    ("to-come", "soft"),
    ("waiting", "page"),
    ("waiting", "soft"),
    ("accent", "page"),
    ("accent", "soft"),
]
"""Borders of controls, and lines of drawings that say something."""


def rules(selector: str, sheet: str) -> dict[str, str]:
    """The custom properties that the first rule of this selector sets."""
    found = re.search(re.escape(selector) + r" \{([^}]*)\}", sheet)
    assert found, selector
    return dict(re.findall(r"--([a-z-]+): ([^;]+);", found[1]))


def themes() -> dict[str, dict[str, str]]:
    """Every theme's tokens."""
    neutral = rules(":root", SHEET)
    dark = SHEET[SHEET.index("prefers-color-scheme: dark") :]
    return {
        "neutral and moodle": neutral,
        "canvas": neutral | rules('[data-theme="canvas"]', SHEET),
        "neutral, dark": neutral | rules('[data-theme="neutral"]', dark),
    }


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", themes().values(), ids=themes().keys())
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, TEXT), (SHAPES, SHAPE)], ids=["texts", "shapes"])
def test_every_colour_is_read_on_its_ground(
    theme: dict[str, str], pairs: list[tuple[str, str]], least: float
) -> None:
    found = {(colour, ground): round(contrast(theme[colour], theme[ground]), 2) for colour, ground in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < least} == {}


@pytest.mark.parametrize("theme", themes().values(), ids=themes().keys())
def test_initials_are_read_on_a_face(theme: dict[str, str]) -> None:
    assert min(contrast("#fff", theme[face]) for face in ("mentor-face", "mentee-face")) >= TEXT
