"""Logins under way: the row that ties state, nonce, registration, deployment and browser together, used once.

PyLTI1p3 keeps states and nonces apart from each other and never deletes them, so that a launch can be replayed
for a day and the login of one platform takes the token of another. Here the launch consumes the login's one row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from pylti1p3.session import SessionService

from lti_tool.database import Database, table_of, utcnow
from lti_tool.lti.errors import StateExpired, StateUnknown, StateUsed
from lti_tool.lti.launch.models import LoginState
from lti_tool.lti.launch.tool_config import (
    NamedDeployment,
    PlatformRegistration,
    registration_and_deployments,
    registration_by_id,
)

LOGIN_LIFETIME = dt.timedelta(minutes=10)

_TABLE = table_of(LoginState)
_INSERT = sa.insert(_TABLE)
_CONSUME = (
    sa.update(_TABLE)
    .where(
        _TABLE.c.state == sa.bindparam("wanted"),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.expires_at > sa.bindparam("now"),
    )
    .values(used_at=sa.bindparam("now"))
    .returning(_TABLE.c.nonce, _TABLE.c.registration_id, _TABLE.c.deployment_hint, _TABLE.c.browser_hash)
)
_LEFT = sa.select(_TABLE.c.registration_id, _TABLE.c.used_at).where(_TABLE.c.state == sa.bindparam("wanted"))


@dataclass(frozen=True)
class PendingLogin:
    """What a login left for its launch."""

    nonce: str
    registration: PlatformRegistration
    deployment_hint: str | None
    browser_hash: str
    deployments: list[NamedDeployment]
    """Those of the name that its token claims, of all the issuer's tenants."""


def secret_hash(secret: str) -> str:
    """SHA-256, in hexadecimal: secrets of 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits in 43 characters that are safe in an address and in a cookie."""
    return secrets.token_urlsafe(32)


class LoginStates(SessionService):
    """PyLTI1p3's session service, as rows of ``login_state``."""

    def __init__(self, database: Database) -> None:  # no request: nothing is kept in a web session
        self._database = database

    def begin(
        self,
        registration: PlatformRegistration,
        *,
        browser_secret: str,
        deployment_hint: str | None,
    ) -> tuple[str, str]:
        """Store a login. Returns its fresh state and nonce."""
        state, nonce = new_secret(), new_secret()
        with self._database.writing_connection() as connection:
            connection.execute(
                _INSERT,
                {
                    "state": state,
                    "nonce": nonce,
                    "registration_id": registration.id,
                    "deployment_hint": deployment_hint,
                    "browser_hash": secret_hash(browser_secret),
                    "expires_at": utcnow() + LOGIN_LIFETIME,
                },
            )
        return state, nonce

    def consume(self, state: str, *, deployment_id: str | None = None) -> PendingLogin:
        """Use a state up, whatever becomes of its launch.

        The UPDATE decides: of two launches with one state, one gets the row. ``deployment_id``: the one that the
        token claims, not verified yet, so that its rows come with the registration. Raises :class:`StateUnknown`,
        :class:`StateUsed` or :class:`StateExpired`.
        """
        with self._database.writing_connection() as connection:
            row = connection.execute(_CONSUME, {"wanted": state, "now": utcnow()}).one_or_none()
            if row is not None:
                registration, deployments = registration_and_deployments(
                    connection, row.registration_id, deployment_id
                )
                return PendingLogin(
                    row.nonce, registration, row.deployment_hint, row.browser_hash, deployments
                )
            left = connection.execute(_LEFT, {"wanted": state}).one_or_none()
            if left is None:
                raise StateUnknown
            registration = registration_by_id(connection, left.registration_id)
            refusal = StateExpired if left.used_at is None else StateUsed
            raise refusal(issuer=registration.issuer, client_id=registration.client_id)
