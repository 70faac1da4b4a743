"""The public keys of tools: fetched from their key set, kept, and fetched once more for an unknown kid.

LTI Security Framework 6.3, https://www.imsglobal.org/spec/security/v1p0/#h_key-set-url.
"""

from __future__ import annotations

import json
import threading
from typing import Any

import requests

from lti_tool.demo.lms.tools import Tool

MOST_BYTES = 256 * 1024


class KeyNotFound(Exception):
    """The tool's key set holds no usable RS256 key of that kid, or could not be read."""


class ToolKeys:
    """Key sets by address, in memory. Thread-safe."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._key_sets: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def find(self, tool: Tool, kid: str) -> dict[str, Any]:
        """The public JWK of that kid. An unknown kid has the key set fetched again, once.

        Raises KeyNotFound.
        """
        with self._lock:
            keys = self._key_sets.get(tool.jwks_uri)
        if keys is None or _by_kid(keys, kid) is None:
            keys = self._fetch(tool.jwks_uri)
            with self._lock:
                self._key_sets[tool.jwks_uri] = keys
        key = _by_kid(keys, kid)
        if key is None:
            raise KeyNotFound("The tool's key set has no RS256 key of this kid.")
        return key

    def _fetch(self, address: str) -> list[dict[str, Any]]:
        try:
            with requests.get(
                address,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                headers={"Accept": "application/json", "User-Agent": "CampusHorizon/1.0"},
            ) as answer:
                body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
                status = answer.status_code
        except (requests.RequestException, OSError) as error:
            raise KeyNotFound(f"The tool's key set could not be read: {type(error).__name__}.") from error
        if status != 200 or len(body) > MOST_BYTES:
            raise KeyNotFound(f"The tool's key set answered {status}, {len(body)} bytes.")
        try:
            keys = json.loads(body)["keys"]
        except (ValueError, KeyError, TypeError) as error:
            raise KeyNotFound("The tool's key set is not a JSON key set.") from error
        if not isinstance(keys, list):
            raise KeyNotFound("The tool's key set is not a JSON key set.")
        return [key for key in keys if isinstance(key, dict)]


def _by_kid(keys: list[dict[str, Any]], kid: str) -> dict[str, Any] | None:
    for key in keys:
        if (
            key.get("kid") == kid
            and key.get("kty") == "RSA"
            and key.get("alg", "RS256") == "RS256"
            and key.get("use", "sig") == "sig"
        ):
            return key
    return None
