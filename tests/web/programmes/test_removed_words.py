"""What is taken out of a programme's lists: its name is read wherever somebody used it, and offered to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder import setting_up, situations
from tests.builder.setting_up import change, take_out
from tests.builder.situations import Situation
from tests.web.programmes.test_set_up import form_of, save, words
from tests.web.visiting import Visit

Come = Callable[..., Visit]
SKILL = "Reading data and telling a story with it"


def _everybody_names_data(situation: Situation) -> None:
    ids = situation.db.scalars(sa.select(Participant.id))
    save_details(situation.db, dict.fromkeys(ids, Details(1, (("data", 4),), None)))
    take_out(situation, Section.SKILLS, "data")


def waiting(situation: Situation) -> None:
    situations.waiting(situation)
    _everybody_names_data(situation)


def tutor(situation: Situation) -> None:
    situations.tutor(situation)
    _everybody_names_data(situation)


def test_a_topic_that_is_no_longer_in_the_list_stays_with_who_named_it(visit: Come) -> None:
    page = visit(waiting).text("topics")
    chosen = re.findall(r'name="(\w+)" value="data"( checked)?', page)
    assert chosen == [("offers", " checked")]
    assert f"{SKILL} (no longer on the programme’s list)" in page
    here = visit(tutor)
    assert f"Can show: {SKILL} (very confident)" in words(
        here.get(here.link("cohort/pairing.partner_for=[0-9a-f-]+"))
    )
    assert SKILL not in here.text("cohort/adding-people/")


def learning(situation: Situation) -> None:
    situations.objective_to_confirm(situation)
    situation.db.execute(sa.update(Objective).values(skill="data"))
    take_out(situation, Section.SKILLS, "data")


def test_an_objective_about_a_skill_that_is_gone_still_says_which(visit: Come) -> None:
    page = visit(learning).text("objectives")
    assert SKILL in page
    assert 'value="data"' not in page


def test_a_meeting_in_a_format_that_is_no_longer_offered_keeps_its_word(visit: Come) -> None:
    def build(situation: Situation) -> None:
        situations.under_way(situation)
        change(situation, Section.FORMATS, "new", name_en="Shop visit", name_fr="Visite de magasin")
        situation.db.execute(sa.update(MentoringSession).values(format="own-shop-visit"))
        take_out(situation, Section.FORMATS, "own-shop-visit")

    here = visit(build)
    home = words(here.get())
    assert "Shop visit" in home
    assert "own-shop-visit" not in home
    assert "Shop visit" not in here.text("sessions/new")


def test_a_format_that_the_rule_counts_cannot_be_taken_out(visit: Come) -> None:
    here = visit(setting_up.rule_counts_audio)
    page = here.get("programme/formats")
    assert "It stays as long as the completion rule counts it: “6 meetings of 30 minutes or more" in words(
        page
    )
    assert not re.search(r'type="checkbox"[^>]*value="audio"', page.text)
    refused = save(here, "programme/formats", formats=["coaching"])
    assert (refused.status_code, "Take it out of the rule first" in refused.text) == (409, True)
    token = {"csrf_token": form_of(here, "programme/goal")["csrf_token"]}
    assert here.client.post(f"{here.home}programme/formats/audio/remove", data=token).status_code == 409
    kept = save(here, "programme/formats", formats=["coaching", "audio"])
    assert kept.status_code == 302
    assert "Formats Coaching, audio" in words(here.get("programme"))
