"""The command line as a whole: what goes wrong is one clear line and a code, never a traceback."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import sqlalchemy as sa

from lti_tool.cli import COMMANDS, load, tandem
from lti_tool.database import Database
from tests.forked_command import run_forked


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``tandem`` as a person does, in a process of its own."""
    command = [sys.executable, "-c", "from lti_tool.cli import main; main()", *words]
    return subprocess.run(  # our own interpreter
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )


def run_quickly(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same, in a process that has imported the tool already."""
    return run_forked(words, {**os.environ, **environment})


def complaint(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line that a command which failed wrote."""
    assert ended.returncode != 0
    (line,) = ended.stderr.splitlines()
    return line


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A data folder whose database is no database."""
    (tmp_path / "tandem.db").write_text("this is no database, and long enough to be read as one" * 20)
    return tmp_path


@pytest.mark.parametrize(
    "command", [["migrate"], ["serve", "--port", "1"], ["worker"], ["registrations", "list"]]
)
def test_a_damaged_database_is_one_line(damaged, command):
    assert "file is not a database" in complaint(run_quickly(*command, TANDEM_DATA_DIR=str(damaged)))


@pytest.mark.parametrize("command", [["registrations", "list"], ["statements", "list"], ["invite"]])
def test_a_database_without_tables_is_one_line_that_says_who_helps(empty_database_url, tmp_path, command):
    ended = run_quickly(*command, TANDEM_DATA_DIR=str(tmp_path), TANDEM_DATABASE_URL=empty_database_url)
    assert "tandem doctor" in complaint(ended)


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--port", "1"]])
def test_a_database_of_a_newer_version_is_one_line(tmp_path, migrated_sqlite, command):
    shutil.copyfile(migrated_sqlite, tmp_path / "tandem.db")
    database = Database(f"sqlite:///{tmp_path / 'tandem.db'}")
    with database.transaction() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    database.dispose()
    assert "of another version of the tool" in complaint(run_quickly(*command, TANDEM_DATA_DIR=str(tmp_path)))


def test_a_host_that_nobody_knows_is_one_line(tmp_path):
    ended = run("serve", "--host", "nowhere.invalid", "--port", "1", TANDEM_DATA_DIR=str(tmp_path))
    assert complaint(ended) == "Error: cannot listen on nowhere.invalid:1: no such address"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_found_under_its_name(name):
    command = tandem.get_command(click.Context(tandem), name)
    assert (command.name if command else None) == name


def test_the_command_line_is_there_before_the_web_and_the_database():
    loaded = "import lti_tool.cli, sys; print(sorted({'sqlalchemy', 'flask', 'alembic'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_the_server_is_there_before_alembic():
    """It is needed for a database that is not current alone, and takes a tenth of the time to start."""
    loaded = "import sys, lti_tool.commands.serve; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("enabled", [True, False])
def test_loading_a_command_leaves_the_garbage_collector_as_it_was(monkeypatch, tmp_path, enabled):
    (tmp_path / "a_command.py").write_text("import gc\nwas_enabled = gc.isenabled()\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        assert load("a_command").was_enabled is False
        assert gc.isenabled() is enabled
        with pytest.raises(ModuleNotFoundError):
            load("no_command")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
        sys.modules.pop("a_command", None)
