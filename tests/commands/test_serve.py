"""``tandem serve`` as strangers meet it on the network."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from lti_tool.database import Database
from lti_tool.demo.browser import Browser
from lti_tool.jobs.models import Job
from lti_tool.lti.models import Refusal
from lti_tool.lti.registration.invitations import invite
from lti_tool.lti.registration.models import Registration
from tests.forked_command import start_forked
from tests.lti.registration.registering import registering_platform

HALF_A_GIGABYTE = 500_000_000


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, int]]:
    """``tandem serve`` in a process of its own while the block lasts; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    environment = {
        **os.environ,
        "TANDEM_BASE_URL": f"http://127.0.0.1:{address[1]}",
        "TANDEM_DATA_DIR": str(folder),
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    process = start_forked(["serve", *options], environment)
    try:
        _await(address)
        yield address
    finally:
        process.terminate()
        process.join(10)
        assert process.exitcode is not None, "the tool does not end"
        process.close()


@pytest.fixture
def migrated(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A folder whose database has every migration: to apply them takes longer than all else that is done here."""
    shutil.copyfile(migrated_sqlite, tmp_path / "tandem.db")
    return tmp_path


@pytest.fixture
def served(migrated: Path) -> Iterator[tuple[str, int]]:
    """The address of a tool that serves."""
    with serving(migrated, "--no-worker") as address:
        yield address


def _await(address: tuple[str, int]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the tool does not serve"
            time.sleep(0.1)
        else:
            return


def test_an_oversized_body_is_refused_before_it_is_received(served: tuple[str, int]) -> None:
    head = f"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: {HALF_A_GIGABYTE}\r\n\r\n"
    with socket.create_connection(served, timeout=10) as connection:
        connection.sendall(head.encode() + b"state=x")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


IDLE = 300


def test_connections_that_do_nothing_stop_no_launch(served: tuple[str, int]) -> None:
    query = urlencode(
        {"iss": "https://lms.example", "login_hint": "somebody", "target_link_uri": "http://x/"}
    )
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection(served, timeout=10))
        with closing(http.client.HTTPConnection(*served, timeout=30)) as connection:
            connection.request("GET", f"/lti/login?{query}")
            answer = connection.getresponse()
            assert (answer.status, b"<h1>" in answer.read()) == (400, True)


def ended_jobs(folder: Path) -> set[str]:
    database = Database(f"sqlite:///{folder / 'tandem.db'}")
    with database.reading() as db:
        found = set(db.scalars(sa.select(Job.kind).where(Job.status == "done")))
    database.dispose()
    return found


SCHEDULED = {"check_gradebooks", "delete_expired", "delete_used_nonces", "enqueue_due_rosters"}


def test_scheduled_jobs_run_without_any_setting(tmp_path: Path) -> None:
    with serving(tmp_path):
        until = time.monotonic() + 60
        while ended_jobs(tmp_path) != SCHEDULED:
            assert time.monotonic() < until, "the jobs do not run"
            time.sleep(0.1)


def test_without_a_worker_no_job_runs(served: tuple[str, int], tmp_path: Path) -> None:
    time.sleep(3)
    assert ended_jobs(tmp_path) == set()


def setup_status(address: tuple[str, int], client: str) -> int:
    """The answer to an invitation that nobody made, which the proxy on this machine passes on."""
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        connection.request("GET", "/setup?invite=made-up", headers={"X-Forwarded-For": client})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_clients_are_told_apart_behind_a_proxy_and_what_was_refused_is_counted_at_the_end(
    migrated: Path,
) -> None:
    found: list[int] = []
    with serving(migrated, "--no-worker") as address:
        while found.count(429) < 5:
            found.append(setup_status(address, "192.0.2.66"))
            assert len(found) < 3_000, "nobody is refused"
        assert setup_status(address, "203.0.113.9") == 410
    database = Database(f"sqlite:///{migrated / 'tandem.db'}")
    with database.reading() as db:
        counts = db.scalars(
            sa.select(Refusal.count).where(Refusal.reason == "too_many_registration_requests")
        ).all()
    database.dispose()
    assert sum(counts) == found.count(429)


def test_a_process_without_a_worker_connects_a_platform(migrated: Path) -> None:
    with registering_platform() as platform, serving(migrated, "--no-worker") as address:
        database = Database(f"sqlite:///{migrated / 'tandem.db'}")
        with database.transaction() as db:
            _, secret = invite(db)
        browser = Browser()
        query = urlencode({"openid_configuration": platform.configuration_url, "invite": secret})
        consent = browser.open(f"http://127.0.0.1:{address[1]}/lti/register?{query}")
        assert "Your platform is connected" in browser.submit(consent.form(having="invite")).text
        assert platform.requests["/register"] == 1
        with database.reading() as db:
            assert db.scalars(sa.select(Registration.client_id)).all() == ["ours"]
        database.dispose()
