"""``tandem line-items``: what was found and made, and deleting what the tool made."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from lti_tool.cli import tandem
from lti_tool.lti.launch.models import ResourceLink
from tests.builder.connected import connect
from tests.lti.ags.ungraded import Ungraded


@pytest.fixture
def ungraded(services, lms, httpserver, monkeypatch) -> Ungraded:
    config = services.config
    for name, value in {
        "BASE_URL": config.base_url,
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "DATA_DIR": str(config.data_dir),
        "ALLOW_PRIVATE_NETWORKS": "1",
    }.items():
        monkeypatch.setenv(f"TANDEM_{name}", value)
    found = Ungraded(connect(services, lms, httpserver, graded=False), "moodle")
    found.run(make=True)
    return found


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(tandem, ["line-items", *words])
    return result.exit_code, result.output


def test_one_that_was_made_is_listed_as_used(ungraded: Ungraded) -> None:
    status, output = run("list", "--json")
    [row] = json.loads(output)
    assert (status, row["id"], row["status"], row["used"]) == (0, str(ungraded.link_id), "made", "yes")


def test_one_to_which_grades_go_is_deleted_only_where_its_activity_is_gone(ungraded: Ungraded) -> None:
    status, output = run("delete", str(ungraded.link_id))
    assert (status, "grades go there" in output, len(ungraded.items())) == (2, True, 1)
    assert run("delete", str(ungraded.link_id), "--activity-gone") == (0, "Deleted.\n")
    assert (ungraded.items(), ungraded.record().status, ungraded.link().line_item_url) == ([], "absent", None)


def test_one_that_launches_do_not_use_any_more_is_deleted(ungraded: Ungraded) -> None:
    with ungraded.services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url="https://lms.example/coupled"))
    assert run("delete", str(ungraded.link_id))[0] == 0
    assert (ungraded.items(), ungraded.link().line_item_url) == ([], "https://lms.example/coupled")


def test_one_that_the_tool_did_not_make_is_left_alone(ungraded: Ungraded) -> None:
    with ungraded.services.database.transaction() as db:
        db.execute(sa.text("UPDATE own_line_item SET status = 'found'"))
    assert run("delete", str(ungraded.link_id), "--activity-gone")[0] == 2
    assert len(ungraded.items()) == 1


def test_one_that_the_platform_does_not_delete_stays_known(ungraded: Ungraded) -> None:
    with ungraded.lms.lms.store.transaction() as db:
        db.execute("UPDATE line_items SET coupled = 1")
    status, output = run("delete", str(ungraded.link_id), "--activity-gone")
    assert (status, "it was not deleted: HTTP 403" in output, ungraded.record().status) == (1, True, "made")
