"""What can be seen from the settings and from this machine alone."""

from __future__ import annotations

import ctypes
import difflib
import ipaddress
import shutil
from typing import Final
from urllib.parse import urlsplit

from lti_tool.health_checks.findings import Seen, Verdict
from lti_tool.health_checks.stored import sqlite_path
from lti_tool.tool import Tool
from schemas.settings import SETTINGS

LEAST_DISK: Final = 100 * 1024**2
SCARCE_DISK: Final = 1024**3
PANGO: Final = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")


def is_private_place(base_url: str) -> bool:
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


def address(tool: Tool) -> Seen:
    """Browsers keep a session in another site's frame only over HTTPS, save on this machine itself."""
    url = tool.config.base_url
    if is_loopback(url):
        yield (
            Verdict.WARNING,
            f"{url} can be reached from this machine alone",
            "set TANDEM_BASE_URL to the https:// address at which your LMS and its people reach the tool",
        )
    elif tool.config.secure:
        yield Verdict.GOOD, url, ""
    else:
        yield (
            Verdict.WRONG,
            f"{url} is plain HTTP, and browsers keep no session for it inside an LMS",
            "put the tool behind a proxy with a certificate and set TANDEM_BASE_URL to its https:// address",
        )


def settings(tool: Tool) -> Seen:
    """A misspelt setting is no error, and changes nothing: only looking finds it."""
    known = [f"TANDEM_{name.upper()}" for name in SETTINGS]
    for name in tool.config.unknown_settings:
        near = difflib.get_close_matches(name.removesuffix("_FILE"), known, n=1)
        yield (
            Verdict.WARNING,
            f"{name} is not a setting of this tool",
            f"did you mean {near[0]}?" if near else "",
        )
    if not tool.config.unknown_settings:
        yield Verdict.GOOD, "each TANDEM_ variable is a known one", ""


def private_networks(tool: Tool) -> Seen:
    """A public tool that may call private addresses can be made to call its own network."""
    config = tool.config
    if config.allow_private_networks and not is_private_place(config.base_url):
        yield (
            Verdict.WRONG,
            f"TANDEM_ALLOW_PRIVATE_NETWORKS is on for {config.base_url}: others could make the tool call your network",
            "unset it, and name an LMS or LRS of your own network in TANDEM_ALLOWED_HOSTS",
        )
    elif config.allow_private_networks:
        yield Verdict.GOOD, "private addresses may be called (development)", ""
    elif config.allowed_hosts:
        yield Verdict.GOOD, "private addresses of " + ", ".join(sorted(config.allowed_hosts)) + " alone", ""
    else:
        yield Verdict.GOOD, "private addresses are never called", ""


def disk(tool: Tool) -> Seen:
    """Room for what is still to come, in the data folder and beside a SQLite file."""
    path = sqlite_path(tool.database)
    for folder in dict.fromkeys([tool.config.data_dir.resolve(), *([path.parent] if path else [])]):
        if not folder.exists():
            continue
        free = shutil.disk_usage(folder).free
        verdict = (
            Verdict.WRONG if free < LEAST_DISK else Verdict.WARNING if free < SCARCE_DISK else Verdict.GOOD
        )
        advice = "" if verdict is Verdict.GOOD else f"make room on the disk of {folder}"
        yield verdict, f"{free / 1024**3:.1f} GiB free at {folder}", advice


def pango(_tool: Tool) -> Seen:
    """The system library that PDF documents are drawn with."""
    missing = [name for name in PANGO if not _loads(name)]
    if missing:
        yield (
            Verdict.WARNING,
            f"not found ({', '.join(missing)}): PDF documents need it, all else works without",
            "run: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
        )
    else:
        yield Verdict.GOOD, "found", ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
