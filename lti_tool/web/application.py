"""Flask, without what it does anew at each request although it is the same each time.

A login and a launch are a few hundred microseconds of work, of which these steps would be a seventh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from flask import Flask, Request
from flask.sessions import SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import MapAdapter, Rule
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

from lti_tool.web.services import current_request

MAX_REQUEST_BYTES: Final = 512 * 1024
"""Beyond any real token or form; a larger body is refused with 413 before it is read."""


class LeanRequest(Request):
    """Flask's request, whose cookies are read without going through every other header.

    What bounds a form is the same for all, so that nobody need ask the application for it.
    """

    max_form_memory_size = MAX_REQUEST_BYTES
    max_form_parts = 1_000

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies that came, each byte one character: another tool of this host may have set any."""
        given = self.environ.get("HTTP_COOKIE")
        return parse_cookie(given, cls=self.dict_storage_class)  # type: ignore[return-value]


class QuickMatch(MapAdapter):
    """Addresses of views, of which those that name nothing are looked up: finding ``/lti/login`` among all the rules
    costs a login half of what its state does."""

    known: dict[tuple[str, str], Rule]
    """By path and method, what was found before. There are as many as rules without a variable."""

    def match(self, *args: Any, **options: Any) -> Any:
        """What Werkzeug returns or raises."""
        if args or options != {"return_rule": True}:
            return super().match(*args, **options)
        asked = (self.path_info, self.default_method)
        rule = self.known.get(asked)
        if rule is not None:
            return rule, {}
        found, values = super().match(return_rule=True)
        if not found.arguments:
            self.known[asked] = found
        return found, values


class _Steps(NamedTuple):
    """The functions that Flask calls before a view."""

    with_values: list[Callable[..., None]]
    before_view: list[Callable[..., Any]]


class Application(Flask):
    """Flask with views that are never coroutines."""

    request_class = LeanRequest
    host: str
    """The host of the tool's own address, with its port unless that is the scheme's own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As Flask's."""
        super().__init__(*args, **options)
        self._known_rules: dict[tuple[str, str], Rule] = {}
        self._steps: dict[str | None, _Steps] = {}

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The addresses of the views for a request, below the tool's own address, which no request changes.

        Flask finds scheme and host out each time, which costs a launch as much as one of its SQL statements.
        """
        if request is None:
            return super().create_url_adapter(request)
        adapter = QuickMatch(
            self.url_map,
            server_name=self.host,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode(errors="replace"),
        )
        adapter.known = self._known_rules
        return adapter

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Do what is done before a view, as Flask does it; its functions are looked for once for each view."""
        asked = current_request()
        endpoint, values = asked.endpoint, asked.view_args
        steps = self._steps.get(endpoint)
        if steps is None:
            steps = self._steps[endpoint] = self._steps_before(asked.blueprints)
        for take in steps.with_values:
            take(endpoint, values)
        for do in steps.before_view:
            answer: ResponseReturnValue | None = do()
            if answer is not None:
                return answer
        return None

    def _steps_before(self, blueprints: list[str]) -> _Steps:
        names = (None, *reversed(blueprints))
        return _Steps(
            [take for name in names for take in self.url_value_preprocessors.get(name, ())],
            [do for name in names for do in self.before_request_funcs.get(name, ())],
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: finding out each time costs a request as much as its routing."""
        return func


class NoSession(SessionInterface):
    """Flask's own cookie session is not used: frames may not keep it (:mod:`lti_tool.web.launch_session` is)."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None: Flask then makes an empty one that nothing can be put into."""
