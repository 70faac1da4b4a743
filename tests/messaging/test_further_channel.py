"""A further kind of delivery, added from outside: a channel of its own, and nothing else of the tool is changed."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from types import ModuleType

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from werkzeug import Response

from lti_tool.cli import tandem
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import Services, make_services
from lti_tool.composition.subscribers import SUBSCRIBERS
from lti_tool.health_checks import Verdict
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.messaging import outbox, pauses
from lti_tool.messaging.models import Delivery
from lti_tool.messaging.outbox import ClaimedDelivery
from lti_tool.messaging.outcomes import Blocked, Dead, Sent, Unavailable
from lti_tool.messaging.worker import Worker
from tests.builder import Builder
from tests.documented import ROOT, block
from tests.messaging.waiting import until

KIND = "documented"
"""In place of the documented kind and receiver: somebody may have added both to the tool as they stand there."""

CHANNEL, SUBSCRIBER = (block("## A channel", beginning) for beginning in ('"""Meetings', '"""Tells'))


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The documented module of the channel."""
    module = ModuleType("lti_tool.messaging.webhook_channel")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = CHANNEL.replace('"webhook"', f'"{KIND}"')
    exec(compile(code, "the documented channel", "exec", dont_inherit=True), vars(module))
    return module


@pytest.fixture
def subscriber(channel: ModuleType) -> ModuleType:
    """The documented module of the subscriber."""
    module = ModuleType("lti_tool.subscribers.post_meetings")
    code = SUBSCRIBER.replace('"board"', f'"{KIND}"')
    exec(compile(code, "the documented subscriber", "exec", dont_inherit=True), vars(module))
    return module


def enqueue(services: Services, url: str, *texts: str, receiver: str = "board") -> None:
    with services.database.transaction() as db:
        for text in texts:
            outbox.enqueue(
                db,
                kind=KIND,
                receiver=receiver,
                key=uuid.uuid4(),
                order_key=receiver,
                body=json.dumps(text).encode(),
                target={"url": url},
            )


@pytest.fixture
def worker(services: Services, channel: ModuleType) -> Worker:
    channels = [*make_channels(services), channel.WebhookChannel(services.http)]
    return Worker(services.database, channels, wake=services.wake, poll_seconds=0.05)


def statuses(services: Services) -> list[str]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Delivery.status).order_by(Delivery.id)))


def test_a_running_worker_serves_a_further_channel(services, worker, httpserver: HTTPServer):
    got: list[bytes] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: (got.append(request.get_data()), Response(status=204))[1]
    )
    worker.start()
    try:
        enqueue(services, httpserver.url_for("/hook"), "first", "second")
        assert until(lambda: statuses(services) == ["sent", "sent"])
    finally:
        worker.stop()
    assert got == [b'"first"', b'"second"']


def test_its_dead_letters_and_pauses_are_like_those_of_the_others(services, worker, httpserver: HTTPServer):
    httpserver.expect_request("/gone").respond_with_data("no such board", 410)
    httpserver.expect_request("/broken").respond_with_data("out of order", 503)
    enqueue(services, httpserver.url_for("/gone"), "one", receiver="a")
    enqueue(services, httpserver.url_for("/broken"), "two", receiver="b")
    for receiver in ("a", "b"):
        worker.deliver(KIND, receiver)
    with services.database.reading() as db:
        [pause] = pauses.read(db, KIND).rows
    assert (statuses(services), pause.receiver, pause.reason) == (
        ["dead", "waiting"],
        "b",
        "HTTP 503: out of order",
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Sent()),
        (302, Dead("HTTP 302: no")),
        (401, Blocked("HTTP 401: no")),
        (422, Dead("HTTP 422: no")),
        (429, Unavailable("HTTP 429: no", 7)),
        (503, Unavailable("HTTP 503: no", 7)),
    ],
)
def test_what_each_answer_means(services, channel, httpserver: HTTPServer, status, outcome):
    httpserver.expect_request("/hook").respond_with_data("no", status, headers={"Retry-After": "7"})
    delivery = ClaimedDelivery(1, uuid.uuid4(), "a", b"{}", 0, {"url": httpserver.url_for("/hook")}, "")
    assert list(channel.WebhookChannel(services.http).send("board", [delivery])) == [outcome]


def test_a_subscriber_enqueues_with_the_event(
    config, services, channel, subscriber, httpserver: HTTPServer, monkeypatch
):
    """The tool with the documented subscriber and the documented channel, each a line in ``composition/``."""
    got: list[bytes] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: (got.append(request.get_data()), Response(status=204))[1]
    )
    monkeypatch.setattr(subscriber, "ADDRESS", httpserver.url_for("/hook"))
    made = make_services(
        config, (*SUBSCRIBERS, lambda _config: subscriber.PostMeetings()), database=services.database
    )
    try:
        prepare_to_serve(made)
        Builder(made).cohort("demo").pair().session(minutes=30)
        worker = Worker(
            made.database,
            [*make_channels(made), channel.WebhookChannel(made.http)],
            wake=made.wake,
            poll_seconds=0.05,
        )
        worker.deliver(KIND, KIND)
    finally:
        made.http.close()
    assert got == [b'{"minutes": 30}']


@pytest.mark.parametrize(
    ("code", "path"),
    [
        (CHANNEL, "lti_tool/messaging/webhook_channel.py"),
        (SUBSCRIBER, "lti_tool/subscribers/post_meetings.py"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_the_documented_files_have_the_style_of_the_others(code: str, path: str, command: tuple[str, ...]):
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--stdin-filename", path, "-"]
    ran = subprocess.run(ruff, input=code, text=True, capture_output=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_doctor_knows_of_it(services, worker, httpserver: HTTPServer):
    httpserver.expect_request("/broken").respond_with_data("out of order", 503)
    enqueue(services, httpserver.url_for("/broken"), "one")
    worker.deliver(KIND, "board")
    found = [message for _, message, _ in deliveries(services)]
    assert any(f"1 {KIND} waiting" in message and "out of order" in message for message in found)


def test_the_doctor_gives_the_reason_of_what_was_refused_and_the_commands(
    services, worker, httpserver: HTTPServer
):
    httpserver.expect_request("/gone").respond_with_data("no such board", 410)
    enqueue(services, httpserver.url_for("/gone"), "one")
    worker.deliver(KIND, "board")
    assert list(deliveries(services)) == [
        (
            Verdict.WARNING,
            f"1 {KIND} refused for good by board: HTTP 410: no such board",
            f"see all: tandem statements list --kind {KIND} --status dead; once the cause is gone, send them again: "
            f"tandem statements retry --all --kind {KIND}",
        )
    ]


def test_the_doctor_says_when_there_is_no_channel_of_a_kind(services):
    enqueue(services, "http://127.0.0.1:9/", "one")
    [(verdict, message, fix)] = deliveries(services)
    assert (verdict, message) == (
        Verdict.WARNING,
        f"1 {KIND} waiting for board: this version has no channel that sends them",
    )
    assert f"a channel of the kind {KIND}" in fix


def test_what_was_refused_is_listed_and_sent_again_by_command(
    services, worker, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (
        ("DATA_DIR", services.config.data_dir),
        ("DATABASE_URL", services.config.database_url),
        ("SECRET_KEY", services.config.secret_key),
    ):
        monkeypatch.setenv(f"TANDEM_{name}", str(value))

    def run(*words: str) -> str:
        return CliRunner().invoke(tandem, ["statements", *words, "--kind", KIND]).output

    assert run("list") == f"No {KIND}.\n"
    httpserver.expect_ordered_request("/hook").respond_with_data("no such board", 410)
    enqueue(services, httpserver.url_for("/hook"), "one")
    worker.deliver(KIND, "board")
    [row] = json.loads(run("list", "--status", "dead", "--json"))
    assert (row["receiver"], row["status"], row["last_error"]) == ("board", "dead", "HTTP 410: no such board")
    assert run("retry", "--all") == "1 to be sent again.\n"
    httpserver.expect_ordered_request("/hook").respond_with_data("", 204)
    worker.deliver(KIND, "board")
    assert statuses(services) == ["sent"]
    assert run("retry", row["id"]) == f"Error: {KIND} {row['id']} is sent: nothing to send again\n"
    assert "--store is for statements alone" in run("list", "--store", "primary")
