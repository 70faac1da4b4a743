"""Objectives in either direction: proposed, agreed, edited, worked on, claimed, confirmed, removed."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.mentoring.journey import queries
from lti_tool.mentoring.journey.views import CriterionLine, Progress
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.roles import Role
from tests.builder import situations
from tests.builder.situations import Situation
from tests.forms import forms_of
from tests.web.forms.typed import meeting
from tests.web.visiting import as_partner

OBJECTIVE = {"title": "Animer une réunion", "direction": "mentor", "tag": "communication", "required": "yes"}


def only(services: Services) -> Objective:
    with services.database.reading() as db:
        return db.scalars(sa.select(Objective)).one()


def agree(services: Services) -> None:
    """Both have agreed to every objective."""
    with services.database.transaction() as db:
        db.execute(sa.update(Objective).values(status="agreed", agreed_at=utcnow()))


def proposed_by_partner(situation: Situation) -> None:
    """The mentor proposes an objective to me, the mentee."""
    situation.open()
    pair = situation.pair()
    pair.objective("Lire un bilan", Role.MENTEE, by=Role.MENTOR, status="proposed")
    situation.me = pair.mentee.person


def claimed_by_partner(situation: Situation) -> None:
    """The mentee says to me, the mentor, that they have reached an objective."""
    situation.open()
    pair = situation.pair()
    pair.objective("Lire un bilan", Role.MENTEE, status="claimed")
    situation.me = pair.mentor.person


def test_an_objective_is_kept_as_it_was_set(visit, services):
    visit(situations.begins).post("objectives", **OBJECTIVE)
    kept = only(services)
    assert (kept.title, kept.direction, kept.tag, kept.required) == (
        "Animer une réunion", "mentor", "communication", True,
    )  # fmt: skip
    assert (kept.status, kept.agreed_at) == ("proposed", None)


def test_an_objective_in_one_s_own_words_may_name_a_skill_of_the_programme(visit, services):
    here = visit(situations.begins)
    assert here.post("objectives", **OBJECTIVE, skill="juggling").status_code == 422
    here.post("objectives", **OBJECTIVE, skill="data")
    assert only(services).skill == "data"
    assert (
        here.text("objectives").count("Reading data and telling a story with it") > 1
    )  # beside the objective, and offered


def test_what_the_partner_proposed_is_agreed_in_one_tap(visit, services):
    here = visit(proposed_by_partner)
    assert "Waiting for you to agree" in here.text()
    form, _no = [form for form in forms_of(here.get("objectives")) if form.fields.get("revision") == "0"]
    answer = here.client.post(form.action, data={**form.fields, "move": "agree"})
    assert "Agreed." in here.client.get(answer.location).text
    assert only(services).status == "agreed"


@pytest.mark.parametrize(
    ("situation", "move", "status", "said"),
    [
        (proposed_by_partner, "decline", "withdrawn", "préfère ne pas retenir cet objectif"),
        (claimed_by_partner, "not_yet", "in_progress", "cet objectif n’est pas encore atteint"),
    ],
)
def test_a_no_in_one_tap_is_read_once_by_whom_it_is_for(visit, services, situation, move, status, said):
    me = visit(situation, locale="fr")
    assert f'name="move" value="{move}"' in me.text("objectives")
    assert f'name="move" value="{move}"' in me.text()
    form = next(
        each for each in forms_of(me.get()) if each.action.endswith(f"objectives/{only(services).id}")
    )
    assert me.client.post(form.action, data={**form.fields, "move": move}).status_code == 302
    assert only(services).status == status
    assert ('value="withdrawn"' in me.text("objectives")) == (move == "decline")  # “Undo”
    assert said not in me.text()
    partner = as_partner(me, services)
    assert said in partner.text()
    partner.post(f"objectives/{only(services).id}", move="read")
    assert said not in partner.text()


def test_what_was_changed_since_is_not_agreed_unseen(visit, services):
    here = visit(proposed_by_partner)
    with services.database.transaction() as db:
        db.execute(sa.update(Objective).values(revision=1))
    answer = here.post(f"objectives/{only(services).id}", move="agree", revision="0")
    assert answer.status_code == 409
    assert "This objective has changed in the meantime." in answer.text


def test_a_change_is_proposed_to_the_partner(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    agree(services)
    address = f"objectives/{only(services).id}/edit"
    assert 'value="Animer une réunion"' in here.text(address)
    due = (utcnow() + dt.timedelta(days=30)).date()
    here.post(address, title="Animer un atelier", tag="person", target_on=due.isoformat())
    kept = only(services)
    assert (kept.title, kept.tag, kept.target_on) == ("Animer un atelier", "person", due)
    assert (kept.status, kept.revision, kept.direction) == ("proposed", 1, "mentor")
    assert "Waiting for" in here.text("objectives")


@pytest.mark.parametrize(
    ("days", "said"), [(-2, "this one has passed."), (2000, "within the next three years")]
)
def test_an_objective_is_due_on_a_day_to_come(visit, services, days, said):
    due = (utcnow() + dt.timedelta(days=days)).date().isoformat()
    answer = visit(situations.begins).post("objectives", **OBJECTIVE, target_on=due)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_meeting_says_what_it_was_about(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    assert 'name="worked_on"' not in here.text("sessions/new")
    agree(services)
    assert 'name="worked_on"' in here.text("sessions/new")
    here.post("sessions/new", **meeting(), worked_on=[str(only(services).id), str(uuid.uuid4())])
    kept = only(services)
    assert (kept.status, kept.worked_on) == ("in_progress", utcnow().date())
    assert "In progress, last worked on" in here.text("objectives")


def test_what_a_meeting_was_about_stays_chosen_when_something_else_is_wrong(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    agree(services)
    objective_id = str(only(services).id)
    answer = here.post("sessions/new", **{**meeting(), "minutes": "3"}, worked_on=[objective_id])
    assert f'value="{objective_id}" checked' in answer.text


def test_a_box_left_empty_means_not_required(visit, services):
    form = {name: value for name, value in OBJECTIVE.items() if name != "required"}
    visit(situations.begins).post("objectives", **form)
    assert only(services).required is False


def test_an_objective_without_words_is_refused_and_the_rest_kept(visit):
    answer = visit(situations.begins).post("objectives", **{**OBJECTIVE, "title": ""})
    assert answer.status_code == 422
    assert "Write the objective." in answer.text
    assert 'value="communication" checked' in answer.text


@pytest.mark.parametrize(
    ("move", "direction", "status"),
    [("claim", "mentee", "claimed"), ("reach", "mentor", "reached"), ("withdraw", "mentee", "withdrawn")],
)
def test_an_objective_moves(visit, services, move, direction, status):
    here = visit(situations.begins)
    here.post("objectives", **{**OBJECTIVE, "direction": direction})
    agree(services)
    here.post(f"objectives/{only(services).id}", move=move)
    assert only(services).status == status


def test_what_waits_for_an_answer_stands_first_and_has_the_one_filled_button(visit):
    page = visit(situations.objective_to_confirm).text("objectives")
    assert page.index("Animer une réunion à distance") < page.index("Publier un premier article")
    assert page.count("btn-primary") == 1


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


def test_nobody_removes_what_their_partner_learns(visit, services):
    here = visit(situations.begins)
    here.post("objectives", **OBJECTIVE)
    agree(services)
    assert ">Remove<" not in here.text("objectives")
    answer = here.post(f"objectives/{only(services).id}", move="withdraw")
    assert answer.status_code == 409
    assert "Only the person who learns can remove an objective." in answer.text
    assert only(services).status == "agreed"
