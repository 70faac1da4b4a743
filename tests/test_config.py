"""The settings: what each takes, what each refuses with one line that names it, and what is kept beside the data."""

from __future__ import annotations

import dataclasses
import importlib.util
import ipaddress
import stat
from pathlib import Path

import pytest

from lti_tool.config import Config, WrongSetting, load_config
from schemas.settings import SETTINGS, Network

KEY = "a secret that only the tests know, long enough"
LRS = {
    "TANDEM_LRS_ENDPOINT": "https://lrs.example/xapi",
    "TANDEM_LRS_USERNAME": "tandem",
    "TANDEM_LRS_PASSWORD": "hush",
}


def networks(*written: str) -> frozenset[Network]:
    return frozenset(map(ipaddress.ip_network, written))


GOOD = [
    ("BASE_URL", "https://mentoring.example.com", "base_url", "https://mentoring.example.com"),
    ("BASE_URL", "https://mentoring.example.com/", "base_url", "https://mentoring.example.com"),
    ("BASE_URL", "http://127.0.0.1:8080", "base_url", "http://127.0.0.1:8080"),
    ("DATABASE_URL", "sqlite:////srv/tandem.db", "database_url", "sqlite:////srv/tandem.db"),
    ("DATABASE_URL", "postgresql+psycopg://u@h/n", "database_url", "postgresql+psycopg://u@h/n"),
    ("DATABASE_URL", "postgresql://u@h/n", "database_url", "postgresql+psycopg://u@h/n"),
    ("SECRET_KEY", KEY, "secret_key", KEY),
    ("SMTP_URL", "smtp://mail.example:587", "smtp_url", "smtp://mail.example:587"),
    ("REDIS_URL", "redis://cache.example:6379/0", "redis_url", "redis://cache.example:6379/0"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1,", "trusted_proxies", networks("10.0.0.0/8", "2001:db8::1")),
    ("TRUSTED_PROXIES", "none", "trusted_proxies", frozenset()),
    ("LOG_FORMAT", "json", "log_format", "json"),
    ("ALLOW_PRIVATE_NETWORKS", "true", "allow_private_networks", True),
    ("ALLOW_PRIVATE_NETWORKS", "0", "allow_private_networks", False),
    (
        "ALLOWED_HOSTS",
        "LMS.intranet, lrs.intranet:8443,",
        "allowed_hosts",
        {"lms.intranet", "lrs.intranet:8443"},
    ),
    ("DEFAULT_LOCALE", "fr", "default_locale", "fr"),
    (
        "PRIVACY_URL",
        "https://example.com/gdpr?lang=fr#top",
        "privacy_url",
        "https://example.com/gdpr?lang=fr#top",
    ),
]

BAD = [
    ("BASE_URL", "mentoring.example.com"),
    ("BASE_URL", "ftp://mentoring.example.com"),
    ("BASE_URL", "https://mentoring.example.com/tandem"),
    ("BASE_URL", "https://mentoring.example.com?x=1"),
    ("BASE_URL", "https://admin:pw@mentoring.example.com"),
    ("BASE_URL", "https://mentoring.example.com:99999"),
    ("BASE_URL", "https://[::1"),
    ("DATABASE_URL", "mysql://u@h/n"),
    ("DATABASE_URL", "tandem.db"),
    ("DATABASE_URL", "postgresql://u@h:port/n"),
    ("SECRET_KEY", "short"),
    ("LRS_ENDPOINT", "lrs.example"),
    ("LRS_ENDPOINT", "https://lrs.example/xapi?x=1"),
    ("LRS_ENDPOINT", "https://lrs.example:99999/xapi"),
    ("LRS_ENDPOINT", "https://[::1/xapi"),
    ("LRS_VERSION", "0.95"),
    ("SMTP_URL", "mail.example"),
    ("PRIVACY_URL", "www.example.com/gdpr"),
    ("ACCESSIBILITY_URL", "javascript:alert(1)"),
    ("SOURCE_URL", "git@example.com:tandem.git"),
    ("REDIS_URL", "cache.example"),
    ("REDIS_URL", "redis://cache.example:6379/cache"),
    ("REDIS_URL", "redis://cache.example:6379/0?socket_timeout=60"),
    ("TRUSTED_PROXIES", "proxy.example"),
    ("TRUSTED_PROXIES", "10.0.0.5/8"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, *"),
    ("TRUSTED_PROXIES", "10.0.0.1, none"),
    ("TRUSTED_PROXIES", "1"),
    ("LOG_FORMAT", "xml"),
    ("ALLOW_PRIVATE_NETWORKS", "perhaps"),
    ("ALLOWED_HOSTS", "https://lms.intranet"),
    ("ALLOWED_HOSTS", "lms.intranet/moodle"),
    ("DEFAULT_LOCALE", "de"),
]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def load(data_dir: Path):
    """Load the settings of an environment that holds these and the data folder."""

    def from_environment(**settings: str) -> Config:
        return load_config({"TANDEM_DATA_DIR": str(data_dir), **settings})

    return from_environment


def refused(load, **settings: str) -> str:
    """The line with which these settings are refused."""
    with pytest.raises(WrongSetting) as refusal:
        load(**settings)
    return str(refusal.value)


# Each setting


@pytest.mark.parametrize(("name", "given", "field", "wanted"), GOOD)
def test_a_good_value_is_taken(load, name, given, field, wanted):
    assert getattr(load(**{f"TANDEM_{name}": given}), field) == wanted


@pytest.mark.parametrize(("name", "given"), BAD)
def test_a_bad_value_is_refused_by_name(load, name, given):
    assert refused(load, **{**LRS, f"TANDEM_{name}": given}).startswith(f"TANDEM_{name}: ")


@pytest.mark.parametrize(("name", "given"), BAD)
def test_a_refusal_is_one_line(load, name, given):
    assert "\n" not in refused(load, **{**LRS, f"TANDEM_{name}": given})


@pytest.mark.parametrize(
    "name", [name.upper() for name in SETTINGS if name not in ("data_dir", "secret_key")]
)
def test_an_empty_value_is_as_none(load, name):
    assert load(**{"TANDEM_SECRET_KEY": KEY, f"TANDEM_{name}": ""}) == load(TANDEM_SECRET_KEY=KEY)


def test_without_any_setting_the_tool_is_on_this_machine(load):
    assert load().base_url == "http://127.0.0.1:5000"


def test_without_any_setting_a_proxy_on_this_machine_is_trusted(load):
    assert load().trusted_proxies == networks("127.0.0.1", "::1")


def test_a_redis_without_the_package_for_it_is_refused(load, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    line = refused(load, TANDEM_REDIS_URL="redis://cache.example:6379")
    assert line == "TANDEM_REDIS_URL: needs one more package: pip install 'tandem-lti[redis]'"


def test_the_database_is_in_the_data_folder_by_default(load, data_dir):
    assert load().database_url == f"sqlite:///{data_dir}/tandem.db"


def test_private_addresses_are_never_called_by_default(load):
    assert load().allow_private_networks is False


def test_without_an_lrs_there_is_none(load):
    assert load().lrs_endpoint is None


def test_an_lrs_is_taken_with_its_credentials(load):
    config = load(**LRS)
    assert (config.lrs_endpoint, config.lrs_username, config.lrs_password) == tuple(LRS.values())


@pytest.mark.parametrize("missing", ["TANDEM_LRS_USERNAME", "TANDEM_LRS_PASSWORD"])
def test_incomplete_lrs_settings_are_refused_by_the_missing_name(load, missing):
    assert refused(load, **{name: value for name, value in LRS.items() if name != missing}).startswith(
        f"{missing}: "
    )


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_both_versions_of_xapi_can_be_chosen(load, version):
    assert load(**LRS, TANDEM_LRS_VERSION=version).lrs_version == version


def test_an_unknown_variable_is_left_alone(load):
    assert load(TANDEM_DEMO_PORT="5010", TANDEM_SECRET_KEY=KEY) == load(TANDEM_SECRET_KEY=KEY)


def test_a_variable_that_looks_like_ours_is_noted(load):
    config = load(
        TANDEM_DATABSE_URL="x", TANDEM_BASE_URL="https://a.example", OTHER="1", TANDEM_DEMO_PORT="1"
    )
    assert config.unknown_settings == ("TANDEM_DATABSE_URL",)


def test_a_kept_line_that_looks_like_ours_is_noted(load, data_dir):
    data_dir.mkdir()
    (data_dir / "settings.env").write_text("TANDEM_BASEURL=https://a.example\n", encoding="utf-8")
    assert load().unknown_settings == ("TANDEM_BASEURL",)


def test_a_refused_secret_is_not_shown(load):
    assert "short-secret" not in refused(load, TANDEM_SECRET_KEY="short-secret")


@pytest.mark.parametrize(("url", "secure"), [("https://a.example", True), ("http://127.0.0.1:5000", False)])
def test_a_tool_is_secure_when_people_reach_it_over_https(load, url, secure):
    assert load(TANDEM_BASE_URL=url).secure is secure


def test_a_config_cannot_be_changed(load):
    with pytest.raises(dataclasses.FrozenInstanceError):
        load().base_url = "https://elsewhere.example"


# From files


@pytest.mark.parametrize("name", [name for name in SETTINGS if name.startswith("lrs_")])
def test_a_setting_can_be_in_a_file(load, tmp_path, name):
    given = {**LRS, "TANDEM_LRS_VERSION": "2.0.0"}
    variable = f"TANDEM_{name.upper()}"
    value = given.pop(variable)
    (tmp_path / "value").write_text(value + "\n")
    assert getattr(load(**given, **{f"{variable}_FILE": str(tmp_path / "value")}), name) == value


def test_a_secret_key_from_a_file_is_not_made_again(load, tmp_path, data_dir):
    (tmp_path / "key").write_text(KEY)
    load(TANDEM_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert not (data_dir / "secret_key").exists()


def test_a_file_that_is_not_there_is_refused_by_name(load, tmp_path):
    told = refused(load, TANDEM_SECRET_KEY_FILE=str(tmp_path / "nothing"))
    assert told.startswith("TANDEM_SECRET_KEY_FILE: ")


def test_a_file_that_is_not_text_is_refused_by_name(load, tmp_path):
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    assert refused(load, TANDEM_SECRET_KEY_FILE=str(tmp_path / "key")).startswith("TANDEM_SECRET_KEY_FILE: ")


def test_a_bad_value_in_a_file_is_refused_by_name(load, tmp_path):
    (tmp_path / "url").write_text("nonsense")
    assert refused(load, TANDEM_BASE_URL_FILE=str(tmp_path / "url")).startswith("TANDEM_BASE_URL: ")


def test_bytes_that_are_not_utf_8_are_refused_by_name(load, tmp_path):
    assert refused(load, TANDEM_DATA_DIR=f"{tmp_path}/\udcff").startswith("TANDEM_DATA_DIR: ")


def test_a_nul_in_a_file_is_refused_by_name(load, tmp_path):
    (tmp_path / "folder").write_text("a\0b")
    assert refused(load, TANDEM_DATA_DIR_FILE=str(tmp_path / "folder")).startswith("TANDEM_DATA_DIR: ")


def test_a_value_and_a_file_together_are_refused(load, tmp_path):
    (tmp_path / "key").write_text(KEY)
    told = refused(load, TANDEM_SECRET_KEY=KEY, TANDEM_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert told == "TANDEM_SECRET_KEY: set either TANDEM_SECRET_KEY or TANDEM_SECRET_KEY_FILE, not both"


# The secret key of the data folder


def test_a_secret_key_is_made_once(load):
    assert load().secret_key == load().secret_key


def test_two_installations_have_different_secret_keys(load, tmp_path):
    assert load().secret_key != load_config({"TANDEM_DATA_DIR": str(tmp_path / "other")}).secret_key


def test_the_secret_key_is_readable_by_its_owner_alone(load, data_dir):
    load()
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600


def test_the_data_folder_is_closed_to_others(load, data_dir):
    load()
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"too short", b"\xff\xfe\x00"], ids=["empty", "short", "not text"])
def test_a_damaged_secret_key_is_refused_by_name(load, data_dir, content):
    data_dir.mkdir()
    (data_dir / "secret_key").write_bytes(content)
    assert refused(load).startswith("TANDEM_SECRET_KEY: ")


# A data folder that cannot be used


def test_a_data_folder_that_is_a_file_is_refused_by_name(load, data_dir):
    data_dir.write_text("in the way")
    assert refused(load).startswith("TANDEM_DATA_DIR: ")


def test_a_data_folder_inside_a_file_is_refused_by_name(load, data_dir):
    data_dir.write_text("in the way")
    assert refused(load, TANDEM_DATA_DIR=str(data_dir / "inside")).startswith("TANDEM_DATA_DIR: ")


def test_a_secret_key_that_is_a_folder_is_refused_by_name(load, data_dir):
    (data_dir / "secret_key").mkdir(parents=True)
    assert refused(load).startswith("TANDEM_DATA_DIR: ")


# Settings kept in the data folder


def keep(data_dir: Path, text: str | bytes) -> None:
    data_dir.mkdir()
    (data_dir / "settings.env").write_bytes(text.encode() if isinstance(text, str) else text)


def test_settings_kept_with_the_data_are_read(load, data_dir):
    keep(data_dir, "TANDEM_BASE_URL=https://kept.example\n")
    assert load().base_url == "https://kept.example"


def test_the_environment_wins_over_what_is_kept(load, data_dir):
    keep(data_dir, "TANDEM_BASE_URL=https://kept.example\n")
    assert load(TANDEM_BASE_URL="https://given.example").base_url == "https://given.example"


def test_comments_and_blank_lines_are_passed_over(load, data_dir):
    keep(data_dir, "# TANDEM_BASE_URL=https://old.example\n\nnothing here\n TANDEM_DEFAULT_LOCALE = fr \n")
    assert (load().base_url, load().default_locale) == ("http://127.0.0.1:5000", "fr")


def test_a_bad_value_that_is_kept_is_refused_by_name(load, data_dir):
    keep(data_dir, "TANDEM_LOG_FORMAT=xml\n")
    assert refused(load).startswith("TANDEM_LOG_FORMAT: ")


def test_kept_settings_that_are_not_text_are_refused(load, data_dir):
    keep(data_dir, b"\xff\xfe\x00")
    assert refused(load).startswith("TANDEM_DATA_DIR: ")


def test_a_file_in_the_environment_wins_over_a_kept_value(load, data_dir, tmp_path):
    keep(data_dir, f"TANDEM_SECRET_KEY={KEY}\n")
    (tmp_path / "key").write_text(KEY.upper())
    assert load(TANDEM_SECRET_KEY_FILE=str(tmp_path / "key")).secret_key == KEY.upper()
