"""Nonces that were used: each serves one launch (OpenID Connect core §3.1.3.7, number 11)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import insert_in, table_of
from lti_tool.lti.errors import StateUsed
from lti_tool.lti.launch.login_states import PendingLogin
from lti_tool.lti.launch.models import UsedNonce


def burn(connection: Connection, login: PendingLogin) -> None:
    """Use the nonce of a login up in the present transaction. Raises :class:`StateUsed`.

    The unique key decides: of two launches with one nonce, one inserts it, and the other waits for its commit.
    """
    values = {"nonce": login.nonce, "expires_at": login.expires_at}
    if not _insert(connection).execute(connection, values):
        raise StateUsed(issuer=login.registration.issuer, client_id=login.registration.client_id)


def is_used(connection: Connection, login: PendingLogin) -> bool:
    """Whether the nonce of a login is used up. A look that takes no lock."""
    used = sa.exists().where(table_of(UsedNonce).c.nonce == login.nonce)
    return bool(connection.scalar(sa.select(used)))


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledStatement:
    statement = insert_in(dialect.name, table_of(UsedNonce)).on_conflict_do_nothing()
    return CompiledStatement(statement, dialect, ("nonce", "expires_at"))
