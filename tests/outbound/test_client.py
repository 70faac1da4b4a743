"""The guard on every call out, against real servers on loopback."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti_tool.outbound.client import GuardedHttp, OutboundRequestError, network_fault
from lti_tool.outbound.guard import is_public


@dataclass(frozen=True)
class Rules:
    """The settings that open the guard."""

    allow_private_networks: bool = False
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)


@pytest.fixture
def open_http() -> Iterator[GuardedHttp]:
    """A session that may call anything, as in development."""
    with GuardedHttp(Rules(allow_private_networks=True)) as http:
        yield http


@pytest.fixture
def strict_http() -> Iterator[GuardedHttp]:
    """A session as in production."""
    with GuardedHttp(Rules()) as http:
        yield http


@contextmanager
def dripping(head: bytes, drop: bytes, every: float = 0.1) -> Iterator[str]:
    """A server that answers ``head`` and then ``drop`` again and again, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer:
                try:
                    peer.sendall(head)
                    while not stop.wait(every):
                        peer.sendall(drop)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stop.set()
        thread.join()
        listener.close()


def reason_of(http: GuardedHttp, url: str, **options: Any) -> str:
    with pytest.raises(OutboundRequestError) as caught:
        http.fetch_json(url, **options)
    return caught.value.reason


def answer_with(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Make every name resolve to the next of ``answers``; the last one stays. Returns the names asked for."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        where = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "192.0.0.192",
        "192.88.99.1",
        "3fff::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_an_address_that_is_not_of_the_public_internet_is_known_as_such(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_a_public_address_is_known_as_such(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://example.org/x",
        "//example.org/x",
        "example.org",
        "https://",
        "https://user@example.org/",
        "https://example.org\\@evil.example/",
        "https://example.org:99999/",
        "https://[::1/",
        "",
    ],
)
def test_what_is_not_a_web_address_is_never_asked_for(strict_http: GuardedHttp, url: str) -> None:
    assert reason_of(strict_http, url) == "bad_address"


def test_plain_http_is_refused_in_production(strict_http: GuardedHttp) -> None:
    assert reason_of(strict_http, "http://example.org/") == "not_https"


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"],
)
def test_the_tools_own_network_is_refused_however_it_is_written(strict_http: GuardedHttp, host: str) -> None:
    assert reason_of(strict_http, f"https://{host}/configuration") == "private_address"


def test_a_name_that_resolves_to_a_private_address_is_refused(
    strict_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "10.0.0.7")
    assert reason_of(strict_http, "https://lms.example.org/") == "private_address"


def test_a_name_that_changes_its_answer_is_asked_once_for_each_connection(
    strict_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, "127.0.0.1", "93.184.216.34")
    reason_of(strict_http, "https://rebinding.example.org/")
    assert asked == ["rebinding.example.org"]


def test_the_second_answer_of_a_rebinding_name_is_checked_too(
    strict_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "0.0.0.0", "127.0.0.1")
    reason_of(strict_http, "https://rebinding.example.org/")
    assert reason_of(strict_http, "https://rebinding.example.org/") == "private_address"


def test_a_service_call_is_guarded_like_a_fetch(strict_http: GuardedHttp) -> None:
    with pytest.raises(OutboundRequestError, match="private_address"):
        strict_http.post("https://127.0.0.1/scores", json={})


def test_a_host_on_the_list_may_be_called_on_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("lms.intranet").configure_cert(context)
    answer_with(monkeypatch, "127.0.0.1")
    with (
        HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server,
        authority.cert_pem.tempfile() as ca,
    ):
        server.expect_request("/").respond_with_json({"issuer": "x"})
        with GuardedHttp(Rules(allowed_hosts=frozenset({"lms.intranet"}))) as http:
            http.verify = ca
            assert http.fetch_json(f"https://lms.intranet:{server.port}/") == {"issuer": "x"}


def test_another_host_than_those_on_the_list_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "10.0.0.7")
    with GuardedHttp(Rules(allowed_hosts=frozenset({"lms.intranet"}))) as http:
        assert reason_of(http, "https://other.intranet/") == "private_address"


def test_an_untrusted_certificate_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with (
        HTTPServer(host="localhost", port=0, ssl_context=context) as server,
        GuardedHttp(Rules(allow_private_networks=True)) as http,
    ):
        assert reason_of(http, f"https://localhost:{server.port}/") == "no_answer"


def test_a_redirect_is_not_followed(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_response(Response(status=302, headers={"Location": "/other"}))
    assert reason_of(open_http, httpserver.url_for("/")) == "redirected"


def test_a_service_call_returns_a_redirect_as_it_is(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_response(Response(status=302, headers={"Location": "/other"}))
    assert open_http.get(httpserver.url_for("/")).status_code == 302


def test_a_long_answer_is_cut(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b" " * 10_000_000)
    assert reason_of(open_http, httpserver.url_for("/")) == "too_large"


def test_an_answer_of_exactly_the_limit_is_read(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b'"' + b"x" * 98 + b'"')
    assert open_http.fetch_json(httpserver.url_for("/"), limit=100) == "x" * 98


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"no gzip", "garbled"), (gzip.compress(b" " * 50_000_000), "too_large")],
    ids=["none", "a bomb"],
)
def test_an_answer_that_is_packed_badly_is_one_reason(
    open_http: GuardedHttp, httpserver: HTTPServer, body: bytes, reason: str
) -> None:
    httpserver.expect_request("/").respond_with_data(body, headers={"Content-Encoding": "gzip"})
    assert reason_of(open_http, httpserver.url_for("/")) == reason


def test_a_dripping_body_is_cut_when_the_time_is_over(open_http: GuardedHttp) -> None:
    started = time.monotonic()
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" ") as url:
        assert reason_of(open_http, url, deadline=0.5) == "too_slow"
        assert time.monotonic() - started < 3


def test_dripping_headers_are_cut_when_the_time_is_over(open_http: GuardedHttp) -> None:
    started = time.monotonic()
    with dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x") as url:
        assert reason_of(open_http, url, deadline=0.5) == "too_slow"
        assert time.monotonic() - started < 3


def test_a_server_that_does_not_answer_is_left_after_the_time_out(open_http: GuardedHttp) -> None:
    with dripping(b"", b"", every=0.2) as url:
        assert reason_of(open_http, url, deadline=0.4) == "too_slow"


def test_a_tls_handshake_without_an_answer_is_left_after_the_time_out(open_http: GuardedHttp) -> None:
    with dripping(b"", b"", every=0.2) as url:
        assert reason_of(open_http, url.replace("http://", "https://"), deadline=0.4) == "too_slow"


def test_a_host_with_many_addresses_that_do_not_answer_has_one_time_out(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener whose queue is full leaves further connections without an answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [entry] * 200)
        started = time.monotonic()
        assert reason_of(open_http, f"http://many.example:{address[1]}/", deadline=1.0) in (
            "too_slow",
            "no_answer",
        )
        assert time.monotonic() - started < 7
        for each in waiting:
            each.close()


def test_a_slow_resolver_and_a_silent_address_share_the_time(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that waits two seconds at most waits no longer because the name took its time."""
    resolve = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]

        def slowly(_host: str, *_: Any, **__: Any) -> list[Any]:
            time.sleep(1.8)
            return resolve("127.0.0.1", port, type=socket.SOCK_STREAM)

        # Nobody takes these up, so that a further connection is not answered.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        monkeypatch.setattr("lti_tool.outbound.client.socket.getaddrinfo", slowly)
        started = time.monotonic()
        with pytest.raises(OutboundRequestError, match="too_slow"):
            open_http.fetch_json(f"http://lms.example.org:{port}/", deadline=2.0)
        assert time.monotonic() - started < 3.2
        for each in waiting:
            each.close()


def test_a_port_where_nobody_listens_is_no_answer(open_http: GuardedHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert reason_of(open_http, f"http://127.0.0.1:{port}/") == "no_answer"


def test_a_fault_of_the_network_is_said_in_words_and_without_the_address(open_http: GuardedHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/results?user_id=2"
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        with pytest.raises(requests.RequestException) as closed:
            open_http.get(url)
    with pytest.raises(requests.RequestException) as refused:
        open_http.get(url)
    assert [network_fault(caught.value) for caught in (closed, refused)] == [
        "it ends the connection without a whole answer",
        "no connection to 127.0.0.1: [Errno 111] Connection refused",
    ]


def test_a_name_that_does_not_exist_is_no_answer(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert reason_of(open_http, "https://nowhere.example/") == "no_answer"


def test_an_error_page_is_a_refusal_with_its_status(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=403)
    with pytest.raises(OutboundRequestError) as caught:
        open_http.fetch_json(httpserver.url_for("/"))
    assert (caught.value.reason, caught.value.status_code) == ("refused", 403)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_refused(open_http: GuardedHttp, httpserver: HTTPServer, body: bytes) -> None:
    httpserver.expect_request("/").respond_with_data(body)
    assert reason_of(open_http, httpserver.url_for("/")) == "not_json"


def test_the_tool_sends_its_user_agent(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    def said(request: Request) -> Response:
        return Response(f'"{request.headers["User-Agent"]}"', content_type="application/json")

    httpserver.expect_request("/").respond_with_handler(said)
    assert open_http.fetch_json(httpserver.url_for("/")).startswith("Tandem")


def test_no_cookie_is_kept_from_one_call_to_the_next(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("", headers={"Set-Cookie": "tenant=one"})
    open_http.get(httpserver.url_for("/"))
    assert len(open_http.cookies) == 0


def test_a_proxy_of_the_environment_is_not_used(
    open_http: GuardedHttp, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    httpserver.expect_request("/").respond_with_json(1)
    assert open_http.fetch_json(httpserver.url_for("/")) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_services_may_use_every_method(open_http: GuardedHttp, httpserver: HTTPServer, method: str) -> None:
    httpserver.expect_request("/", method=method).respond_with_json({})
    assert open_http.request(method, httpserver.url_for("/")).status_code == 200


def test_every_call_has_a_time_out_of_its_own(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.outbound.client.READ_SECONDS", 0.3)
    with dripping(b"", b"", every=0.2) as url, pytest.raises(requests.ReadTimeout):
        open_http.get(url)


DRIPPING = {
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "body of a stated length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
    "header": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
}


@pytest.mark.parametrize(("head", "drop"), DRIPPING.values(), ids=list(DRIPPING))
def test_a_service_that_drips_its_answer_is_cut_when_the_time_is_over(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch, head: bytes, drop: bytes
) -> None:
    monkeypatch.setattr("lti_tool.outbound.client.EXCHANGE_SECONDS", 0.5)
    with dripping(head, drop) as url, pytest.raises(OutboundRequestError, match="too_slow"):
        open_http.post(url, data=b"a score")


def test_a_pooled_connection_is_cut_in_its_second_exchange_too(
    open_http: GuardedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.outbound.client.EXCHANGE_SECONDS", 0.5)
    finished = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with dripping(finished, b"HTTP/1.1 200 OK\r\n\r\n", every=0.2) as url:
        assert open_http.get(url).status_code == 200
        with pytest.raises(OutboundRequestError, match="too_slow"):
            open_http.get(url)


def test_a_long_answer_of_a_service_is_cut(
    open_http: GuardedHttp, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.outbound.client.LARGEST_ANSWER", 1000)
    httpserver.expect_request("/").respond_with_data(b" " * 1001)
    with pytest.raises(OutboundRequestError, match="too_large"):
        open_http.get(httpserver.url_for("/"))


def test_a_long_page_with_a_redirect_is_cut(open_http: GuardedHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_response(
        Response(b" " * 10_000_000, status=302, headers={"Location": "/other"})
    )
    assert reason_of(open_http, httpserver.url_for("/")) == "too_large"
