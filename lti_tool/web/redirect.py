"""A redirect as an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.urls import iri_to_uri

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class ShortRedirect(Response):
    """A redirect without the page that Werkzeug adds for browsers that do not follow it; all of them do.

    That page repeats the address twice, and the address of a login is some thousand characters long.
    """

    default_mimetype = None
    further_headers: Iterable[tuple[str, str]] = ()
    """Those that are the same for many answers, and were checked when they were made; its own of such a name stays."""

    def __init__(self, location: str, status: int) -> None:
        """``location``: where it leads; characters outside ASCII are escaped (RFC 3987 §3.1)."""
        super().__init__(status=status)
        self.headers.add("Location", location if location.isascii() else iri_to_uri(location))
        self.headers.add("Content-Length", "0")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the headers as they are, and without a body."""
        own = self.headers.to_wsgi_list()
        names = {name for name, _value in own}
        start_response(self.status, own + [each for each in self.further_headers if each[0] not in names])
        return ()
