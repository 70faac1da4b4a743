"""The transport that replaces tincan's, and the answers that real LRSs give it."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
import requests
import tincan
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.xapi.scripted import ScriptedLRS
from tests.xapi.story import story_statements
from xapi.client import LRSClient, LRSError, LRSUnreachableError

ONE = story_statements()["paired-mentor"]
VOIDED_ID = UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a00aa")


@pytest.fixture
def lrs(httpserver: HTTPServer) -> ScriptedLRS:
    return ScriptedLRS(httpserver)


def sent_header(lrs: ScriptedLRS, name: str) -> str | None:
    return lrs.requests[-1].headers.get(name)


def test_version_1_0_3_is_sent_by_default(lrs):
    lrs.client().post_statements([ONE.body])
    assert sent_header(lrs, "X-Experience-API-Version") == "1.0.3"


def test_version_2_0_0_can_be_chosen(lrs):
    lrs.client(version="2.0.0").post_statements([ONE.body])
    assert sent_header(lrs, "X-Experience-API-Version") == "2.0.0"


def test_an_unknown_version_is_refused(lrs):
    with pytest.raises(ValueError, match=r"1\.0\.3, 2\.0\.0"):
        lrs.client(version="0.95")


def test_a_password_outside_ascii_is_sent_as_utf8(lrs):
    LRSClient(lrs.server.url_for("/xAPI"), "zoé", "pâté:œuf").post_statements([ONE.body])
    header = sent_header(lrs, "Authorization")
    assert header is not None
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "zoé:pâté:œuf"


def test_a_netrc_file_does_not_change_who_we_are(lrs, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    lrs.client().post_statements([ONE.body])
    assert sent_header(lrs, "Authorization") == "Basic " + base64.b64encode(b"someone:secret").decode()


def test_the_callers_session_is_the_one_that_connects(lrs):
    with requests.Session() as http:
        http.headers["User-Agent"] = "guarded"
        lrs.client(http=http).post_statements([ONE.body])
    assert sent_header(lrs, "User-Agent") == "guarded"


def test_a_session_that_refuses_to_connect_makes_the_lrs_unreachable(lrs):
    class Guarded(requests.Session):
        def request(self, *args, **kwargs):
            raise requests.exceptions.InvalidURL("that address is not allowed")

    with pytest.raises(LRSUnreachableError, match="not allowed"):
        lrs.client(http=Guarded()).post_statements([ONE.body])


def test_the_bytes_are_sent_as_json(lrs):
    lrs.client().post_statements([ONE.body])
    assert sent_header(lrs, "Content-Type") == "application/json"


def test_tincans_own_model_can_be_saved_and_an_empty_204_is_a_success(lrs):
    lrs.script.append(Response(status=204))
    assert lrs.client().save_statements([tincan.Statement(ONE.document)]).success


def test_saving_never_overwrites_the_ids_that_were_sent(lrs):
    lrs.script.append(Response(json.dumps([str(VOIDED_ID)]), 200))
    reply = lrs.client().save_statements([tincan.Statement(ONE.document)])
    assert [statement.id for statement in reply.content] == [ONE.id]


def test_a_refused_save_is_no_success(lrs):
    lrs.script.append(Response("no", 400))
    reply = lrs.client().save_statements([tincan.Statement(ONE.document)])
    assert (reply.success, reply.status) == (False, 400)


def test_what_tincan_queries_goes_through_the_same_transport(httpserver):
    lrs = ScriptedLRS(httpserver, lookup=Response('{"statements": [], "more": ""}', 200))
    lrs.client().query_statements({"limit": 5, "ascending": True})
    assert lrs.requests[-1].args.to_dict() == {"limit": "5", "ascending": "true"}


def test_a_statement_is_found_by_its_id(lrs):
    lrs.held[str(ONE.id)] = ONE.document
    found = lrs.client().get_statement(ONE.id)
    assert found is not None
    assert found["id"] == str(ONE.id)


@pytest.mark.parametrize(
    "absence",
    [Response("", 404), Response("[]", 200), Response('{"statements": []}', 200), Response("null", 200)],
    ids=["404", "empty list", "empty result", "null"],
)
def test_every_way_to_say_that_there_is_none_means_none(httpserver, absence):
    assert ScriptedLRS(httpserver, lookup=absence).client().get_statement(ONE.id) is None


def test_another_statement_than_the_one_asked_for_means_none(httpserver):
    lookup = Response(json.dumps([story_statements()["paired-mentee"].document]), 200)
    assert ScriptedLRS(httpserver, lookup=lookup).client().get_statement(ONE.id) is None


def test_a_voided_statement_is_found_too(httpserver):
    httpserver.expect_request("/xAPI/statements", query_string=f"statementId={ONE.id}").respond_with_data(
        status=404
    )
    httpserver.expect_request(
        "/xAPI/statements", query_string=f"voidedStatementId={ONE.id}"
    ).respond_with_data(ONE.body)
    assert LRSClient(httpserver.url_for("/xAPI"), "a", "b").get_statement(ONE.id) == ONE.document


@pytest.mark.parametrize("answer", [Response("", 500), Response("<html>", 200)], ids=["500", "not JSON"])
def test_an_answer_that_says_neither_is_an_error(httpserver, answer):
    with pytest.raises(LRSError):
        ScriptedLRS(httpserver, lookup=answer).client().get_statement(ONE.id)


def test_about_is_read(httpserver):
    httpserver.expect_request("/xAPI/about").respond_with_json({"version": ["1.0.3", "2.0.0"]})
    assert LRSClient(httpserver.url_for("/xAPI"), "a", "b").about().content == {"version": ["1.0.3", "2.0.0"]}


@pytest.mark.parametrize("answer", [Response("", 404), Response("<html>", 200)], ids=["404", "not JSON"])
def test_an_lrs_without_an_about_page_is_no_accident(httpserver, answer):
    httpserver.expect_request("/xAPI/about").respond_with_response(answer)
    assert not LRSClient(httpserver.url_for("/xAPI"), "a", "b").about().success


def test_one_connection_serves_many_requests():
    callers = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            callers.add(self.client_address)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, requests.Session() as http:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = LRSClient(f"http://127.0.0.1:{server.server_port}/xAPI", "a", "b", http=http)
        for _ in range(3):
            client.post_statements([ONE.body])
        server.shutdown()
        thread.join()
    assert len(callers) == 1
