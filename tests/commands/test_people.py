"""`tandem people`: the accounts of people, for whoever administers the record store."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lti_tool.commands.people import people
from lti_tool.config import Config
from tests.builder import World
from tests.enqueued import actor_of

Run = Callable[..., Result]


@pytest.fixture
def run(config: Config, world: World) -> Run:
    """Runs a command on the world's database."""
    environment = {
        "TANDEM_DATABASE_URL": config.database_url,
        "TANDEM_DATA_DIR": str(config.data_dir),
        "TANDEM_SECRET_KEY": config.secret_key,
        "TANDEM_BASE_URL": config.base_url,
    }

    def invoke(*arguments: str) -> Result:
        command: Any = people
        return CliRunner().invoke(command, arguments, env=environment, catch_exceptions=False)

    return invoke


def expected(world: World) -> list[dict[str, str]]:
    return [
        {
            "tool_home_page": "http://127.0.0.1:5000",
            "tool_account": actor_of(world, participant_id),
            "lms_home_page": "https://lms.example",
            "lms_account": subject,
            "shown": "opaque",
        }
        for participant_id, subject in ((world.mentor_id, "Inès Benali"), (world.mentee_id, "Paul Moreau"))
    ]


def test_the_map_is_csv(run: Run, world: World) -> None:
    lines = run("map").stdout.splitlines()
    assert list(csv.DictReader(lines)) == expected(world)


def test_the_map_can_be_read_by_a_script(run: Run, world: World) -> None:
    assert json.loads(run("map", "--json").stdout) == expected(world)


def test_the_map_of_one_organisation(run: Run, world: World) -> None:
    assert json.loads(run("map", "--json", "--organisation", "Example").stdout) == expected(world)


def test_an_unknown_organisation_is_one_line_and_a_code(run: Run) -> None:
    result = run("map", "--organisation", "Nobody Ltd")
    assert (result.exit_code, len(result.stderr.splitlines()), result.stdout) == (2, 1, "")
    assert "--organisation" in result.stderr
