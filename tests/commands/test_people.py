"""`tandem people`: the accounts of people, for whoever administers the record store."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lti_tool.commands.people import people
from lti_tool.config import Config
from lti_tool.mentoring.enrolment.people.queries import count_awaited
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


@pytest.fixture
def given(tmp_path: Path) -> Callable[[str], str]:
    """Writes a file of people; its path."""

    def write(text: str) -> str:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def awaited(world: World) -> int:
    with world.services.database.reading() as db:
        return count_awaited(db, world.cohort_id)


def test_people_are_added_from_a_file_and_a_dry_run_adds_nobody(run: Run, world: World, given) -> None:
    arguments = (
        "import",
        given("Role;E-mail;Shoe size\nmentor;a@example.org;44\n"),
        "--cohort",
        str(world.cohort_id),
    )
    would = run(*arguments, "--dry-run")
    assert (would.exit_code, would.stdout) == (0, "Of 1 people would be: 1 awaited.\n")
    assert would.stderr == "Not used: Shoe size\n"
    assert awaited(world) == 0
    assert json.loads(run(*arguments, "--json").stdout)["counts"] == {"awaited": 1}
    assert run(*arguments).stdout == "Of 1 people were: 1 unchanged.\n"
    assert awaited(world) == 1


def test_a_file_with_a_wrong_row_adds_nobody(run: Run, world: World, given) -> None:
    path = given("Role;E-mail\nmentor;a@example.org\nboss;b@example.org\n")
    result = run("import", path, "--cohort", str(world.cohort_id))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "row 3, Role: “boss” is no role. Write “mentor” or “mentee”.",
        "Nobody was added.",
    ]
    assert awaited(world) == 0


def test_a_file_that_is_no_list_or_a_cohort_that_is_none_is_one_line(run: Run, world: World, given) -> None:
    for text, cohort in (("", world.cohort_id), ("Role;E-mail\n", uuid.uuid4()), ("Role;E-mail\n", "x")):
        result = run("import", given(text), "--cohort", str(cohort))
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
