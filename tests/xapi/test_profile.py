"""The profile is well formed, says everything in two languages, and describes exactly what we send.

`profile-context.jsonld` holds the terms of https://w3id.org/xapi/profiles/context that the profile uses, so that
it expands without a network.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyld import jsonld

from tests.xapi.story import MENTEE_ENROLMENT, PAIR, story_statements
from xapi import vocabulary
from xapi.profile import profile_bytes, profile_document, vocabulary_rows
from xapi.templates import broken_rules, determines, find, matching_templates

CONTEXT_IRI = "https://w3id.org/xapi/profiles/context"
CONTEXT = json.loads(Path(__file__).with_name("profile-context.jsonld").read_text())
ONTOLOGY = "https://w3id.org/xapi/profiles/ontology#"
PROFILE = profile_document()
CONCEPTS = {concept["id"]: concept for concept in PROFILE["concepts"]}
TEMPLATES = {template["id"]: template for template in PROFILE["templates"]}
PATTERNS = {pattern["id"]: pattern for pattern in PROFILE["patterns"]}
ENTRIES = [*CONCEPTS.values(), *TEMPLATES.values(), *PATTERNS.values()]
OPERATORS = ("alternates", "optional", "oneOrMore", "sequence", "zeroOrMore")
STORY = story_statements()
FOLLOWED = {
    "joined-mentor": "joined",
    "joined-mentee": "joined",
    "joined-with-platform-account": "joined",
    "paired-mentor": "paired",
    "paired-mentee": "paired",
    "objective-agreed": "goal-defined",
    "objective-agreed-mentor": "goal-defined",
    "objective-agreed-again": "goal-defined",
    "session-held-mentor": "session-attended",
    "session-held-mentee": "session-attended",
    "session-held-corrected": "session-attended",
    "session-held-corrected-mentee": "session-attended",
    "session-confirmed": "session-confirmed",
    "feedback-given": "feedback",
    "reflection-written": "reflected",
    "progressed": "progressed",
    "objective-reached": "goal-completed",
    "objective-reached-by-statement": "goal-completed",
    "pair-left-mentor": "pair-left",
    "pair-left-mentee": "pair-left",
    "programme-completed": "programme-completed",
}


@pytest.mark.parametrize(("name", "template"), FOLLOWED.items())
def test_a_statement_follows_exactly_one_template(name, template):
    expected = [f"{vocabulary.PROFILE}/templates/{template}"]
    assert matching_templates(STORY[name].document, PROFILE) == expected


def test_a_voiding_statement_follows_none():
    assert matching_templates(STORY["voided"].document, PROFILE) == []


def test_every_statement_but_the_voiding_ones_has_its_template():
    assert FOLLOWED.keys() | {"voided", "voided-mentee", "voided-objective"} == STORY.keys()


def test_a_statement_of_another_version_of_the_profile_follows_none():
    document = STORY["paired-mentor"].document
    document["context"]["contextActivities"]["category"][0]["id"] += ".1"
    assert matching_templates(document, PROFILE) == []


def test_a_rule_that_is_broken_is_named():
    document = STORY["session-held-mentor"].document
    del document["result"]
    template = TEMPLATES[f"{vocabulary.PROFILE}/templates/session-attended"]
    assert broken_rules(document, template) == ["$.result.duration"]


def test_a_session_that_nobody_reported_breaks_its_template():
    document = STORY["session-held-mentee"].document
    template = TEMPLATES[f"{vocabulary.PROFILE}/templates/session-attended"]
    document["context"]["extensions"][vocabulary.EXT_REPORTED_BY] = "tutor"
    assert broken_rules(document, template) == [f"$.context.extensions['{vocabulary.EXT_REPORTED_BY}']"]


def test_a_confirmation_of_nothing_breaks_its_template():
    document = STORY["session-confirmed"].document
    del document["context"]["statement"]
    template = TEMPLATES[f"{vocabulary.PROFILE}/templates/session-confirmed"]
    assert "$.context.statement.objectType" in broken_rules(document, template)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"presence": "included"}, True),
        ({"presence": "excluded"}, False),
        ({"any": [True]}, True),
        ({"any": [False]}, False),
        ({"all": [True]}, True),
        ({"all": [False]}, False),
        ({"none": [False]}, True),
        ({"none": [True]}, False),
        ({"presence": "recommended", "any": [True]}, True),
    ],
)
def test_a_rule_is_kept_or_not(rule, kept):
    template = {"rules": [{"location": "$.result.completion", **rule}]}
    assert (broken_rules({"result": {"completion": True}}, template) == []) is kept


def test_a_recommended_place_may_be_empty():
    template = {"rules": [{"location": "$.result.completion", "presence": "recommended", "any": [True]}]}
    assert broken_rules({}, template) == []


def test_an_attachments_usage_chooses_its_template():
    template = TEMPLATES[f"{vocabulary.PROFILE}/templates/certificate"]
    assert not determines(template, STORY["programme-completed"].document)


@pytest.mark.parametrize("location", ["context", "$.context[?(@.x)]", "$..id", "$.a b"])
def test_a_location_that_profiles_may_not_use_is_refused(location):
    with pytest.raises(ValueError, match="a location"):
        find({}, location)


@pytest.mark.parametrize(
    ("location", "values"),
    [("$.a[*].b", [1, 2]), ("$.a[1].b", [2]), ("$.a[9].b", []), ("$['x.y']", [3]), ("$.nothing.at.all", [])],
)
def test_a_location_finds_its_values(location, values):
    assert find({"a": [{"b": 1}, {"b": 2}], "x.y": 3}, location) == values


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: urlsplit(entry["id"]).path)
def test_an_entry_is_in_english_and_french(entry):
    supported_language = [entry["prefLabel"], entry["definition"]]
    supported_language += [rule["scopeNote"] for rule in entry.get("rules", []) if "scopeNote" in rule]
    assert all(texts.keys() == {"en", "fr"} and all(texts.values()) for texts in supported_language)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: urlsplit(entry["id"]).path)
def test_an_entry_belongs_to_the_version_that_statements_name(entry):
    assert entry["inScheme"] == vocabulary.PROFILE_VERSION


def test_the_first_version_is_the_one_that_statements_name():
    assert PROFILE["versions"][0]["id"] == vocabulary.PROFILE_VERSION


def test_no_iri_is_defined_twice():
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)


def test_every_extension_we_write_is_defined():
    assert set(vocabulary.EXTENSIONS) <= CONCEPTS.keys()


def test_every_activity_type_of_ours_is_defined_with_the_same_words():
    ours = [term for term in vocabulary.ACTIVITY_TYPES if term.iri.startswith(vocabulary.PROFILE)]
    assert {(t.iri, *t.label.values(), *t.definition.values()) for t in ours} <= {
        (c["id"], *c["prefLabel"].values(), *c["definition"].values()) for c in CONCEPTS.values()
    }


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=lambda pattern: urlsplit(pattern["id"]).path)
def test_a_pattern_has_exactly_one_operator(pattern):
    assert sum(operator in pattern for operator in OPERATORS) == 1


def members(pattern: dict[str, Any]) -> list[str]:
    [operator] = [operator for operator in OPERATORS if operator in pattern]
    named = pattern[operator]
    return named if isinstance(named, list) else [named]


def test_patterns_name_what_is_defined_and_every_template():
    named = {member for pattern in PATTERNS.values() for member in members(pattern)}
    assert named - PATTERNS.keys() == TEMPLATES.keys()


@pytest.mark.parametrize("operator", ["sequence", "alternates"])
def test_a_pattern_of_several_has_two_or_more(operator):
    assert all(len(pattern[operator]) >= 2 for pattern in PATTERNS.values() if operator in pattern)


def test_no_alternative_may_be_empty():
    alternatives = [
        m for pattern in PATTERNS.values() for m in pattern.get("alternates", []) if m in PATTERNS
    ]
    assert not [m for m in alternatives if {"optional", "zeroOrMore"} & PATTERNS[m].keys()]


def expression(iri: str) -> str:
    """A pattern as a regular expression over the names of templates, each followed by a comma."""
    if iri in TEMPLATES:
        return f"(?:{iri.rsplit('/', 1)[1]},)"
    parts = [expression(member) for member in members(PATTERNS[iri])]
    [operator] = [operator for operator in OPERATORS if operator in PATTERNS[iri]]
    if operator == "alternates":
        return f"(?:{'|'.join(parts)})"
    suffix = {"sequence": "", "optional": "?", "oneOrMore": "+", "zeroOrMore": "*"}[operator]
    return f"(?:{''.join(parts)}){suffix}"


def follows(pattern: str, names: list[str]) -> bool:
    """Whether templates in this order follow one of the primary patterns."""
    return bool(
        re.fullmatch(expression(f"{vocabulary.PROFILE}/patterns/{pattern}"), "".join(f"{n}," for n in names))
    )


PAIRED = ["paired", "paired"]


@pytest.mark.parametrize(
    ("pattern", "registration"), [("pairing", PAIR.pair_id), ("enrolment", MENTEE_ENROLMENT)]
)
def test_the_story_of_a_registration_follows_its_pattern(pattern, registration):
    in_it = [name for name in STORY if STORY[name].xapi_registration == registration]
    assert follows(pattern, [FOLLOWED[name] for name in in_it if name in FOLLOWED])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("enrolment", ["joined"]),
        (
            "enrolment",
            [
                "joined",
                "self-assessed",
                "progressed",
                "progressed",
                "programme-completed",
                "certificate",
                "survey",
                "self-assessed",
            ],
        ),
        ("pairing", PAIRED),
        ("pairing", [*PAIRED, "session-attended", "session-attended", "session-confirmed"]),
        ("pairing", [*PAIRED, "goal-defined", "pair-left", "pair-left", "session-confirmed"]),
    ],
)
def test_a_course_of_events_follows_its_pattern(pattern, names):
    assert follows(pattern, names)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("enrolment", ["programme-completed", "joined"]),
        ("enrolment", ["joined", "session-attended"]),
        ("pairing", ["session-attended", *PAIRED]),
        ("pairing", [*PAIRED, "certificate"]),
        ("pairing", [*PAIRED, "progressed"]),
        ("pairing", [*PAIRED, "pair-left", "goal-defined"]),
    ],
)
def test_a_course_of_events_that_makes_no_sense_does_not(pattern, names):
    assert not follows(pattern, names)


def offline(iri: str, options: dict[str, Any]) -> dict[str, Any]:
    assert iri == CONTEXT_IRI
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": iri, "document": CONTEXT}


@pytest.fixture(scope="module")
def expanded() -> dict[str, Any]:
    [document] = jsonld.expand(PROFILE, {"documentLoader": offline})
    return document


def keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    return (
        {*value, *(key for item in value.values() for key in keys_of(item))}
        if isinstance(value, dict)
        else set()
    )


def test_the_profile_expands_to_a_profile(expanded):
    assert expanded["@type"] == [f"{ONTOLOGY}Profile"]


@pytest.mark.parametrize("part", ["concepts", "templates", "patterns"])
def test_nothing_is_lost_when_it_expands(expanded, part):
    assert len(expanded[f"{ONTOLOGY}{part}"]) == len(PROFILE[part])


def test_every_property_of_the_profile_means_something(expanded):
    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return {name for item in value for name in names(item)}
        if isinstance(value, dict):
            return {*value, *(name for item in value.values() for name in names(item))}
        return set()

    assert names(PROFILE) - CONTEXT["@context"].keys() - {"@context", "en", "fr"} == set()


def test_every_key_of_the_expansion_is_an_iri_or_a_keyword(expanded):
    assert all(key.startswith(("@", "http")) for key in keys_of(expanded))


def test_inline_schemas_are_json_schemas():
    schemas = [json.loads(c["inlineSchema"]) for c in CONCEPTS.values() if "inlineSchema" in c]
    assert all(schema.keys() & {"enum", "type"} for schema in schemas)


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_extensions_of_a_statement_keep_their_schemas(name):
    values = {
        **STORY[name].document["context"]["extensions"],
        **STORY[name].document["object"]["definition"].get("extensions", {}),
    }
    schemas = {iri: json.loads(CONCEPTS[iri]["inlineSchema"]) for iri in values}
    assert all(
        value in schemas[iri].get("enum", [value]) and re.search(schemas[iri].get("pattern", ""), value)
        for iri, value in values.items()
    )


def test_what_is_published_is_the_document():
    assert json.loads(profile_bytes()) == PROFILE


def test_a_changed_document_does_not_change_the_next_one():
    profile_document()["id"] = "changed"
    assert profile_document()["id"] == vocabulary.PROFILE


@pytest.mark.parametrize(
    ("locale", "label"), [("fr", "a confirmé"), ("fr_FR", "a confirmé"), ("en", "confirmed")]
)
def test_the_vocabulary_is_read_in_a_locale(locale, label):
    rows = {row.iri: row for row in vocabulary_rows(locale)}
    assert rows[vocabulary.CONFIRMED.iri].label == label


def test_an_unknown_locale_reads_english():
    assert vocabulary_rows("de") == vocabulary_rows("en")


def test_the_vocabulary_holds_every_verb_type_extension_and_template_once():
    rows = [row.iri for row in vocabulary_rows("fr")]
    expected = {
        *(term.iri for term in (*vocabulary.VERBS, *vocabulary.ACTIVITY_TYPES)),
        *CONCEPTS,
        *TEMPLATES,
    }
    assert (set(rows), len(rows)) == (expected, len(expected))


def test_a_template_says_what_it_uses():
    [row] = [row for row in vocabulary_rows("en") if row.iri.endswith("templates/paired")]
    assert row.uses == (vocabulary.JOINED.iri, vocabulary.PAIR.iri)
