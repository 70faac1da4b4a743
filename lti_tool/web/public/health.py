"""``/healthz``: the process answers. ``/readyz``: the database answers and is at the newest migration."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.health_checks.stored import database_is_current
from lti_tool.identity.policy import Action
from lti_tool.web.access import allows
from lti_tool.web.services import current_services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allows(Action.READ_PUBLIC_PAGES)
def healthz() -> ResponseReturnValue:
    """200 as long as the process serves; touches nothing else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allows(Action.READ_PUBLIC_PAGES)
def ready() -> ResponseReturnValue:
    """200 when the database answers and has every migration; 503 says which of the two is missing."""
    try:
        migrated = database_is_current(current_services().database)
    except sa.exc.SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    if not migrated:
        return jsonify(status="unavailable", database="needs `tandem migrate`"), 503
    return jsonify(status="ok", database="ok")
