"""``/``: what this is, and how to connect an LMS."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The page for whoever comes without a launch."""
    return render_template("public/index.html")
