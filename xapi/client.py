"""Speaking to a Learning Record Store: tincan's RemoteLRS with a transport that can be trusted.

tincan 1.0.0 opens a connection per call, never times out, refuses xAPI 2.0.0 and passwords outside ASCII,
fails on an empty 204 and overwrites the ids it sent. Its model and methods are kept; the way out is replaced.
xAPI 1.0.3, Communication: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urljoin
from uuid import UUID

import requests
import tincan
from tincan.http_request import HTTPRequest
from tincan.lrs_response import LRSResponse

from xapi.comparison import is_comparable

VERSIONS = ("1.0.3", "2.0.0")
VERSION_HEADER = "X-Experience-API-Version"
"""In every request, and in every answer of an LRS: xAPI 1.0.3, Communication 3.3."""


class LRSError(Exception):
    """The LRS did not answer as the specification says."""


class LRSUnreachableError(LRSError):
    """No answer came from the LRS: refused, reset, timed out, or not allowed."""


class LRSStatementError(LRSError):
    """The LRS holds something under an id, which is no statement that could be compared with another."""


class LRSReply(LRSResponse):
    """tincan's response with the HTTP status and headers, which tincan keeps in an http.client object."""

    _props = [*LRSResponse._props, "status", "headers"]  # noqa: RUF012 - tincan reads a plain class list

    status: int
    headers: Mapping[str, str]


class LRSClient(tincan.RemoteLRS):
    """A Learning Record Store, reached over a pooled session with time-outs.

    ``endpoint``: the xAPI base address. ``version``: "1.0.3" or "2.0.0". ``http``: the session to use, so that a
    caller can guard where it connects (a refusal must be a requests.RequestException); one of our own
    otherwise. ``timeout``: seconds to connect, and to wait for a byte.
    """

    _props_req = [*tincan.RemoteLRS._props_req]  # noqa: RUF012 - tincan reads a plain class list
    _props = [*tincan.RemoteLRS._props, "http", "timeout"]  # noqa: RUF012 - tincan reads a plain class list

    def __init__(
        self,
        endpoint: str,
        username: str,
        password: str,
        *,
        version: str = "1.0.3",
        http: requests.Session | None = None,
        timeout: tuple[float, float] = (5, 30),
    ) -> None:
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        super().__init__(endpoint=endpoint, version=version, auth=f"Basic {credentials}")
        self.http = http or requests.Session()
        self.timeout = timeout

    @property
    def version(self) -> str:
        """The xAPI version that every request names."""
        return str(self._version)

    @version.setter
    def version(self, value: str | None) -> None:
        if value is not None and value not in VERSIONS:
            raise ValueError(f"the xAPI version must be one of {', '.join(VERSIONS)}")
        self._version = value or VERSIONS[0]

    def exchange(
        self,
        method: str,
        resource: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        """One request and its answer, whatever the status.

        A redirection is not followed: the credentials are for this LRS alone.
        Raises LRSUnreachableError when no answer came.
        """
        try:
            return self.http.request(
                method,
                urljoin(self.endpoint, resource),
                params=params,
                data=body,
                headers={VERSION_HEADER: self.version, **(headers or {})},
                auth=self._authorise,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise LRSUnreachableError(f"{type(error).__name__}: {error}") from error

    def _authorise(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Ours and no other: left to a header, requests would prefer what a .netrc file says of the host."""
        request.headers["Authorization"] = self.auth
        return request

    def _send_request(self, request: HTTPRequest) -> LRSReply:
        """tincan's way out, used by everything inherited from it."""
        content = request.content
        answer = self.exchange(
            request.method,
            request.resource,
            params={name: _parameter(value) for name, value in request.query_params.items()},
            headers=request.headers,
            body=None if content is None else content.encode(),
        )
        success = answer.status_code in range(200, 300) or (answer.status_code == 404 and request.ignore404)
        reply = LRSReply(success=success, request=request, data=answer.content or None)
        reply.status = answer.status_code
        reply.headers = answer.headers
        return reply

    def post_statements(self, bodies: list[bytes]) -> requests.Response:
        """Send finished statements as one batch, byte for byte as they were stored."""
        # In one go: brackets added to what is joined already would copy a megabyte twice more.
        pieces = [piece for body in bodies for piece in (b",", body)]
        pieces[:1] = [b"["]
        pieces.append(b"]")
        return self.exchange(
            "POST",
            "statements",
            headers={"Content-Type": "application/json"},
            body=b"".join(pieces),
        )

    def save_statements(self, statements: Any) -> LRSReply:
        """tincan's method, but an empty 204 is a success and the ids sent are never overwritten."""
        if not isinstance(statements, tincan.StatementList):
            statements = tincan.StatementList(statements)
        request = HTTPRequest(method="POST", resource="statements")
        request.headers["Content-Type"] = "application/json"
        request.content = json.dumps(statements.as_version(), ensure_ascii=False)
        reply = self._send_request(request)
        if reply.success:
            reply.content = statements
        return reply

    def get_statement(self, identifier: UUID) -> dict[str, Any] | None:
        """The statement as the LRS holds it, voided or not; None when it holds none.

        Some LRSs answer a list for one id, an empty one when there is none; some have no voided statements.
        Raises LRSUnreachableError, LRSStatementError for what cannot be compared, or LRSError for an answer that
        says nothing of it.
        """
        found = self._lookup("statementId", identifier)
        return found if found is not None else self._lookup("voidedStatementId", identifier)

    def check_look_up(self, identifier: UUID) -> None:
        """Ask for one statement, whether it is there or not, to learn whether an LRS answers.

        One that finds nothing, or allows no reading, is known by the header that each of its answers must have
        (Communication 3.3); else by the statement, or a list that holds no other. Raises LRSUnreachableError, or
        LRSError for any other answer.
        """
        answer = self._ask_for("statementId", identifier)
        status = answer.status_code
        if status not in (200, 403, 404):
            raise LRSError(f"asked for one statement, the LRS answered {status}")
        if not (
            _answers_for(identifier, answer.content) if status == 200 else VERSION_HEADER in answer.headers
        ):
            raise LRSError(f"asked for one statement, it answered {status}, and not as an LRS does")

    def _ask_for(self, parameter: str, identifier: UUID) -> requests.Response:
        return self.exchange("GET", "statements", params={parameter: str(identifier)})

    def _lookup(self, parameter: str, identifier: UUID) -> dict[str, Any] | None:
        answer = self._ask_for(parameter, identifier)
        absent = (400, 404, 422) if parameter == "voidedStatementId" else (404,)
        if answer.status_code in absent:
            return None
        if answer.status_code != 200:
            raise LRSError(f"asked for one statement, the LRS answered {answer.status_code}")
        try:
            found = json.loads(answer.content)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise LRSError("asked for one statement, the LRS answered something that is not JSON") from error
        except (ValueError, RecursionError) as error:
            # JSON, but of thousands of levels or digits.
            raise LRSStatementError("what the LRS holds under this id cannot be read") from error
        for candidate in _listed(found) or []:
            if _has_id(candidate, identifier):
                if not is_comparable(candidate):
                    raise LRSStatementError("what the LRS holds under this id is not JSON of a usual depth")
                return cast("dict[str, Any]", candidate)
        return None

    def about(self) -> LRSReply:
        """What the LRS says it is. Some have no such page: then ``success`` is false and nothing is raised.

        Raises LRSUnreachableError when no answer came.
        """
        reply = self._send_request(HTTPRequest(method="GET", resource="about"))
        if reply.success:
            try:
                reply.content = json.loads(reply.data or "null")
            except ValueError:
                reply.success = False
        return reply


def _answers_for(identifier: UUID, content: bytes) -> bool:
    """Whether this is the statement, or a list with that one or none, as LRSs answer when asked for one."""
    try:
        listed = _listed(json.loads(content))
    except (ValueError, RecursionError):
        return False
    return listed is not None and all(_has_id(each, identifier) for each in listed)


def _listed(found: Any) -> list[Any] | None:
    """What an LRS answers when asked for one statement: some answer a list. None for anything else."""
    listed = found.get("statements", [found]) if isinstance(found, dict) else found
    return listed if isinstance(listed, list) else None


def _has_id(candidate: Any, identifier: UUID) -> bool:
    name = candidate.get("id") if isinstance(candidate, dict) else None
    return isinstance(name, str) and name.lower() == str(identifier)


def _parameter(value: Any) -> str:
    """Query values as the specification writes them: JSON's true and false, ISO moments."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
