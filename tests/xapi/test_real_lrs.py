"""The same deliveries to two real LRSs, which agree on little: everything arrives, once."""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from ralph.models.xapi.base.statements import BaseXapiStatement

from tests.lrs.processes import NODE_MODULES, RunningLRS
from tests.xapi.story import CONTEXT, MENTEE, MENTOR, SESSION, at, story_statements
from xapi import statements
from xapi.client import LRSClient
from xapi.comparison import same_statement
from xapi.context import PairContext, SessionContext, Statement
from xapi.delivery import Blocked, Dead, Sent, deliver
from xapi.vocabulary import Role

STORY = story_statements()
LRSS = pytest.mark.parametrize("lrs", ["ralph", "strict_lrs"], indirect=True)


@pytest.fixture
def lrs(request: pytest.FixtureRequest) -> RunningLRS:
    running: RunningLRS = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def client(lrs: RunningLRS) -> LRSClient:
    return LRSClient(lrs.endpoint, lrs.username, lrs.password)


@pytest.fixture
def held() -> Callable[..., Statement]:
    """Statements of a pair that no other test has, so that the LRS can be shared."""
    pair = PairContext(uuid4(), MENTOR, MENTEE)

    def one_of_them(number: int = 0, minutes: int = 45) -> Statement:
        session = SessionContext(pair.pair_id, SESSION.started_at, timedelta(minutes=minutes), "video")
        return statements.session_held(
            CONTEXT,
            pair,
            session,
            Role.MENTOR,
            reported_by=Role.MENTOR,
            recorded_at=at(12, 10),
            revision=number,
        )

    return one_of_them


def send(client: LRSClient, *given: Statement) -> list[Any]:
    return deliver(client, [(statement.id, statement.body) for statement in given])


@LRSS
def test_the_whole_story_is_taken(client):
    assert send(client, *STORY.values()) == [Sent()] * len(STORY)


@LRSS
def test_what_was_taken_is_read_back_the_same(client):
    send(client, *STORY.values())
    assert all(
        same_statement(statement.document, client.get_statement(statement.id) or {})
        for statement in STORY.values()
    )


@LRSS
def test_sending_again_is_no_accident(client, held):
    send(client, held())
    assert send(client, held()) == [Sent()]


@LRSS
def test_sending_again_leaves_one_statement(client, held):
    send(client, held(), held(1))
    send(client, held(1), held(2))
    registration = str(held().xapi_registration)
    reply = client.exchange("GET", "statements", params={"registration": registration})
    assert sorted(found["id"] for found in reply.json()["statements"]) == sorted(
        str(held(number).id) for number in range(3)
    )


@LRSS
def test_one_known_statement_does_not_hold_back_its_batch(client, held):
    send(client, held(1))
    assert send(client, held(0), held(1), held(2)) == [Sent()] * 3


@LRSS
def test_another_statement_under_a_known_id_is_dead_and_shows_what_is_held(client, held):
    send(client, held(minutes=45))
    [outcome] = send(client, held(minutes=50))
    assert isinstance(outcome, Dead)
    assert outcome.theirs is not None
    assert same_statement(held(minutes=45).document, outcome.theirs)


@LRSS
def test_a_statement_the_lrs_finds_invalid_dies_alone(client, held):
    wrong = held(1).document
    del wrong["verb"]
    items = [(held(0).id, held(0).body), (held(1).id, json.dumps(wrong).encode()), (held(2).id, held(2).body)]
    assert [type(outcome) for outcome in deliver(client, items)] == [Sent, Dead, Sent]


@LRSS
def test_a_voided_statement_sent_again_is_no_accident(client, held):
    void = statements.voided(CONTEXT, held().xapi_registration, held().id, recorded_at=at(12, 11))
    send(client, held(), void)
    assert send(client, held(), void) == [Sent(), Sent()]


@LRSS
def test_a_statement_never_sent_is_not_there(client):
    assert client.get_statement(uuid4()) is None


def test_a_wrong_password_blocks(ralph, held):
    assert [type(o) for o in send(LRSClient(ralph.endpoint, ralph.username, "wrong"), held())] == [Blocked]


def test_the_strict_lrs_says_what_it_is(strict_lrs):
    about = LRSClient(strict_lrs.endpoint, "a", "b").about()
    assert "1.0.3" in about.content["version"]


def test_an_lrs_without_an_about_page_is_no_accident(ralph):
    assert not LRSClient(ralph.endpoint, ralph.username, ralph.password).about().success


@pytest.mark.parametrize("name", STORY)
def test_ralphs_model_finds_nothing_wrong(name):
    BaseXapiStatement.model_validate(STORY[name].document)


@pytest.fixture(scope="module")
def findings(node: None) -> dict[str, list[str]]:
    """What npm's xapi-validation finds wrong with each statement of the story, and with a broken one."""
    documents = {name: statement.document for name, statement in STORY.items()}
    documents["broken"] = {**documents["voided"], "timestamp": "yesterday"}
    answer = subprocess.run(
        ["node", "--no-deprecation", NODE_MODULES.parent / "validate.js"],
        input=json.dumps(list(documents.values())),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(zip(documents, json.loads(answer.stdout), strict=True))


@pytest.mark.parametrize("name", STORY)
def test_xapi_validation_finds_nothing_wrong(findings, name):
    assert findings[name] == []


def test_xapi_validation_does_find_what_is_wrong(findings):
    assert len(findings["broken"]) == 1
