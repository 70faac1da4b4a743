"""Every line of the delivery table, against a scripted LRS that fails."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.xapi.scripted import ScriptedLRS
from tests.xapi.story import story_statements
from xapi.client import LRSClient
from xapi.delivery import Blocked, Dead, Retry, Sent, Unavailable, deliver

STATEMENTS = list(story_statements().values())
ITEMS = [(statement.id, statement.body) for statement in STATEMENTS[:8]]
IDS = [str(identifier) for identifier, _ in ITEMS]
ONE = ITEMS[:1]


@pytest.fixture
def lrs(httpserver: HTTPServer) -> ScriptedLRS:
    return ScriptedLRS(httpserver)


def hold(lrs: ScriptedLRS, *indexes: int) -> None:
    """Let the LRS hold some statements already."""
    lrs.held.update({IDS[index]: STATEMENTS[index].document for index in indexes})


def test_nothing_to_send_sends_nothing(lrs):
    assert deliver(lrs.client(), []) == []
    assert lrs.bodies == []


@pytest.mark.parametrize(
    "answer",
    [
        Response(json.dumps(IDS), 200),
        Response(json.dumps(IDS[::-1]).upper(), 200),
        Response(b"\xef\xbb\xbf" + json.dumps(IDS).encode(), 200),
        Response(status=204),
    ],
    ids=["200", "upper case", "byte order mark", "204"],
)
def test_the_ids_of_the_statements_or_a_204_mean_sent(lrs, answer):
    lrs.script.append(answer)
    assert deliver(lrs.client(), ITEMS) == [Sent()] * 8


@pytest.mark.parametrize(
    "answer",
    [
        '{"error": "maintenance"}',
        "Please log in",
        "",
        "[]",
        "null",
        "3",
        json.dumps(IDS[0]),
        "[null]",
        "[[]]",
        "[7]",
        '["everything is fine"]',
        json.dumps([*IDS, "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0009"]),
        json.dumps({"statements": IDS}),
        "[" * 100_000,
        "[" + "1" * 5000 + "]",
        "\n<!doctype html><title>Welcome</title>",
        "\ufeff<html>maintenance</html>",
    ],
)
def test_a_200_with_anything_but_the_ids_of_the_statements_is_not_an_lrs(lrs, answer):
    lrs.script.append(Response(answer, 200))
    outcomes = deliver(lrs.client(), ITEMS)
    assert len(lrs.bodies) == 1
    for outcome in outcomes:
        assert isinstance(outcome, Unavailable)
        assert outcome.reason.startswith(
            "not the answer of an LRS, which is 204, or 200 with the ids of the statements: HTTP 200 OK"
        )


def test_of_a_batch_that_was_sent_before_in_part_an_lrs_may_name_what_is_new(lrs):
    hold(lrs, 0, 3)
    lrs.held[IDS[4]] = {"id": IDS[4]}
    lrs.script.append(Response(json.dumps([IDS[1], IDS[2]]), 200))
    outcomes = deliver(lrs.client(), ITEMS[:6])
    assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Sent, Sent, Dead, Sent]
    # What it neither named nor holds goes again.
    assert lrs.batches == [IDS[:6], [IDS[5]]]


def test_an_lrs_that_names_one_statement_at_a_time_gets_each(lrs):
    lrs.script.extend(Response(json.dumps([each]), 200) for each in [IDS[0], IDS[1], *IDS[2:]])
    assert deliver(lrs.client(), ITEMS) == [Sent()] * 8


def test_exactly_the_stored_bytes_are_sent_as_one_array(lrs):
    deliver(lrs.client(), ITEMS)
    assert lrs.bodies == [b"[" + b",".join(body for _, body in ITEMS) + b"]"]


def test_statements_are_sent_in_the_order_given(lrs):
    deliver(lrs.client(), ITEMS[::-1])
    assert lrs.batches == [IDS[::-1]]


def test_a_statement_given_twice_is_sent_once_and_answered_twice(lrs):
    assert deliver(lrs.client(), [*ONE, *ONE]) == [Sent(), Sent()]
    assert lrs.batches == [[IDS[0]]]


def test_a_conflict_over_an_equal_statement_means_sent(lrs):
    hold(lrs, 0)
    assert deliver(lrs.client(), ONE) == [Sent()]


def test_a_conflict_over_one_id_lets_the_rest_of_the_batch_through(lrs):
    hold(lrs, 3)
    assert deliver(lrs.client(), ITEMS) == [Sent()] * 8
    assert set(lrs.held) == set(IDS)


def test_after_a_conflict_only_the_absent_statements_go_again(lrs):
    hold(lrs, 0, 3)
    deliver(lrs.client(), ITEMS)
    assert lrs.batches == [IDS, [i for n, i in enumerate(IDS) if n not in (0, 3)]]


def test_a_conflict_over_another_statement_is_dead_with_what_the_lrs_holds(lrs):
    other = {**STATEMENTS[0].document, "timestamp": "2020-01-01T00:00:00.000Z"}
    lrs.held[IDS[0]] = other
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Dead)
    assert outcome.theirs is not None
    assert outcome.theirs["timestamp"] == "2020-01-01T00:00:00.000Z"


def test_a_different_statement_does_not_hold_back_the_others(lrs):
    lrs.held[IDS[2]] = {**STATEMENTS[2].document, "timestamp": "2020-01-01T00:00:00.000Z"}
    outcomes = deliver(lrs.client(), ITEMS)
    assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Dead, *[Sent] * 5]


def test_a_conflict_over_nothing_is_tried_again_alone_and_then_waits(lrs):
    lrs.ghosts.add(IDS[1])
    outcomes = deliver(lrs.client(), ITEMS[:3])
    assert [type(outcome) for outcome in outcomes] == [Sent, Retry, Sent]


def test_a_passing_conflict_over_nothing_is_sent_at_the_second_try(lrs):
    lrs.script.append(Response("race", 409))
    assert deliver(lrs.client(), ONE) == [Sent()]
    assert len(lrs.bodies) == 2


def test_a_lookup_that_fails_after_a_conflict_waits(lrs):
    hold(lrs, 0)
    lrs.lookup = Response("", 503)
    [outcome] = deliver(lrs.client(), ONE)
    assert outcome == Unavailable("after a conflict: asked for one statement, the LRS answered 503")


@pytest.mark.parametrize(
    "more",
    [
        '"x": ' + "[" * 700 + "]" * 700,
        '"x": ' + "[" * 100_000,
        '"timestamp": "0001-01-01T00:00:00+14:00"',
        '"timestamp": "9999-12-31T23:59:59-14:00"',
        '"result": {"duration": "P' + "9" * 400 + 'D"}',
        '"result": {"score": {"raw": NaN}}',
        '"result": {"score": {"raw": 1e999}}',
        '"result": {"score": {"raw": ' + "1" * 5000 + "}}",
    ],
    ids=["deep", "very deep", "early", "late", "long", "NaN", "large", "many digits"],
)
def test_whatever_the_lrs_holds_under_an_id_that_statement_alone_is_dead(lrs, more):
    lrs.held[IDS[1]] = {"id": IDS[1]}
    lrs.server.clear()
    lrs.server.expect_request("/xAPI/statements", method="POST").respond_with_handler(lrs.post)
    lrs.server.expect_request(
        "/xAPI/statements", method="GET", query_string={"statementId": IDS[1]}
    ).respond_with_data(f'{{"id": "{IDS[1]}", {more}}}')
    lrs.server.expect_request("/xAPI/statements", method="GET").respond_with_handler(lrs.get)
    outcomes = deliver(lrs.client(), ITEMS[:3])
    assert [type(outcome) for outcome in outcomes] == [Sent, Dead, Sent]


def test_a_lookup_answered_with_a_list_is_understood(lrs):
    hold(lrs, 0)
    lrs.lookup = Response('{"statements": [' + ONE[0][1].decode() + "]}", 200)
    assert deliver(lrs.client(), ONE) == [Sent()]


@pytest.mark.parametrize("status", [400, 422])
def test_a_statement_refused_alone_is_dead_in_the_words_of_the_lrs(lrs, status):
    lrs.script.append(Response("timestamp:\n  is wrong", status))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Dead)
    assert outcome.reason.startswith(f"HTTP {status}")
    assert outcome.reason.endswith("timestamp: is wrong")


def test_one_bad_statement_dies_and_the_rest_go_through(lrs):
    lrs.bad.add(IDS[5])
    outcomes = deliver(lrs.client(), ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Sent] * 5, Dead, Sent, Sent]
    assert set(lrs.held) == set(IDS) - lrs.bad


def test_several_bad_statements_die_and_the_rest_go_through(lrs):
    lrs.bad.update({IDS[0], IDS[7]})
    outcomes = deliver(lrs.client(), ITEMS)
    assert [type(outcome) for outcome in outcomes] == [Dead, *[Sent] * 6, Dead]


def test_a_bad_statement_costs_few_requests(lrs):
    lrs.bad.add(IDS[0])
    deliver(lrs.client(), ITEMS)
    assert len(lrs.bodies) == 7


MANY_ITEMS = [(statement.id, statement.body) for statement in STATEMENTS[:12]]


def refuse_all(lrs: ScriptedLRS, words: Callable[[str], str], *, status: int = 400) -> None:
    """Refuse each batch in words about the first of its statements."""
    lrs.server.clear()
    lrs.server.expect_request("/xAPI/statements", method="POST").respond_with_handler(
        lambda request: Response(words(json.loads(request.get_data())[0]["id"]), status)
    )


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    "words",
    [lambda _: "Bad Request", lambda identifier: f"statement {identifier} is wrong (request 7{identifier})"],
)
def test_an_lrs_that_refuses_many_alike_and_takes_none_fails(lrs, status, words):
    refuse_all(lrs, words, status=status)
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert len(set(map(str, outcomes))) == 1
    assert isinstance(outcomes[0], Unavailable)
    assert outcomes[0].reason.startswith(f"it refused all 12 statements alike: HTTP {status}")


def test_an_lrs_that_has_a_reason_of_its_own_for_each_statement_is_believed(lrs):
    letters = str.maketrans("0123456789abcdef-", "ghijklmnopqrstuvw")
    refuse_all(lrs, lambda identifier: identifier.translate(letters))
    assert {type(outcome) for outcome in deliver(lrs.client(), MANY_ITEMS)} == {Dead}


HELD = json.dumps({"id": IDS[0], "actor": {}})


OF_AN_LRS = {"X-Experience-API-Version": "1.0.3"}


def answer_look_ups(
    lrs: ScriptedLRS, status: int, body: str = "", headers: dict[str, str] = OF_AN_LRS
) -> None:
    lrs.server.expect_request("/xAPI/statements", method="GET").respond_with_data(body, status, headers)


@pytest.mark.parametrize("count", [1, 9])
@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    ("lookup", "body", "headers"),
    [
        (404, "", OF_AN_LRS),
        (404, "<html>", OF_AN_LRS),
        (403, "for writing alone", OF_AN_LRS),
        # Ralph names its version in none of its answers.
        (200, HELD, {}),
        (200, "[]", {}),
        (200, '{"statements": []}', {}),
    ],
)
def test_a_few_that_an_lrs_refuses_are_dead(lrs, count, status, lookup, body, headers):
    refuse_all(lrs, lambda _: "Bad Request", status=status)
    answer_look_ups(lrs, lookup, body, headers)
    assert {type(outcome) for outcome in deliver(lrs.client(), MANY_ITEMS[:count])} == {Dead}


@pytest.mark.parametrize("count", [1, 9])
@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    ("lookup", "body", "headers"),
    [
        *[(refusal, "", OF_AN_LRS) for refusal in (400, 401, 422, 503)],
        (200, "<html>", OF_AN_LRS),
        # A web application, or the gateway before one.
        (404, "<!DOCTYPE html>", {}),
        (404, '{"message": "Not Found"}', {}),
        (404, "", {}),
        (403, '{"message": "Forbidden"}', {}),
        (200, '{"status": "ok"}', {}),
        (200, "null", {}),
        (200, '{"jsonrpc": "2.0", "id": null, "error": {}}', {}),
        (200, '{"id": "request-1", "message": "Bad Request"}', {}),
        (200, '["error"]', {}),
        (200, '{"statements": 5}', {}),
    ],
)
def test_a_few_that_are_refused_where_there_is_no_lrs_wait(lrs, count, status, lookup, body, headers):
    refuse_all(lrs, lambda _: "Bad Request", status=status)
    answer_look_ups(lrs, lookup, body, headers)
    outcomes = deliver(lrs.client(), MANY_ITEMS[:count])
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    for words in (f"HTTP {status}", "Bad Request", "asked for one statement"):
        assert words in outcomes[0].reason


def test_a_few_bad_ones_that_waited_are_dead_beside_one_that_is_taken(lrs):
    lrs.bad.update(str(identifier) for identifier, _ in MANY_ITEMS[:2])
    lrs.lookup = Response("", 400)
    assert {type(outcome) for outcome in deliver(lrs.client(), MANY_ITEMS[:2])} == {Unavailable}
    outcomes = deliver(lrs.client(), MANY_ITEMS[:3])
    assert [type(outcome) for outcome in outcomes] == [Dead, Dead, Sent]


def test_many_that_are_refused_beside_one_that_is_taken_are_dead(lrs):
    lrs.bad.update(str(identifier) for identifier, _ in MANY_ITEMS[:11])
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Dead] * 11, Sent]


def mend_after(
    lrs: ScriptedLRS, refusals: int, *, then: Callable[[Request], Response] | None = None
) -> list[str]:
    """Refuse everything until so many were refused alone, then take all, or answer; ids that were sent alone since."""
    refused = 0
    alone: list[str] = []

    def post(request: Request) -> Response:
        nonlocal refused
        sent = [statement["id"] for statement in json.loads(request.get_data())]
        if refused < refusals:
            refused += len(sent) == 1
            return Response("Bad Request", 400)
        if len(sent) == 1:
            alone.extend(sent)
        return then(request) if then else Response(status=204)

    lrs.server.clear()
    lrs.server.expect_request("/xAPI/statements", method="POST").respond_with_handler(post)
    return alone


def test_what_an_lrs_refused_before_it_was_put_right_goes_again(lrs):
    alone = mend_after(lrs, 11)
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Retry] * 10, Sent, Sent]
    assert alone == [str(MANY_ITEMS[11][0]), str(MANY_ITEMS[10][0])]


def test_a_few_that_it_refused_before_are_not_looked_at_again(lrs):
    mend_after(lrs, 9)
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Dead] * 9, *[Sent] * 3]


def test_where_it_cannot_be_asked_again_what_it_refused_waits(lrs):
    def take_one_then_go_away(request: Request) -> Response:
        [sent] = json.loads(request.get_data())
        return Response(status=204) if sent["id"] == str(MANY_ITEMS[11][0]) else Response("busy", 503)

    mend_after(lrs, 11, then=take_one_then_go_away)
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Unavailable] * 11, Sent]


def test_many_refused_in_the_same_words_are_an_lrs_that_fails_though_another_is_refused_in_others(lrs):
    first = str(MANY_ITEMS[0][0])
    refuse_all(lrs, lambda identifier: "Unknown verb" if identifier == first else "Bad Request")
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert outcomes[0].reason.startswith("it refused all 12 statements: HTTP 400")
    assert outcomes[0].refused


def test_one_bad_statement_of_many_dies_alone(lrs):
    lrs.bad.add(str(MANY_ITEMS[6][0]))
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Sent] * 6, Dead, *[Sent] * 5]


def test_an_lrs_that_refuses_many_alike_and_then_goes_away_loses_none(lrs):
    # The whole, its halves and their parts down to each of the first ten, then the rest.
    refusals = 0

    def post(request: Request) -> Response:
        nonlocal refusals
        refusals += len(json.loads(request.get_data())) == 1
        return Response("Bad Request", 400) if refusals <= 10 else Response("busy", 503)

    lrs.server.clear()
    lrs.server.expect_request("/xAPI/statements", method="POST").respond_with_handler(post)
    outcomes = deliver(lrs.client(), MANY_ITEMS)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}


def test_an_lrs_that_keeps_the_good_half_of_a_refused_batch_gets_nothing_twice(lrs):
    lrs.script.append(Response("one is wrong", 400))
    hold(lrs, *range(4))
    assert deliver(lrs.client(), ITEMS) == [Sent()] * 8
    assert set(lrs.held) == set(IDS)


def test_a_batch_too_large_is_halved_until_it_passes(lrs):
    lrs.largest = 3 + max(len(a[1]) + 1 + len(b[1]) for a, b in zip(ITEMS[::2], ITEMS[1::2], strict=True))
    assert deliver(lrs.client(), ITEMS) == [Sent()] * 8
    assert [len(batch) for batch in lrs.batches] == [8, 4, 2, 2, 4, 2, 2]


def test_a_statement_too_large_alone_is_dead(lrs):
    lrs.largest = 10
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Dead)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_credentials_blocks_the_lrs_and_drops_nothing(lrs, status):
    lrs.script.append(Response("who are you?", status))
    outcomes = deliver(lrs.client(), ITEMS)
    assert [type(outcome) for outcome in outcomes] == [Blocked] * 8
    assert "who are you?" in outcomes[0].reason


def test_credentials_refused_halfway_keep_what_was_sent(lrs):
    lrs.script.extend([Response("", 413), Response(json.dumps(IDS[:4]), 200), Response("", 401)])
    outcomes = deliver(lrs.client(), ITEMS)
    assert [type(outcome) for outcome in outcomes] == [*[Sent] * 4, *[Blocked] * 4]


@pytest.mark.parametrize("status", [301, 307, 404, 408, 429, 500, 502, 503, 504])
def test_any_other_answer_means_the_same_bytes_later(lrs, status):
    lrs.script.append(Response("later", status, headers={"Location": "https://elsewhere.example/"}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert str(status) in outcome.reason


def test_a_redirection_is_not_followed_with_the_credentials(lrs):
    elsewhere = lrs.server.url_for("/xAPI/statements")
    lrs.script.append(Response("", 307, headers={"Location": elsewhere}))
    deliver(lrs.client(), ONE)
    assert len(lrs.bodies) == 1


def test_a_failing_lrs_is_not_asked_again_for_the_rest(lrs):
    lrs.script.extend([Response("", 413), Response("", 503)])
    assert [type(outcome) for outcome in deliver(lrs.client(), ITEMS)] == [Unavailable] * 8
    assert len(lrs.bodies) == 2


def test_retry_after_is_read_as_seconds(lrs):
    lrs.script.append(Response("", 429, headers={"Retry-After": "120"}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert outcome.after_seconds == 120


def test_retry_after_is_read_as_a_date(lrs):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    lrs.script.append(Response("", 503, headers={"Retry-After": moment}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert outcome.after_seconds == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    "asked", ["7200", "9" * 20, "9" * 400, "Fri, 01 Jan 9999 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 -0000"]
)
def test_nobody_may_ask_for_more_than_an_hour(lrs, asked):
    lrs.script.append(Response("", 429, headers={"Retry-After": asked}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert outcome.after_seconds == 3600


def test_a_moment_that_has_passed_is_now(lrs):
    lrs.script.append(Response("", 503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert outcome.after_seconds == 0


@pytest.mark.parametrize(
    "nonsense", ["soon", "-5", "", "1.5", "Fri, 99 Xyz 2026", f"Fri, 01 Jan {'9' * 30} 00:00:00 GMT"]
)
def test_a_retry_after_that_cannot_be_read_is_no_delay(lrs, nonsense):
    lrs.script.append(Response("", 503, headers={"Retry-After": nonsense}))
    [outcome] = deliver(lrs.client(), ONE)
    assert isinstance(outcome, Unavailable)
    assert outcome.after_seconds is None


def test_a_statement_kept_before_a_500_is_found_and_not_sent_twice(lrs):
    lrs.script.append(Response("oops", 500))
    [first] = deliver(lrs.client(), ONE)
    hold(lrs, 0)
    assert (type(first), deliver(lrs.client(), ONE)) == (Unavailable, [Sent()])


def test_an_lrs_that_does_not_answer_is_left_after_the_time_out(httpserver):
    released = threading.Event()
    httpserver.expect_request("/xAPI/statements").respond_with_handler(
        lambda request: Response(status=204 if released.wait(10) else 500)
    )
    client = LRSClient(httpserver.url_for("/xAPI"), "someone", "secret", timeout=(5, 0.2))
    started = time.monotonic()
    [outcome] = deliver(client, ONE)
    released.set()
    assert isinstance(outcome, Unavailable)
    assert time.monotonic() - started < 5


@pytest.fixture
def resetting_port() -> Iterator[int]:
    """A port that takes a connection, reads a little and resets it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reset() -> None:
            connection, _ = listener.accept()
            connection.recv(10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=reset)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_connection_that_is_reset_means_later(resetting_port):
    [outcome] = deliver(LRSClient(f"http://127.0.0.1:{resetting_port}/", "a", "b"), ONE)
    assert isinstance(outcome, Unavailable)


def test_an_lrs_that_is_not_there_means_later():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    [outcome] = deliver(LRSClient(f"http://127.0.0.1:{port}/", "a", "b"), ONE)
    assert isinstance(outcome, Unavailable)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.sets(st.integers(0, 3)),
    bad=st.sets(st.integers(0, 3)),
    largest=st.sampled_from([1_500, 3_500, 10_000]),
    faults=st.lists(st.sampled_from([400, 409, 413, 500]), max_size=3),
)
def test_whatever_goes_wrong_a_statement_is_held_or_dead_in_the_end(httpserver, held, bad, largest, faults):
    httpserver.clear()
    lrs = ScriptedLRS(httpserver, bad={IDS[index] for index in bad - held}, largest=largest)
    hold(lrs, *held)
    lrs.script.extend(Response("", status) for status in faults)
    first = deliver(lrs.client(), ITEMS[:4])
    lrs.script.clear()
    waiting = [
        item
        for item, outcome in zip(ITEMS[:4], first, strict=True)
        if isinstance(outcome, Retry | Unavailable)
    ]
    then = dict(zip([identifier for identifier, _ in waiting], deliver(lrs.client(), waiting), strict=True))
    final = [then.get(item[0], outcome) for item, outcome in zip(ITEMS[:4], first, strict=True)]
    assert {type(outcome) for outcome in final} <= {Sent, Dead}
    assert {IDS[number] for number, outcome in enumerate(final) if outcome == Sent()} <= lrs.held.keys()
