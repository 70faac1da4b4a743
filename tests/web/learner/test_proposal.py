"""Accepting a partner or not, taking a step back, reminders, and the page that keeps itself up to date."""

from __future__ import annotations

import datetime as dt
import html
import json
import re

import pytest
import sqlalchemy as sa

from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from tests.builder import situations
from tests.web.visiting import as_partner


def pair_of(services):
    with services.database.reading() as db:
        return db.scalars(sa.select(Pair)).one()


def undo(here):
    """Press the button beside the success message."""
    fields = dict(re.findall(r'name="(step|subject_id|revision)" value="([^"]*)"', here.text()))
    return here.post("undo", **fields)


def test_both_accept_and_then_sign(visit, services):
    here = visit(situations.proposed)
    assert here.post("agreement", accepted="yes").status_code == 409
    here.post("proposal/accept")
    as_partner(here, services).post("proposal/accept")
    assert pair_of(services).status == "accepted"
    assert here.post("agreement", accepted="yes").status_code == 302


def test_not_this_time_frees_both_and_the_partner_is_not_told_why(visit, services):
    here = visit(situations.proposed)
    assert "Inès Benali will not be told why" in here.text("proposal/decline")
    here.post("proposal/decline", reason="too-close")
    assert (pair_of(services).end_reason, pair_of(services).decline_reason) == ("declined", "too-close")
    shown = as_partner(here, services).text()
    assert "will not go ahead" in shown
    assert "too closely" not in shown


def test_an_unknown_reason_is_refused_and_none_stays_the_answer(visit):
    answer = visit(situations.proposed).post("proposal/decline", reason="weather")
    assert answer.status_code == 422
    assert "“I would rather not say” is selected: leave it" in answer.text
    assert 'href="#reason">Check the reason.</a>' in answer.text, "in brief, in the list at the top"
    assert 'name="reason" value="" checked' in answer.text


@pytest.mark.parametrize(
    ("below", "form"), [("proposal/accept", {}), ("proposal/decline", {"reason": "not-now"})]
)
def test_an_answer_is_undone_beside_its_message(visit, services, below, form):
    here = visit(situations.proposed)
    here.post(below, **form)
    assert undo(here).status_code == 302
    pair = pair_of(services)
    assert (pair.status, pair.mentee_accepted_at, pair.declined_by) == ("proposed", None, None)


def test_a_role_is_undone_and_chosen_anew(visit, services):
    here = visit(situations.welcome)
    here.post("join", role="mentor")
    undo(here)
    assert "I want to learn" in here.text()
    here.post("join", role="mentee")
    with services.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentee"]


def test_a_confirmation_is_undone(visit, services):
    here = visit(situations.to_confirm)
    here.post(here.link(r"sessions/[0-9a-f-]{36}/confirm"), revision="0")
    assert re.search(r"You confirmed the meeting of \d+\s\w+\.", here.text())
    assert "Undo" not in here.text("objectives")
    undo(here)
    assert "Inès says you met" in here.text()


def test_nobody_undoes_what_is_somebody_else_s(visit, services):
    here = visit(situations.proposed)
    here.post("proposal/accept")
    other = visit(situations.waits_for_acceptance)
    with services.database.reading() as db:
        mine = db.scalars(sa.select(Pair.id).order_by(Pair.created_at)).first()
    assert other.post("undo", step="accepted", subject_id=mine).status_code == 409


def test_the_tap_that_completes_says_so_before_and_is_not_undone(visit):
    def last_meeting(situation):
        situation.open("demo")
        pair = situation.pair()
        pair.session(days_ago=2)
        situation.me = pair.mentee.person

    here = visit(last_meeting)
    assert "This answer completes your journey, and cannot be undone afterwards." in here.text()
    here.post(here.link(r"sessions/[0-9a-f-]{36}/confirm"), revision="0")
    assert 'action="' + here.home + 'undo"' not in here.text()


def test_a_reminder_stands_on_the_partner_s_page_once_in_two_days(visit, services):
    here = visit(situations.under_way)
    assert "Could you confirm it?" in here.text("reminder")
    here.post("reminder")
    assert "Paul reminded you today." in as_partner(here, services).text()
    assert here.post("reminder").status_code == 409
    with services.database.transaction() as db:
        db.execute(sa.update(Pair).values(mentor_reminded_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=2)))
    assert here.post("reminder").status_code == 302


def test_nobody_is_reminded_of_nothing(visit):
    assert visit(situations.nothing_waits).post("reminder").status_code == 409


def test_an_open_page_is_told_by_its_tag_what_the_partner_did(visit, services):
    here = visit(situations.waits_for_acceptance)
    headers = json.loads(re.search(r"hx-headers='([^']*)'", here.text())[1])
    assert here.get("live", headers=headers).status_code == 304
    as_partner(here, services).post("proposal/accept")
    answer = here.get("live", headers=headers)
    assert "Sign your agreement with Inès" in answer.text


def test_the_page_of_a_pair_that_is_over_says_so(visit, services):
    here = visit(situations.ended)
    pair = pair_of(services).id
    page = here.text(f"?pair={pair}")
    assert "Your journey with Inès has ended" in page
    assert "To complete your journey" not in page
    assert here.get(f"reflections?pair={pair}").status_code == 200, "one's own notes stay to be read"
    assert "You signed on" in here.text(f"agreement?pair={pair}")
    objectives = here.text(f"objectives?pair={pair}")
    assert ("Left open" in objectives, 'name="move"' in objectives, 'id="objective"' in objectives) == (
        True,
        False,
        False,
    )
    refused = here.post(f"sessions/new?pair={pair}", held_on="2026-11-01", minutes="45")
    assert "This pair has come to its end." in html.unescape(refused.text)


def test_a_proposal_says_in_what_the_two_suit_each_other(visit, services):
    here = visit(situations.proposed)
    assert "Why you two" not in here.text()
    with services.database.transaction() as db:
        pair = db.scalars(sa.select(Pair)).one()
        save_details(
            db,
            {
                pair.mentee_id: Details(
                    wants=(("data", None), ("generative-ai", None)), languages=("fr", "en", "de")
                ),
                pair.mentor_id: Details(offers=(("data", 4), ("audience", 2)), languages=("en", "fr")),
            },
        )
    shown = here.text()
    assert "You would like to learn this; Inès knows it very well." in shown
    assert "Languages you both speak: French, English" in shown
    assert "Inès would like to learn this" not in shown
