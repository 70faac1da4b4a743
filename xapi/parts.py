"""The parts of statements: made with tincan, checked, and written as JSON, once for as long as they are needed.

An agent, a verb, or the programme that a statement names is the same in thousands of statements; to make, check and
write it again each time costs more than all the rest of a statement. What is kept depends on nothing but the values
that it was made from, and the oldest is forgotten: a title that changes makes another part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import tincan

from xapi import encoding
from xapi.context import Actor
from xapi.validation import validate_part
from xapi.vocabulary import Term

MOST_KEPT: Final = 256
"""Parts of one kind that a process keeps: some five megabytes in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a statement. Nobody changes anything of it."""

    model: Any
    """tincan's value."""
    document: Any
    """The same as JSON data."""
    text: str
    """The same as canonical JSON."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Of a composed part, the canonical JSON of each property."""


def composed(make: Callable[..., Any], parts: Mapping[str, Part]) -> Part:
    """What tincan makes of parts, by the names of its properties; each part is checked and written already."""
    texts = {name: each.text for name, each in parts.items()}
    return Part(
        make(**{name: each.model for name, each in parts.items()}),
        {name: each.document for name, each in parts.items()},
        encoding.object_text(texts),
        texts,
    )


def extended(whole: Part, further: Mapping[str, Part]) -> Part:
    """A composed part with further properties. tincan's value is copied: the one that there is is shared."""
    model = copy(whole.model)
    for name, each in further.items():
        setattr(model, name, each.model)
    texts = {**whole.texts, **{name: each.text for name, each in further.items()}}
    document = {**whole.document, **{name: each.document for name, each in further.items()}}
    return Part(model, document, encoding.object_text(texts), texts)


def plain(value: Any, text: str) -> Part:
    """A value that needs no check, such as an id or a moment of our own, and how it is written."""
    return Part(value, text, f'"{text}"')


def part(path: str, model: Any, document: Any = None) -> Part:
    """The part at a JSON path of a statement. ``document``: where tincan's writing of it is not ours.

    Raises :class:`xapi.validation.InvalidStatementError`.
    """
    if document is None:
        document = model.as_version()
    validate_part(path, document)
    return Part(model, document, encoding.to_text(document))


@lru_cache(maxsize=MOST_KEPT)
def agent(actor: Actor, path: str = "$.actor") -> Part:
    """An account as an actor or, at another path, an instructor."""
    return part(path, tincan.Agent(account=_account(actor.home_page, actor.name)))


@lru_cache(maxsize=MOST_KEPT)
def team(home_page: str, pair_id: UUID) -> Part:
    """A pair as an identified group."""
    model = tincan.Group(account=_account(home_page, str(pair_id)))
    document = model.as_version()
    # tincan gives every Group an empty member list; a Group known by its account needs none.
    document.pop("member", None)
    return part("$.context.team", model, document)


def _account(home_page: str, name: str) -> Any:
    return tincan.AgentAccount(home_page=home_page, name=name)


@lru_cache(maxsize=MOST_KEPT)
def verb(term: Term) -> Part:
    """A verb with its labels."""
    return part("$.verb", tincan.Verb(id=term.iri, display=tincan.LanguageMap(dict(term.label))))


def statement_ref(path: str, target: UUID) -> Part:
    """A reference to another statement."""
    return part(path, tincan.StatementRef(id=target))


@lru_cache(maxsize=MOST_KEPT)
def result(
    *,
    completion: bool | None = None,
    length: timedelta | None = None,
    score_percent: int | None = None,
    extension: tuple[str, int | str] | None = None,
) -> Part:
    """A result. ``score_percent``: 0 to 100; ``extension``: its IRI and its value."""
    model = tincan.Result(completion=completion, duration=length)
    if score_percent is not None:
        model.score = tincan.Score(scaled=score_percent / 100, raw=score_percent, min=0, max=100)
    if extension is not None:
        model.extensions = tincan.Extensions([extension])
    document = model.as_version()
    if length is not None:
        document["duration"] = encoding.duration(length)
    if "score" in document:
        document["score"] = {
            name: int(value) if value == int(value) else value for name, value in document["score"].items()
        }
    return part("$.result", model, document)
