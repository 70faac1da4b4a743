"""The shape of the settings that come from the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates


def _parts(value: str, example: str, *schemes: str) -> SplitResult:
    """The parts of an address with one of these schemes, a host, and a port that exists."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValidationError(f"must be an address such as {example}")
    return parts


def _origin(value: str) -> None:
    parts = _parts(value, "https://mentoring.example.com", "http", "https")
    if parts.username or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} must be an origin alone, without a path")


def record_store_endpoint(value: str) -> None:
    """Refuse what is not the xAPI base address of a record store."""
    parts = _parts(value, "https://lrs.example.com/xapi", "http", "https")
    if parts.query or parts.fragment:
        raise ValidationError("must be an address without a query, such as https://lrs.example.com/xapi")


def _mail(value: str) -> None:
    _parts(value, "smtp://mail.example.com:587", "smtp", "smtps")


def _page(value: str) -> None:
    _parts(value, "https://www.example.com/personal-data", "http", "https")


def _redis(value: str) -> None:
    parts = _parts(value, "redis://cache.example.com:6379/0", "redis", "rediss")
    if not re.fullmatch(r"/?\d*", parts.path) or parts.query or parts.fragment:
        raise ValidationError(
            "must be an address with nothing after it but the number of a database, as in …:6379/0"
        )


def _database(value: str) -> None:
    wrong = ValidationError("use sqlite:///path or postgresql://user:password@host/name")
    if value.startswith("sqlite:///"):
        return
    try:
        # SQLAlchemy takes a URL without a host: the server is then reached through its socket.
        parts = urlsplit(value)
        fits = parts.scheme in {"postgresql", "postgresql+psycopg"} and parts.port != 0
    except ValueError:
        raise wrong from None
    if not fits or "://" not in value:
        raise wrong


def _hosts(value: str) -> None:
    for host in filter(None, map(str.strip, value.split(","))):
        if not re.fullmatch(r"[^\s/@:]+(:\d{1,5})?|[0-9a-fA-F:]+", host):
            raise ValidationError(f"{host!r} is not a host such as lms.intranet or lms.intranet:8443")


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(value: str) -> frozenset[Network]:
    """The networks of a list; ``none`` is the empty one. Raises :class:`ValidationError`."""
    written = [part for part in map(str.strip, value.split(",")) if part]
    found = set()
    for part in [] if written == ["none"] else written:
        try:
            found.add(ipaddress.ip_network(part))
        except ValueError:
            raise ValidationError(
                f"{part!r} is not an address or a network such as 127.0.0.1 or 10.0.0.0/8"
            ) from None
    return frozenset(found)


def _check_networks(value: str) -> None:
    _networks(value)


xapi_version = validate.OneOf(["1.0.3", "2.0.0"], error="must be 1.0.3 or 2.0.0")


class SettingsSchema(Schema):
    """One field for each ``TANDEM_…`` setting; the messages finish a line that begins with its name."""

    base_url = fields.String(load_default="http://127.0.0.1:5000", validate=_origin)
    database_url = fields.String(load_default=None, validate=_database)
    secret_key = fields.String(
        load_default=None, validate=validate.Length(min=32, error="must be at least 32 characters long")
    )
    data_dir = fields.String(load_default="var")
    lrs_endpoint = fields.String(load_default=None, validate=record_store_endpoint)
    lrs_username = fields.String(load_default=None)
    lrs_password = fields.String(load_default=None)
    lrs_version = fields.String(load_default="1.0.3", validate=xapi_version)
    smtp_url = fields.String(load_default=None, validate=_mail)
    redis_url = fields.String(load_default=None, validate=_redis)
    trusted_proxies = fields.String(load_default="127.0.0.1,::1", validate=_check_networks)
    log_format = fields.String(
        load_default="text", validate=validate.OneOf(["text", "json"], error="must be text or json")
    )
    allow_private_networks = fields.Boolean(
        load_default=False, error_messages={"invalid": "must be true or false"}
    )
    allowed_hosts = fields.String(load_default="", validate=_hosts)
    default_locale = fields.String(load_default="en")
    privacy_url = fields.String(load_default=None, validate=_page)
    accessibility_url = fields.String(load_default=None, validate=_page)
    source_url = fields.String(load_default=None, validate=_page)

    def __init__(self, languages: Sequence[str]) -> None:
        """``languages``: the tags of those that there are."""
        super().__init__()
        self.languages = tuple(languages)

    @validates("default_locale")
    def check_language(self, tag: str, **_: Any) -> None:
        """A language that nobody has translated is a wrong value."""
        if tag not in self.languages:
            raise ValidationError(f"must be {' or '.join(self.languages)}")

    @pre_load
    def without_blanks(self, data: dict[str, str], **_: Any) -> dict[str, str]:
        """Trim each value: a trailing newline in a file is not part of a secret."""
        return {name: value.strip() for name, value in data.items()}

    @post_load
    def finished(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Normalise what has several spellings, and refuse half an LRS."""
        data["base_url"] = data["base_url"].rstrip("/")
        if data["lrs_endpoint"]:
            data["lrs_endpoint"] = data["lrs_endpoint"].rstrip("/")
            for part in ("lrs_username", "lrs_password"):
                if not data[part]:
                    raise ValidationError("is needed with TANDEM_LRS_ENDPOINT", part)
        if data["database_url"] and data["database_url"].startswith("postgresql://"):
            data["database_url"] = data["database_url"].replace("postgresql://", "postgresql+psycopg://", 1)
        data["trusted_proxies"] = _networks(data["trusted_proxies"])
        hosts = (host.strip().lower() for host in data["allowed_hosts"].split(","))
        data["allowed_hosts"] = frozenset(host for host in hosts if host)
        return data


SETTINGS = tuple(SettingsSchema(()).fields)
