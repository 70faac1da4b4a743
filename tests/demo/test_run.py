"""The demo as a stranger runs it: the command, in a folder of its own, on free ports."""

from __future__ import annotations

import contextlib
import html
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from lti_tool.demo.browser import Browser
from lti_tool.demo.lms.store import FIRST_PEOPLE
from lti_tool.demo.run import written_language
from lti_tool.demo.seeding.names import PEOPLE
from tests.forked_command import run_forked

REGISTERED = "http://adlnet.gov/expapi/verbs/registered"

TANDEM = [sys.executable, "-c", "from lti_tool.cli import main; main()", "demo"]


def free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture
def ports() -> list[str]:
    tool, lms, lrs = free_ports(3)
    return ["--port", str(tool), "--lms-port", str(lms), "--lrs-port", str(lrs)]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}


def people_of(folder: Path) -> list[str]:
    """The user names of everybody in the demo's LMS."""
    with contextlib.closing(sqlite3.connect(folder / "lms" / "lms.sqlite3")) as db:
        return [name for (name,) in db.execute("SELECT username FROM people ORDER BY id")]


def run(*options: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``folder``: where the command is run, and makes temporary files."""
    return subprocess.run(
        [*TANDEM, *options],
        env=environment() | ({"TMPDIR": str(folder)} if folder else {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def assert_the_second_course_says_how_far_people_are(lms_url: str) -> None:
    """As the tool knows it: somebody who has opened the activity meanwhile is said to have."""
    shown = [
        requests.get(f"{lms_url}courses/2", headers={"Accept-Language": tag}, timeout=10)
        for tag in ("en", "fr")
    ]
    english, french = (said_of_people(page.text) for page in shown)
    assert "has run for 11 weeks, with 12 pairs." in shown[0].text
    assert "Minh Anh (une rencontre contestée), Bernard (une rencontre à confirmer)," in shown[1].text
    assert english.keys() == french.keys() >= {f"{given} {family}" for given, family in PEOPLE}
    assert "Participant" not in english.values()
    assert [
        english[name] for name in ("Chloé Dubois", "Camille Petit", "Mehdi Cherif", "Louise Marchetti")
    ] == [
        "teaches · a meeting is contested",
        "teaches · 3 confirmed meetings",
        "teaches · no meeting yet",
        "teaches · on pause",
    ]
    assert (english["Sacha Moreau"], french["Théo Lefèvre"]) == (
        "does not take part",
        "transmet · parcours terminé",
    )
    assert french["Emma Vidal"] == "n’a jamais ouvert l’activité"
    emma = Browser("fr")
    person = re.search(r'value="(\d+)"(?=(?:(?!value=)[\s\S])*<strong>Emma Vidal)', shown[0].text)
    assert person is not None
    emma.open(f"{lms_url}login", {"person_id": person[1], "next": "/"})
    emma.open(f"{lms_url}launch/2")
    assert (
        said_of_people(emma.open(f"{lms_url}courses/2").text)["Emma Vidal"] == "n’a pas encore choisi de rôle"
    )


def said_of_people(page: str) -> dict[str, str]:
    """The line below the name of each person to choose."""
    lines = re.findall(r'<strong>([^<]+)</strong><span class="small">([^<]+)</span>', page)
    return {name: html.unescape(said) for name, said in lines}


def run_quickly(*options: str) -> subprocess.CompletedProcess[str]:
    """The same, in a process that has imported the tool already: for what is refused at once."""
    return run_forked(["demo", *options], environment())


def test_the_smoke_run_does_the_whole_loop_with_the_rules_of_canvas(tmp_path: Path, ports: list[str]) -> None:
    folder = ["--data", str(tmp_path / "demo"), *ports]
    done = run("--canvas", "--smoke", *folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the gradebook shows both as complete, with a grade" in done.stdout
    other = run_quickly("--smoke", *folder)
    assert (other.returncode, "has the rules of Canvas" in other.stderr) == (1, True), other.stderr


def test_the_smoke_run_does_the_whole_loop_and_again_in_the_same_folder(
    tmp_path: Path, ports: list[str]
) -> None:
    for _ in range(2):
        done = run("--smoke", "--data", str(tmp_path / "demo"), *ports)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the gradebook shows both as complete, with a grade" in done.stdout
        assert people_of(tmp_path / "demo") == [person[0] for person in FIRST_PEOPLE]
    replay = subprocess.run(
        [*TANDEM[:-1], "events", "replay", "--check"],
        env=environment() | {"TANDEM_DATA_DIR": str(tmp_path / "demo")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (replay.returncode, replay.stdout.count("identical")) == (0, 5), replay.stdout + replay.stderr


def test_the_demo_says_where_it_is_and_ends_within_five_seconds_of_ctrl_c(
    tmp_path: Path, ports: list[str]
) -> None:
    log = tmp_path / "demo.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*TANDEM, "--no-browser", "--data", str(tmp_path / "demo"), *ports],
            env=environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + 180
            while "Ctrl-C" not in log.read_text() and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.2)
            addresses = re.findall(r"http://\S+", log.read_text())
            assert len(addresses) == 3, log.read_text()
            assert requests.get(addresses[0], timeout=10).ok
            assert requests.get(addresses[1], timeout=10).ok
            [credentials] = re.findall(r"user (\S+), password (\S+)", log.read_text())
            held = requests.get(addresses[2], auth=credentials, timeout=10).json()["statements"]
            # Those of the second course alone: in the first one nothing has happened.
            assert {statement["verb"]["id"] for statement in held} >= {REGISTERED}
            assert len(people_of(tmp_path / "demo")) == len(FIRST_PEOPLE) + len(PEOPLE)
            assert_the_second_course_says_how_far_people_are(addresses[0])
            # A smoke run that is given no folder keeps away from this demo, and leaves nothing.
            (tmp_path / "elsewhere").mkdir()
            smoke = run("--smoke", *ports, folder=tmp_path / "elsewhere")
            assert (smoke.returncode, smoke.stdout.splitlines()[-1]) == (
                0,
                "Nothing of this run is left.",
            ), smoke.stdout + smoke.stderr
            assert list((tmp_path / "elsewhere").iterdir()) == []
            assert "A demo runs" not in smoke.stdout
            elsewhere = ["--data", str(tmp_path / "demo"), "--port", str(free_ports(1)[0])]
            for busy in (run_quickly("--no-browser", *elsewhere), run_quickly("--reset", *elsewhere)):
                assert (busy.returncode, "is in use: end the demo" in busy.stderr) == (1, True), busy.stderr
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 0
        finally:
            process.kill()
            process.wait()
    other = run_quickly("--no-browser", *elsewhere)
    assert other.stderr == (
        f"Error: This demo was made for ports {', '.join(ports[1::2])}. "
        "Use them again, or --reset, or --data FOLDER.\n"
    )


def test_a_port_that_is_taken_is_reported_in_one_line(tmp_path: Path, ports: list[str]) -> None:
    with socket.create_server(("127.0.0.1", int(ports[3]))):
        done = run_quickly("--no-browser", "--data", str(tmp_path / "demo"), *ports)
    assert done.returncode != 0
    assert f"port {ports[3]} cannot be used for the LMS" in done.stderr
    assert "Traceback" not in done.stderr


def test_reset_leaves_a_folder_alone_that_the_demo_did_not_make(tmp_path: Path, ports: list[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run_quickly("--reset", "--data", str(tmp_path), *ports)
    assert done.returncode != 0
    assert "was not made by the demo" in done.stderr
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "fr_CA.UTF-8"}, "fr"),
        ({"LANG": "C.UTF-8"}, "fr"),
        ({}, "fr"),
    ],
)
def test_people_write_in_the_language_of_the_shell_or_of_the_lms(
    environ: dict[str, str], language: str
) -> None:
    assert written_language(environ, otherwise="fr") == language


def test_two_servers_cannot_share_a_port(tmp_path: Path) -> None:
    done = run_quickly("--data", str(tmp_path), "--port", "5000", "--lms-port", "5000")
    assert done.returncode == 2
    assert "must be different" in done.stderr


@pytest.mark.parametrize("wrong", ["0", "70000", "web"])
def test_a_port_that_is_none_is_refused(wrong: str, tmp_path: Path) -> None:
    done = run_quickly("--data", str(tmp_path), "--port", wrong)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_folder_whose_mark_is_damaged_is_one_line(tmp_path: Path, ports: list[str]) -> None:
    (tmp_path / "demo.json").write_text('{"activ')
    done = run_quickly("--no-browser", "--data", str(tmp_path), *ports)
    assert done.stderr.startswith(f"Error: {tmp_path} cannot be used: ")
    assert done.stderr.count("\n") == 1


def test_an_lms_whose_data_is_damaged_is_one_line(tmp_path: Path, ports: list[str]) -> None:
    (tmp_path / "demo.json").write_text("{}")
    (tmp_path / "lms").mkdir()
    (tmp_path / "lms" / "lms.sqlite3").write_text("no database " * 100)
    done = run_quickly("--no-browser", "--data", str(tmp_path), *ports)
    assert (
        done.stderr == f"Error: {tmp_path} cannot be used: file is not a database. --reset starts afresh.\n"
    )


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, ports: list[str]) -> None:
    (tmp_path / "file").touch()
    done = run_quickly("--no-browser", "--data", str(tmp_path / "file" / "demo"), *ports)
    assert done.stderr.count("\n") == 1
    assert "cannot be used" in done.stderr
