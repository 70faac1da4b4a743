"""What the learning record store holds, as it answers: a page for whoever tries the demo out.

The LMS only reads here, with the store's own xAPI (https://github.com/adlnet/xAPI-Spec, statement resource); the
people in statements are accounts that nobody but the tool can name.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from flask import Blueprint, Response, jsonify, render_template

from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.wiring import current_lms, current_locale, require_person

blueprint = Blueprint("statements", __name__)

MOST_SHOWN = 200
PAGE_LENGTH = 100
MOST_PAGES = 100


def latest_lines(most: int) -> list[dict[str, str]]:
    """The statements of the last day as rows, the latest to arrive first. Raises Refusal as :func:`_held` does."""
    held = _held(since=datetime.now(UTC) - timedelta(days=1))
    held.sort(key=lambda statement: str(statement.get("stored", "")), reverse=True)
    return [_line(statement) for statement in held[:most]]


def _held(since: datetime | None = None) -> list[dict[str, Any]]:
    """The statements, the latest first. Raises Refusal when there is no store or it does not answer.

    Every page is read: a store may begin with the oldest, whatever it is asked for.
    """
    settings = current_lms().settings
    if settings.lrs is None:
        raise Refusal(404, "no_record_store", "This LMS has no learning record store in its settings.")
    asked = {"limit": str(PAGE_LENGTH)} | ({"since": since.isoformat()} if since else {})
    url: str | None = urljoin(settings.lrs.endpoint, f"statements?{urlencode(asked)}")
    statements: list[dict[str, Any]] = []
    try:
        with requests.Session() as http:
            http.auth = (settings.lrs.username, settings.lrs.password)
            http.headers["X-Experience-API-Version"] = "1.0.3"
            for _page in range(MOST_PAGES):
                if not url:
                    break
                answer = http.get(url, timeout=settings.http_seconds)
                answer.raise_for_status()
                page = answer.json()
                statements += page["statements"]
                more = page.get("more")
                url = urljoin(settings.lrs.endpoint, more) if more else None
    except (requests.RequestException, ValueError, KeyError):
        raise Refusal(502, "record_store_silent", "The learning record store does not answer.") from None
    return sorted(statements, key=lambda held: str(held.get("timestamp", "")), reverse=True)


def _words(display: dict[str, str] | None, otherwise: str) -> str:
    """A language map in the page's language, or else the end of an IRI."""
    named = display or {}
    return named.get(current_locale()) or named.get("en") or otherwise.rsplit("/", 1)[-1]


def _line(statement: dict[str, Any]) -> dict[str, str]:
    """A statement as a row: when, who, did what, on what, and the whole of it."""
    target = statement["object"]
    definition = target.get("definition", {})
    return {
        "id": statement["id"],
        "timestamp": statement.get("timestamp", ""),
        "actor": statement["actor"].get("account", {}).get("name", "?"),
        "verb": _words(statement["verb"].get("display"), statement["verb"]["id"]),
        "object": _words(definition.get("name"), target.get("id", "")),
        "role": statement.get("context", {})
        .get("extensions", {})
        .get("https://w3id.org/xapi/reverse-mentoring/ext/role", ""),
        "whole": json.dumps(statement, ensure_ascii=False, indent=2),
    }


@blueprint.get("/statements")
def statements_page() -> str:
    """The statements, each with all that the record store says of it."""
    require_person()
    return render_template("statements.html", lines=[_line(statement) for statement in _held()[:MOST_SHOWN]])


@blueprint.get("/statements.json")
def statements_json() -> Response:
    """The same for a script: the statements as the record store answered them, the latest first."""
    require_person()
    return jsonify(_held()[:MOST_SHOWN])
