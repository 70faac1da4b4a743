"""The floor: Flask and PyJWT alone. It verifies the token and looks at the nonce, and stores nothing.

The login puts state and nonce into memory, the launch takes them out: no database, no registrations, no person, no
session, none of LTI's own checks. With a ``state_key`` the state is the nonce, signed, so that the login may go to one
process and the launch to another; nobody then sees that a nonce comes twice.
"""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from itsdangerous import Signer


def create_app(settings: dict[str, Any]) -> Flask:
    """``settings``: ``issuer``, ``client_id``, ``auth_login_url``, ``launch_url``, the platform's ``jwk``; perhaps a
    ``state_key``.
    """
    app = Flask(__name__)
    key = jwt.PyJWK(settings["jwk"], algorithm="RS256")
    waiting: dict[str, str] = {}
    signer = Signer(settings["state_key"]) if "state_key" in settings else None

    @app.get("/login")
    def login() -> ResponseReturnValue:
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        if signer is None:
            waiting[state] = nonce
        else:
            state = signer.sign(nonce).decode()
        query = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": settings["client_id"],
            "redirect_uri": settings["launch_url"],
            "login_hint": request.args["login_hint"],
            "state": state,
            "nonce": nonce,
        }
        return redirect(f"{settings['auth_login_url']}?{urlencode(query)}")

    @app.post("/launch")
    def launch() -> ResponseReturnValue:
        claims = jwt.decode(
            request.form["id_token"],
            key,
            algorithms=["RS256"],
            audience=settings["client_id"],
            issuer=settings["issuer"],
            options={"require": ["exp", "iat", "nonce"]},
        )
        state = request.form["state"]
        nonce = waiting.pop(state, None) if signer is None else signer.unsign(state).decode()
        if nonce != claims["nonce"]:
            return "The nonce is wrong.", 403
        return json.dumps({"name": claims["name"]})

    return app
