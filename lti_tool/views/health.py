"""``/healthz``: the process answers. ``/readyz``: the database answers and is at the newest migration."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.migrations import is_current
from lti_tool.tool import current_tool

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """200 as long as the process serves; touches nothing else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when the database answers and has every migration; 503 says which of the two is missing."""
    try:
        migrated = is_current(current_tool().database)
    except sa.exc.SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    if not migrated:
        return jsonify(status="unavailable", database="needs `tandem migrate`"), 503
    return jsonify(status="ok", database="ok")
