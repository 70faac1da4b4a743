"""YAML as people write it in a text editor: the plain part of it alone, with the line of each value.

A file comes from outside, so what makes YAML dangerous or surprising is refused: anchors and aliases (a small file that
unfolds to a huge one), tags (which ask for objects of a program), several documents, a key that is there twice, deep
nesting, and more than :data:`LARGEST_FILE` bytes. Values are read by the core schema of YAML 1.2
(https://yaml.org/spec/1.2.2/#103-core-schema), so that ``no`` and ``on`` are words and a date stays as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from schemas.problem import Problem

LARGEST_FILE: Final = 256 * 1024
"""Bytes."""
DEEPEST: Final = 12
"""How many lists and sets of values may stand in one another."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where it is there: it is about ten times as fast."""
_IN_QUOTATION_MARKS: Final = "while scanning a quoted scalar"
"""Where YAML was at the end of the text, perhaps far below the line on which the quotation mark was opened."""
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)


class YamlError(ValueError):
    """A text is no YAML that is taken; ``line`` counts from 1, and is None where it is about the whole text."""

    def __init__(self, problem: Problem, line: int | None = None) -> None:
        self.problem, self.line = problem, line
        super().__init__(f"line {line}: {problem.text}" if line else problem.text)


@dataclass(frozen=True)
class YamlDocument:
    """The values of a text, as of JSON, and where each stands."""

    value: Any
    lines: Mapping[str, int] = field(repr=False)
    """The line of each value, by its dotted path (``rule.criteria.0.type``); that of the whole is under ``""``."""

    def line_of(self, path: str) -> int:
        """The line of a value, or of the nearest one around it where it is not there."""
        while path not in self.lines and path:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 1)


def read_yaml(content: bytes) -> YamlDocument:
    """Return the values of a YAML file. Raises :class:`YamlError`, at the first thing that is wrong."""
    if len(content) > LARGEST_FILE:
        raise YamlError(Problem("template_too_large", max=LARGEST_FILE // 1024))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError(Problem("wrong_encoding"), line) from None
    lines: dict[str, int] = {}
    try:
        events = _checked(yaml.parse(text, Loader=_LOADER))
        value = _value(events, "", lines)
        next(events, None)  # what follows the document is looked at too
    except yaml.MarkedYAMLError as error:
        is_open = error.context == _IN_QUOTATION_MARKS
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        # What is missing at the end is found after the last line.
        line = min(mark.line + 1 if mark is not None else 1, max(1, len(text.splitlines())))
        raise YamlError(Problem(_cause(text, line)), line) from None
    except yaml.YAMLError:
        # A character that YAML forbids. Only the reader in Python says where, and not as a line.
        raise YamlError(Problem("forbidden_characters"), _line_of_forbidden(text)) from None
    return YamlDocument(value, lines)


def _cause(text: str, line: int) -> str:
    """The code for what YAML's own message says of a line."""
    lines = text.splitlines()
    near = lines[line - 1] if 0 < line <= len(lines) else ""
    return "yaml_tab" if "\t" in near[: len(near) - len(near.lstrip())] else "yaml_unreadable"


def _line_of_forbidden(text: str) -> int | None:
    allowed = re.compile("[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
    found = allowed.match(text)
    end = found.end() if found is not None else 0
    return text.count("\n", 0, end) + 1 if end < len(text) else None


def _checked(events: Iterator[Any]) -> Iterator[Any]:
    """The events of one document's values; raises :class:`YamlError` for what is not taken.

    They come one by one as the text is read, so that nothing is ever unfolded or nested deeper than is allowed.
    """
    depth = documents = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlError(Problem("yaml_several_documents"), line)
            if event.tags:
                raise YamlError(Problem("yaml_tag"), line)
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise YamlError(Problem("yaml_alias"), line)
        elif isinstance(event, yaml.NodeEvent):
            if getattr(event, "tag", None) is not None:
                raise YamlError(Problem("yaml_tag"), line)
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > DEEPEST:
                raise YamlError(Problem("yaml_too_deep", max=DEEPEST), line)
            yield event
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            yield event


def _value(events: Iterator[Any], path: str, lines: dict[str, int]) -> Any:
    """The next value; None where the text has none."""
    event = next(events, None)
    if event is None:
        return None
    lines.setdefault(path, event.start_mark.line + 1)
    return _value_of(event, events, path, lines)


def _value_of(event: Any, events: Iterator[Any], path: str, lines: dict[str, int]) -> Any:
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event.value) if event.implicit[0] and event.style in (None, "") else event.value
    below = f"{path}." if path else ""
    if isinstance(event, yaml.SequenceStartEvent):
        values: list[Any] = []
        while not isinstance(each := next(events), yaml.SequenceEndEvent):
            where = f"{below}{len(values)}"
            lines[where] = each.start_mark.line + 1
            values.append(_value_of(each, events, where, lines))
        return values
    named: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarEvent):
            raise YamlError(Problem("yaml_unreadable"), line)
        if key.value in named:
            raise YamlError(Problem("repeated", what=_shown(key.value)), line)
        lines[f"{below}{key.value}"] = line
        named[key.value] = None
        named[key.value] = _value(events, f"{below}{key.value}", lines)
    return named


def _shown(key: str) -> str:
    """A key of the text, to be named in a sentence."""
    return key if len(key) <= 60 and key.isprintable() else "…"


def _scalar(text: str) -> Any:
    """The value of a word that stands without quotation marks."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as such, and lists of codes on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """The entries of a list stand further to the right than its name."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """A value that is there twice is written twice."""
        return True


def _write_text(writer: _Writer, text: str) -> yaml.ScalarNode:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _write_list(writer: _Writer, values: list[Any]) -> yaml.SequenceNode:
    is_plain = not any(isinstance(value, list | dict) for value in values)
    return writer.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=is_plain)


_Writer.add_representer(str, _write_text)
_Writer.add_representer(list, _write_list)


def write_yaml(values: Mapping[str, Any]) -> str:
    """Values as of JSON, as YAML in the order in which they are: the inverse of :func:`read_yaml`."""
    written: str = yaml.dump(
        dict(values), Dumper=_Writer, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False
    )
    return written
