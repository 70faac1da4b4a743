"""Secrets at rest."""

from __future__ import annotations

import pytest

from lti_tool.encryption import SecretKeyChanged, Vault

SECRET, FORMER = "a" * 40, "b" * 40


def test_what_was_sealed_can_be_opened() -> None:
    assert Vault(SECRET).open(Vault(SECRET).seal(b"key")) == b"key"


def test_what_was_sealed_does_not_show() -> None:
    assert b"key" not in Vault(SECRET).seal(b"key")


def test_another_secret_key_opens_nothing() -> None:
    with pytest.raises(SecretKeyChanged, match="TANDEM_SECRET_KEY"):
        Vault(FORMER).open(Vault(SECRET).seal(b"key"))


def test_a_former_secret_key_still_opens() -> None:
    assert Vault(SECRET, FORMER).open(Vault(FORMER).seal(b"key")) == b"key"


def test_the_present_secret_key_seals() -> None:
    assert Vault(SECRET).open(Vault(SECRET, FORMER).seal(b"key")) == b"key"
