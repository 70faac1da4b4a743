"""A redirect as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class ShortRedirect(Response):
    """A redirect without the page that Werkzeug adds for browsers that do not follow it; all of them do.

    That page repeats the address twice, and the address of a login is some thousand characters long.
    """

    default_mimetype = None

    def __init__(self, location: str, status: int) -> None:
        """``location``: where it leads; characters outside ASCII are escaped (RFC 3987 §3.1)."""
        super().__init__(status=status)
        self.headers.add("Location", location if location.isascii() else iri_to_uri(location))
        self.headers.add("Content-Length", "0")

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """The headers as they are: the address needs no second look."""
        return self.headers
