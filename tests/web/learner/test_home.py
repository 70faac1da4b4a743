"""The first page: what is next, how far, with whom; for everyone who may come."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import remind_of_pair
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort, Placement
from lti_tool.translation import using_language
from lti_tool.web import wording
from tests.builder import situations


def test_whoever_waits_reads_when_the_group_begins_until_it_has(visit, services):
    here = visit(situations.waiting)
    assert "Start" not in here.text()
    with services.database.transaction() as db:
        cohort = db.scalars(sa.select(Cohort)).one()
        cohort.starts_on, cohort.ends_on, cohort.follow_up_on = (dt.date(2100, each, 1) for each in (1, 6, 9))
    page = here.text()
    assert "Start" in page
    assert page.count("January") == 2, "the first meeting is not before"


@pytest.mark.parametrize(
    ("done", "said"), [(0, "0 rencontre sur 6"), (1, "1 rencontre sur 6"), (2, "2 rencontres sur 6")]
)
def test_what_is_counted_in_french_follows_how_many_are_done(done, said):
    with using_language("fr"):
        assert wording.meetings_done(done, 6) == said


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        (situations.welcome, "I want to learn"),
        (situations.not_open, "Once it has begun, open this activity again"),
        (situations.waiting, "We are looking for a partner for you"),
        (situations.declined, "Your pairing with Inès will not go ahead"),
        (situations.i_declined, "You declined the suggestion."),
        (situations.proposed, "Your tutor suggests Inès\xa0Benali"),
        (situations.proposed, "The meetings run until "),
        (situations.waits_for_acceptance, "Inès has not answered yet"),
        (situations.to_sign, "Sign your agreement with Inès"),
        (situations.waits_for_signature, "Inès has not signed yet"),
        (situations.partner_left, "Inès is no longer in the course"),
        (situations.begins, "Suggest a day for your first meeting"),
        (situations.nothing_waits, "Have you met Inès again?"),
        (situations.under_way, "Inès has yet to confirm "),
        (situations.to_confirm, "Inès says you met"),
        (situations.reminded, "Inès reminded you today."),
        (situations.to_correct, "Ask Inès which day it was, then change it here."),
        (situations.to_accept, "Inès says it was 1 hour"),
        (situations.not_met, "Inès says you did not meet"),
        (situations.waits_for_correction, "You suggested this today for the meeting of "),
        (situations.waits_for_correction, "Inès has yet to answer your suggestion"),
        (situations.paused, "Your journey with Inès is on hold"),
        (situations.paused, "will get back to you on "),
        (situations.ended, "Your journey with Inès has ended"),
        (situations.objective_to_confirm, "Has Paul reached this objective?"),
        (situations.complete, "Journey complete. Well done to you both."),
        (situations.complete_and_refused, 'class="grade-missing"'),
        (situations.awaits_tutor, "You have done everything"),
        (situations.observer, "not linked you to anybody yet"),
        (situations.observer_of_two, "Not taking part yet."),
        (situations.anonymous, "Your course did not say who you are"),
        (situations.tutor, "My group"),
    ],
)
def test_each_person_sees_what_is_next(visit, situation, sentence):
    assert sentence in visit(situation).text()


def test_one_signs_out_at_the_very_end_as_on_every_other_page(visit):
    page = visit(situations.nothing_waits).text()
    assert page.count('class="sign-out"') == 1
    assert page.index("Who sees what") < page.index('class="leaving"') < page.index('class="sign-out"')


@pytest.mark.parametrize("situation", [situations.ended, situations.partner_left])
def test_the_objectives_of_a_pair_that_has_ended_are_called_mine_once(visit, situation):
    headings = re.findall(
        r"<h[23][^>]*>(?:<span[^>]*>[^<]*</span>)?(?:<span>)?([^<]*)", visit(situation).text()
    )
    assert [each for each in headings if "bjectives" in each][:2] == ["Objectives", "Your objectives"]


def test_an_observer_sees_no_progress_without_what_it_measures(visit):
    page = visit(situations.observer_of_two).text()
    assert re.search(r"\d\sof\s6", page)
    assert "<progress" not in page


@pytest.mark.parametrize("situation", [situations.nothing_waits, situations.to_confirm, situations.paused])
def test_what_is_next_comes_before_who_the_partner_is(visit, situation):
    page = visit(situation).text()
    assert page.index("of 6 meetings") < page.index('id="next"') < page.index('class="partner"')


def test_to_a_partner_who_says_you_did_not_meet_the_first_answer_loses_nothing(visit):
    page = visit(situations.not_met).text()
    answers = page[page.index('id="next"') : page.index('class="partner"')]
    assert answers.index("Choose another day") < answers.index("Keep ") < answers.index("Remove the meeting")
    assert re.findall(r'btn-primary[^>]*href="[^"]*/(correct)"', answers) == ["correct"]
    assert answers.count("btn-primary") == 1


def test_choosing_a_role_enrols(visit, services):
    visit(situations.welcome).post("join", role="mentor")
    with services.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentor"]


def test_a_role_that_does_not_exist_is_refused_beside_the_choice(visit):
    answer = visit(situations.welcome).post("join", role="guru")
    assert answer.status_code == 422
    assert "Choose whether you want to learn or to teach." in answer.text


def test_the_other_role_can_be_chosen_before_there_is_a_partner(visit, services):
    visit(situations.waiting).post("role", role="mentor")
    with services.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentor"]


def test_the_other_role_cannot_be_chosen_afterwards(visit):
    answer = visit(situations.to_sign).post("role", role="mentor")
    assert answer.status_code == 409
    assert "there is a partner already" in answer.text


def test_an_observer_cannot_join(visit):
    assert visit(situations.observer).post("join", role="mentee").status_code == 403


def test_signing_says_thank_you(visit):
    here = visit(situations.to_sign)
    answer = here.post("agreement", accepted="yes")
    assert "Signed. Thank you." in here.client.get(answer.location).text


def test_the_agreement_is_not_signed_without_a_yes(visit):
    answer = visit(situations.to_sign).post("agreement")
    assert answer.status_code == 422
    assert "You have not signed yet." in answer.text


def test_why_a_journey_is_not_complete_is_on_the_page(visit):
    page = visit(situations.under_way).text()
    assert "6 meetings of at least 30\xa0min, confirmed" in page
    assert re.search(r"\d\sof\s6", page)


def test_somebody_who_has_not_joined_is_led_home(visit):
    answer = visit(situations.welcome).get("objectives")
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["agreement", "objectives", "sessions/new"])
def test_a_form_of_somebody_who_has_not_joined_is_refused_in_words(visit, path):
    answer = visit(situations.welcome).post(path)
    assert answer.status_code == 409
    assert "You are not in this programme yet." in answer.text


@pytest.mark.parametrize("path", ["agreement", "objectives", "sessions/new"])
def test_a_form_of_somebody_without_a_partner_is_refused_in_words(visit, path):
    answer = visit(situations.waiting).post(path)
    assert answer.status_code == 409
    assert "You have no partner at the moment." in answer.text


@pytest.mark.parametrize("role", ["mentee", "mentor"])
def test_a_preview_shows_what_a_learner_sees_and_records_nothing(visit, services, role):
    here = visit(situations.tutor_alone)
    with services.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(EventRow))
    assert "The people are made up, and the buttons do nothing." in here.text(f"preview/{role}")
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(EventRow)) == before


def test_a_learner_has_no_preview(visit):
    assert visit(situations.under_way).get("preview/mentor").status_code == 403


def test_the_role_of_an_activity_for_one_role_is_not_changed(visit, services):
    here = visit(situations.waiting)
    with services.database.transaction() as db:
        db.execute(sa.update(Placement).values(role_view="mentee"))
    assert "I would rather teach" not in here.text()
    assert here.post("role", role="mentor").status_code == 409
    with services.database.reading() as db:
        assert db.scalars(sa.select(Participant.role)).all() == ["mentee"]


def test_a_home_is_rendered_anew_for_events_of_its_own_pair_alone(visit, services):
    """The ETag of a learner's page: another pair of the same cohort changes nothing, the partner does."""
    pairs = {}

    def two_pairs(situation):
        situation.open()
        mine = situation.pair()
        other = situation.pair("Françoise Le Goff", "Yanis Haddad")
        situation.me = mine.mentee.person
        for name, pair in (("mine", mine), ("other", other)):
            pairs[name] = pair

    def met(name):
        pairs[name].session()

    here = visit(two_pairs)
    etag = here.get().headers["ETag"]
    met("other")
    assert here.get(headers={"If-None-Match": etag}).status_code == 304
    met("mine")
    answer = here.get(headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert "says you met" in answer.text


def reminded_by_tutor(situation: situations.Situation) -> None:
    """The tutor has reminded me of the meeting that my partner noted."""
    situations.to_confirm(situation)
    assert situation.cohort is not None
    row = situation.db.scalars(sa.select(Pair).where(Pair.cohort_id == situation.cohort.id)).one()
    with situation.activity.build.transaction() as db:
        remind_of_pair(db, pair_id=row.id, whom={row.mentee_id}, now=situation.now)


def test_a_tutors_reminder_stands_there_until_something_is_done(visit):
    here = visit(reminded_by_tutor)
    page = here.text()
    assert "reminded you today." in page
    assert "Inès reminded you" not in page
    here.post(here.link("sessions/[0-9a-f-]+/confirm"), revision=0)
    assert "reminded you" not in here.text()


def test_a_course_with_several_activities_says_which_is_mine_and_who_looks_after_each(visit):
    choices = re.findall(
        r'<button class="choice".*?</button>', visit(situations.menu_of_several, family="canvas").text(), re.S
    )
    said = {re.findall("<strong>(.*?)</strong>", each)[0]: each for each in choices}
    assert "You take part in it" in said["Mentorat du siège"]
    assert "You take part in it" not in said["Mentorat des régions"]
    assert all("Tutor: Claire Fontaine" in each for each in choices)


def test_before_there_is_an_activity_the_course_s_menu_says_when_to_come_back(visit):
    assert (
        "Once it has begun, open this page again" in visit(situations.menu_of_learner, family="canvas").text()
    )
