"""The tool's own keys, on both databases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.encryption import SecretKeyChanged, Vault
from lti_tool.lti.models import KeyStatus, ToolKey
from lti_tool.lti.tool_keys import RETIRING_FOR, ToolKeys


def active(services: Services) -> list[str]:
    """The names of the active keys."""
    with services.database.reading() as db:
        return list(db.scalars(sa.select(ToolKey.kid).where(ToolKey.status == KeyStatus.ACTIVE)))


def published(services: Services) -> list[str]:
    """The names of the published keys."""
    return [key["kid"] for key in services.keys.published_jwks()["keys"]]


def test_the_first_need_makes_a_key(services: Services) -> None:
    assert [services.keys.signing_key().kid] == active(services)


def test_the_key_stays_the_same(services: Services) -> None:
    assert services.keys.signing_key() == services.keys.signing_key()


def test_many_first_needs_at_once_make_one_key(services: Services) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: services.keys.ensure().kid, range(4)))
    assert (len(set(found)), len(active(services))) == (1, 1)


def test_what_it_signs_can_be_verified_with_what_is_published(services: Services) -> None:
    signing = services.keys.signing_key()
    token = jwt.encode({"x": 1}, signing.private_pem, algorithm="RS256", headers={"kid": signing.kid})
    keys = jwt.PyJWKSet.from_dict(services.keys.published_jwks())
    assert jwt.decode(token, keys[signing.kid], algorithms=["RS256"]) == {"x": 1}


def test_the_private_half_is_encrypted(services: Services) -> None:
    services.keys.ensure()
    with services.database.reading() as db:
        assert b"PRIVATE KEY" not in db.scalars(sa.select(ToolKey.private_key)).one()


def test_the_private_half_is_not_published(services: Services) -> None:
    assert set(services.keys.published_jwks()["keys"][0]) == {"kty", "kid", "alg", "use", "n", "e"}


def test_another_secret_key_cannot_sign(services: Services) -> None:
    services.keys.ensure()
    with pytest.raises(SecretKeyChanged):
        ToolKeys(services.database, Vault("another secret key of forty characters..")).signing_key()


def test_rotation_signs_with_a_new_key(services: Services) -> None:
    before = services.keys.signing_key().kid
    new = services.keys.rotate()
    assert services.keys.signing_key().kid == new != before


def test_rotation_keeps_the_old_key_published_after_the_new_one(services: Services) -> None:
    old = services.keys.ensure().kid
    assert published(services) == [old]
    new = services.keys.rotate()
    assert published(services) == [new, old]


def test_rotation_deletes_a_key_that_retired_long_ago(services: Services) -> None:
    old = services.keys.ensure().kid
    services.keys.rotate()
    with services.database.transaction() as db:
        long_ago = utcnow() - RETIRING_FOR - dt.timedelta(seconds=1)
        db.execute(sa.update(ToolKey).where(ToolKey.kid == old).values(retired_at=long_ago))
    services.keys.rotate()
    with services.database.reading() as db:
        assert db.get(ToolKey, old) is None


def test_rotations_at_once_leave_one_active_key(services: Services) -> None:
    services.keys.ensure()
    with ThreadPoolExecutor(3) as pool:
        kids = list(pool.map(lambda _: services.keys.rotate(), range(3)))
    assert len(active(services)) == 1
    assert set(active(services)) <= set(kids)


def test_the_key_set_is_served(services: Services, client: FlaskClient) -> None:
    assert client.get("/.well-known/jwks.json").json == services.keys.published_jwks()


def test_the_key_set_may_be_kept_for_minutes_only(client: FlaskClient) -> None:
    assert client.get("/.well-known/jwks.json").headers["Cache-Control"] == "public, max-age=300"
