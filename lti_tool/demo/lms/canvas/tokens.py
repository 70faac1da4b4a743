"""How Canvas refuses an access token: two codes, always with 400.

Read from instructure/canvas-lms: ``lib/canvas/oauth/grant_types/client_credentials.rb`` (0e63cfc),
``lib/canvas/oauth/asymmetric_client_credentials_provider.rb`` (00b222d) and
``lib/canvas/oauth/client_credentials_provider.rb`` (01f7c4a). The audience is the token URL of the host that is
called; one scope that was not granted refuses the whole request.
"""

from __future__ import annotations

from typing import Any


def canvas_refusal(refusal: dict[str, Any], scope: str) -> dict[str, str]:
    """A refusal of RFC 6749 §5.2 in Canvas's codes and words; ``scope``: what was asked for."""
    if refusal.get("error") == "invalid_scope":
        return {"error": "invalid_scope", "error_description": f"A requested scope is invalid: {scope}"}
    said = str(refusal.get("error_description", ""))
    claim = next((name for name in ("aud", "exp", "iat", "jti", "sub", "iss") if f"'{name}'" in said), None)
    words = f"the '{claim}' is invalid" if claim else "JWS signature invalid."
    return {"error": "invalid_request", "error_description": words}
