"""Checks of the settings and of this machine."""

from __future__ import annotations

import difflib
import ipaddress
import shutil
from typing import Final
from urllib.parse import urlsplit

from lti_tool.composition.services import Services
from lti_tool.health_checks.findings import Found, Verdict
from lti_tool.health_checks.stored import sqlite_path
from schemas.settings import SETTINGS

DISK_ERROR: Final = 100 * 1024**2
DISK_WARNING: Final = 1024**3


def is_private_origin(base_url: str) -> bool:
    """Whether an origin is of this machine or of a private network, by its writing alone."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def is_loopback(base_url: str) -> bool:
    """Whether an origin is of this machine alone: browsers trust it without HTTPS."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(services: Services) -> Found:
    """Browsers keep a session in another site's frame only over HTTPS, save on this machine itself."""
    url = services.config.base_url
    if is_loopback(url):
        yield (
            Verdict.WARNING,
            f"{url} can be reached from this machine alone",
            "set TANDEM_BASE_URL to the https:// address at which your LMS and its people reach the tool",
        )
    elif services.config.secure:
        yield Verdict.OK, url, ""
    else:
        yield (
            Verdict.ERROR,
            f"{url} is plain HTTP, and browsers keep no session for it inside an LMS",
            "put the tool behind a proxy with a certificate and set TANDEM_BASE_URL to its https:// address",
        )


def settings(services: Services) -> Found:
    """A misspelt setting changes nothing, and nothing else would say so."""
    known = [f"TANDEM_{name.upper()}" for name in SETTINGS]
    for name in services.config.unknown_settings:
        near = difflib.get_close_matches(name.removesuffix("_FILE"), known, n=1)
        yield (
            Verdict.WARNING,
            f"{name} is not a setting of this tool",
            f"did you mean {near[0]}?" if near else "",
        )
    if not services.config.unknown_settings:
        yield Verdict.OK, "each TANDEM_ variable is a known one", ""


def private_networks(services: Services) -> Found:
    """A public tool that may call private addresses can be made to call its own network."""
    config = services.config
    if config.allow_private_networks and not is_private_origin(config.base_url):
        yield (
            Verdict.ERROR,
            f"TANDEM_ALLOW_PRIVATE_NETWORKS is on for {config.base_url}: others could make the tool call your network",
            "unset it, and name an LMS or LRS of your own network in TANDEM_ALLOWED_HOSTS",
        )
    elif config.allow_private_networks:
        yield Verdict.OK, "private addresses may be called (development)", ""
    elif config.allowed_hosts:
        yield Verdict.OK, "private addresses of " + ", ".join(sorted(config.allowed_hosts)) + " alone", ""
    else:
        yield Verdict.OK, "private addresses are never called", ""


def redis(services: Services) -> Found:
    """Without its Redis each process counts requests for itself."""
    url = services.config.redis_url
    if url is None:
        return
    # Only where it is used: the package is an optional one.
    from redis import Redis, RedisError

    try:
        with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as connection:
            connection.ping()
    except RedisError as error:
        yield (
            Verdict.ERROR,
            f"the Redis of TANDEM_REDIS_URL does not answer: {error}",
            "start it, or correct the address; until then each process counts requests for itself",
        )
    else:
        yield Verdict.OK, "Redis answers", ""


def disk(services: Services) -> Found:
    """Room for what is still to come, in the data folder and beside a SQLite file."""
    path = sqlite_path(services.database)
    for folder in dict.fromkeys([services.config.data_dir.resolve(), *([path.parent] if path else [])]):
        if not folder.exists():
            continue
        free = shutil.disk_usage(folder).free
        verdict = (
            Verdict.ERROR if free < DISK_ERROR else Verdict.WARNING if free < DISK_WARNING else Verdict.OK
        )
        advice = "" if verdict is Verdict.OK else f"make room on the disk of {folder}"
        yield verdict, f"{free / 1024**3:.1f} GiB free at {folder}", advice
