"""``tandem templates``: list, export and import, and what is said of a file that is no template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity import organisations
from lti_tool.mentoring.programmes.template import load_template, template_codes
from tests.commands.running import Run


@pytest.fixture
def run(run: Run) -> Run:
    """Run a command of ``tandem templates``."""
    return lambda *words: run("templates", *words)


@pytest.fixture
def company(run: Run, services: Services) -> str:
    name = "Example Ltd"
    with services.database.transaction() as db:
        organisations.add(db, name)
    return name


def test_a_template_is_exported_changed_and_imported_as_a_company_s_own(
    run: Run, company: str, services: Services, tmp_path: Path
) -> None:
    exported = run("export", "digital-skills", "--language", "fr").stdout
    assert exported.startswith("# Un modèle de programme.")
    file = tmp_path / "ours.yaml"
    file.write_text(exported.replace("code: digital-skills", "code: ours", 1), encoding="utf-8")
    for changed in (True, False):
        answer = json.loads(run("import", str(file), "--json").stdout)
        assert answer == {"code": "ours", "version": 1, "changed": changed}
    listed = json.loads(run("list", "--organisation", company, "--json").stdout)
    assert {row["code"]: row["kind"] for row in listed} == {
        **dict.fromkeys(template_codes(), "built-in"),
        "ours": "own",
    }
    document = json.loads(run("export", "ours", "--json").stdout)
    assert document == {**load_template("digital-skills").document(), "code": "ours"}
    with services.database.reading() as db:
        event = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
    assert (event.kind, event.acted_by_kind) == ("TemplateAdded", "operator")


def test_a_file_with_the_code_of_a_built_in_template_says_that_it_takes_its_place(
    run: Run, company: str, tmp_path: Path
) -> None:
    file = tmp_path / "changed.yaml"
    changed = run("export", "digital-skills").stdout.replace("sessions: 6", "sessions: 9", 1)
    file.write_text(changed, encoding="utf-8")
    assert "as version 1, in place of the built-in template." in run("import", str(file)).stdout
    listed = json.loads(run("list", "--organisation", company, "--json").stdout)
    assert [row["kind"] for row in listed if row["code"] == "digital-skills"] == ["own"]


def test_what_is_wrong_with_a_file_is_one_line_that_names_its_line(
    run: Run, company: str, tmp_path: Path
) -> None:
    lines = run("export", "digital-skills").stdout.splitlines()
    at = lines.index("rhythm:") + 1
    file = tmp_path / "ours.yaml"
    file.write_text("\n".join([*lines[:at], "  tempo: fast", *lines[at:]]), encoding="utf-8")
    answer = run("import", str(file))
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"Error: {file}, line {at + 1}: rhythm › tempo: This is not expected here.\n",
    )
    for right, wrong, said in (
        ("evidence: [partner", "evidence: [boss", "Write one of these: self, partner, tutor, xapi."),
        ("mode: all", "mode: every", "Write one of these: all, any, at_least."),
        ("code: digital-skills", "code: Digital Skills", "Write small letters, digits and hyphens alone."),
    ):
        text = "\n".join(lines)
        assert right in text
        file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
        assert run("import", str(file)).stderr.endswith(f": {said}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "nothing-like-it"), "there is no template 'nothing-like-it'"),
        (("import", "no-such-file.yaml"), "no-such-file.yaml: No such file or directory"),
        (("list", "--organisation", "Nobody"), "--organisation: there is no organisation 'Nobody'"),
    ],
)
def test_bad_input_ends_in_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    answer = run(*words)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_whose_template_it_is_has_to_be_said_where_there_are_several_companies(
    run: Run, company: str, services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(run("export", "blank").stdout, encoding="utf-8")
    with services.database.transaction() as db:
        organisations.add(db, "Another Ltd")
    assert "--organisation: say whose template it is" in run("import", str(file)).stderr
    assert run("import", str(file), "--organisation", company).exit_code == 0
