"""The hidden fields and the buttons' names that every form of a launch's pages shares, besides its CSRF token."""

from __future__ import annotations

import uuid
from typing import Final

from flask import Flask, g, request, url_for
from flask.globals import request_ctx

from lti_tool.web.security import CSRF_FIELD

FORM_KEY: Final = "form_key"
"""A random UUID, made with the page: the same form sent twice has its effect once."""
FORM_ID: Final = "form_id"
"""Which form of its page it is. Only a form that can be shown again, with what was typed, says it."""
CHECKED: Final = "form_checked"
"""The page showed what was wrong with the form."""
LANGUAGE: Final = "form_language"
"""A button: show the form again in this language, as it is. Nothing is checked or changed."""
KEPT: Final = "form_kept"
"""A button: show the form again that was kept under this id. Nothing is changed but that it is no longer kept."""

CONTROLS: Final = frozenset({CSRF_FIELD, FORM_KEY, FORM_ID, CHECKED, LANGUAGE, KEPT})
"""What is not the content of a form."""


def init_app(app: Flask) -> None:
    """Give templates the key of a form that is only a button."""
    app.jinja_env.globals.update(new_form_key=new_form_key, address_to_come_back_to=address_to_come_back_to)


def new_form_key() -> str:
    """The key of a form that is about to be shown."""
    return str(uuid.uuid4())


def sent_key() -> uuid.UUID:
    """The key of the form that was sent; a new one where it cannot be read, so that its effect is not kept off."""
    try:
        return uuid.UUID(request.form.get(FORM_KEY, ""))
    except ValueError:
        return uuid.uuid4()


def sent_content() -> tuple[tuple[str, str], ...]:
    """The fields that were sent, as (name, value), without the controls."""
    return tuple((name, value) for name, value in request.form.items(multi=True) if name not in CONTROLS)


def present_address() -> str:
    """Path and query of the present request."""
    return request.full_path.rstrip("?")


def address_to_come_back_to() -> str | None:
    """Where the Back button should lead from a page that answers a form; None for any other page, which keeps its own.

    The form's own address where it has a page, else the first page of the launch.
    """
    if request.method != "POST" or g.get("launch") is None:
        return None
    adapter = request_ctx.url_adapter
    has_page = adapter is not None and "GET" in adapter.allowed_methods()
    return present_address() if has_page else url_for("home.home", launch_key=g.launch_key)


def below_launch(address: str) -> str:
    """An address of the present launch without what it begins with, which may hold the secret of the session.

    Empty, which is the first page, for any other address.
    """
    written = f"/l/{g.launch_key}/"
    if address.startswith(written):
        return address.removeprefix(written)
    # Werkzeug escapes what a key may hold.
    root = url_for("home.home", launch_key=g.launch_key)
    return address.removeprefix(root) if address.startswith(root) else ""
