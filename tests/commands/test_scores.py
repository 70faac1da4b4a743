"""``tandem scores``: where each grade is, and sending grades again, against a strict LMS."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from lti_tool.cli import tandem
from lti_tool.health_checks.deliveries import deliveries
from lti_tool.identity.models import Organisation
from lti_tool.lti.ags.models import GradeStatus, MissingLineItem
from lti_tool.lti.launch.models import ResourceLink
from tests.builder import add_course, add_link, add_registration
from tests.builder.connected import MENTEE, MENTOR, Connected
from tests.lti.ags.reading_back import ReadingBack


@pytest.fixture
def book(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> ReadingBack:
    config = connected.services.config
    for name, value in {
        "BASE_URL": config.base_url,
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "DATA_DIR": str(config.data_dir),
        "ALLOW_PRIVATE_NETWORKS": "1",
    }.items():
        monkeypatch.setenv(f"TANDEM_{name}", value)
    return ReadingBack(connected)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(tandem, ["scores", *words])
    return result.exit_code, result.output


def listed(*words: str) -> list[dict[str, object]]:
    status, output = run("list", "--json", *words)
    assert status == 0, output
    found: list[dict[str, object]] = json.loads(output)
    return found


def test_each_grade_is_listed_with_what_should_stand_and_why_it_does_not(book: ReadingBack) -> None:
    book.complete(MENTOR)
    book.enrol(enrolled=False)
    book.complete()
    assert {(row["person"], row["status"], row["should"], row["refusal"]) for row in listed()} == {
        (f"Person {MENTOR}", "recorded", 100, None),
        (f"Person {MENTEE}", "refused", 100, "not_a_learner"),
    }
    assert {row["unreadable_since"] for row in listed()} == {None}
    [refused] = listed("--status", "refused")
    assert str(refused["reason"]).startswith("HTTP 400")
    assert listed("--person", f"Person {MENTEE}") == [refused]


def test_a_grade_that_was_taken_away_twice_is_sent_again_when_an_operator_asks(book: ReadingBack) -> None:
    book.complete()
    book.take_away_twice()
    assert book.status() is GradeStatus.REMOVED
    status, output = run("resend", "--person", f"Person {MENTEE}", "--json")
    assert (status, json.loads(output)["sent_again"]) == (0, 1)
    assert (book.grade(), book.status()) == (100, GradeStatus.RECORDED)


@pytest.mark.parametrize("chosen", [("--all",), ("--course", "1")])
def test_all_grades_of_a_course_are_sent_again_and_somebodys_own_is_kept(
    book: ReadingBack, chosen: tuple[str, ...]
) -> None:
    for subject in (MENTOR, MENTEE):
        book.complete(subject)
    book.enter(55, MENTOR)
    book.teach(lambda db: db.execute("DELETE FROM scores WHERE person_id = ?", (int(MENTEE),)))
    book.later(hours=1)
    status, output = run("resend", *chosen, "--json")
    assert (status, json.loads(output)["sent_again"]) == (0, 1)
    assert (book.grade(MENTOR), book.grade(MENTEE)) == (55, 100)


@pytest.mark.parametrize(
    "words",
    [
        ("resend",),
        ("resend", "--all", "--person", "x"),
        ("resend", "--person", "nobody"),
        ("resend", "--course", "none"),
        ("list", "--status", "lost"),
    ],
)
def test_bad_input_is_one_line(book: ReadingBack, words: tuple[str, ...]) -> None:
    status, output = run(*words)
    assert (status, "Traceback" in output) == (2, False)


def test_an_address_that_another_platform_names_too_leads_to_nobody_elses_course(book: ReadingBack) -> None:
    book.complete()
    book.take_away_twice()
    world = book.connected.world
    with book.services.database.transaction() as db:
        mine = db.get_one(ResourceLink, world.resource_link_id)
        organisation = db.get_one(Organisation, world.organisation_id)
        _registration, deployment = add_registration(db, organisation, "https://second.example")
        theirs = add_link(db, add_course(db, deployment.id, "another course"), "activity")
        theirs.line_item_url = mine.line_item_url
        theirs.created_at = mine.created_at + dt.timedelta(days=1)
    assert [row["course_id"] for row in listed()] == [str(world.course_id)]
    status, output = run("resend", "--person", f"Person {MENTEE}", "--json")
    assert (status, json.loads(output)["sent_again"], book.grade()) == (0, 1, 100)


def test_the_doctor_names_a_grade_that_was_taken_away_as_long_as_it_can_be_sent_again(
    book: ReadingBack,
) -> None:
    book.complete()
    book.take_away_twice()
    [words] = [words for _verdict, words, _fix in deliveries(book.services) if "deleted again" in words]
    assert f"Person {MENTEE}" in words
    with book.services.database.transaction() as db:
        db.get_one(
            ResourceLink, book.connected.world.resource_link_id
        ).line_item_url = "https://lms.example/2"
    assert not [words for _verdict, words, _fix in deliveries(book.services) if "deleted again" in words]


def test_a_grade_whose_line_item_rests_says_since_when(book: ReadingBack) -> None:
    book.enrol(enrolled=False)
    book.complete()
    since = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    with book.services.database.transaction() as db:
        db.add(
            MissingLineItem(
                registration_id=book.connected.world.registration_id,
                line_item_url=book.connected.line_item,
                answers=5,
                began_at=since,
                reason="HTTP 404",
                rests_since=since,
            )
        )
    [row] = listed()
    assert str(row["rests_since"]).startswith("2026-11-20")
    assert "rests since 2026-11-20: HTTP 400" in run("list")[1]
    # Whoever asks for it has it asked again.
    book.enrol()
    assert run("resend", "--all")[0] == 0
    # Timestamps of scores are whole seconds: a second one of the same second waits for the next.
    book.deliver()
    assert (book.grade(), [row["rests_since"] for row in listed()]) == (100, [None])
