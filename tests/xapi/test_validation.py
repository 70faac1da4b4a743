"""Each rule we hold ourselves to refuses what breaks it, and says where."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.xapi.story import at, story_statements
from xapi.validation import InvalidStatementError, validate

HELD = story_statements()["session-held-mentee"].document
REACHED = story_statements()["programme-completed"].document
AGREED = story_statements()["objective-agreed"].document
VOIDED = story_statements()["voided"].document
NOW = at(30, 0)
COURSE = "context/contextActivities/grouping/0/definition"
PARENT = "context/contextActivities/parent/0/definition"

Document = dict[str, Any]


def put(path: str, value: Any) -> Callable[[Document], None]:
    """A change that sets the value at a dotted path; a part that is a number counts in an array."""

    def change(document: Document) -> None:
        *parents, last = path.split("/")
        place: Any = document
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value

    return change


def drop(path: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        *parents, last = path.split("/")
        place: Any = document
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        del place[last]

    return change


BROKEN: list[tuple[Document, Callable[[Document], None], str]] = [
    (HELD, put("version", "1.0.3"), "$.version"),
    (HELD, drop("id"), "$.id"),
    (HELD, put("id", "9B10CF86-2E4F-501E-BECB-9A2830611AA8"), "$.id"),
    (HELD, put("id", "not-a-uuid"), "$.id"),
    (HELD, put("id", 7), "$.id"),
    (HELD, put("stored", "2026-11-12T10:00:00.000Z"), "$.stored"),
    (HELD, put("actor", "somebody"), "$.actor"),
    (HELD, put("actor/mbox", "mailto:a@b.example"), "$.actor.mbox"),
    (HELD, put("actor/name", "Amina Diallo"), "$.actor.name"),
    (HELD, put("actor/objectType", "Group"), "$.actor.objectType"),
    (HELD, put("actor/account/name", "amina.diallo"), "$.actor.account.name"),
    (HELD, put("actor/account/name", "tool"), "$.actor.account.name"),
    (HELD, put("actor/account/homePage", "lms.example"), "$.actor.account.homePage"),
    (HELD, put("verb/id", "attended"), "$.verb.id"),
    (HELD, put("verb/id", "http://adlnet.gov/expapi/verbs/voided"), "$.object.objectType"),
    (HELD, drop("verb/display/fr"), "$.verb.display.fr"),
    (HELD, put("verb/display/en", " "), "$.verb.display.en"),
    (HELD, put("verb/display/en-US", "attended"), "$.verb.display.en-US"),
    (HELD, put("object/id", "no scheme"), "$.object.id"),
    (HELD, drop("object/definition"), "$.object.definition"),
    (HELD, drop("object/definition/description"), "$.object.definition.description"),
    (HELD, put("object/definition/type", "session"), "$.object.definition.type"),
    (HELD, put("object/definition/type", "https://a.example/note"), "$.object.definition.type"),
    (HELD, put("object/definition/description/en", "We met at Paul’s"), "$.object.definition.description"),
    (HELD, put("object/definition/name/en", "Lunch at Paul’s"), "$.object.definition.name.en"),
    (HELD, put("object/definition/name/fr", "Mentoring session"), "$.object.definition.name.fr"),
    (HELD, put("object/definition/name/und", "Lunch"), "$.object.definition.name.und"),
    (
        HELD,
        put(f"{PARENT}/name/en", "Amina and Paul"),
        "$.context.contextActivities.parent[0].definition.name.en",
    ),
    (HELD, put(f"{COURSE}/name/und", " "), "$.context.contextActivities.grouping[0].definition.name.und"),
    (HELD, put(f"{COURSE}/name/en", "x"), "$.context.contextActivities.grouping[0].definition.name.en"),
    (AGREED, put("object/definition/name/en", "Objective: my divorce"), "$.object.definition.name.en"),
    (HELD, put("object/objectType", "Agent"), "$.object.objectType"),
    (HELD, put("timestamp", "2026-11-12T10:00:00Z"), "$.timestamp"),
    (HELD, put("timestamp", "2026-11-12T10:00:00.000+00:00"), "$.timestamp"),
    (HELD, put("timestamp", "2026-13-12T10:00:00.000Z"), "$.timestamp"),
    (HELD, put("timestamp", "2026-12-01T10:00:00.000Z"), "$.timestamp"),
    (HELD, put("timestamp", None), "$.timestamp"),
    (HELD, put("result/duration", "P1M"), "$.result.duration"),
    (HELD, put("result/duration", "PT-5M"), "$.result.duration"),
    (HELD, put("result/duration", "PT1.234S"), "$.result.duration"),
    (HELD, put("result/duration", "PT"), "$.result.duration"),
    (HELD, put("result/response", "We talked about…"), "$.result.response"),
    (HELD, put("result/success", "yes"), "$.result.success"),
    (HELD, put("context/registration", "x"), "$.context.registration"),
    (HELD, drop("context/registration"), "$.context.registration"),
    (HELD, put("context/team/member", []), "$.context.team.member"),
    (HELD, put("context/contextAgents", []), "$.context.contextAgents"),
    (HELD, put("context/platform", ""), "$.context.platform"),
    (HELD, put("context/language", "french"), "$.context.language"),
    (HELD, put("context/statement", {"objectType": "StatementRef", "id": 1}), "$.context.statement.id"),
    (HELD, put("context/extensions", {}), "$.context.extensions"),
    (HELD, put("context/extensions/role", "mentor"), "$.context.extensions['role']"),
    (HELD, put("context/contextActivities/parent", {}), "$.context.contextActivities.parent"),
    (HELD, put("context/contextActivities/parent", []), "$.context.contextActivities.parent"),
    (HELD, put("context/contextActivities/grouping/0/id", "7"), "$.context.contextActivities.grouping[0].id"),
    (HELD, put("attachments", [{}]), "$.attachments[0].usageType"),
    (REACHED, put("result/completion", 1), "$.result.completion"),
    (REACHED, put("result/score/scaled", 1.01), "$.result.score.scaled"),
    (REACHED, put("result/score/scaled", True), "$.result.score.scaled"),
    (REACHED, put("result/score/scaled", float("nan")), "$.result.score.scaled"),
    (REACHED, drop("result/score/scaled"), "$.result.score.scaled"),
    (REACHED, put("result/score/raw", 101), "$.result.score.raw"),
    (REACHED, put("result/score/min", 100), "$.result.score.min"),
    (VOIDED, put("context/platform", "Moodle"), "$.context.platform"),
    (
        VOIDED,
        put(
            "context/contextActivities", {"category": [{"objectType": "Activity", "id": "https://a.example"}]}
        ),
        "$.context.contextActivities.category",
    ),
    (VOIDED, put("actor/account/name", "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0001"), "$.actor.account.name"),
    (VOIDED, put("object/name", "x"), "$.object.name"),
]


@pytest.mark.parametrize(("document", "change", "path"), BROKEN)
def test_a_broken_rule_is_refused_where_it_is_broken(document, change, path):
    broken = copy.deepcopy(document)
    change(broken)
    with pytest.raises(InvalidStatementError) as caught:
        validate(broken, now=NOW)
    assert caught.value.path == path


@pytest.mark.parametrize("name", story_statements())
def test_the_unbroken_statement_passes(name):
    document = story_statements()[name].document
    assert validate(document, now=NOW, platform_accounts={("https://lms.example", "4217")}) is None


ACCOUNT = ("https://lms.example", "amina.diallo")


@pytest.mark.parametrize("place", ["actor", "context/instructor"])
def test_the_account_of_a_platform_is_taken_where_it_is_named(place):
    document = copy.deepcopy(HELD)
    put(f"{place}/account/name", ACCOUNT[1])(document)
    assert validate(document, now=NOW, platform_accounts={ACCOUNT}) is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (put("context/instructor/account/name", "paul.moreau"), "$.context.instructor.account.name"),
        (
            put("context/instructor/account/homePage", "https://b.example"),
            "$.context.instructor.account.name",
        ),
        (put("context/team/account/name", ACCOUNT[1]), "$.context.team.account.name"),
    ],
)
def test_no_other_account_of_a_platform_is_taken(change, path):
    document = copy.deepcopy(HELD)
    put("context/instructor/account/name", ACCOUNT[1])(document)
    change(document)
    with pytest.raises(InvalidStatementError) as caught:
        validate(document, now=NOW, platform_accounts={ACCOUNT})
    assert caught.value.path == path


def test_the_message_says_where_and_why():
    with pytest.raises(InvalidStatementError, match=r"^\$\.version: the version goes in a header"):
        validate({**HELD, "version": "1.0.3"}, now=NOW)


def test_a_document_that_is_not_an_object_is_refused():
    with pytest.raises(InvalidStatementError, match="must be an object"):
        validate([], now=NOW)
