"""Running commands of ``tandem`` on a test's own installation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import tandem
from lti_tool.composition.services import Services

Run = Callable[..., Result]


@pytest.fixture
def run(services: Services) -> Run:
    """Run one command with the settings of ``services``, and with what is given besides as variables."""
    environment = {
        "TANDEM_DATABASE_URL": services.config.database_url,
        "TANDEM_DATA_DIR": str(services.config.data_dir),
        "TANDEM_SECRET_KEY": services.config.secret_key,
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    return lambda *words, **more: CliRunner().invoke(tandem, words, env={**environment, **more})
