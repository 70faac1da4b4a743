"""Every call to a platform or an LRS is made here: time-outs, and a guard on addresses.

A registration hands the tool addresses that somebody else chose, so the tool could be made to call its own
network (server-side request forgery). The guard therefore resolves each name itself, checks every address it
got, and connects to a checked address and no other: a name that answers differently the second time (DNS
rebinding) gains nothing. Redirects are not followed, proxies and netrc files of the environment are not used,
cookies are not kept.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from requests import RequestException
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProtocolError

from lti_tool.outbound.deadline import current_deadline, exchange_deadline
from lti_tool.outbound.guard import AddressRules, Guard, OutboundRequestError, without_query

__all__ = [
    "CONNECT_SECONDS",
    "READ_SECONDS",
    "GuardedAdapter",
    "GuardedHttp",
    "OutboundRequestError",
    "RequestException",
    "network_fault",
    "was_never_connected",
]

CONNECT_SECONDS = 5.0
MAX_ADDRESSES = 8
"""How many addresses of one host are tried."""
READ_SECONDS = 10.0
EXCHANGE_SECONDS = 60.0
"""How long a whole exchange may take, however steadily its bytes arrive."""
LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes. A page of a roster is far smaller; anything larger is an attack or a fault."""
USER_AGENT = "Tandem (LTI 1.3 tool)"
"""Some Moodle sites refuse requests that do not say who they are."""


class _ForbiddenError(Exception):
    """The guard refused the address. Not an OSError, which urllib3 and requests would take for a network fault."""


def _secrets_of(url: str, headers: Mapping[str, str]) -> list[str]:
    """What a request says that no log should: an error page may repeat it."""
    parts = [*urlsplit(url).query.split("&"), *headers.get("Authorization", "").split(" ")[1:]]
    return [secret for part in parts for secret in (part, part.partition("=")[2]) if len(secret) > 7]


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def network_fault(error: BaseException) -> str:
    """What went wrong on the network in one plain line, without the objects that libraries put into their messages."""
    if isinstance(error, OutboundRequestError):
        return _REASONS.get(error.reason) or (error.detail or str(error)).splitlines()[0][:200]
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    cause = error.args[0] if error.args else None
    inner = getattr(cause, "reason", None)
    if isinstance(cause, ProtocolError) and inner is None:
        return "it ends the connection without a whole answer"
    return str(inner or error).rpartition("): ")[2].splitlines()[0][:200]


_REASONS = {
    "bad_address": "it is no web address",
    "not_https": "it is not an https:// address",
    "private_address": "its address is of a private network",
    "too_slow": "it takes too long",
    "too_large": "it answers far too much",
    "redirected": "it sends elsewhere",
    "garbled": "its answer cannot be unpacked",
}
"""The reasons of :class:`OutboundRequestError` in words; for the others its detail says more."""


def was_never_connected(error: requests.RequestException) -> bool:
    """Whether a request failed before anything of it was sent."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(inner, ConnectTimeoutError | NameResolutionError | NewConnectionError)


def _cause(error: requests.RequestException) -> str:
    """What went wrong on the network. The text of requests' own exceptions repeats the whole address."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return f"{type(error).__name__} {inner or ''}".strip()[:200]


def _resolve(host: str, port: int, seconds: float) -> list[Any]:
    """``getaddrinfo``, given up after ``seconds``: a resolver alone may take half a minute to do so."""
    answer: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"{host} was not resolved in {seconds:g} s") from None
    if isinstance(found, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "not a host name")
    if isinstance(found, OSError):
        raise found
    return found


def _connect(connection: HTTPConnection, guard: Guard) -> socket.socket:
    """A socket connected to one of the host's addresses that the guard permits."""
    host, port = connection.host, connection.port
    seconds = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT_SECONDS
    watched = current_deadline()
    # No socket is there to be shut down while a name is resolved or a connection is opened.
    limit = seconds if watched is None else min(seconds, watched.left)
    try:
        found = _resolve(host, port, limit)
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, str(error)) from error
    permitted = [entry for entry in found if guard.permits(host, port, entry[4][0])]
    if not permitted:
        raise _ForbiddenError(host)
    fault: OSError | None = None
    until = time.monotonic() + (seconds if watched is None else min(seconds, watched.left))
    # One limit for all addresses together: a name may have hundreds that do not answer.
    for family, kind, protocol, _name, address in permitted[:MAX_ADDRESSES]:
        left = until - time.monotonic()
        if left <= 0 or (watched is not None and watched.over):
            fault = fault or TimeoutError()
            break
        sock = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(left)
            sock.connect(address)
        except OSError as error:
            fault = error
            sock.close()
            continue
        sock.settimeout(seconds)
        if watched is not None:
            watched.add(sock)
        return sock
    if isinstance(fault, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {host} in {seconds:g} s") from fault
    raise NewConnectionError(connection, f"no connection to {host}: {fault}") from fault


class _Guarded(HTTPConnection):
    """What the connections of either scheme have in common."""

    guard: ClassVar[Guard]

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.guard)

    def putrequest(self, *args: Any, **options: Any) -> None:
        """Begin a request. A connection from the pool was opened in another exchange: this exchange limits it now."""
        watched = current_deadline()
        if watched is not None and self.sock is not None:
            watched.add(self.sock)
        super().putrequest(*args, **options)


class _GuardedConnection(_Guarded):
    pass


class _GuardedTlsConnection(_Guarded, HTTPSConnection):
    pass


def _guarded_pools(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    """Pool classes whose connections ask this guard; urllib3 offers classes, not instances, to vary."""
    plain = type("GuardedConnection", (_GuardedConnection,), {"guard": guard})
    tls = type("GuardedTlsConnection", (_GuardedTlsConnection,), {"guard": guard})
    return {
        "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


class GuardedAdapter(HTTPAdapter):
    """The transport of :class:`GuardedHttp`: the guard's connections, and time-outs where none are given."""

    def __init__(self, guard: Guard, *, pool_size: int) -> None:
        self.guard = guard
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Make the pools of connections, one for each host."""
        super().init_poolmanager(connections, maxsize, block=block, **options)
        pools: PoolManager = self.poolmanager
        pools.pool_classes_by_scheme = _guarded_pools(self.guard)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request, always directly. Raises :class:`OutboundRequestError` when the guard refuses."""
        del proxies
        self.guard.check_url(request.url or "")
        if timeout is None:
            timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            return super().send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies={})
        except _ForbiddenError as error:
            raise OutboundRequestError("private_address", str(error)) from None


class GuardedHttp(requests.Session):
    """A pooled session for every call out: guarded, timed, without redirects, cookies or proxies.

    It is a :class:`requests.Session`, so libraries take it as one; threads may share it. A refusal by the
    guard is :class:`OutboundRequestError`; the network's own faults are requests' exceptions, of which it is one:
    :class:`RequestException`, to be imported from here where requests itself may not be.
    """

    def __init__(self, rules: AddressRules, *, pool_size: int = 20) -> None:
        super().__init__()
        self.rules = rules
        self.guard = Guard(rules)
        self.trust_env = False
        self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        for scheme in ("https://", "http://"):
            self.mount(scheme, GuardedAdapter(self.guard, pool_size=pool_size))

    def session(self) -> GuardedHttp:
        """A further session with the same rules and a pool of its own."""
        return GuardedHttp(self.rules)

    def request(  # type: ignore[override]  # the same, and two limits
        self,
        method: str,
        url: Any,
        *args: Any,
        stream: bool = False,
        limit: int | None = None,
        deadline: float | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send a request and return the response. Redirects are returned, not followed.

        At most ``limit`` bytes (:data:`LARGEST_ANSWER`) within ``deadline`` seconds (:data:`EXCHANGE_SECONDS`) from
        first to last, else :class:`OutboundRequestError`. With ``stream`` the body, limits and all, is the caller's.
        """
        self.guard.check_url(str(url))
        deadline = EXCHANGE_SECONDS if deadline is None else deadline
        with exchange_deadline(deadline) as limit_of_time:
            try:
                answer = super().request(
                    method, url, *args, **{**options, "allow_redirects": False, "stream": True}
                )
                if not stream:
                    _read(answer, LARGEST_ANSWER if limit is None else limit)
            except OutboundRequestError:
                raise
            except requests.exceptions.ContentDecodingError:
                raise OutboundRequestError("garbled", "its answer cannot be unpacked") from None
            except requests.RequestException:
                if not limit_of_time.over:
                    raise
            # An answer without a length ends where it is cut.
            if limit_of_time.over:
                raise OutboundRequestError("too_slow", f"more than {deadline:g} s")
        return answer

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests would read all of a redirect's body to prepare a request that nobody sends."""
        del resp

    def status_and_date(self, url: str, *, timeout: tuple[float, float]) -> tuple[int, str | None]:
        """The status and the ``Date`` header of what is at ``url``; its body is not read.

        ``timeout``: seconds to connect, and to wait for a byte. Raises :class:`OutboundRequestError`, whatever goes
        wrong.
        """
        try:
            with self.get(url, timeout=timeout, stream=True) as answer:
                return answer.status_code, answer.headers.get("Date")
        except OutboundRequestError:
            raise
        except requests.RequestException as error:
            raise OutboundRequestError("no_answer", network_fault(error)) from error

    def fetch_json(
        self,
        url: str,
        *,
        limit: int = 256 * 1024,
        deadline: float = 5.0,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """GET a small JSON document: at most ``limit`` bytes, within ``deadline`` seconds from first to last.

        Raises :class:`OutboundRequestError`, whatever goes wrong.
        """
        return self._exchange("GET", url, limit=limit, deadline=deadline, headers=headers)

    def post_json(
        self,
        url: str,
        document: Any,
        *,
        limit: int = 256 * 1024,
        deadline: float = 15.0,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """POST a JSON document and read a small JSON answer, with the limits of :meth:`fetch_json`."""
        return self._exchange("POST", url, limit=limit, deadline=deadline, headers=headers, json=document)

    def _exchange(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        deadline: float,
        headers: Mapping[str, str] | None,
        json: Any = None,
    ) -> Any:
        sent_headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        timeout = (min(CONNECT_SECONDS, deadline), min(READ_SECONDS, deadline))
        started = time.monotonic()
        try:
            answer = self.request(
                method, url, json=json, headers=sent_headers, timeout=timeout, limit=limit, deadline=deadline
            )
        except OutboundRequestError:
            raise
        except requests.RequestException as error:
            slow = isinstance(error, requests.Timeout) or time.monotonic() - started >= deadline
            raise OutboundRequestError("too_slow" if slow else "no_answer", _cause(error)) from None
        if 300 <= answer.status_code < 400:
            raise OutboundRequestError("redirected", without_query(url), status_code=answer.status_code)
        if not 200 <= answer.status_code < 300:
            text = _without(_secrets_of(url, sent_headers), answer.content.decode("utf-8", "replace"))
            raise OutboundRequestError(
                "refused", f"{answer.status_code} {text[:200]}", status_code=answer.status_code
            )
        return _parsed(answer.content)


def _read(answer: requests.Response, limit: int) -> None:
    """Read the whole body, as requests itself would, but no more than ``limit`` bytes of it."""
    body = bytearray()
    for piece in answer.iter_content(8192):
        body += piece
        if len(body) > limit:
            answer.close()
            raise OutboundRequestError("too_large", f"more than {limit} bytes")
    answer._content = bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise OutboundRequestError("not_json", "the answer is not JSON") from None
