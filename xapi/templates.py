"""Which template of the profile does a statement follow?

xAPI Profiles 1.0, Statement Templates: https://github.com/adlnet/xapi-profiles. A template's determining
properties (verb, types) choose the statements it applies to; its rules say what those must hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_STEP = re.compile(r"\.(?P<name>\w+)|\['(?P<quoted>[^']+)'\]|\[(?P<index>\*|\d+)\]")
_CONTEXT_TYPES = {
    "contextParentActivityType": "parent",
    "contextGroupingActivityType": "grouping",
    "contextCategoryActivityType": "category",
    "contextOtherActivityType": "other",
}


def matching_templates(document: Mapping[str, Any], profile: Mapping[str, Any]) -> list[str]:
    """The IRIs of the templates that the statement follows whole: the profile means there to be exactly one.

    ``document``: a statement, ``profile``: a profile, both as JSON data. A statement without the profile's version
    as its category follows none.
    """
    return [
        template["id"]
        for template in profile["templates"]
        if determines(template, document) and not broken_rules(document, template)
    ]


def determines(template: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether the template applies to the statement."""
    wanted: list[tuple[str, Iterable[Any]]] = [
        ("$.context.contextActivities.category[*].id", [template["inScheme"]])
    ]
    if "verb" in template:
        wanted.append(("$.verb.id", [template["verb"]]))
    if "objectActivityType" in template:
        wanted.append(("$.object.definition.type", [template["objectActivityType"]]))
    if "attachmentUsageType" in template:
        wanted.append(("$.attachments[*].usageType", template["attachmentUsageType"]))
    for name, place in _CONTEXT_TYPES.items():
        if name in template:
            wanted.append((f"$.context.contextActivities.{place}[*].definition.type", template[name]))
    return all(set(values) <= set(find(document, location)) for location, values in wanted)


def broken_rules(document: Mapping[str, Any], template: Mapping[str, Any]) -> list[str]:
    """The locations of the template's rules that the statement does not keep.

    That a statement refers to one of the right template can only be asked of whoever holds both, so all that
    is asked here is that it refers to a statement.
    """
    rules = [*template.get("rules", [])]
    for name, place in (
        ("contextStatementRefTemplate", "context.statement"),
        ("objectStatementRefTemplate", "object"),
    ):
        if name in template:
            rules.append(
                {"location": f"$.{place}.objectType", "presence": "included", "all": ["StatementRef"]}
            )
    return [rule["location"] for rule in rules if not _keeps(rule, find(document, rule["location"]))]


def _keeps(rule: Mapping[str, Any], values: list[Any]) -> bool:
    presence = rule.get("presence")
    if presence == "included" and not values:
        return False
    if presence == "excluded":
        return not values
    if presence == "recommended" and not values:
        return True
    return (
        ("any" not in rule or any(value in rule["any"] for value in values))
        and ("all" not in rule or all(value in rule["all"] for value in values))
        and ("none" not in rule or not any(value in rule["none"] for value in values))
    )


def find(document: Any, location: str) -> list[Any]:
    """The values at a JSONPath of the kind that profiles may use: names, indexes and stars, no filters.

    Raises ValueError for any other path.
    """
    values = [document]
    position = 1
    if not location.startswith("$"):
        raise ValueError(f"a location starts with $: {location}")
    while position < len(location):
        step = _STEP.match(location, position)
        if step is None:
            raise ValueError(f"a location has only names, indexes and stars: {location}")
        values = [found for value in values for found in _children(value, step)]
        position = step.end()
    return values


def _children(value: Any, step: re.Match[str]) -> list[Any]:
    name = step["name"] or step["quoted"]
    if name is not None:
        return [value[name]] if isinstance(value, Mapping) and name in value else []
    if not isinstance(value, list):
        return []
    return value if step["index"] == "*" else value[int(step["index"]) :][:1]
