"""The environment becomes one frozen :class:`Config`; a wrong value stops the start with one line naming it.

Every ``TANDEM_X`` can also be given as ``TANDEM_X_FILE``, the path of a file that holds the value, as container
platforms hand out secrets.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from marshmallow import ValidationError

from schemas.settings import SETTINGS, Network, SettingsSchema

SETTINGS_FILE = "settings.env"

_NO_SETTINGS = ("TANDEM_DEMO_", "TANDEM_TESTS_", "TANDEM_OPENEDX_")
"""What the demo's command line and the tests take from the environment."""

_FORBIDDEN = {"Cc", "Cs"}
"""Control characters, and the surrogates that stand for bytes which are not UTF-8."""


LOOPBACK = frozenset[Network](map(ipaddress.ip_network, ("127.0.0.1", "::1")))
"""The proxies of most installations: one on the same machine, as the documentation shows."""


class WrongSetting(Exception):
    """A setting cannot be used as it is. The text is one line that names it."""


@dataclass(frozen=True)
class Config:
    """Everything the environment decides."""

    base_url: str
    """The tool's own public origin, without a trailing slash."""
    data_dir: Path
    database_url: str
    secret_key: str
    lrs_endpoint: str | None = None
    lrs_username: str | None = None
    lrs_password: str | None = None
    lrs_version: str = "1.0.3"
    smtp_url: str | None = None
    redis_url: str | None = None
    trusted_proxies: frozenset[Network] = LOOPBACK
    """From whom ``X-Forwarded-For`` is believed."""
    log_format: str = "text"
    allow_private_networks: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    default_locale: str = "en"
    privacy_url: str | None = None
    """A page about personal data, of whoever runs the tool; as the next two, linked from the tool's pages."""
    accessibility_url: str | None = None
    source_url: str | None = None
    unknown_settings: tuple[str, ...] = ()
    """Variables that look like ours and are none, perhaps misspelt. They are not refused: a Kubernetes service
    called “tandem” puts its own into every container's environment."""

    @property
    def secure(self) -> bool:
        """Whether people reach the tool over HTTPS."""
        return self.base_url.startswith("https://")


def load_config(environ: Mapping[str, str] | None = None, *, first_start: bool = True) -> Config:
    """Read the settings from ``environ`` (the process's own by default).

    Makes the data folder, and the secret key in it when none is given. Without ``first_start`` the folder has to be
    there, unless the key is given. Raises :class:`WrongSetting`.
    """
    environ = os.environ if environ is None else environ
    given = _read(environ)
    kept = _read_settings_file(Path(given.get("data_dir", "var")).expanduser())
    given = _read(kept) | given
    try:
        values = SettingsSchema(_languages()).load(given)
    except ValidationError as error:
        name, problems = next(iter(dict(error.messages_dict).items()))
        problem = problems[0] if isinstance(problems, list) else problems
        raise WrongSetting(f"TANDEM_{name.upper()}: {problem}") from None
    if values["redis_url"] and importlib.util.find_spec("redis") is None:
        raise WrongSetting("TANDEM_REDIS_URL: needs one more package: pip install 'tandem-lti[redis]'")
    data_dir = Path(values.pop("data_dir")).expanduser()
    if not first_start and not values["secret_key"] and not data_dir.exists():
        raise WrongSetting(
            f"TANDEM_DATA_DIR: there is no folder {data_dir.absolute()} yet: name another, or run `tandem migrate`"
        )
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_key = values.pop("secret_key") or _own_secret_key(data_dir)
    except OSError as error:
        raise WrongSetting(f"TANDEM_DATA_DIR: {data_dir} cannot be used ({error.strerror})") from None
    database_url = values.pop("database_url") or f"sqlite:///{(data_dir / 'tandem.db').resolve()}"
    return Config(
        data_dir=data_dir,
        database_url=database_url,
        secret_key=secret_key,
        unknown_settings=_unknown([*environ, *kept]),
        **values,
    )


def _languages() -> list[str]:
    """The languages that there are: English, of the source, and each that has a catalogue."""
    folders = (Path(__file__).parent / "translations").glob("*/LC_MESSAGES")
    return ["en", *sorted(folder.parent.name for folder in folders)]


def _read(environ: Mapping[str, str]) -> dict[str, str]:
    """Each known setting that is given, from the variable itself or from the file it names."""
    given = {}
    for name in SETTINGS:
        variable = f"TANDEM_{name.upper()}"
        path = environ.get(f"{variable}_FILE", "")
        value = environ.get(variable, "")
        if path and value:
            raise WrongSetting(f"{variable}: set either {variable} or {variable}_FILE, not both")
        if path:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise WrongSetting(f"{variable}_FILE: {path} cannot be read ({error})") from None
        if any(unicodedata.category(char) in _FORBIDDEN for char in value.strip()):
            raise WrongSetting(f"{variable}: has characters that cannot be kept")
        if value:
            given[name] = value
    return given


def _unknown(variables: Iterable[str]) -> tuple[str, ...]:
    known = {f"TANDEM_{name.upper()}{end}" for name in SETTINGS for end in ("", "_FILE")}
    others = {name for name in variables if name.startswith("TANDEM_")} - known
    return tuple(sorted(name for name in others if not name.startswith(_NO_SETTINGS)))


def _read_settings_file(data_dir: Path) -> dict[str, str]:
    """Settings kept in the data folder's ``settings.env``, one ``TANDEM_X=value`` a line.

    The demo writes one, so that every command pointed at its folder sees its data. The environment wins.
    """
    path = data_dir / SETTINGS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"TANDEM_DATA_DIR: {path} cannot be read ({error})") from None
    settings = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            settings[name.strip()] = value.strip()
    return settings


def _own_secret_key(data_dir: Path) -> str:
    """The key made at the first start and kept beside the data; readable by its owner alone."""
    path = data_dir / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes().decode("ascii", "ignore").strip()
        if len(key) < 32:
            raise WrongSetting(f"TANDEM_SECRET_KEY: {path} is damaged; restore it from a backup") from None
        return key
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key
