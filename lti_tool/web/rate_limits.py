"""How many requests one client may send in a minute, and how many launches one platform.

What is not proven yet (logins, launches before their signature is verified, registration) counts against the client's
address together with the registration that the request is for, never against the registration alone: whoever floods
the tool in a platform's name keeps nobody else out. Only a launch whose signature is verified counts against its
registration. The bounds are far above what a large company behind one address needs.

Counting is that of ``limits``, the library that Flask-Limiter is made of, with its fixed windows. Flask-Limiter itself
adds hooks to every request of an application: 35 microseconds where nothing is limited, 75 where something is, which is
a sixth of a login. Asking ``limits`` costs 3, on the few routes that anybody may call. The ``X-RateLimit-…`` headers
that Flask-Limiter would add are for programs; here browsers come.
"""

from __future__ import annotations

import functools
import math
import time
from typing import Final

import structlog
from flask import Flask
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from lti_tool.config import Config
from lti_tool.lti.errors import (
    TooManyConfirmations,
    TooManyLaunches,
    TooManyLogins,
    TooManyRegistrationRequests,
    TooManyRequests,
    TooManyUnknownPages,
    TooManyVerifiedLaunches,
)
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.web.client_address import current_client
from lti_tool.web.rate_limit_storage import BoundedMemoryStorage, redis_storage
from lti_tool.web.services import current_application, current_services

Limits = dict[type[TooManyRequests], RateLimitItem]

LIMITS: Final[Limits] = {
    TooManyLogins: RateLimitItemPerMinute(12_000, namespace="login"),
    TooManyLaunches: RateLimitItemPerMinute(12_000, namespace="launch"),
    TooManyConfirmations: RateLimitItemPerMinute(12_000, namespace="continue"),
    TooManyRegistrationRequests: RateLimitItemPerMinute(120, namespace="register"),
    TooManyUnknownPages: RateLimitItemPerMinute(1_200, namespace="page"),
    TooManyVerifiedLaunches: RateLimitItemPerMinute(30_000, namespace="verified"),
}
"""For each refusal, when it is due. 3,000 people who arrive in one minute and each try three times are not refused."""
WITHOUT_REGISTRATION: Final[Limits] = {
    TooManyLogins: RateLimitItemPerMinute(1_200, namespace="login"),
    TooManyLaunches: RateLimitItemPerMinute(1_200, namespace="launch"),
}
"""The same for requests that name no registration that there is: they are refused, which writes to the database."""

RETRY_REDIS_AFTER: Final = 30.0
"""Seconds for which a Redis that did not answer is left alone."""

_EXTENSION: Final = "tandem_rate_limits"

log = structlog.get_logger(__name__)


def init_app(app: Flask, config: Config) -> None:
    """Count the requests of ``app``: in Redis where one is set, else in the memory of this process."""
    app.extensions[_EXTENSION] = RateLimits(config.redis_url)


def limit(refusal: type[TooManyRequests], registration: PlatformRegistration | None = None) -> None:
    """Count the present request against its client, and against ``registration`` with it where it is for one.

    Raises ``refusal`` when there were too many.
    """
    limits = WITHOUT_REGISTRATION if registration is None and refusal in WITHOUT_REGISTRATION else LIMITS
    client = current_client()
    counted = (client,) if registration is None else (client, registration.id.hex)
    wait = _rate_limits().hit(limits[refusal], *counted)
    current_services().frequent_refusals.write_due()
    if wait is not None:
        raise _refused(refusal, registration, wait, client)


def require_within_verified(registration: PlatformRegistration) -> None:
    """Raise :class:`TooManyVerifiedLaunches` while a registration has no verified launch left.

    This asks nobody: :func:`count_verified` found it out.
    """
    wait = _rate_limits().seconds_exhausted(registration.id.hex)
    if wait is not None:
        raise _refused(TooManyVerifiedLaunches, registration, wait)


def count_verified(registration: PlatformRegistration) -> None:
    """Count a launch against its registration, once its nonce is used up: a launch that is repeated counts once."""
    limits, key = _rate_limits(), registration.id.hex
    wait = limits.hit(LIMITS[TooManyVerifiedLaunches], key)
    if wait is not None:
        limits.exhaust(key, wait)


def _rate_limits() -> RateLimits:
    found: RateLimits = current_application().extensions[_EXTENSION]
    return found


def _refused(
    refusal: type[TooManyRequests],
    registration: PlatformRegistration | None,
    wait: int,
    client: str | None = None,
) -> TooManyRequests:
    return refusal(
        issuer=registration.issuer if registration is not None else None,
        client_id=registration.client_id if registration is not None else None,
        client=client,
        retry_after=wait,
    )


class RateLimits:
    """The counters of one process, or those of all that share a Redis. May be used from any thread."""

    def __init__(self, redis_url: str | None = None) -> None:
        """Connects at first use. A Redis that does not answer is replaced by memory until it does."""
        self._own = FixedWindowRateLimiter(BoundedMemoryStorage())
        self._shared = FixedWindowRateLimiter(redis_storage(redis_url)) if redis_url else None
        self._ask_redis_at = 0.0
        self._is_away = False
        self._exhausted: dict[str, float] = {}
        """Until when each registration has no verified launch left, by :func:`time.monotonic`."""

    def seconds_exhausted(self, key: str) -> int | None:
        """For how many seconds :meth:`exhaust` has said that there are too many; None where it has not."""
        until = self._exhausted.get(key)
        left = 0.0 if until is None else until - time.monotonic()
        return math.ceil(left) if left > 0 else None

    def exhaust(self, key: str, seconds: int) -> None:
        """Remember that there were too many of something for the present window."""
        self._exhausted[key] = time.monotonic() + seconds

    def hit(self, item: RateLimitItem, *counted: str) -> int | None:
        """Count one request; None where it is within the limit, else the seconds until the next window."""
        if self._shared is not None and time.monotonic() >= self._ask_redis_at:
            if self._is_away:
                # One request finds out whether it is back; the others need not wait for the answer.
                self._ask_redis_at = time.monotonic() + RETRY_REDIS_AFTER
            try:
                wait = _hit(self._shared, item, counted)
            except Exception as error:  # whatever is wrong with it, people go on
                self._ask_redis_at = time.monotonic() + RETRY_REDIS_AFTER
                if not self._is_away:
                    self._is_away = True
                    log.error(
                        "Redis does not answer: each process counts for itself", error=repr(error)[:200]
                    )
            else:
                if self._is_away:
                    self._is_away, self._ask_redis_at = False, 0.0
                    log.info("Redis answers again")
                return wait
        # As ``FixedWindowRateLimiter.hit`` does it, which puts the key together each time.
        if self._own.storage.incr(_key(item, counted), item.get_expiry()) <= item.amount:
            return None
        return _seconds_left(self._own, item, counted)


@functools.lru_cache(maxsize=4096)
def _key(item: RateLimitItem, counted: tuple[str, ...]) -> str:
    return item.key_for(*counted)


def _hit(limiter: FixedWindowRateLimiter, item: RateLimitItem, counted: tuple[str, ...]) -> int | None:
    if limiter.hit(item, *counted):
        return None
    return _seconds_left(limiter, item, counted)


def _seconds_left(limiter: FixedWindowRateLimiter, item: RateLimitItem, counted: tuple[str, ...]) -> int:
    return max(1, math.ceil(limiter.storage.get_expiry(item.key_for(*counted)) - time.time()))
