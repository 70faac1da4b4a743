"""French punctuation has the spaces that do not break, wherever a French text is kept."""

from __future__ import annotations

import dataclasses
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import lti_tool
import schemas
import xapi
from lti_tool.demo.lms.texts import TEXTS
from schemas.yaml_text import read_yaml

ROOT = Path(lti_tool.__file__).parent.parent
WRONG = re.compile(
    r"\w'\w|\.\.\.|\"|(?<![\u202f?!])[;!?](?=\s|$)|(?<!\u00a0):(?=\s|$)|(?<!\u00a0)»|«(?!\u00a0)"
)
"""Anything but U+202F before ``; ! ?``, and U+00A0 before ``:`` and within « »; straight quotes and dots."""
WRONG_IN_GUIDE = re.compile(r"(?<=\S) [;:!?](?=\W|$)| »|« ")
"""The same as far as Markdown, which has punctuation of its own, can be told from words."""
DAY = re.compile(
    r"\d (janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)\b"
)


def catalogue() -> Iterator[str]:
    """The translations of the pages."""
    with (ROOT / "lti_tool" / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        for message in read_po(file, locale="fr"):
            if message.id:
                yield from [message.string] if isinstance(message.string, str) else message.string


def modules() -> Iterator[str]:
    """Whatever a module holds for French: the labels of statements, questions, and what the demo's people write."""
    seen: set[int] = set()
    for package in (lti_tool, schemas, xapi):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith("lti_tool.migrations.") and not found.name.endswith("__main__"):
                for value in list(vars(import_module(found.name)).values()):
                    yield from below(value, seen)


def below(value: object, seen: set[int]) -> Iterator[str]:
    """The texts under each key ``fr`` of a constant, at any depth."""
    if id(value) in seen or isinstance(value, type | str):
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner) if key == "fr" else below(inner, seen)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from below(inner, seen)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from below(getattr(value, field.name, None), seen)


def texts(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from texts(inner)


def files() -> Iterator[str]:
    """The programme templates and the xAPI profile."""
    for path in sorted((ROOT / "lti_tool").rglob("*.yaml")):
        yield from below(read_yaml(path.read_bytes()).value, set())
    for path in sorted((ROOT / "xapi").rglob("*.jsonld")):
        yield from below(json.loads(path.read_bytes()), set())


def demo() -> Iterator[str]:
    """The pages of the demo's LMS, which keep both languages side by side."""
    return (french for french, _english in TEXTS.values())


def guides() -> Iterator[str]:
    """The French guides without their code, line by line."""
    for path in sorted((ROOT / "docs").glob("*.fr.md")):
        written = re.sub(
            r"^```.*?^```|^[ |:-]+$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        yield from re.sub(r"`[^`\n]*`", "`…`", written).split("\n")


@pytest.mark.parametrize(
    ("source", "wrong", "least"),
    [
        (catalogue, WRONG, 2000),
        (modules, WRONG, 100),
        (files, WRONG, 400),
        (demo, WRONG, 140),
        (guides, WRONG_IN_GUIDE, 500),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_french_has_its_typography(source, wrong, least):
    found = list(source())
    assert len(found) > least
    assert [text for text in found if wrong.search(text) or DAY.search(text)] == []
