"""The platforms' public keys, cached by kid: in the database, and for a minute in memory.

The key set is read again once when a token names a new key. Security framework §5.1.3 and §6.3: keys are found by
``kid`` in the key set of the registration. The token's own ``jku``, ``x5u`` and ``jwk`` headers are never looked at.
"""

from __future__ import annotations

import datetime as dt
import functools
import threading
import time
import uuid
from typing import Any, Protocol

import jwt
import requests
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti_tool.database import Database, insert_for, table_of, utcnow
from lti_tool.jobs.background import BackgroundPool, BackgroundTask
from lti_tool.lti.errors import KeysetBusy, KeysetUnreadable, KidUnknown
from lti_tool.lti.launch.models import PlatformKey
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.moments import has_come

REFETCH_PAUSE = dt.timedelta(seconds=2)
"""How long a platform is not asked again after the end of a reading that failed or lacked the wanted key."""
FRESH_FOR = dt.timedelta(hours=24)
"""How long a key is used before the key set is read again, so that a withdrawn key stops working."""
CACHED_FOR = dt.timedelta(seconds=60)
"""How long a process uses a key without asking the database."""
LEAST_BITS = 2048
_CACHED_KEYS = 1_000
WAIT_SECONDS = 2.0
"""How long a launch waits for a reading of the key set at most; the reading itself goes on and serves the next."""
WAITING = 4
"""How many launches may wait long for key sets: half of the threads of ``tandem serve``."""
WAITING_PER_PLATFORM = 3
FETCH_THREADS = 16
"""How many key sets are read at the same time, one reading for each platform."""

_TABLE = table_of(PlatformKey)
_FIND = sa.select(_TABLE.c.jwk, _TABLE.c.fetched_at).where(
    _TABLE.c.registration_id == sa.bindparam("registration_id"), _TABLE.c.kid == sa.bindparam("kid")
)


class JsonClient(Protocol):
    """What reads a key set; :class:`lti_tool.outbound.client.GuardedHttp` does, with limits on time and size."""

    def fetch_json(self, url: str) -> Any:
        """The JSON at ``url``. Raises :class:`requests.RequestException`."""


class PlatformKeys:
    """The keys of all platforms. One object serves a process; the database is shared by all of them."""

    def __init__(self, database: Database, http: JsonClient) -> None:
        self._database = database
        self._http = http
        self._lock = threading.Lock()
        self._cache: dict[tuple[uuid.UUID, str], tuple[float, jwt.PyJWK]] = {}
        self._pool = BackgroundPool(
            "keyset", threads=FETCH_THREADS, per_key=1, waiting=WAITING, waiting_per_key=WAITING_PER_PLATFORM
        )
        self._readings: dict[uuid.UUID, BackgroundTask[None]] = {}
        self._refetch_after: dict[uuid.UUID, float] = {}
        self._stored_at: dict[uuid.UUID, float] = {}

    def find(self, registration: PlatformRegistration, kid: str) -> jwt.PyJWK:
        """The platform's key of this name, from the database or else from its key set.

        A key that was read more than a day ago still serves while its platform cannot be asked. Raises
        :class:`KidUnknown`, :class:`KeysetUnreadable` or :class:`KeysetBusy`. Must not be called inside a
        transaction: it may wait for the platform, for :data:`WAIT_SECONDS` at most.
        """
        cached = self._cache.get((registration.id, kid))
        if cached is not None and time.monotonic() < cached[0]:
            return cached[1]
        looked_at = time.monotonic()
        known, fresh = self._cached_key(registration.id, kid)
        if known is None or not fresh:
            known = self._refetch(registration, kid, known, looked_at)
        if len(self._cache) >= _CACHED_KEYS:
            self._cache.clear()
        self._cache[registration.id, kid] = (time.monotonic() + CACHED_FOR.total_seconds(), known)
        return known

    def prefetch(self, registration: PlatformRegistration) -> None:
        """Read a new platform's key set in the background, so that its first launch need not wait for it."""
        self._start_or_join_fetch(registration, time.monotonic())

    @property
    def running(self) -> int:
        """How many key sets are being read."""
        return self._pool.running

    def clear_cache(self) -> None:
        """Ask the database again for every key, as a process does that has just begun."""
        self._cache.clear()

    def _refetch(
        self, registration: PlatformRegistration, kid: str, known: jwt.PyJWK | None, looked_at: float
    ) -> jwt.PyJWK:
        """The key after a reading of the key set; ``known`` where the platform did not answer in time."""
        reading = self._start_or_join_fetch(registration, looked_at)
        if reading is None:
            if known is not None:
                return known
            if self._is_paused(registration.id):
                raise KidUnknown(f"{kid!r}; the key set was read a moment ago")
            raise KeysetBusy("too many key sets are being read")
        if not self._pool.wait(reading, WAIT_SECONDS):
            if known is not None:
                return known
            raise KeysetBusy("the key set is still being read")
        fault = reading.future.exception()
        if isinstance(fault, KeysetUnreadable):
            if known is not None:
                return known
            raise KeysetUnreadable(fault.detail)
        if fault is not None:
            raise fault
        found, _fresh = self._cached_key(registration.id, kid)
        if found is None:
            self._pause(registration.id)
            raise KidUnknown(repr(kid))
        return found

    def _start_or_join_fetch(
        self, registration: PlatformRegistration, looked_at: float
    ) -> BackgroundTask[None] | None:
        """The reading of this platform's key set that is under way, or a new one; None where none may begin now.

        A reading that ended after ``looked_at``, when the caller did not find the key in the database, serves too.
        """
        with self._lock:
            under_way = self._readings.get(registration.id)
            if under_way is not None and (
                not under_way.future.done() or self._stored_at.get(registration.id, 0.0) >= looked_at
            ):
                return under_way
            if self._is_paused(registration.id):
                return None
            started = self._pool.start(registration.id, lambda: self._read(registration))
            if started is not None:
                self._readings[registration.id] = started
            return started

    def _read(self, registration: PlatformRegistration) -> None:
        """Read the key set and store it. Raises :class:`KeysetUnreadable`."""
        try:
            keys = self._fetch(registration)
        except KeysetUnreadable:
            self._pause(registration.id)
            raise
        self._store(registration.id, keys)
        self._stored_at[registration.id] = time.monotonic()
        self._cache.clear()

    def _pause(self, registration_id: uuid.UUID) -> None:
        self._refetch_after[registration_id] = time.monotonic() + REFETCH_PAUSE.total_seconds()

    def _is_paused(self, registration_id: uuid.UUID) -> bool:
        return time.monotonic() < self._refetch_after.get(registration_id, 0.0)

    def _cached_key(self, registration_id: uuid.UUID, kid: str) -> tuple[jwt.PyJWK | None, bool]:
        """The key as the database has it, and whether it was read lately."""
        with self._database.reading() as db:
            row = db.execute(_FIND, {"registration_id": registration_id, "kid": kid}).one_or_none()
        if row is None:
            return None, False
        return _parsed(row.jwk["n"], row.jwk["e"]), not has_come(
            row.fetched_at, utcnow() - FRESH_FOR, FRESH_FOR
        )

    def _fetch(self, registration: PlatformRegistration) -> list[dict[str, str]]:
        """The usable keys of the platform's set; one that is not is passed over, as RFC 7517 §5 asks."""
        url = registration.get_key_set_url() or ""
        try:
            found = self._http.fetch_json(url)
        except requests.RequestException as error:
            raise KeysetUnreadable(str(error)[:200]) from error
        return usable_keys(found)

    def _store(self, registration_id: uuid.UUID, keys: list[dict[str, str]]) -> None:
        now = utcnow()
        with self._database.transaction() as db:
            # A key that the platform withdrew is no longer used.
            db.execute(
                sa.delete(PlatformKey).where(
                    PlatformKey.registration_id == registration_id,
                    PlatformKey.kid.not_in([key["kid"] for key in keys]),
                )
            )
            for key in keys:
                insert = insert_for(db, PlatformKey).values(
                    registration_id=registration_id, kid=key["kid"], jwk=key, fetched_at=now
                )
                db.execute(
                    insert.on_conflict_do_update(
                        index_elements=["registration_id", "kid"], set_={"jwk": key, "fetched_at": now}
                    )
                )


@functools.lru_cache(maxsize=256)
def _parsed(n: str, e: str) -> jwt.PyJWK:
    """The key itself; parsing costs more than verifying."""
    return jwt.PyJWK({"kty": "RSA", "n": n, "e": e}, algorithm="RS256")


def usable_keys(document: Any) -> list[dict[str, str]]:
    """The keys of a key set with which launches can be verified. Raises :class:`KeysetUnreadable` where it is none."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise KeysetUnreadable("there is no list of keys")
    return [usable for key in keys[:100] if (usable := _usable(key))]


def _usable(key: Any) -> dict[str, str] | None:
    """The public half of an RSA signing key of at least 2048 bits, or None."""
    if not isinstance(key, dict) or key.get("kty") != "RSA":
        return None
    kid, n, e = key.get("kid"), key.get("n"), key.get("e")
    # No token can name any other: a launch whose kid is not printable is refused before it is looked for.
    if not (isinstance(kid, str) and 0 < len(kid) <= 255 and kid.isprintable()):
        return None
    if not (isinstance(n, str) and isinstance(e, str)):
        return None
    if key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
        return None
    if "key_ops" in key and (not isinstance(key["key_ops"], list) or "verify" not in key["key_ops"]):
        return None
    try:
        public = _parsed(n, e).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < LEAST_BITS:
        return None
    return {"kty": "RSA", "kid": kid, "n": n, "e": e}
