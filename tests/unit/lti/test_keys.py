"""The tool's own keys, on both databases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from lti_tool.database import utcnow
from lti_tool.lti.crypto import SecretKeyChanged, Vault
from lti_tool.lti.keys import RETIRING_FOR, ToolKeys
from lti_tool.lti.models import KeyStatus, ToolKey
from lti_tool.tool import Tool


def active(tool: Tool) -> list[str]:
    """The names of the active keys."""
    with tool.database.reading() as db:
        return list(db.scalars(sa.select(ToolKey.kid).where(ToolKey.status == KeyStatus.ACTIVE)))


def published(tool: Tool) -> list[str]:
    """The names of the published keys."""
    return [key["kid"] for key in tool.keys.published_jwks()["keys"]]


def test_the_first_need_makes_a_key(tool: Tool) -> None:
    assert [tool.keys.signing_key().kid] == active(tool)


def test_the_key_stays_the_same(tool: Tool) -> None:
    assert tool.keys.signing_key() == tool.keys.signing_key()


def test_many_first_needs_at_once_make_one_key(tool: Tool) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: tool.keys.ensure().kid, range(4)))
    assert (len(set(found)), len(active(tool))) == (1, 1)


def test_what_it_signs_can_be_verified_with_what_is_published(tool: Tool) -> None:
    signing = tool.keys.signing_key()
    token = jwt.encode({"x": 1}, signing.private_pem, algorithm="RS256", headers={"kid": signing.kid})
    keys = jwt.PyJWKSet.from_dict(tool.keys.published_jwks())
    assert jwt.decode(token, keys[signing.kid], algorithms=["RS256"]) == {"x": 1}


def test_the_private_half_is_encrypted(tool: Tool) -> None:
    tool.keys.ensure()
    with tool.database.reading() as db:
        assert b"PRIVATE KEY" not in db.scalars(sa.select(ToolKey.private_key)).one()


def test_the_private_half_is_not_published(tool: Tool) -> None:
    assert set(tool.keys.published_jwks()["keys"][0]) == {"kty", "kid", "alg", "use", "n", "e"}


def test_another_secret_key_cannot_sign(tool: Tool) -> None:
    tool.keys.ensure()
    with pytest.raises(SecretKeyChanged):
        ToolKeys(tool.database, Vault("another secret key of forty characters..")).signing_key()


def test_rotation_signs_with_a_new_key(tool: Tool) -> None:
    before = tool.keys.signing_key().kid
    new = tool.keys.rotate()
    assert tool.keys.signing_key().kid == new != before


def test_rotation_keeps_the_old_key_published_after_the_new_one(tool: Tool) -> None:
    old = tool.keys.ensure().kid
    assert published(tool) == [old]
    new = tool.keys.rotate()
    assert published(tool) == [new, old]


def test_rotation_forgets_a_key_that_retired_long_ago(tool: Tool) -> None:
    old = tool.keys.ensure().kid
    tool.keys.rotate()
    with tool.database.transaction() as db:
        long_ago = utcnow() - RETIRING_FOR - dt.timedelta(seconds=1)
        db.execute(sa.update(ToolKey).where(ToolKey.kid == old).values(retired_at=long_ago))
    tool.keys.rotate()
    with tool.database.reading() as db:
        assert db.get(ToolKey, old) is None


def test_rotations_at_once_leave_one_active_key(tool: Tool) -> None:
    tool.keys.ensure()
    with ThreadPoolExecutor(3) as pool:
        kids = list(pool.map(lambda _: tool.keys.rotate(), range(3)))
    assert len(active(tool)) == 1
    assert set(active(tool)) <= set(kids)


def test_the_key_set_is_served(tool: Tool, client: FlaskClient) -> None:
    assert client.get("/.well-known/jwks.json").json == tool.keys.published_jwks()


def test_the_key_set_may_be_kept_for_minutes_only(client: FlaskClient) -> None:
    assert client.get("/.well-known/jwks.json").headers["Cache-Control"] == "public, max-age=300"
