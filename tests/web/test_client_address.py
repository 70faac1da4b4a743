"""Which client a request is of, behind proxies that are trusted or not."""

from __future__ import annotations

import gc
import tracemalloc
from ipaddress import ip_network

import pytest
from flask import Flask
from structlog.testing import capture_logs

from lti_tool.web import client_address
from lti_tool.web.client_address import client_network, current_client

TRUSTED = frozenset(map(ip_network, ("127.0.0.1", "::1", "10.0.0.0/8", "2001:db8:ffff::/48")))
CLIENT, OTHER = "93.184.215.14", "8.8.4.4"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        # Without a proxy
        (CLIENT, "", CLIENT),
        (CLIENT, OTHER, CLIENT),
        (CLIENT, "127.0.0.1", CLIENT),
        # Behind one proxy, and behind two
        ("127.0.0.1", CLIENT, CLIENT),
        ("::1", CLIENT, CLIENT),
        ("127.0.0.1", f"{CLIENT}, 10.1.2.3", CLIENT),
        ("2001:db8:ffff::1", CLIENT, CLIENT),
        ("::ffff:127.0.0.1", CLIENT, CLIENT),
        # What the client wrote itself stands before what a proxy has added
        ("127.0.0.1", f"{OTHER}, {CLIENT}", CLIENT),
        ("127.0.0.1", f"10.0.0.1, {OTHER}, {CLIENT}, 10.1.2.3", CLIENT),
        # What no proxy can have written ends the list
        ("127.0.0.1", f"{OTHER}, nonsense, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", ",", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        # Some proxies write the port
        ("127.0.0.1", f"{CLIENT}:4711", CLIENT),
        ("127.0.0.1", "[2001:db8::5]:4711", "2001:db8::/64"),
        ("127.0.0.1", "[2001:db8::5]", "2001:db8::/64"),
        # A network of IPv6 is one client, IPv4 inside IPv6 is IPv4
        ("2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2:bbbb::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        (f"::ffff:{CLIENT}", "", CLIENT),
        # A Unix socket
        ("", CLIENT, ""),
        ("localhost", "", "localhost"),
    ],
)
def test_the_client_is_the_first_from_the_end_that_is_no_trusted_proxy(
    peer: str, forwarded: str, found: str
) -> None:
    assert client_network(peer, forwarded, TRUSTED) == found


def test_nobody_is_believed_where_nobody_is_trusted() -> None:
    assert client_network("127.0.0.1", CLIENT, ()) == "127.0.0.1"


def test_a_header_of_a_hundred_thousand_addresses_is_read_from_its_end() -> None:
    assert client_network("127.0.0.1", f"{OTHER}, " * 100_000 + CLIENT, TRUSTED) == CLIENT
    only_proxies = ", ".join(["10.1.2.3"] * 100_000)
    assert client_network("127.0.0.1", f"{OTHER}, {only_proxies}", TRUSTED) == "10.1.2.3"


def found_in(app: Flask, peer: str, forwarded: str | None) -> str:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": peer}):
        return current_client()


@pytest.fixture
def public() -> Flask:
    app = Flask(__name__)
    client_address.init_app(app, TRUSTED, is_public=True)
    return app


@pytest.mark.parametrize(
    ("peer", "forwarded", "cause"),
    [
        ("127.0.0.1", None, "it sends no X-Forwarded-For"),
        ("172.18.0.1", CLIENT, "it is not one of TANDEM_TRUSTED_PROXIES"),
    ],
)
def test_the_log_says_once_that_the_proxy_is_not_set_up(
    public: Flask, peer: str, forwarded: str | None, cause: str
) -> None:
    with capture_logs() as logged:
        for _ in range(3):
            found_in(public, peer, forwarded)
            found_in(public, peer, f"{forwarded}, {OTHER}" if forwarded else None)
    assert [(line["proxy"], line["cause"]) for line in logged] == [(peer, cause)]


@pytest.mark.parametrize(("peer", "forwarded"), [("127.0.0.1", CLIENT), (CLIENT, None), (CLIENT, OTHER)])
def test_the_log_says_nothing_where_clients_are_told_apart(
    public: Flask, peer: str, forwarded: str | None
) -> None:
    with capture_logs() as logged:
        assert found_in(public, peer, forwarded) == CLIENT
    assert logged == []


def test_the_log_says_nothing_of_a_tool_for_this_machine_alone() -> None:
    app = Flask(__name__)
    client_address.init_app(app, TRUSTED, is_public=False)
    with capture_logs() as logged:
        assert found_in(app, "127.0.0.1", None) == "127.0.0.1"
    assert logged == []


def test_a_long_header_is_not_kept_in_memory() -> None:
    app = Flask("a tool")
    client_address.init_app(app, TRUSTED, is_public=False)
    tracemalloc.start()
    for number in range(50):
        assert found_in(app, CLIENT, f"{number}{'x' * 100_000}") == CLIENT
    gc.collect()
    kept, _most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
