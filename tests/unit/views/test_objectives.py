"""Objectives in either direction: set, claimed, confirmed, let go."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.mentoring.models import Objective
from lti_tool.tool import Tool
from tests.unit.views import scenes

OBJECTIVE = {"title": "Animer une réunion", "direction": "mentor", "tag": "communication", "required": "yes"}


def only(tool: Tool) -> Objective:
    with tool.database.reading() as db:
        return db.scalars(sa.select(Objective)).one()


def test_an_objective_is_kept_as_it_was_set(visit, tool):
    visit(scenes.begins).post("objectives", **OBJECTIVE)
    kept = only(tool)
    assert (kept.title, kept.direction, kept.tag, kept.required) == (
        "Animer une réunion", "mentor", "communication", True,
    )  # fmt: skip


def test_a_box_left_empty_means_not_required(visit, tool):
    form = {name: value for name, value in OBJECTIVE.items() if name != "required"}
    visit(scenes.begins).post("objectives", **form)
    assert only(tool).required is False


def test_an_objective_without_words_is_refused_and_the_rest_kept(visit):
    answer = visit(scenes.begins).post("objectives", **{**OBJECTIVE, "title": ""})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    assert 'value="communication" checked' in answer.text


@pytest.mark.parametrize(
    ("move", "direction", "status"),
    [("claim", "mentee", "claimed"), ("reach", "mentor", "reached"), ("drop", "mentee", "dropped")],
)
def test_an_objective_moves(visit, tool, move, direction, status):
    here = visit(scenes.begins)
    here.post("objectives", **{**OBJECTIVE, "direction": direction})
    here.post(f"objectives/{only(tool).id}", move=move)
    assert only(tool).status == status


def test_nobody_confirms_an_objective_of_their_own(visit, tool):
    here = visit(scenes.begins)
    here.post("objectives", **{**OBJECTIVE, "direction": "mentee"})
    answer = here.post(f"objectives/{only(tool).id}", move="reach")
    assert answer.status_code == 409
    assert "Your partner confirms that you reached it." in answer.text


def test_somebody_elses_objective_is_not_there(visit, tool):
    here = visit(scenes.begins)
    here.post("objectives", **OBJECTIVE)
    assert visit(scenes.begins).post(f"objectives/{only(tool).id}", move="drop").status_code == 404


def test_a_title_cannot_bring_markup_into_the_page(visit):
    here = visit(scenes.begins)
    here.post("objectives", **{**OBJECTIVE, "title": "<b id=evil>bold</b>"})
    assert "<b id=evil>" not in here.get("objectives").get_data(as_text=True)
