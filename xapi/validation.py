"""The rules that every statement of ours keeps, checked before its bytes are stored.

Stricter than xAPI 1.0.3 (https://github.com/adlnet/xAPI-Spec): a property that we never write is refused, so
that a person's name, an e-mail address or a free comment cannot get into an LRS, where nothing is deleted.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from xapi.context import TOOL_ACCOUNT
from xapi.encoding import CLOCK_TOLERANCE
from xapi.names import PATTERNS
from xapi.value_checks import (
    IRI,
    Check,
    InvalidStatementError,
    boolean,
    check_object,
    duration,
    each,
    exactly,
    iri,
    language_map,
    language_tag,
    matching,
    number,
    sha2,
    size,
    text,
    timestamp,
    uuid_text,
    web_iri,
)
from xapi.vocabulary import ACTIVITY_TYPES, COHORT, COURSE, PROGRAMME, VOIDED, Term

_TYPES = {term.iri: term for term in ACTIVITY_TYPES}
_TITLED = (PROGRAMME, COHORT, COURSE)
"""Types whose activities have a title that an organisation gave."""


def validate(
    document: Mapping[str, Any],
    *,
    now: datetime | None = None,
    platform_accounts: Collection[tuple[str, str]] = (),
) -> None:
    """Refuse a statement that breaks a rule.

    ``document``: the statement as JSON data. ``now``: an aware moment, by default the clock's; a timestamp may
    not be later (but for the second that ``encoding.CLOCK_TOLERANCE`` explains). ``platform_accounts``: home page and
    name of the accounts of a platform's own, whose names are what the platform says; every other name is a UUID.
    Raises InvalidStatementError with the JSON path of the first broken rule.
    """
    if "version" in document:
        raise InvalidStatementError("$.version", "the version goes in a header, never in the body")
    check_object(
        "$",
        document,
        required={"id": uuid_text, "actor": _agent, "verb": _verb, "object": _target, "timestamp": timestamp},
        optional={"context": _context, "result": _result, "attachments": _attachments},
    )
    validate_whole(document, now=now, platform_accounts=platform_accounts)


def validate_part(path: str, value: Any) -> None:
    """Refuse a part of a statement that breaks a rule, whatever the others are.

    ``path``: where it stands, one of :data:`_PARTS`. A statement all of whose parts pass, and that as a whole passes
    :func:`validate_whole`, passes :func:`validate`.
    """
    _PARTS[path](path, value)


def validate_whole(
    document: Mapping[str, Any],
    *,
    now: datetime | None = None,
    platform_accounts: Collection[tuple[str, str]] = (),
) -> None:
    """Refuse a statement whose parts, each of which is right, do not go together. As :func:`validate` otherwise."""
    written = datetime.fromisoformat(document["timestamp"])
    if written > (now or datetime.now(UTC)) + CLOCK_TOLERANCE:
        raise InvalidStatementError("$.timestamp", "a statement cannot be made in the future")
    _voiding(document, by_tool=_is_tool(document["actor"], platform_accounts))
    _accounts(document, platform_accounts)
    _platform(document)


def _accounts(document: Mapping[str, Any], platform_accounts: Collection[tuple[str, str]]) -> None:
    """A name that is no UUID could be a person's."""
    context = document.get("context", {})
    places = {"$.actor": document["actor"]} | {
        f"$.context.{name}": context[name] for name in ("instructor", "team") if name in context
    }
    for path, agent in places.items():
        if not (_is_platforms(agent, platform_accounts) or _is_tool(agent, platform_accounts)):
            uuid_text(f"{path}.account.name", agent["account"]["name"])


def _is_platforms(agent: Mapping[str, Any], platform_accounts: Collection[tuple[str, str]]) -> bool:
    return (agent["account"]["homePage"], agent["account"]["name"]) in platform_accounts


def _is_tool(agent: Mapping[str, Any], platform_accounts: Collection[tuple[str, str]]) -> bool:
    """A platform may give anybody the name of the tool's account."""
    return agent["account"]["name"] == TOOL_ACCOUNT and not _is_platforms(agent, platform_accounts)


def _voiding(document: Mapping[str, Any], *, by_tool: bool) -> None:
    """Data 2.3.2: only a StatementRef is voided, and ours come from the tool, without a category."""
    voids = document["verb"]["id"] == VOIDED.iri
    if voids != (document["object"]["objectType"] == "StatementRef"):
        raise InvalidStatementError("$.object.objectType", "a StatementRef is voided, and nothing else is")
    if voids != by_tool:
        raise InvalidStatementError(
            "$.actor.account.name", "the tool voids statements, and does nothing else"
        )
    activities = document.get("context", {}).get("contextActivities", {})
    if voids and "category" in activities:
        raise InvalidStatementError(
            "$.context.contextActivities.category", "a voiding statement has no category"
        )


def _platform(document: Mapping[str, Any]) -> None:
    """Data 2.4.6: a platform is said of an Activity alone."""
    if document["object"]["objectType"] != "Activity" and "platform" in document.get("context", {}):
        raise InvalidStatementError("$.context.platform", "only a statement about an activity has a platform")


def _account_name(path: str, value: Any) -> None:
    """Whose name it is, and which names such an account may have, :func:`_accounts` looks at."""
    if not isinstance(value, str) or not value:
        raise InvalidStatementError(path, "must be a text that is not empty")


def _account(path: str, value: Any) -> None:
    check_object(path, value, required={"homePage": web_iri, "name": _account_name})


def _agent(path: str, value: Any) -> None:
    check_object(path, value, required={"objectType": exactly("Agent"), "account": _account})


def _group(path: str, value: Any) -> None:
    check_object(path, value, required={"objectType": exactly("Group"), "account": _account})


def _verb(path: str, value: Any) -> None:
    check_object(path, value, required={"id": web_iri, "display": language_map})


def _target(path: str, value: Any) -> None:
    if isinstance(value, Mapping) and value.get("objectType") == "StatementRef":
        _statement_ref(path, value)
        return
    _activity(path, value)
    _whole_definition(f"{path}.definition", value.get("definition"))


def _whole_definition(path: str, value: Any) -> None:
    """That of an object also has a name and a description."""
    check_object(
        path,
        value,
        required={"type": _anything, "name": _anything, "description": _anything},
        optional={"extensions": _anything},
    )


def _object_definition(path: str, value: Any) -> None:
    _definition(path, value)
    _whole_definition(path, value)


def _activity(path: str, value: Any) -> None:
    check_object(
        path,
        value,
        required={"objectType": exactly("Activity"), "id": iri},
        optional={"definition": _definition},
    )


def _definition(path: str, value: Any) -> None:
    """The type decides what the name may be: text of a participant is in no name and no description."""
    check_object(
        path,
        value,
        required={"type": web_iri},
        optional={"name": _anything, "description": language_map, "extensions": _extensions},
    )
    kind = _TYPES.get(value["type"])
    if kind is None:
        raise InvalidStatementError(f"{path}.type", "is not a type that we write")
    if value.get("description", kind.definition) != kind.definition:
        raise InvalidStatementError(f"{path}.description", "must be the definition of the type")
    if "name" in value:
        languages = ("und",) if kind is COURSE else ("en", "fr")
        checks = {language: _name(kind, language) for language in languages}
        check_object(f"{path}.name", value["name"], required=checks)


def _anything(path: str, value: Any) -> None:
    """What is checked elsewhere."""


def _name(kind: Term, language: str) -> Check:
    if kind in _TITLED:
        return text
    return matching(PATTERNS[language][kind.iri], "made of a date, a code or an id")


def _statement_ref(path: str, value: Any) -> None:
    check_object(path, value, required={"objectType": exactly("StatementRef"), "id": uuid_text})


def _extensions(path: str, value: Any) -> None:
    if not isinstance(value, Mapping) or not value:
        raise InvalidStatementError(path, "must be an object with at least one extension")
    for key in value:
        if not IRI.fullmatch(key):
            raise InvalidStatementError(f"{path}['{key}']", "an extension's key must be an IRI")


_activities = each(_activity)


def _context_activities(path: str, value: Any) -> None:
    kinds = {"parent": _activities, "grouping": _activities, "category": _activities}
    check_object(path, value, required={}, optional=kinds)


def _context(path: str, value: Any) -> None:
    check_object(
        path,
        value,
        required={"registration": uuid_text},
        optional={
            "team": _group,
            "instructor": _agent,
            "platform": text,
            "language": language_tag,
            "statement": _statement_ref,
            "extensions": _extensions,
            "contextActivities": _context_activities,
        },
    )


def _result(path: str, value: Any) -> None:
    check_object(
        path,
        value,
        required={},
        optional={
            "completion": boolean,
            "success": boolean,
            "duration": duration,
            "score": _score,
            "extensions": _extensions,
        },
    )


def _score(path: str, value: Any) -> None:
    """Data 2.4.5.1: scaled between -1 and 1, raw between min and max."""
    check_object(
        path, value, required={"scaled": number}, optional={"raw": number, "min": number, "max": number}
    )
    if not -1 <= value["scaled"] <= 1:
        raise InvalidStatementError(f"{path}.scaled", "must be between -1 and 1")
    low, high, raw = value.get("min", -math.inf), value.get("max", math.inf), value.get("raw")
    if low >= high:
        raise InvalidStatementError(f"{path}.min", "must be below the maximum")
    if raw is not None and not low <= raw <= high:
        raise InvalidStatementError(f"{path}.raw", "must be between the minimum and the maximum")


def _attachments(path: str, value: Any) -> None:
    def attachment(at: str, item: Any) -> None:
        check_object(
            at,
            item,
            required={
                "usageType": web_iri,
                "display": language_map,
                "contentType": text,
                "length": size,
                "sha2": sha2,
                "fileUrl": web_iri,
            },
            optional={"description": language_map},
        )

    each(attachment)(path, value)


_PARTS: Mapping[str, Check] = {
    "$.actor": _agent,
    "$.verb": _verb,
    "$.object": _target,
    "$.object.id": iri,
    "$.object.definition": _object_definition,
    "$.result": _result,
    "$.context.team": _group,
    "$.context.instructor": _agent,
    "$.context.platform": text,
    "$.context.language": language_tag,
    "$.context.statement": _statement_ref,
    "$.context.extensions": _extensions,
    "$.context.contextActivities": _context_activities,
}
"""What is checked of each part."""
