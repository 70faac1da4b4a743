"""The shape of the settings that come from the environment."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate


def _origin(value: str) -> None:
    parts = urlsplit(value)
    try:
        port_fits = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_fits = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or not port_fits:
        raise ValidationError(f"{value!r} is not an address such as https://mentoring.example.com")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} must be an origin alone, without a path")


def _endpoint(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} is not an address such as https://lrs.example.com/xapi")


def _database(value: str) -> None:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        raise ValidationError("use sqlite:///path or postgresql://user:password@host/name")


class SettingsSchema(Schema):
    """One field for each ``TANDEM_…`` setting; the messages finish a line that begins with its name."""

    base_url = fields.String(load_default="http://127.0.0.1:5000", validate=_origin)
    database_url = fields.String(load_default=None, validate=_database)
    secret_key = fields.String(
        load_default=None, validate=validate.Length(min=32, error="must be at least 32 characters long")
    )
    data_dir = fields.String(load_default="var")
    lrs_endpoint = fields.String(load_default=None, validate=_endpoint)
    lrs_username = fields.String(load_default=None)
    lrs_password = fields.String(load_default=None)
    lrs_version = fields.String(
        load_default="1.0.3", validate=validate.OneOf(["1.0.3", "2.0.0"], error="must be 1.0.3 or 2.0.0")
    )
    smtp_url = fields.String(load_default=None)
    redis_url = fields.String(load_default=None)
    log_format = fields.String(
        load_default="text", validate=validate.OneOf(["text", "json"], error="must be text or json")
    )
    allow_private_networks = fields.Boolean(
        load_default=False, error_messages={"invalid": "must be true or false"}
    )
    allowed_hosts = fields.String(load_default="")
    default_locale = fields.String(
        load_default="en", validate=validate.OneOf(["en", "fr"], error="must be en or fr")
    )

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
        hosts = (host.strip().lower() for host in data["allowed_hosts"].split(","))
        data["allowed_hosts"] = frozenset(host for host in hosts if host)
        return data


SETTINGS = tuple(SettingsSchema().fields)
