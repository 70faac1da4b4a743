"""The activities of a statement: its object, and those of its context.

In a context an activity has its type and its name, so that a report can be read without looking its IRI up; the
object of a statement also has a description. A definition may change from one statement to the next (a course is
renamed, a session corrected): an LRS keeps the latest (xAPI 1.0.3, Data 2.4.4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import tincan

from xapi import names, vocabulary
from xapi.context import ObjectiveContext, SessionContext, StatementContext
from xapi.parts import MOST_KEPT, Part, composed, part, plain
from xapi.vocabulary import LanguageMap, Term

_Texts = tuple[tuple[str, str], ...]
"""Texts by language tag, or values by extension."""


def programme(context: StatementContext) -> Part:
    """The programme, as an object."""
    return _object(context.programme_iri, vocabulary.PROGRAMME, names.programme_name(context.programme_name))


def pair(context: StatementContext, pair_id: UUID) -> Part:
    """A pair, as an object."""
    return _object(context.activity("pair", pair_id), vocabulary.PAIR, names.pair_name(pair_id))


def session(context: StatementContext, given: SessionContext) -> Part:
    """A session, as an object."""
    iri = context.activity("session", given.session_id)
    return _object(iri, vocabulary.SESSION, names.session_name(given.started_at, given.format))


def objective(context: StatementContext, given: ObjectiveContext) -> Part:
    """An objective, as an object. It is named after its tag: what its owner wrote never leaves the tool."""
    return _object(
        context.activity("objective", given.objective_id),
        vocabulary.OBJECTIVE,
        vocabulary.OBJECTIVE_NAMES[given.tag],
        extensions=((vocabulary.EXT_OBJECTIVE_TAG, given.tag.value),),
    )


def note(context: StatementContext, reflection_id: UUID) -> Part:
    """A reflection, as an object: nothing of what it says."""
    return _object(context.activity("reflection", reflection_id), vocabulary.NOTE, vocabulary.NOTE.label)


@lru_cache(maxsize=MOST_KEPT)
def of_programme(context: StatementContext) -> Part:
    """The context activities of a participant's own statements, which have no parent."""
    return part("$.context.contextActivities", _context_activities(context))


@lru_cache(maxsize=MOST_KEPT)
def below_programme(context: StatementContext) -> Part:
    """The same, with the programme as the parent."""
    activities = _context_activities(context, _programme_in_context(context))
    return part("$.context.contextActivities", activities)


@lru_cache(maxsize=MOST_KEPT)
def below_pair(context: StatementContext, pair_id: UUID) -> Part:
    """The same, with the pair as the parent."""
    parent = _in_context(context.activity("pair", pair_id), vocabulary.PAIR, names.pair_name(pair_id))
    return part("$.context.contextActivities", _context_activities(context, parent))


def _programme_in_context(context: StatementContext) -> Any:
    name = names.programme_name(context.programme_name)
    return _in_context(context.programme_iri, vocabulary.PROGRAMME, name)


def _context_activities(context: StatementContext, parent: Any = None) -> Any:
    """Always as arrays: course, programme and cohort, and the profile's version as category."""
    grouping = [_programme_in_context(context)]
    if context.course_iri is not None:
        grouping.insert(0, _course(context.course_iri, names.title(context.course_title)))
    if context.cohort is not None:
        iri = context.activity("cohort", context.cohort.cohort_id)
        name = names.cohort_name(context.programme_name, context.cohort.starts_on)
        grouping.append(_in_context(iri, vocabulary.COHORT, name))
    activities = tincan.ContextActivities(
        grouping=tincan.ActivityList(grouping),
        category=tincan.ActivityList([tincan.Activity(id=vocabulary.PROFILE_VERSION)]),
    )
    if parent is not None:
        activities.parent = tincan.ActivityList([parent])
    return activities


def _course(iri: str, title: str | None) -> Any:
    """No claim of a launch says which language a course's title is in (RFC 5646: ``und``, undetermined)."""
    return _in_context(iri, vocabulary.COURSE, {"und": title} if title is not None else None)


def _object(iri: str, kind: Term, name: LanguageMap, extensions: _Texts = ()) -> Part:
    return _activity(iri, _definition(kind, tuple(name.items()), extensions))


@lru_cache(maxsize=MOST_KEPT)
def _activity(iri: str, definition: Part) -> Part:
    """The object of both statements of a pair is the same."""
    parts = {"objectType": _ACTIVITY, "id": part("$.object.id", iri, iri), "definition": definition}
    return composed(tincan.Activity, parts)


_ACTIVITY: Final = plain("Activity", "Activity")


@lru_cache(maxsize=MOST_KEPT)
def _definition(kind: Term, name: _Texts, extensions: _Texts) -> Part:
    """Kept by its texts alone: moments that are equal may be two days in two time zones."""
    definition = tincan.ActivityDefinition(
        type=kind.iri, name=tincan.LanguageMap(name), description=_language_map(kind.definition)
    )
    if extensions:
        definition.extensions = tincan.Extensions(extensions)
    return part("$.object.definition", definition)


def _in_context(iri: str, kind: Term, name: Mapping[str, str] | None) -> Any:
    definition = tincan.ActivityDefinition(type=kind.iri)
    if name is not None:
        definition.name = _language_map(name)
    return tincan.Activity(id=iri, definition=definition)


def _language_map(texts: Mapping[str, str]) -> Any:
    return tincan.LanguageMap(dict(texts))
