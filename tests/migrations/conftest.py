"""Settings of a tool on a database that a test brings up to date itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from lti_tool.config import Config


@pytest.fixture
def config(empty_database_url: str, tmp_path: Path) -> Config:
    return Config(
        base_url="http://127.0.0.1:5000",
        data_dir=tmp_path,
        database_url=empty_database_url,
        secret_key="a secret that only the tests know, long enough",
        allow_private_networks=True,
    )
