"""The rules that every statement of ours keeps, checked before its bytes are stored.

Stricter than xAPI 1.0.3 (https://github.com/adlnet/xAPI-Spec): a property that we never write is refused, so
that a person's name, an e-mail address or a free comment cannot get into an LRS, where nothing is deleted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from xapi.context import TOOL_ACCOUNT
from xapi.encoding import CLOCK_TOLERANCE
from xapi.names import PATTERNS
from xapi.vocabulary import ACTIVITY_TYPES, COHORT, COURSE, PROGRAMME, VOIDED, Term

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_WEB_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`/?#]+[^\s<>\"{}|\\^`]*", re.IGNORECASE)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_DURATION = re.compile(r"PT(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,2})?S)?")
# The part of RFC 5646 that a learning platform sends: "fr", "fr-CA", "zh-Hant-TW".
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_SHA2 = re.compile(r"[0-9a-f]{64}")

_TYPES = {term.iri: term for term in ACTIVITY_TYPES}
_TITLED = (PROGRAMME, COHORT, COURSE)
"""Types whose activities have a title that an organisation gave."""

Check = Callable[[str, Any], None]


class InvalidStatementError(ValueError):
    """The statement breaks a rule at the given place, written as a JSON path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


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
    _object(
        "$",
        document,
        required={"id": _uuid, "actor": _agent, "verb": _verb, "object": _target, "timestamp": _timestamp},
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
            _uuid(f"{path}.account.name", agent["account"]["name"])


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


def _object(
    path: str, value: Any, *, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None
) -> None:
    """An object with all the required properties, perhaps the optional ones, and no other."""
    optional = optional or {}
    if not isinstance(value, Mapping):
        raise InvalidStatementError(path, "must be an object")
    for name in required:
        if name not in value:
            raise InvalidStatementError(f"{path}.{name}", "is missing")
    for name, item in value.items():
        check = required.get(name) or optional.get(name)
        if check is None:
            raise InvalidStatementError(f"{path}.{name}", "is not a property that we write")
        check(f"{path}.{name}", item)


def _each(check: Check) -> Check:
    """A non-empty array whose items all pass the check."""

    def check_each(path: str, value: Any) -> None:
        if not isinstance(value, list) or not value:
            raise InvalidStatementError(path, "must be an array with at least one item")
        for index, item in enumerate(value):
            check(f"{path}[{index}]", item)

    return check_each


def _exactly(expected: str) -> Check:
    def check_exactly(path: str, value: Any) -> None:
        if value != expected:
            raise InvalidStatementError(path, f"must be {expected!r}")

    return check_exactly


def _matching(pattern: re.Pattern[str], meaning: str) -> Check:
    def check_matching(path: str, value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InvalidStatementError(path, f"must be {meaning}")

    return check_matching


_iri = _matching(_IRI, "an IRI with its scheme")
_web_iri = _matching(_WEB_IRI, "an http or https IRI")
_language = _matching(_LANGUAGE, "a language tag")
_duration = _matching(_DURATION, "an ISO 8601 duration in hours, minutes and hundredths of a second")
_sha2 = _matching(_SHA2, "a SHA-256 digest in hexadecimal")


def _uuid(path: str, value: Any) -> None:
    try:
        canonical = isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        canonical = False
    if not canonical:
        raise InvalidStatementError(path, "must be a UUID in its usual spelling")


def _timestamp(path: str, value: Any) -> None:
    try:
        if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
            raise ValueError
        datetime.fromisoformat(value)
    except ValueError:
        raise InvalidStatementError(path, "must be a UTC moment with three decimals and Z") from None


def _text(path: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidStatementError(path, "must be a text that is not blank")


def _boolean(path: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidStatementError(path, "must be true or false")


def _number(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidStatementError(path, "must be a finite number")


def _size(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidStatementError(path, "must be a size in bytes")


def _language_map(path: str, value: Any) -> None:
    _object(path, value, required={"en": _text, "fr": _text})


def _account_name(path: str, value: Any) -> None:
    """Whose name it is, and which names such an account may have, :func:`_accounts` looks at."""
    if not isinstance(value, str) or not value:
        raise InvalidStatementError(path, "must be a text that is not empty")


def _account(path: str, value: Any) -> None:
    _object(path, value, required={"homePage": _web_iri, "name": _account_name})


def _agent(path: str, value: Any) -> None:
    _object(path, value, required={"objectType": _exactly("Agent"), "account": _account})


def _group(path: str, value: Any) -> None:
    _object(path, value, required={"objectType": _exactly("Group"), "account": _account})


def _verb(path: str, value: Any) -> None:
    _object(path, value, required={"id": _web_iri, "display": _language_map})


def _target(path: str, value: Any) -> None:
    if isinstance(value, Mapping) and value.get("objectType") == "StatementRef":
        _statement_ref(path, value)
        return
    _activity(path, value)
    _whole_definition(f"{path}.definition", value.get("definition"))


def _whole_definition(path: str, value: Any) -> None:
    """That of an object also has a name and a description."""
    _object(
        path,
        value,
        required={"type": _anything, "name": _anything, "description": _anything},
        optional={"extensions": _anything},
    )


def _object_definition(path: str, value: Any) -> None:
    _definition(path, value)
    _whole_definition(path, value)


def _activity(path: str, value: Any) -> None:
    _object(
        path,
        value,
        required={"objectType": _exactly("Activity"), "id": _iri},
        optional={"definition": _definition},
    )


def _definition(path: str, value: Any) -> None:
    """The type decides what the name may be: text of a participant is in no name and no description."""
    _object(
        path,
        value,
        required={"type": _web_iri},
        optional={"name": _anything, "description": _language_map, "extensions": _extensions},
    )
    kind = _TYPES.get(value["type"])
    if kind is None:
        raise InvalidStatementError(f"{path}.type", "is not a type that we write")
    if value.get("description", kind.definition) != kind.definition:
        raise InvalidStatementError(f"{path}.description", "must be the definition of the type")
    if "name" in value:
        languages = ("und",) if kind is COURSE else ("en", "fr")
        checks = {language: _name(kind, language) for language in languages}
        _object(f"{path}.name", value["name"], required=checks)


def _anything(path: str, value: Any) -> None:
    """What is checked elsewhere."""


def _name(kind: Term, language: str) -> Check:
    if kind in _TITLED:
        return _text
    return _matching(PATTERNS[language][kind.iri], "made of a date, a code or an id")


def _statement_ref(path: str, value: Any) -> None:
    _object(path, value, required={"objectType": _exactly("StatementRef"), "id": _uuid})


def _extensions(path: str, value: Any) -> None:
    if not isinstance(value, Mapping) or not value:
        raise InvalidStatementError(path, "must be an object with at least one extension")
    for key in value:
        if not _IRI.fullmatch(key):
            raise InvalidStatementError(f"{path}['{key}']", "an extension's key must be an IRI")


_activities = _each(_activity)


def _context_activities(path: str, value: Any) -> None:
    kinds = {"parent": _activities, "grouping": _activities, "category": _activities}
    _object(path, value, required={}, optional=kinds)


def _context(path: str, value: Any) -> None:
    _object(
        path,
        value,
        required={"registration": _uuid},
        optional={
            "team": _group,
            "instructor": _agent,
            "platform": _text,
            "language": _language,
            "statement": _statement_ref,
            "extensions": _extensions,
            "contextActivities": _context_activities,
        },
    )


def _result(path: str, value: Any) -> None:
    _object(
        path,
        value,
        required={},
        optional={
            "completion": _boolean,
            "success": _boolean,
            "duration": _duration,
            "score": _score,
            "extensions": _extensions,
        },
    )


def _score(path: str, value: Any) -> None:
    """Data 2.4.5.1: scaled between -1 and 1, raw between min and max."""
    _object(
        path, value, required={"scaled": _number}, optional={"raw": _number, "min": _number, "max": _number}
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
        _object(
            at,
            item,
            required={
                "usageType": _web_iri,
                "display": _language_map,
                "contentType": _text,
                "length": _size,
                "sha2": _sha2,
                "fileUrl": _web_iri,
            },
            optional={"description": _language_map},
        )

    _each(attachment)(path, value)


_PARTS: Mapping[str, Check] = {
    "$.actor": _agent,
    "$.verb": _verb,
    "$.object": _target,
    "$.object.id": _iri,
    "$.object.definition": _object_definition,
    "$.result": _result,
    "$.context.team": _group,
    "$.context.instructor": _agent,
    "$.context.platform": _text,
    "$.context.language": _language,
    "$.context.statement": _statement_ref,
    "$.context.extensions": _extensions,
    "$.context.contextActivities": _context_activities,
}
"""What is checked of each part."""
