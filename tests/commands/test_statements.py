"""``tandem statements`` and ``tandem lrs``, as an admin runs them."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.messaging import outbox
from lti_tool.messaging.models import Delivery, DeliveryBody
from tests.builder import World


@pytest.fixture
def waiting(services: Services, world: World) -> list[uuid.UUID]:
    """Two statements that wait; their ids."""
    world.pair(signed=False)
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Delivery.key).order_by(Delivery.id)))


def kill(services: Services, key: uuid.UUID) -> None:
    with services.database.transaction() as db:
        db.execute(
            sa.update(Delivery)
            .where(Delivery.key == key)
            .values(status="dead", done_at=utcnow(), last_error="HTTP 400: no")
        )


def test_statements_are_listed_newest_first(run, waiting):
    listed = json.loads(run("statements", "list", "--json").output)
    assert [uuid.UUID(row["id"]) for row in listed] == waiting[::-1]


def test_only_dead_ones_are_listed_when_asked(run, services, waiting):
    kill(services, waiting[0])
    listed = json.loads(run("statements", "list", "--status", "dead", "--json").output)
    assert [uuid.UUID(row["id"]) for row in listed] == waiting[:1]


def test_an_empty_list_says_so(run):
    assert run("statements", "list").output == "No statements.\n"


def test_a_statement_is_shown_with_what_the_lrs_said(run, services, waiting):
    kill(services, waiting[0])
    shown = json.loads(run("statements", "show", str(waiting[0]), "--json").output)
    assert (shown["last_error"], shown["statement"]["id"]) == ("HTTP 400: no", str(waiting[0]))


def store(services: Services, key: uuid.UUID, body: bytes | None) -> None:
    """Put another body in place of a statement's; None: it was lost."""
    change = sa.delete(DeliveryBody) if body is None else sa.update(DeliveryBody).values(body=body)
    with services.database.transaction() as db:
        db.execute(change.where(DeliveryBody.key == key))


UNREADABLE = {"lost": None, "no-utf-8": b"\xff{", "cut-off": b'{"id": "x'}
unreadable = pytest.mark.parametrize("body", UNREADABLE.values(), ids=list(UNREADABLE))


@unreadable
def test_a_statement_that_cannot_be_read_hides_no_other(run, services, waiting, body):
    store(services, waiting[0], body)
    kill(services, waiting[0])
    listed = json.loads(run("statements", "list", "--json").output)
    assert [(uuid.UUID(row["id"]), row["timestamp"] is None) for row in listed] == [
        (waiting[1], False),
        (waiting[0], True),
    ]
    assert run("statements", "list").output.count("\n") == 3
    shown = json.loads(run("statements", "show", str(waiting[0]), "--json").output)
    assert (shown["last_error"], shown["statement"]) == ("HTTP 400: no", None)


@unreadable
def test_a_statement_that_cannot_be_read_is_left_out_of_the_export_which_says_so(
    run, services, waiting, body
):
    store(services, waiting[0], body)
    result = run("statements", "export")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [str(waiting[1])]
    assert (result.exit_code, result.stderr) == (
        0,
        "1 left out: what is stored of them was lost or damaged.\n",
    )


def test_of_a_statement_without_a_verb_all_is_shown(run, services, waiting):
    with services.database.transaction() as db:
        db.execute(sa.update(DeliveryBody).values(body=b'{"id": "odd"}'))
    shown = json.loads(run("statements", "show", str(waiting[0]), "--json").output)
    assert (shown["verb"], shown["statement"]) == (None, {"id": "odd"})


def test_what_was_lost_of_a_statement_for_one_store_hides_no_copy(run, services, waiting):
    """The first is the primary's, whose body was lost."""
    with services.database.transaction() as db:
        body = db.scalars(sa.select(DeliveryBody.body).where(DeliveryBody.key == waiting[0])).one()
        first = db.scalars(sa.select(Delivery).where(Delivery.key == waiting[0])).one()
        values = {"kind": first.kind, "key": first.key, "order_key": first.order_key, "body": body}
        outbox.enqueue(db, receiver="copy", **values)
        db.execute(sa.delete(DeliveryBody).where(DeliveryBody.delivery_id == first.id))
    shown = json.loads(run("statements", "show", str(waiting[0]), "--json").output)
    assert (shown["statement"], len(shown["also"])) == (None, 1)
    exported = run("statements", "export")
    assert (len(exported.stdout.splitlines()), exported.stderr) == (2, "")


@pytest.mark.sqlite_alone
def test_a_statement_that_was_written_as_text_is_exported(run, services, waiting):
    """As by hand; PostgreSQL takes no text there."""
    with services.database.transaction() as db:
        db.execute(sa.text("UPDATE delivery_body SET body = CAST(body AS TEXT)"))
    for command in ("export", "list"):
        output = run("statements", command).output
        assert [str(each) in output for each in waiting] == [True, True]


def test_an_unknown_statement_is_one_line(run):
    result = run("statements", "show", str(uuid.UUID(int=0)))
    assert (result.exit_code, result.output.count("\n")) == (1, 1)


def test_all_dead_letters_are_sent_again(run, services, waiting):
    kill(services, waiting[0])
    assert json.loads(run("statements", "retry", "--all", "--json").output) == {"sent_again": 1}


def test_one_dead_letter_is_sent_again(run, services, waiting):
    kill(services, waiting[0])
    kill(services, waiting[1])
    assert run("statements", "retry", str(waiting[0])).output == "1 to be sent again.\n"


def test_a_statement_that_waits_is_released(run, services, waiting):
    with services.database.transaction() as db:
        later = utcnow() + dt.timedelta(hours=1)
        db.execute(sa.update(Delivery).values(not_before=later, last_error="HTTP 409", failures=9))
    assert run("statements", "retry", str(waiting[0])).output == "1 to be sent again.\n"
    with services.database.reading() as db:
        due = db.scalars(
            sa.select(Delivery.key).where(Delivery.not_before <= utcnow(), Delivery.failures == 0)
        )
        assert due.all() == waiting[:1]


def test_a_statement_that_was_sent_is_not_sent_again(run, services, waiting):
    with services.database.transaction() as db:
        db.execute(sa.update(Delivery).values(status="sent", done_at=utcnow()))
    result = run("statements", "retry", str(waiting[0]))
    assert (result.exit_code, "nothing to send again" in result.output) == (1, True)


def test_sending_again_needs_to_know_what(run):
    assert run("statements", "retry").exit_code == 2


def test_everything_is_exported_in_order(run, waiting):
    lines = run("statements", "export").output.splitlines()
    assert [uuid.UUID(json.loads(line)["id"]) for line in lines] == waiting


def test_without_an_lrs_the_test_names_the_settings(run):
    result = run("lrs", "test")
    assert (result.exit_code, "TANDEM_LRS_ENDPOINT" in result.output) == (1, True)


def lrs_at(url: str) -> dict[str, str]:
    return {"TANDEM_LRS_ENDPOINT": url, "TANDEM_LRS_USERNAME": "someone", "TANDEM_LRS_PASSWORD": "secret"}


def test_an_lrs_that_answers_is_reported_to_answer(run, ralph):
    settings = {
        "TANDEM_LRS_ENDPOINT": ralph.endpoint,
        "TANDEM_LRS_USERNAME": ralph.username,
        "TANDEM_LRS_PASSWORD": ralph.password,
    }
    assert run("lrs", "test", **settings).exit_code == 0


def test_an_lrs_that_refuses_the_password_is_one_line(run, ralph):
    settings = {**lrs_at(ralph.endpoint), "TANDEM_LRS_USERNAME": ralph.username}
    result = run("lrs", "test", **settings)
    assert (result.exit_code, "refuses the credentials" in result.output) == (1, True)


def test_an_lrs_that_refuses_the_credentials_is_quoted(run, httpserver):
    httpserver.expect_request("/statements").respond_with_data("Your key expired on Monday.", status=403)
    result = run("lrs", "test", **lrs_at(httpserver.url_for("/")))
    assert "refuses the credentials of someone (403: Your key expired on Monday.)" in result.output


def test_an_address_that_is_no_lrs_is_one_line(run, httpserver):
    result = run("lrs", "test", **lrs_at(httpserver.url_for("/nothing")))
    assert (result.exit_code, "TANDEM_LRS_ENDPOINT must be the address" in result.output) == (1, True)


def test_an_lrs_that_is_away_is_one_line(run):
    result = run("lrs", "test", **lrs_at("http://127.0.0.1:9/xapi"))
    assert (result.exit_code, result.output.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/xapi", "Connection refused"),
        ("http://nobody.invalid/xapi", "Failed to resolve 'nobody.invalid'"),
    ],
)
def test_an_lrs_out_of_reach_is_reported_without_a_librarys_objects(run, url, words):
    output = run("lrs", "test", **lrs_at(url)).output
    assert (words in output, "object at 0x" in output, "Pool" in output) == (True, False, False)


def test_an_lrs_that_must_not_be_called_names_the_setting_that_allows_it(run):
    output = run("lrs", "test", TANDEM_ALLOW_PRIVATE_NETWORKS="no", **lrs_at("https://10.0.0.7/xapi")).output
    assert ("private network" in output, "TANDEM_ALLOWED_HOSTS" in output) == (True, True)


def test_the_test_can_be_read_by_a_script(run):
    result = run("lrs", "test", "--json", **lrs_at("http://127.0.0.1:9/xapi"))
    assert (result.exit_code, json.loads(result.output)["ok"]) == (1, False)


def test_a_worker_on_a_database_that_is_not_ready_is_one_line(run, tmp_path):
    result = run("worker", TANDEM_DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")
    assert (result.exit_code, "tandem migrate" in result.output) == (1, True)


def test_an_export_of_nothing_is_an_empty_file(run, tmp_path):
    run("statements", "export", "--output", str(tmp_path / "statements.jsonl"))
    assert (tmp_path / "statements.jsonl").read_text() == ""


def test_an_export_to_a_folder_that_is_not_there_is_refused(run, tmp_path):
    assert run("statements", "export", "--output", str(tmp_path / "nowhere" / "file")).exit_code == 1


@pytest.mark.parametrize(
    "words", [["statements"], ["lrs"], ["keys"], ["statements", "export"], ["lrs", "test"]]
)
def test_every_help_has_an_example(run, words):
    assert "Example" in run(*words, "--help").output


def test_a_grade_that_was_refused_is_not_sent_again(run):
    result = run("statements", "retry", "--all", "--kind", "score")
    assert (result.exit_code, "grades are sent again by `tandem scores resend`" in result.stderr) == (2, True)
