"""``tandem lrs set``, ``list``, ``remove`` and ``test``, as an operator runs them, and statements for each store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity import organisations
from lti_tool.messaging import pauses
from lti_tool.messaging.models import LRS, Delivery, DeliveryKind, DeliveryPause, RecordStore
from tests.builder import Builder, World, add_registration
from tests.commands.running import Run
from tests.messaging.flaky_lrs import FlakyLRS, flaky_lrs

NOWHERE = "http://127.0.0.1:9/xapi"


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password.txt"
    path.write_text("sécret\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def set_store(run: Run, password: str) -> Run:
    """``tandem lrs set`` with a password, and an address where none answers unless one is given."""
    return lambda *words, endpoint=NOWHERE, **more: run(
        "lrs",
        "set",
        "--endpoint",
        endpoint,
        "--username",
        "someone",
        "--password-file",
        password,
        *words,
        **more,
    )


@pytest.fixture
def lrs() -> Iterator[FlakyLRS]:
    with flaky_lrs() as server:
        yield server


def pair_up(world: World) -> None:
    world.pair(signed=False)


def listed(run: Run, **settings: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("lrs", "list", "--json", **settings).output)
    return found


SETTINGS = {
    "TANDEM_LRS_ENDPOINT": "https://lrs.example/xapi",
    "TANDEM_LRS_USERNAME": "someone",
    "TANDEM_LRS_PASSWORD": "hidden",
}


def test_a_store_that_was_set_is_listed(run, set_store):
    assert set_store("--version", "2.0.0").exit_code == 0
    [store] = listed(run)
    assert (store["name"], store["endpoint"], store["version"], store["organisation"]) == (
        "primary",
        NOWHERE,
        "2.0.0",
        None,
    )


def test_no_password_is_ever_shown(run, set_store):
    outputs = [set_store().output, run("lrs", "list").output, run("lrs", "list", "--json").output]
    assert not any("sécret" in output for output in outputs)


def test_no_store_is_one_line(run):
    assert run("lrs", "list").output == "No LRS is set: statements wait.\n"


def test_the_settings_store_is_listed(run):
    [store] = listed(run, **SETTINGS)
    assert (store["name"], store["endpoint"], store["from_settings"]) == (
        "primary",
        "https://lrs.example/xapi",
        True,
    )


def test_a_store_that_was_set_comes_before_that_of_the_settings(run, set_store):
    set_store()
    assert [store["endpoint"] for store in listed(run, **SETTINGS)] == [NOWHERE]


def test_the_settings_store_may_have_a_copy(run, set_store):
    assert set_store("--name", "copy", **SETTINGS).exit_code == 0
    assert [store["name"] for store in listed(run, **SETTINGS)] == ["primary", "copy"]


def test_an_organisation_s_store_takes_over_what_waits(run, set_store, world):
    pair_up(world)
    result = json.loads(set_store("--organisation", "Example", "--json").output)
    assert (result["organisation"], result["taken_over"], result["waiting"]) == ("Example", 2, 2)


def test_a_registration_says_of_which_organisation_it_is(run, set_store, world):
    result = json.loads(set_store("--registration", str(world.registration_id), "--json").output)
    assert (result["organisation_id"], result["registration_id"]) == (
        str(world.organisation_id),
        str(world.registration_id),
    )


def test_a_registration_of_another_organisation_is_refused(run, set_store, world):
    other = Builder(world.services).world(issuer="https://other.example")
    words = ("--organisation", str(other.organisation_id), "--registration", str(world.registration_id))
    result = set_store(*words)
    assert (result.exit_code, "another organisation" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "Main store"], "--name must have 1 to 40 small letters"),
        (["--endpoint", "ftp://lrs.example"], "--endpoint must be an address"),
        (["--endpoint", "https://lrs.example/?key=1"], "--endpoint must be an address without a query"),
        (["--username", "a:b"], "--username must have no colon"),
        (["--username", ""], "--username must have 1 to 1000 characters"),
        (["--version", "1.0.4"], "--version must be 1.0.3 or 2.0.0"),
        (["--organisation", "Nobody Ltd"], "--organisation: there is no organisation"),
        (["--registration", "7"], "--registration '7' is not an id"),
        (
            ["--registration", "00000000-0000-0000-0000-000000000000"],
            "--registration: there is none with the id",
        ),
        (["--name", "copy"], "the first record store is called primary"),
    ],
)
def test_bad_input_is_one_line_that_names_the_option(run, set_store, words, said):
    result = set_store(*words)
    assert (result.exit_code in (1, 2), said in result.stderr, result.stderr.count("\n")) == (True, True, 1)
    assert listed(run) == []


def test_an_empty_password_is_refused(run, tmp_path):
    (tmp_path / "empty").write_text("\n")
    result = run(
        "lrs", "set", "--endpoint", NOWHERE, "--username", "u", "--password-file", str(tmp_path / "empty")
    )
    assert (result.exit_code, "--password-file must have" in result.stderr) == (2, True)


def test_a_new_store_needs_a_password(run):
    result = run("lrs", "set", "--endpoint", NOWHERE, "--username", "someone")
    assert (result.exit_code, "password" in result.stderr, result.stderr.count("\n")) == (1, True, 1)


def test_the_password_stays_when_only_the_version_changes(run, set_store, services):
    set_store()
    words = ("lrs", "set", "--endpoint", NOWHERE, "--username", "someone", "--version", "2.0.0")
    assert run(*words).exit_code == 0
    with services.database.reading() as db:
        store = db.scalars(sa.select(RecordStore)).one()
    assert (store.version, services.vault.open(store.password).decode()) == ("2.0.0", "sécret")


def test_the_password_does_not_go_to_another_address(run, set_store):
    set_store()
    result = run("lrs", "set", "--endpoint", "https://elsewhere.example", "--username", "someone")
    assert (result.exit_code, "password" in result.stderr) == (1, True)


def test_a_store_with_nothing_waiting_is_removed(run, set_store):
    set_store()
    assert run("lrs", "remove", "primary").output == "Removed primary.\n"
    assert listed(run) == []


def test_a_store_for_which_statements_wait_is_removed_only_when_that_is_said(run, set_store, world):
    set_store("--organisation", "Example")
    pair_up(world)
    words = ("lrs", "remove", "primary", "--organisation", "Example")
    refused = run(*words)
    assert (refused.exit_code, "2 statements wait" in refused.stderr, "--yes" in refused.stderr) == (
        1,
        True,
        True,
    )
    assert len(listed(run)) == 1
    removed = json.loads(run(*words, "--yes", "--json").output)
    assert removed == {"removed": "primary of Example", "waiting": 2, "dead": 0}


def test_where_waiting_statements_would_go_is_said(run, set_store, world):
    set_store("--organisation", "Example")
    pair_up(world)
    words = ("lrs", "remove", "primary", "--organisation", "Example")
    assert "they wait until another is set" in run(*words).stderr
    assert run(*words, **SETTINGS).stderr == (
        "Error: 2 statements wait for it: they go to https://lrs.example/xapi; to do so, add --yes\n"
    )


@pytest.fixture
def second_platform(services: Services, world: World) -> str:
    """The id of a second registration of the world's organisation."""
    with services.database.transaction() as db:
        organisation = organisations.find(db, str(world.organisation_id))
        return str(add_registration(db, organisation, "https://second.example")[0].id)


def test_a_store_for_one_platform_alone_says_that_statements_of_the_others_wait(
    run, set_store, second_platform
):
    words = ("--organisation", "Example", "--registration", second_platform)
    said = set_store(*words).output
    assert f'tandem lrs test primary --organisation "Example" --registration {second_platform}\n' in said
    assert "Statements of its other platforms wait" in said
    assert 'tandem lrs set --organisation "Example"' in said
    set_store("--organisation", "Example")
    assert "other platforms" not in set_store(*words).output
    assert json.loads(set_store(*words, "--json").output)["other_platforms_wait"] is False


def test_statements_without_a_store_are_listed_as_such(run, set_store, world, second_platform):
    set_store("--registration", second_platform)
    pair_up(world)
    assert [row["store"] for row in json.loads(run("statements", "list", "--json").output)] == ["none"] * 2


def test_a_removal_after_which_statements_go_to_a_shared_store_says_so(
    run, set_store, world, second_platform
):
    set_store("--registration", second_platform)
    pair_up(world)
    words = ("lrs", "remove", "primary", "--registration", second_platform)
    Builder(world.services).world(issuer="https://other.example")
    refused = run(*words, **SETTINGS)
    assert refused.stderr == (
        "Error: 2 statements wait of the organisation's other platforms: they go to https://lrs.example/xapi, "
        "which other organisations use too; to do so, add --yes\n"
    )


def test_refused_statements_are_said_to_move_too(run, set_store, world, services, lrs):
    set_store("--organisation", "Example", endpoint=lrs.url)
    pair_up(world)
    lrs.fault = 400
    with services.database.reading() as db:
        receiver = str(db.scalars(sa.select(RecordStore.id)).one())
    make_worker(services).deliver(DeliveryKind.STATEMENT, receiver)
    refused = run("lrs", "remove", "primary", "--organisation", "Example", **SETTINGS)
    assert refused.stderr == (
        "Error: it refused 2: they go to https://lrs.example/xapi, those that it refused too; to do so, add --yes\n"
    )


def test_an_organisation_without_a_store_of_its_own_is_said_to_use_the_installations(run, set_store, world):
    set_store()
    result = run("lrs", "test", "--organisation", "Example")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Example has no LRS of its own and uses the installation's: tandem lrs test\n",
    )


def test_a_platform_without_a_store_of_its_own_is_said_to_use_its_organisations(run, set_store, world):
    set_store("--organisation", "Example")
    result = run("lrs", "test", "--registration", str(world.registration_id))
    assert 'uses that of Example: tandem lrs test --organisation "Example"' in result.stderr


def test_a_platform_whose_statements_wait_is_said_to_have_none(run, set_store, world, second_platform):
    set_store("--registration", second_platform)
    result = run("lrs", "test", "--registration", str(world.registration_id))
    assert 'its statements wait: tandem lrs set --organisation "Example"' in result.stderr


def test_the_settings_store_is_not_removed_by_command(run):
    result = run("lrs", "remove", "primary", **SETTINGS)
    assert (result.exit_code, "TANDEM_LRS_ENDPOINT" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["remove", "test"])
def test_an_unknown_store_is_one_line(run, command):
    result = run("lrs", command, "archive")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_stored_lrs_that_answers_is_reported_to_answer(run, services, ralph, tmp_path):
    (tmp_path / "ralph").write_text(ralph.password)
    words = ("lrs", "set", "--endpoint", ralph.endpoint, "--username", ralph.username)
    run(*words, "--password-file", str(tmp_path / "ralph"))
    result = run("lrs", "test")
    assert (result.exit_code, "answers and takes the credentials" in result.output) == (0, True)


def test_every_store_is_tested_unless_one_is_named(run, set_store, world):
    set_store()
    set_store("--organisation", "Example")
    everything = json.loads(run("lrs", "test", "--json").output)
    theirs = json.loads(run("lrs", "test", "primary", "--organisation", "Example", "--json").output)
    assert (len(everything["stores"]), [store["organisation"] for store in theirs["stores"]]) == (
        2,
        ["Example"],
    )
    assert everything["ok"] is False


def test_a_changed_store_is_asked_at_once(run, set_store, services, world, lrs):
    """Its pause ends with the change, in workers that run too."""
    set_store()
    pair_up(world)
    worker = make_worker(services)
    worker.deliver(DeliveryKind.STATEMENT, LRS)
    assert listed(run)[0]["last_failure"] is not None
    set_store(endpoint=lrs.url)
    while worker.deliver(DeliveryKind.STATEMENT, LRS):
        pass
    assert len(lrs.held) == 2


# Statements of several stores


@pytest.fixture
def refused_by_the_copy(run, set_store, services, world, lrs) -> None:
    """Two statements that the primary took and the copy refused."""
    set_store(endpoint=lrs.url)
    set_store("--name", "copy", endpoint=lrs.url)
    pair_up(world)
    worker = make_worker(services)
    worker.deliver(DeliveryKind.STATEMENT, LRS)
    with services.database.reading() as db:
        copy = str(db.scalars(sa.select(RecordStore.id).where(RecordStore.name == "copy")).one())
    lrs.fault = 400
    worker.deliver(DeliveryKind.STATEMENT, copy)
    lrs.fault = None


def test_statements_are_listed_for_each_store(run, refused_by_the_copy):
    rows = json.loads(run("statements", "list", "--json").output)
    assert sorted((row["store"], row["status"]) for row in rows) == [
        ("copy", "dead"),
        ("copy", "dead"),
        ("primary", "sent"),
        ("primary", "sent"),
    ]
    assert len(json.loads(run("statements", "list", "--store", "copy", "--json").output)) == 2


def test_the_list_of_statements_has_their_reason_and_their_organisation(run, refused_by_the_copy):
    rows = json.loads(run("statements", "list", "--status", "dead", "--json").output)
    assert {(row["organisation"], row["last_error"][:8]) for row in rows} == {("Example", "HTTP 400")}
    lines = run("statements", "list", "--status", "dead").output.splitlines()
    assert lines[0].split()[-2:] == ["ORGANISATION", "LAST_ERROR"]
    assert all("Example" in line and "HTTP 400" in line for line in lines[1:])


def test_a_statement_is_shown_with_what_each_store_said(run, refused_by_the_copy):
    identifier = json.loads(run("statements", "list", "--json").output)[0]["id"]
    shown = json.loads(run("statements", "show", identifier, "--json").output)
    assert (shown["store"], shown["status"]) == ("primary", "sent")
    assert [(each["store"], each["last_error"][:8]) for each in shown["also"]] == [("copy", "HTTP 400")]
    assert "also for copy: dead HTTP 400" in run("statements", "show", identifier).output


def test_statements_of_one_store_are_sent_again(run, refused_by_the_copy):
    assert run("statements", "retry", "--all", "--store", "primary").output == "0 to be sent again.\n"
    assert run("statements", "retry", "--all", "--store", "copy").output == "2 to be sent again.\n"


def test_each_statement_is_exported_once(run, refused_by_the_copy):
    assert len(run("statements", "export").output.splitlines()) == 2


def test_an_unknown_store_of_statements_is_one_line(run):
    result = run("statements", "list", "--store", "archive")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_sending_again_ends_the_pause(run, set_store, services, world):
    set_store()
    pair_up(world)
    make_worker(services).deliver(DeliveryKind.STATEMENT, LRS)
    assert run("statements", "retry", "--all").output == "2 to be sent again.\n"
    with services.database.reading() as db:
        assert pauses.read(db, DeliveryKind.STATEMENT).rows == []
        assert db.scalars(sa.select(DeliveryPause)).all() == []
        assert db.scalar(sa.select(sa.func.max(Delivery.not_before))) <= utcnow()


# Organisations


def test_organisations_that_both_have_a_store_are_not_merged(run, set_store, world):
    other = Builder(world.services).world(issuer="https://other.example")
    for world_id in (world.organisation_id, other.organisation_id):
        set_store("--organisation", str(world_id))
    result = run("organisations", "merge", str(world.organisation_id), str(other.organisation_id))
    assert (result.exit_code, "tandem lrs remove" in result.stderr) == (1, True)


@pytest.mark.parametrize("words", [["set"], ["list"], ["remove"], ["test"]])
def test_every_help_has_an_example(run, words):
    assert "Example" in run("lrs", *words, "--help").output
