"""Every command on a database that is not there or not at this version: one line that says what to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from lti_tool.cli import tandem
from lti_tool.database import Database
from lti_tool.migrations import SchemaState, migrate, schema_state
from tests.databases import KeptCopies

WITHOUT_A_DATABASE = {"migrate", "serve", "doctor", "demo"}
"""They bring it up to date, or say what is wrong with it themselves."""


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(leaves(tandem))


def acceptable(parameter: click.Parameter, readable: Path) -> str:
    """A value that the command line takes for a parameter."""
    if isinstance(parameter.type, click.File | click.Path):
        return str(readable)
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    if isinstance(parameter.type, click.types.IntParamType):
        return "1"
    return "00000000-0000-4000-8000-000000000000"


def words_for(path: tuple[str, ...], command: click.Command, readable: Path) -> list[str]:
    """The words of a command with everything that it requires."""
    words = list(path)
    for parameter in command.params:
        if not parameter.required:
            continue
        value = acceptable(parameter, readable)
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return words


Run = Callable[..., dict[str, Result]]


@pytest.fixture
def run_all(tmp_path: Path) -> Run:
    """Run every command that needs a database on this one; their results by their names."""
    readable = tmp_path / "password.txt"
    readable.write_text("secret\n")

    def run(database_url: str) -> dict[str, Result]:
        environment = {"TANDEM_DATABASE_URL": database_url, "TANDEM_DATA_DIR": str(tmp_path)}
        return {
            " ".join(path): CliRunner().invoke(tandem, words_for(path, command, readable), env=environment)
            for path, command in COMMANDS.items()
            if path[0] not in WITHOUT_A_DATABASE
        }

    return run


def faults(results: dict[str, Result], *said: str) -> dict[str, object]:
    """The commands that did not end in one line with these words."""
    assert len(results) > 25
    return {
        name: (result.output, result.exception)
        for name, result in results.items()
        if result.exit_code != 1
        or not isinstance(result.exception, SystemExit)
        or len(result.output.splitlines()) != 1
        or any(word not in result.output for word in said)
    }


def test_every_command_that_needs_a_database_says_so() -> None:
    needing = {
        path[0] for path, command in COMMANDS.items() if getattr(command.callback, "needs_database", False)
    }
    assert needing == {path[0] for path in COMMANDS} - WITHOUT_A_DATABASE


def test_a_database_that_is_not_there_is_not_made(run_all: Run, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.db"
    assert faults(run_all(f"sqlite:///{path}"), "there is no database at", "tandem migrate") == {}
    assert not path.exists()


def test_a_database_without_tables_is_to_be_migrated(run_all: Run, empty_database_url: str) -> None:
    found = run_all(empty_database_url)
    said = "no database at" if empty_database_url.startswith("sqlite") else "has no tables of this tool yet"
    assert faults(found, said, "tandem migrate") == {}


def test_an_empty_file_is_to_be_migrated(run_all: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    found = run_all(f"sqlite:///{tmp_path / 'empty.db'}")
    assert faults(found, "has no tables of this tool yet", "tandem migrate") == {}


@pytest.mark.parametrize("revision", ["0001", "0003", "0009"])
def test_a_database_of_an_older_version_is_to_be_migrated(
    run_all: Run, empty_database_url: str, revision: str
) -> None:
    database = Database(empty_database_url)
    migrate(database, revision)
    assert faults(run_all(empty_database_url), "an older version", "tandem migrate") == {}
    # Nothing was changed by any of them.
    assert schema_state(database) is SchemaState.OLDER
    database.dispose()


def test_a_database_of_a_newer_version_needs_that_version(
    run_all: Run, empty_database_url: str, kept_copies: KeptCopies
) -> None:
    database = Database(empty_database_url)

    def make() -> None:
        migrate(database)
        database.dispose()

    kept_copies.copy_to(empty_database_url, "migrated_here", make)
    with database.transaction() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    assert faults(run_all(empty_database_url), "most likely a newer one") == {}
    database.dispose()


def test_no_command_that_needs_a_database_makes_a_data_folder(tmp_path: Path) -> None:
    environment = {"TANDEM_DATA_DIR": str(tmp_path / "misspelt")}
    results = {
        path: CliRunner().invoke(tandem, words_for(path, command, Path(__file__)), env=environment)
        for path, command in COMMANDS.items()
        if path[0] not in WITHOUT_A_DATABASE
    }
    assert (
        faults({" ".join(path): result for path, result in results.items()}, "misspelt", "tandem migrate")
        == {}
    )
    assert not (tmp_path / "misspelt").exists()
