"""``tandem seed``: what it refuses, each in one line. What it makes: ``tests/demo/seeding``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import tandem
from lti_tool.config import Config
from tests.builder import Builder


def run(config: Config, *options: str) -> Result:
    environment = {"TANDEM_DATA_DIR": str(config.data_dir), "TANDEM_DATABASE_URL": config.database_url}
    return CliRunner().invoke(tandem, ["seed", *options], env=environment)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "say how many"),
        (["--people", "4"], "people and meetings need a programme"),
        (
            ["--programmes", "3", "--people", "5", "--sessions", "1"],
            "meetings need two people in each programme",
        ),
    ],
)
def test_half_a_number_is_refused(services, config, options, sentence):
    ran = run(config, *options)
    assert (ran.exit_code, sentence in ran.output) == (2, True), ran.output


def test_invented_people_do_not_stand_among_real_ones(services, config):
    Builder(services).cohort()
    ran = run(config, "--programmes", "1", "--people", "2")
    assert (ran.exit_code, "https://lms.example is connected here" in ran.output) == (1, True), ran.output
