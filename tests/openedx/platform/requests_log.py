"""What the platform was asked, in order: so that a test can say what the tool sends, not only what came of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

BODY_SHOWN = 4096

recorded: deque[dict[str, Any]] = deque(maxlen=2000)


class RequestsLog:
    """Middleware that keeps every request, save those to the test's own endpoints."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers the request, then notes it with its answer's status."""
        body = request.body[:BODY_SHOWN].decode("utf-8", "replace")
        response = self.get_response(request)
        if not request.path.startswith("/test/"):
            recorded.append(
                {
                    "method": request.method,
                    "path": request.path,
                    "query": request.META.get("QUERY_STRING", ""),
                    "status": response.status_code,
                    "accept": request.headers.get("Accept"),
                    "content_type": request.headers.get("Content-Type"),
                    "user_agent": request.headers.get("User-Agent"),
                    "authorized": "Authorization" in request.headers,
                    "body": body,
                }
            )
        return response
