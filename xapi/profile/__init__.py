"""The reverse-mentoring profile: what our statements mean, for machines (JSON-LD) and for people (rows).

It conforms to version 1.0 of the xAPI Profiles specification: https://github.com/adlnet/xapi-profiles
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from xapi import vocabulary

Kind = Literal["verb", "activity-type", "extension", "template"]

_EXTENSION_TYPES = ("ContextExtension", "ResultExtension", "ActivityExtension")


@dataclass(frozen=True)
class VocabularyRow:
    """One line of the page that explains the vocabulary.

    ``uses``: for a template, the IRIs of its verb and its object's type; nothing otherwise. ``is_sent``: False for a
    template of which no statement is made yet.
    """

    kind: Kind
    iri: str
    label: str
    definition: str
    uses: tuple[str, ...] = ()
    is_sent: bool = True


@cache
def profile_bytes() -> bytes:
    """The profile as it is published: JSON-LD in UTF-8, media type ``application/ld+json``."""
    return files(__name__).joinpath("reverse-mentoring.jsonld").read_bytes()


def profile_document() -> dict[str, Any]:
    """The profile as JSON data, a fresh copy each time."""
    document: dict[str, Any] = json.loads(profile_bytes())
    return document


def vocabulary_rows(locale: str) -> list[VocabularyRow]:
    """Verbs, activity types, extensions and templates in the words of a locale ("en" for any unknown one)."""
    language = "fr" if locale.lower().startswith("fr") else "en"
    document = profile_document()
    concepts = document["concepts"]
    rows = [_term_row("verb", term, language) for term in vocabulary.VERBS]
    rows += [_profile_row("activity-type", c, language) for c in concepts if c["type"] == "ActivityType"]
    defined = {concept["id"] for concept in concepts}
    borrowed = (term for term in vocabulary.ACTIVITY_TYPES if term.iri not in defined)
    rows += [_term_row("activity-type", term, language) for term in borrowed]
    rows += [_profile_row("extension", c, language) for c in concepts if c["type"] in _EXTENSION_TYPES]
    rows += [_profile_row("template", template, language) for template in document["templates"]]
    return rows


_USED = {term.iri for term in (*vocabulary.VERBS, *vocabulary.ACTIVITY_TYPES)}
"""The verbs and the types of activities that statements are made of."""


def _term_row(kind: Kind, term: vocabulary.Term, language: str) -> VocabularyRow:
    return VocabularyRow(kind, term.iri, term.label[language], term.definition[language])


def _profile_row(kind: Kind, entry: dict[str, Any], language: str) -> VocabularyRow:
    uses = tuple(entry[name] for name in ("verb", "objectActivityType") if name in entry)
    is_sent = all(iri in _USED for iri in uses)
    return VocabularyRow(
        kind, entry["id"], entry["prefLabel"][language], entry["definition"][language], uses, is_sent
    )
