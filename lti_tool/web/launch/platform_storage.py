"""The two pages that use the platform's storage, for a browser whose frame keeps no cookie.

A browser that brings the tool's cookie to its login never sees them. The first login of a browser brings none, and
whether the browser will keep the one that it is given is known at its next request only. To redirect it to ourselves
for that would cost what a page costs. The page that answers here sees by a cookie of its own script whether this frame
keeps any, and goes on at once where it does. Where it does not, the platform is asked, and waited for. So cookies come
first, then the platform's storage, then the new tab; a platform that does not answer costs :data:`ANSWER_WITHIN` once.

``lti.capabilities`` is not asked: ``lti_storage_target`` says already that the platform has the storage and where, and
Canvas's documentation takes it at its word (doc/api/lti_window_post_message.md).
"""

from __future__ import annotations

import datetime as dt

from flask import g, make_response, render_template
from pylti1p3.redirect import Redirect
from werkzeug.wrappers import Response

from lti_tool.lti.launch.platform_storage import StorageOffer, StoredProof

ANSWER_WITHIN = dt.timedelta(seconds=2)
"""How long a page waits for the platform's page before it goes on without it."""


def _milliseconds() -> int:
    return int(ANSWER_WITHIN.total_seconds() * 1000)


class StoreProofPage(Redirect[Response]):
    """A page that has the platform keep the proof, then leads on to the authorization endpoint."""

    def __init__(self, offer: StorageOffer, location: str) -> None:
        """``location``: where to go on when the platform has not kept the proof."""
        self._offer = offer
        self._location = location

    def do_redirect(self) -> Response:
        """The page; its script leads on."""
        # It holds no control that does anything but continue, and appears on a page that the tool may not know yet:
        # a school's own domain is named by the launch that follows.
        g.frame_origins = ["*"]
        page = render_template(
            "launch/store_proof.html",
            offer=self._offer,
            address=self._location,
            milliseconds=_milliseconds(),
        )
        return make_response(page)

    def do_js_redirect(self) -> Response:
        """The same."""
        return self.do_redirect()

    def set_redirect_url(self, location: str) -> None:
        """Change where it leads."""
        self._location = location

    def get_redirect_url(self) -> str:
        """Where it leads."""
        return self._location


def ask_proof_page(token: str, stored: StoredProof, origin: str) -> Response:
    """A page that asks the platform for the proof, and brings it to the launch that waits under ``token``.

    ``origin``: that of the authorization endpoint.
    """
    response = make_response(
        render_template(
            "launch/ask_proof.html",
            token=token,
            stored=stored,
            origin=origin,
            milliseconds=_milliseconds(),
        )
    )
    # Browsers name the origin of a form only if the page may say where it comes from.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
