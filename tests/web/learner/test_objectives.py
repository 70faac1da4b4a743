"""Objectives in either direction: set, claimed, confirmed, removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.mentoring.journey import queries
from lti_tool.mentoring.journey.queries import CriterionLine, Progress
from lti_tool.mentoring.objectives.models import Objective
from tests.builder import situations

OBJECTIVE = {"title": "Animer une réunion", "direction": "mentor", "tag": "communication", "required": "yes"}


def only(services: Services) -> Objective:
    with services.database.reading() as db:
        return db.scalars(sa.select(Objective)).one()


def test_an_objective_is_kept_as_it_was_set(visit, services):
    visit(situations.begins).post("objectives", **OBJECTIVE)
    kept = only(services)
    assert (kept.title, kept.direction, kept.tag, kept.required) == (
        "Animer une réunion", "mentor", "communication", True,
    )  # fmt: skip


def test_a_box_left_empty_means_not_required(visit, services):
    form = {name: value for name, value in OBJECTIVE.items() if name != "required"}
    visit(situations.begins).post("objectives", **form)
    assert only(services).required is False


def test_an_objective_without_words_is_refused_and_the_rest_kept(visit):
    answer = visit(situations.begins).post("objectives", **{**OBJECTIVE, "title": ""})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    assert 'value="communication" checked' in answer.text


@pytest.mark.parametrize(
    ("move", "direction", "status"),
    [("claim", "mentee", "claimed"), ("reach", "mentor", "reached"), ("withdraw", "mentee", "withdrawn")],
)
def test_an_objective_moves(visit, services, move, direction, status):
    here = visit(situations.begins)
    here.post("objectives", **{**OBJECTIVE, "direction": direction})
    here.post(f"objectives/{only(services).id}", move=move)
    assert only(services).status == status


def test_nobody_confirms_an_objective_of_their_own(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **{**OBJECTIVE, "direction": "mentee"})
    answer = here.post(f"objectives/{only(services).id}", move="reach")
    assert answer.status_code == 409
    assert "Your partner confirms that you reached it." in answer.text


def test_somebody_elses_objective_is_not_there(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    assert (
        visit(situations.begins).post(f"objectives/{only(services).id}", move="withdraw").status_code == 404
    )


def test_a_title_cannot_bring_markup_into_the_page(visit):
    here = visit(situations.begins)
    here.post("objectives", **{**OBJECTIVE, "title": "<b id=evil>bold</b>"})
    assert "<b id=evil>" not in here.get("objectives").get_data(as_text=True)


@pytest.mark.parametrize("criterion_type", ["sessions", "objectives"])
def test_required_is_said_where_the_rule_asks_for_required_objectives(
    visit, services, monkeypatch, criterion_type
):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    criterion = CriterionLine(criterion_type, 0, 1, False, {"which": "required"})
    within = CriterionLine("any", 0, 1, False, children=(criterion,))
    monkeypatch.setattr(queries, "progress_from", lambda _record: Progress(criteria=(within,)))
    page = here.text("objectives")
    asked = criterion_type == "objectives"
    assert ("· required" in page, 'type="checkbox" id="required"' in page) == (asked, asked)
