"""Moving pairs from the tutor's pages: what is said before, what happens, and what the two read afterwards."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import end_pair
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort, Placement
from tests.builder import moving, situations
from tests.builder.launches import session_id_of
from tests.web.visiting import Visit

Come = Callable[..., Visit]


def said(text: str) -> str:
    """The words of a page alone."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<main")[2])).split())


def pair_of(here: Visit, name: str) -> str:
    """The id of the pair of somebody who learns, as the page that asks offers it."""
    found = re.search(
        rf'name="pair" value="([0-9a-f-]+)"(?:(?!name="pair").)*{name}', here.text("cohort/move"), re.DOTALL
    )
    assert found
    return found[1]


def fields_of(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form that moves."""
    form = page.partition('id="move"')[2]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(pair|to|seen)" value="(.*?)">', form):
        found.setdefault(name, []).append(value)
    return found


def test_what_will_happen_is_said_by_name_and_then_happens(visit: Come, services: Services) -> None:
    here = visit(moving.tutor_of_two_groups)
    pair_id = pair_of(here, "Paul Moreau")
    assert "Move to another group" in here.text(f"cohort/pairs/{pair_id}")
    # There is one other group: the next page is the one that says what will happen.
    text = here.text(f"cohort/move?pair={pair_id}")
    words = said(text)
    assert "Move Paul Moreau and Inès Benali" in words
    assert "Paul Moreau goes from 73% to 60%" in words
    assert "Not yet in the course “Cultures numériques, automne”: Inès Benali ." in words
    assert "Their grades go to the gradebook of “Cultures numériques, automne” from now on." in words
    assert "Their meetings, objectives, what they wrote and their agreement go with them." in words
    answer = here.post("cohort/move", **fields_of(text))
    assert (answer.status_code, answer.location.partition("?")[0]) == (302, here.home)
    assert "Moved." in here.client.get(answer.location).text
    tutors = said(here.text())
    assert "Paul Moreau" not in tutors
    assert "Claire Fontaine moved Paul Moreau and Inès Benali to group 2" in said(
        here.text("programme/audit")
    )
    # Those who go on here are unchanged, and the pair's page is the other group's.
    assert here.get(f"cohort/pairs/{pair_id}").status_code == 404


def test_people_of_several_pairs_move_together_or_not_at_all(visit: Come, services: Services) -> None:
    here = visit(moving.tutor_of_two_groups)
    one = pair_of(here, "Bernard")
    text = here.text(f"cohort/move?pair={one}")
    assert "Move 2 pairs" in said(text)
    assert "This pair moves as well: Yanis Haddad is in both." in said(text)
    assert said(text).count("Yanis Haddad goes from 33% to 30%") == 1
    sent = fields_of(text)
    assert sent["pair"] == [one]
    assert here.post("cohort/move", **sent).status_code == 302
    with services.database.reading() as db:
        left = db.scalars(
            sa.select(Pair.id).join(Cohort, Cohort.id == Pair.cohort_id).where(Cohort.number == 1)
        )
        assert [db.get_one(Pair, each).status for each in left] == ["active"]


def test_whoever_is_in_both_groups_is_united_or_held_and_the_page_says_which(visit: Come) -> None:
    here = visit(moving.tutor_of_people_in_both)
    assert "Marie Costa · in a pair in group 2" in here.text("cohort/pairing")
    pairs = [pair_of(here, name) for name in ("Paul Moreau", "Bernard")]
    text = here.text("cohort/move?" + "&".join(f"pair={each}" for each in pairs))
    words = said(text)
    assert "Move Paul Moreau and Inès Benali" in words
    assert words.count("Is in that group already: the two places become one.") == 1
    # Two pairs move together, and the mentor of both has room for two.
    reason = "Yanis Haddad is in a pair with Marie Costa there, and has no room for one more"
    assert words.partition("Who cannot be moved")[2].count(reason) == 2
    assert here.post("cohort/move", **fields_of(text)).status_code == 302
    tutors = said(here.text())
    assert ("Paul Moreau" in tutors, "Yanis Haddad" in tutors) == (False, True)


def test_what_changed_meanwhile_is_shown_before_anything_happens(visit: Come, services: Services) -> None:
    here = visit(moving.tutor_of_two_groups)
    pair_id = pair_of(here, "Paul Moreau")
    sent = fields_of(here.text(f"cohort/move?pair={pair_id}"))
    assert here.post("cohort/move", **{**sent, "seen": "[" * 9}).status_code == 422
    # An earlier page: Inès was in the other course then, Paul had a meeting less, and the rule was another one.
    seen = json.loads(sent["seen"][0])
    paul, ines = (each for each in seen["people"])
    paul["before"], seen["rule"] = 60, 9
    ines["is_missing"], ines["after"] = False, 50
    answer = here.post("cohort/move", **{**sent, "seen": json.dumps(seen)})
    words = said(answer.text)
    assert (answer.status_code, "alert-danger" in answer.text) == (409, False)
    assert "Paul Moreau goes from 73% to 60% (the page said: from 60% to 60%)." in words
    assert "Inès Benali goes from 73% to 60% (the page said: from 73% to 50%)." in words
    assert "Inès Benali is no longer enrolled in Group 2’s course: see below." in words
    assert "No longer in the course “Cultures numériques, automne”: Inès Benali ." in words
    assert "The completion rule of that group has changed." in words
    assert answer.text.count("figure updated<") == 2
    with services.database.reading() as db:
        cohort_id = db.get_one(Pair, uuid.UUID(pair_id)).cohort_id
    with transaction(services, TOOL) as db:
        end_pair(db, pair_id=uuid.UUID(pair_id), reason="time", now=utcnow())
    answer = here.post("cohort/move", **sent)
    assert (answer.status_code, "this pair has ended" in answer.text) == (409, True)
    with services.database.reading() as db:
        assert db.get_one(Pair, uuid.UUID(pair_id)).cohort_id == cohort_id


def test_the_page_asks_until_it_knows_which_pairs(visit: Come) -> None:
    here = visit(moving.tutor_of_two_groups)
    for query, status, words in (
        ("", 200, "Which pairs?"),
        ("?to=", 422, 'id="pair-error"'),
        ("?pair=x", 422, 'id="pair-error"'),
        (f"?pair={uuid.UUID(int=0)}", 200, "Which pairs?"),
    ):
        answer = here.get(f"cohort/move{query}")
        assert (answer.status_code, words in html.unescape(answer.text)) == (status, True), query


def test_of_several_groups_none_is_chosen_beforehand(visit: Come) -> None:
    here = visit(moving.tutor_of_three_groups)
    pair_id = pair_of(here, "Paul Moreau")
    answer = here.get(f"cohort/move?to=&pair={pair_id}")
    assert (answer.status_code, 'id="to-error"' in answer.text) == (422, True)
    assert re.search(
        r"Group 3, “Numérique responsable” .*? 0 people A person completes the programme when",
        said(answer.text),
    )
    assert re.findall(r'name="(\w+)" value="[0-9a-f-]+" checked', answer.text) == ["pair"]


def test_a_tutor_of_one_group_reads_what_it_takes(visit: Come) -> None:
    here = visit(situations.tutor)
    assert "There is no other group to move to yet." in here.text("cohort/move")


def test_where_the_platform_gives_an_activity_no_known_address_the_way_there_is_said(visit: Come) -> None:
    text = visit(moving.moved_learner, family="canvas").text()
    assert "Open the course “Cultures numériques, automne”" in text
    assert "Open the activity “Mentorat inversé”" in text
    assert 'id="there"' not in text


def test_one_tap_leads_to_the_other_group_of_the_same_course(visit: Come, services: Services) -> None:
    here = visit(moving.moved_learner)
    with services.database.transaction() as db:
        opened = db.get_one(LaunchSession, session_id_of(here.home))
        me = db.scalars(sa.select(Participant).where(Participant.person_id == opened.person_id)).one()
        placed = db.scalars(sa.select(Placement).where(Placement.cohort_id == me.cohort_id)).one()
        opened.course_id = placed.course_id
    assert 'id="own-group"' in here.text()
    assert here.post("other-group").status_code == 303
    assert "Inès" in here.text()


def test_the_two_read_where_it_goes_on_and_cannot_begin_anew_here(visit: Come, services: Services) -> None:
    here = visit(moving.moved_learner)
    text = here.text()
    assert "The activity is in the course “Cultures numériques, automne”." in text
    assert 'href="https://moodle.example/mod/lti/view.php?l=42"' in text, (
        "by the address that Moodle gives it"
    )
    assert "I want to learn" not in text
    # The course of before is not where it goes on: no button says that it is.
    assert "Back to the course" not in text
    refused = here.post("join", role="mentee")
    assert refused.status_code == 409
    # By the activity of the other group they are at home.
    with services.database.transaction() as db:
        opened = db.get_one(LaunchSession, session_id_of(here.home))
        me = db.scalars(sa.select(Participant).where(Participant.person_id == opened.person_id)).one()
        there = db.get_one(Cohort, me.cohort_id)
        placed = db.scalars(sa.select(Placement).where(Placement.cohort_id == there.id)).one()
        opened.resource_link_id, opened.course_id = placed.resource_link_id, placed.course_id
    text = here.text()
    assert ("Inès" in text, "Rédiger des consignes" in here.text("objectives")) == (True, True)
