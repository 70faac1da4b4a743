"""The first page: what is next, how far, with whom; for everyone who may come."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.mentoring.models import FactRow, Participant
from tests.unit.views import scenes


@pytest.mark.parametrize(
    ("scene", "sentence"),
    [
        (scenes.welcome, "I want to learn"),
        (scenes.not_open, "Not open yet"),
        (scenes.waiting, "Your tutor is looking for your partner"),
        (scenes.to_sign, "You have a partner: Inès Benali"),
        (scenes.waits_for_signature, "Waiting for Inès to sign"),
        (scenes.begins, "Have you met Inès?"),
        (scenes.under_way, "Have you met Inès again?"),
        (scenes.to_confirm, "Inès says that you met"),
        (scenes.to_mend, "Let us put one meeting right"),
        (scenes.objective_to_confirm, "Paul has reached an objective"),
        (scenes.complete, "Your journey is complete"),
        (scenes.awaits_tutor, "You have done everything"),
        (scenes.observer, "You are here to observe"),
        (scenes.anonymous, "You are here without a name"),
        (scenes.tutor, "My group"),
    ],
)
def test_each_person_sees_what_is_next(visit, scene, sentence):
    assert sentence in visit(scene).text()


@pytest.mark.parametrize("scene", [*scenes.SCENES], ids=lambda scene: scene.__name__)
def test_a_home_has_at_most_one_primary_action(visit, scene):
    page = visit(scene).text()
    expected = 2 if scene is scenes.tutor_to_validate else 1  # one for each of the two who wait
    assert page.count("btn-primary") <= expected


def test_choosing_a_role_enrols(visit, tool):
    visit(scenes.welcome).post("join", role="mentor")
    with tool.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentor"]


def test_a_role_that_does_not_exist_is_refused_beside_the_choice(visit):
    answer = visit(scenes.welcome).post("join", role="guru")
    assert answer.status_code == 422
    assert "Please choose one of the answers offered." in answer.text


def test_the_other_role_can_be_chosen_before_there_is_a_partner(visit, tool):
    visit(scenes.waiting).post("role", role="mentor")
    with tool.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentor"]


def test_the_other_role_cannot_be_chosen_afterwards(visit):
    answer = visit(scenes.to_sign).post("role", role="mentor")
    assert answer.status_code == 409
    assert "there is a partner already" in answer.text


def test_an_observer_cannot_join(visit):
    assert visit(scenes.observer).post("join", role="mentee").status_code == 403


def test_signing_says_thank_you(visit):
    here = visit(scenes.to_sign)
    answer = here.post("agreement", accepted="yes")
    assert "your signature is kept" in here.client.get(answer.location).text


def test_the_agreement_is_not_signed_without_a_yes(visit):
    answer = visit(scenes.to_sign).post("agreement")
    assert answer.status_code == 422
    assert "Please tick this box to go on." in answer.text


def test_why_a_journey_is_not_complete_is_on_the_page(visit):
    page = visit(scenes.under_way).text()
    assert "6 meetings of at least 30 min, confirmed by both of you" in page
    assert "3 of 6" in page


def test_somebody_who_has_not_joined_is_led_home(visit):
    answer = visit(scenes.welcome).get("objectives")
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["agreement", "objectives", "sessions/new"])
def test_a_form_of_somebody_who_has_not_joined_is_refused_in_words(visit, path):
    answer = visit(scenes.welcome).post(path)
    assert answer.status_code == 409
    assert "You are not in this programme yet." in answer.text


@pytest.mark.parametrize("path", ["agreement", "objectives", "sessions/new"])
def test_a_form_of_somebody_without_a_partner_is_refused_in_words(visit, path):
    answer = visit(scenes.waiting).post(path)
    assert answer.status_code == 409
    assert "You have no partner at the moment." in answer.text


@pytest.mark.parametrize("role", ["mentee", "mentor"])
def test_a_preview_shows_what_a_learner_sees_and_records_nothing(visit, tool, role):
    here = visit(scenes.tutor_alone)
    with tool.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(FactRow))
    assert "You are looking at an example." in here.text(f"preview/{role}")
    with tool.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(FactRow)) == before


def test_a_learner_has_no_preview(visit):
    assert visit(scenes.under_way).get("preview/mentor").status_code == 403


def test_no_page_has_a_style_attribute_or_an_inline_script(visit):
    for scene in scenes.SCENES:
        page = visit(scene).text()
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick" not in page
