"""Noting a meeting, and what the two say of it afterwards."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.mentoring.programmes.models import Cohort, ProgrammeSettings
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder import situations
from tests.builder.situations import Situation
from tests.forms import forms_of
from tests.web.visiting import as_partner

SESSION = r"sessions/[0-9a-f-]{36}/"


def meeting(**changes: str) -> dict[str, str]:
    """A meeting of today, which is not the day that the tests began on."""
    today = utcnow().date().isoformat()
    return {"held_on": today, "minutes": "45", "mode": "phone", "format": "coaching", **changes}


def statuses(services: Services) -> list[str]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(MentoringSession.status)))


def test_the_form_is_filled_in_beforehand(visit):
    before = dt.datetime.now(dt.UTC).date()
    page = visit(situations.begins).text("sessions/new")
    after = dt.datetime.now(dt.UTC).date()
    assert any(f'name="held_on" value="{day}"' in page for day in (before, after))
    assert 'name="minutes" value="45"' in page
    assert chosen(page) == {"day": "today", "length": "45", "format": "coaching"}


def chosen(page: str) -> dict[str, str]:
    """The value of each group of radio buttons in which one is chosen."""
    buttons = re.findall(r'<input type="radio"[^>]*>', page)
    found = [re.search(r'name="([^"]*)" value="([^"]*)".* checked', button) for button in buttons]
    return {match[1]: match[2] for match in found if match}


def test_the_form_proposes_what_the_last_meeting_was(visit):
    page = visit(situations.under_way).text("sessions/new")
    assert chosen(page) == {"day": "today", "mode": "video", "length": "45", "format": "coaching"}


def test_the_same_as_last_time_is_saved_in_one_tap(visit, services):
    assert "as last time" not in visit(situations.begins).text("sessions/new"), "there was none"
    here = visit(situations.under_way)
    assert "We have filled in the same as last time: change what is different." in here.text("sessions/new")
    [again] = [form for form in forms_of(here.get("sessions/new")) if form.attributes.get("id") == "session"]
    here.client.post(again.action, data=again.fields)
    with services.database.reading() as db:
        latest, before = db.scalars(
            sa.select(MentoringSession).order_by(MentoringSession.held_on.desc()).limit(2)
        )
    assert latest.held_on == utcnow().date()
    assert (latest.minutes, latest.mode, latest.format) == (before.minutes, before.mode, before.format)


def with_own_formats(situation: Situation) -> None:
    """A pair that begins, whose programme has a format of its own with a name, and one without."""
    situations.begins(situation)
    assert situation.cohort is not None
    cohort = situation.db.get_one(Cohort, situation.cohort.id)
    version = situation.db.get_one(ProgrammeSettings, cohort.settings_id)
    version.settings = {
        **version.settings,
        "formats": ["coaching", "fab-lab", "unnamed"],
        "format_names": {"fab-lab": {"en": "Fab lab", "fr": "Atelier de fabrication"}},
    }


def test_a_meeting_may_have_a_format_of_the_programmes_own(visit, services):
    here = visit(with_own_formats)
    page = here.text("sessions/new")
    assert re.findall(r'name="format" value="([^"]*)"', page) == ["coaching", "fab-lab"]
    assert "<span>Fab lab</span>" in page
    assert here.post("sessions/new", **meeting(format="trade-show")).status_code == 422
    answer = here.post("sessions/new", **meeting(format="fab-lab"))
    assert "by\u00a0phone\u00a0· Fab lab" in here.client.get(answer.location).text
    with services.database.reading() as db:
        assert db.scalars(sa.select(MentoringSession.format)).all() == ["fab-lab"]


def test_a_programmes_own_format_is_named_in_french(visit):
    assert "<span>Atelier de fabrication</span>" in visit(with_own_formats, locale="fr").text("sessions/new")


def test_saving_a_meeting_leads_home_with_thanks(visit):
    here = visit(situations.begins)
    answer = here.post("sessions/new", **meeting())
    assert answer.status_code == 302
    assert "Logged. Your partner will be asked to say yes." in here.client.get(answer.location).text


def test_a_form_sent_twice_notes_one_meeting(visit, services):
    here = visit(situations.begins)
    form = {**meeting(), "form_key": str(uuid.uuid4())}
    here.post("sessions/new", **form)
    here.post("sessions/new", **form)
    assert statuses(services) == ["held"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("held_on", "", "Enter the date of the meeting."),
        ("held_on", "yesterday", "Enter the date of the meeting."),
        ("held_on", "2999-01-01", "Choose today or an earlier day: this date is still to come."),
        ("minutes", "4", "Enter a length of at least 5 minutes."),
        ("minutes", "forty", "Enter the length in whole minutes, such as 45."),
        ("mode", "", "Choose how you met: in person, by video, by phone or in writing."),
        ("format", "telepathy", "Choose what kind of meeting it was: coaching, training…"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(visit, services, field, value, sentence):
    answer = visit(situations.begins).post("sessions/new", **meeting(**{field: value}))
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="{field}-error"')[1][:900]
    assert statuses(services) == []


def test_a_choice_that_was_not_made_is_asked_for_as_one(visit):
    without = {name: value for name, value in meeting().items() if name != "mode"}
    answer = visit(situations.begins).post("sessions/new", **without)
    assert answer.status_code == 422
    assert "Choose how you met" in answer.text.split('id="mode-error"')[1][:900]


def test_the_other_day_and_the_other_length_stay_chosen_where_their_fields_are_refused(visit):
    answer = visit(situations.begins).post("sessions/new", mode="video", format="coaching", minutes="3")
    for tile in ("day-other", "length-other"):
        assert re.search(rf'id="{tile}"[^>]* checked', answer.text)


def test_what_was_typed_is_kept(visit):
    answer = visit(situations.begins).post("sessions/new", **meeting(minutes="9999"))
    assert 'name="minutes" value="9999"' in answer.text


def test_a_person_east_of_greenwich_may_note_their_own_today(visit):
    tomorrow = str((dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date())
    answer = visit(situations.begins).post("sessions/new", **meeting(held_on=tomorrow, utc_offset="840"))
    assert answer.status_code == 302


def test_a_meeting_before_the_agreement_is_not_noted(visit, services):
    here = visit(situations.waits_for_signature)
    answer = here.post("sessions/new", **meeting())
    assert answer.status_code == 409
    assert "Meetings can be logged once you have both signed the agreement." in answer.text
    form = here.get("sessions/new")
    assert form.status_code == 409
    assert ">Read and sign</a>" in form.text
    assert statuses(services) == []


def test_the_partner_confirms_in_one_tap(visit):
    here = visit(situations.to_confirm)
    answer = here.post(here.link(SESSION + "confirm"))
    assert re.search(r"Meeting of \d+\s\w+ confirmed\.", here.client.get(answer.location).text)


@pytest.mark.parametrize("answer", ["confirm", "dispute"])
def test_an_answer_about_what_was_corrected_since_is_refused(visit, services, answer):
    """The page of the partner is older than the correction."""
    here = visit(situations.to_confirm)
    below = here.link(SESSION + "confirm").replace("confirm", answer)
    with services.database.transaction() as db:
        db.execute(sa.update(MentoringSession).values(minutes=480, revision=MentoringSession.revision + 1))
    before = statuses(services)
    refused = here.post(below, revision="0", reason="other")
    assert refused.status_code == 409
    assert "This meeting has changed in the meantime." in html.unescape(refused.text)
    assert statuses(services) == before


def test_the_partners_form_names_the_revision_that_it_shows(visit, services):
    with_revision = re.compile(r'/confirm">.*?name="revision" value="(\d+)"', re.DOTALL)
    here = visit(situations.to_confirm)
    assert with_revision.search(here.text())[1] == "0"
    with services.database.transaction() as db:
        db.execute(sa.update(MentoringSession).values(revision=3))
    assert with_revision.search(here.text())[1] == "3"


def test_what_differs_is_proposed_and_accepted_in_one_tap(visit, services):
    here = visit(situations.to_confirm)
    below = here.link(SESSION + "differs")
    page = here.text(below)
    day = re.search(r'name="held_on" value="([^"]+)"', page)[1]
    noted = {"held_on": day, "day": "other", "minutes": "45", "format": "coaching", "revision": "0"}
    refused = here.post(below, **noted, length="45", mode="video")
    assert refused.status_code == 409
    assert "You have not changed anything." in refused.text
    assert 'id="confirm" form="confirm-as-logged"' in refused.text
    # What is not answered stays as it was logged.
    left = here.post(below, **{**noted, "format": ""}, length="45", mode="video")
    assert left.status_code == 409
    assert re.search(r'name="format" value="coaching"[^>]* checked', left.text)
    here.post(below, **{**noted, "format": "professional-training"}, length="60", mode="phone")
    assert "You suggested: 1 h, by phone, training" in " ".join(here.text().split())
    partner = as_partner(here, services)
    shown = " ".join(partner.text().split())
    assert 'by phone · training <span class="in-place-of">instead of by video · coaching' in shown
    partner.post(partner.link(SESSION + "accept"), revision="0")
    with services.database.reading() as db:
        [met] = db.scalars(sa.select(MentoringSession).where(MentoringSession.revision == 1))
        assert (met.minutes, met.mode, met.format) == (60, "phone", "professional-training")
    assert "disputed" not in statuses(services)


def test_that_it_did_not_take_place_is_said_in_one_tap(visit, services):
    here = visit(situations.to_confirm)
    here.post(here.link(SESSION + "differs").replace("differs", "dispute"), reason="did-not-meet")
    with services.database.reading() as db:
        assert db.scalars(
            sa.select(MentoringSession.dispute_reason).where(MentoringSession.status == "disputed")
        ).all() == ["did-not-meet"]


def test_an_unknown_reason_is_refused_with_the_form_that_asks_for_it(visit):
    here = visit(situations.to_confirm)
    differs = here.link(SESSION + "differs")
    answer = here.post(differs.replace("differs", "dispute"), reason="bad-mood")
    assert answer.status_code == 422
    assert "Nothing was sent: change a detail" in answer.text
    assert "Confirm as it is" in here.text(differs)
    assert "Confirm as it is" not in answer.text, "it was just said that something was different"
    assert f'action="{here.home}{differs}"' in answer.text


def test_keeping_what_was_noted_asks_the_partner_again(visit, services):
    here = visit(situations.to_accept)
    here.post(here.link(SESSION + "keep"))
    assert "Waiting for Inès" in here.text()
    assert "disputed" not in statuses(services)
    asked = as_partner(here, services).text()
    assert "Paul stands by the meeting of" in asked
    assert "You answered: another length. Talk about it" in asked


def test_a_second_meeting_of_one_day_is_asked_about_with_nothing_lost(visit, services):
    here = visit(situations.begins)
    here.post("sessions/new", **meeting())
    asked = here.post("sessions/new", **meeting(minutes="30"))
    assert asked.status_code == 409
    assert "Is it the same meeting?" in asked.text
    for name, value in (("minutes", "30"), ("mode", "phone")):
        assert f'name="{name}" value="{value}"' in asked.text
    assert len(statuses(services)) == 1
    same = re.search(r'formaction="' + re.escape(here.home) + '([^"]+)"', asked.text)[1]
    here.post(same, **meeting(minutes="30"))
    with services.database.reading() as db:
        assert db.scalars(sa.select(MentoringSession.minutes)).all() == [30]
    here.post("sessions/new", **meeting(minutes="20"), is_another="yes")
    assert len(statuses(services)) == 2
    # The rule asks for 30 minutes: what is shorter is noted, and is no number of the journey.
    assert "Meetings of 30\xa0min or more count." in here.text("sessions/new")
    page = here.text()
    assert page.count("does not count: under 30\xa0min") == 2, "on the phone's list and in the table"
    assert "Meeting 2</strong>" in page
    partner = as_partner(here, services)
    partner.post(partner.link(SESSION + "confirm"), revision="1")
    assert "does not count towards the 6 meetings" in partner.text()


def test_a_correction_asks_the_partner_again(visit):
    here = visit(situations.to_correct)
    answer = here.post(here.link(SESSION + "correct"), **meeting())
    assert "Waiting for Inès" in here.client.get(answer.location).text


def test_taking_back_asks_once(visit):
    here = visit(situations.under_way)
    below = here.link(SESSION + "correct").replace("correct", "withdraw")
    page = here.text(below)
    assert ("Remove this meeting?" in page, "removed from your journey" in page) == (True, True)
    assert "Inès will be asked to confirm it." in here.text(here.link(SESSION + "correct"))


def test_a_meeting_taken_back_counts_no_more(visit, services):
    here = visit(situations.under_way)
    here.post(here.link(SESSION + "correct").replace("correct", "withdraw"))
    assert statuses(services).count("withdrawn") == 1


@pytest.mark.parametrize("verb", ["confirm", "dispute", "correct", "withdraw"])
def test_somebody_elses_meeting_is_not_there(visit, verb):
    other = visit(situations.under_way)
    theirs = other.link(SESSION + "correct").replace("correct", verb)
    answer = visit(situations.to_confirm).post(theirs, **meeting())
    assert answer.status_code == 404
    assert "<h1>This meeting is no longer there</h1>" in answer.text
    assert "See our meetings" in answer.text


def test_confirming_ones_own_meeting_is_refused_in_words(visit):
    here = visit(situations.under_way)
    answer = here.post(here.link(SESSION + "correct").replace("correct", "confirm"))
    assert answer.status_code == 409
    assert "Your partner confirms what you logged, not you." in answer.text


def test_another_pairs_address_is_not_there(visit):
    assert visit(situations.under_way).get(f"sessions/new?pair={uuid.uuid4()}").status_code == 404
