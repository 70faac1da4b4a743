"""The LRS of the demo starts, stops, keeps its statements, and outlives nobody."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import bcrypt
import pytest

from lti_tool.demo.lrs import LRSStartError, _password, start_ralph
from tests.xapi.story import story_statements
from xapi.client import LRSClient
from xapi.delivery import Sent, deliver

ONE = story_statements()["paired-mentor"]
LOOPBACK = "0100007F"


def port_of(endpoint: str) -> int:
    return int(urlsplit(endpoint).port or 0)


def listening_addresses(port: int) -> set[str]:
    """The addresses, as the kernel writes them, on which something listens to the port."""
    rows = [
        row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()
    ]
    return {row[1].split(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}


def test_ralph_listens_on_loopback_alone(ralph):
    assert listening_addresses(port_of(ralph.endpoint)) == {LOOPBACK}


def test_the_strict_lrs_listens_on_loopback_alone(strict_lrs):
    assert listening_addresses(port_of(strict_lrs.endpoint)) == {LOOPBACK}


@pytest.fixture(scope="module")
def restarted(tmp_path_factory):
    """A Ralph that was given a statement, stopped, and started again on the same folder and port."""
    folder = tmp_path_factory.mktemp("restarted")
    first = start_ralph(folder)
    port = port_of(first.endpoint)
    client = LRSClient(first.endpoint, first.username, first.password)
    assert deliver(client, [(ONE.id, ONE.body)]) == [Sent()]
    started = time.monotonic()
    first.stop()
    stopped_in = time.monotonic() - started
    second = start_ralph(folder, port)
    yield folder, first, second, stopped_in
    second.stop()


def test_it_stops_within_five_seconds(restarted):
    assert restarted[3] < 5


def test_stopping_twice_does_nothing_more(restarted):
    restarted[1].stop()
    assert restarted[1].process.returncode is not None


def test_it_starts_again_at_the_same_address_with_the_same_password(restarted):
    _, first, second, _ = restarted
    assert (first.endpoint, first.password) == (second.endpoint, second.password)


def test_it_keeps_its_statements(restarted):
    second = restarted[2]
    assert LRSClient(second.endpoint, second.username, second.password).get_statement(ONE.id) is not None


def test_it_takes_statements_again_after_it_was_killed_while_it_wrote_one(tmp_path):
    first = start_ralph(tmp_path)
    client = LRSClient(first.endpoint, first.username, first.password)
    kept, torn = story_statements()["paired-mentor"], story_statements()["paired-mentee"]
    assert deliver(client, [(kept.id, kept.body), (torn.id, torn.body)]) == [Sent(), Sent()]
    first.process.kill()
    first.process.wait()
    first.stop()
    [statements] = (tmp_path / "statements").iterdir()
    statements.write_bytes(statements.read_bytes()[:-100])
    second = start_ralph(tmp_path, port_of(first.endpoint))
    try:
        assert deliver(client, [(torn.id, torn.body)]) == [Sent()]
        assert [client.get_statement(each.id) is not None for each in (kept, torn)] == [True, True]
    finally:
        second.stop()


@pytest.mark.parametrize("name", ["auth.json", "lrs-password"])
def test_its_secrets_are_for_nobody_else(restarted, name):
    assert stat.S_IMODE((restarted[0] / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["auth.json", "lrs-password"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"[1]", b"\xff\xfe", b"another password"])
def test_secrets_that_are_damaged_are_made_anew(tmp_path, name, content):
    password = _password(tmp_path)
    (tmp_path / name).write_bytes(content)
    again = _password(tmp_path)
    [user] = json.loads((tmp_path / "auth.json").read_text())
    assert again != password
    assert bcrypt.checkpw(again.encode(), user["hash"].encode())


def test_secrets_that_belong_together_are_kept(tmp_path):
    assert _password(tmp_path) == _password(tmp_path)


def test_a_taken_port_is_refused_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LRSStartError, match=f"^port {port} cannot be used for the LRS: [^\n]+$"):
            start_ralph(tmp_path, port)


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path):
    script = (
        "import pathlib, sys, time\n"
        "from lti_tool.demo.lrs import start_ralph\n"
        "print(start_ralph(pathlib.Path(sys.argv[1])).endpoint, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = port_of(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while listening_addresses(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert listening_addresses(port) == set()
