"""The journey on a learner's home: drawn, as a list, and at completion."""

from __future__ import annotations

import re

import pytest

from lti_tool.mentoring.roles import Role
from tests.builder import situations


def drawing(page: str, kind: str) -> str:
    """The one drawing of a kind on a page."""
    [found] = re.findall(rf'<svg class="drawing {kind}.*?</svg>', page, flags=re.S)
    return str(found)


def test_the_drawing_has_a_sentence_and_a_list_beside_it(visit):
    page = visit(situations.under_way).text()
    label = re.search(r'role="img" aria-label="([^"]*)"', drawing(page, "timeline"))
    assert label[1] == (
        "The journey of Inès and Paul: 4 meetings, 1 of them not confirmed, 2 to come, objectives reached: 1 of 3."
    )
    table = page[page.index('<details class="journey-list">') :]
    assert table.count("Meeting: ") == 4
    assert table.count("You learn: ") == 2
    assert table.count("Inès learns: ") == 1


@pytest.mark.parametrize(
    ("situation", "names", "said"),
    [
        (situations.not_met, ["4 more meetings"], "1 meeting, 1 of them not confirmed, 5 to come"),
        (
            situations.waits_for_correction,
            ["3 more meetings"],
            "2 meetings, 1 of them not confirmed, 4 to come",
        ),
    ],
)
def test_no_meeting_to_come_has_a_number_while_one_is_disputed(visit, situation, names, said):
    page = visit(situation).text()
    assert not re.findall(r"Meetings? [0-9]", page)
    assert re.findall(r"\d more meetings", page) == names * 2, "in the drawing and in the list"
    drawn = drawing(page, "timeline")
    assert said in drawn
    assert drawn.count(">Next meeting</text>") == 1
    assert page.count("Next meeting</strong>") == 1


def test_one_more_meeting_is_called_the_same_in_the_drawing_and_in_the_list(visit):
    def three_of_six(situation):
        situation.open()
        pair = situation.pair()
        situation.history(pair, 3)
        pair.session(by=Role.MENTOR, days_ago=2).dispute("wrong-length", minutes=60)
        situation.me = pair.mentee.person

    page = visit(three_of_six).text()
    assert page.count("1 more meeting<") == 2


def test_what_the_other_proposes_stands_below_the_day_of_a_meeting(visit):
    drawn = drawing(visit(situations.waits_for_correction).text(), "timeline")
    assert "45\xa0min, or 1\xa0h?" in " ".join(re.findall(r">([^<]*)</text>", drawn))


@pytest.mark.parametrize("role", Role)
def test_each_strand_is_on_the_side_of_its_role_whoever_looks(visit, role):
    def build(situation):
        situation.open()
        pair = situation.pair()
        situation.me = pair.of(role).person

    drawn = drawing(visit(build).text(), "timeline")
    assert drawn.index(">IB<") < drawn.index(">PM<"), "the mentor's face is above"


@pytest.mark.parametrize(
    "situation",
    [situations.complete, situations.waits_for_signature, situations.partner_left, situations.to_confirm],
)
def test_every_pair_has_a_drawing(visit, situation):
    page = visit(situation).text()
    assert drawing(page, "timeline")
    assert '<ol class="journey-steps">' in page


def test_nothing_comes_next_where_the_partner_has_left(visit):
    assert "the next one" in visit(situations.nothing_waits).text()
    page = visit(situations.partner_left).text()
    assert "the next one" not in page
    # Nobody knows the day, and what was planned is no promise any more.
    assert "End</text>" in page
    assert "Closing" not in page
    assert "Left open" in page
    assert "not started" not in page


@pytest.mark.parametrize("situation", [situations.under_way, situations.to_confirm])
def test_a_meeting_that_only_one_of_the_two_has_noted_is_no_time_together(visit, situation):
    of_three, of_four = (visit(each).text() for each in (situations.nothing_waits, situation))
    together = re.search(r"<p>[^<>]* together", of_three)[0]
    assert together in of_four


def test_what_the_other_answered_to_a_proposal_is_not_drawn(visit):
    def build(situation):
        situation.open()
        situation.me = situation.pair(signed="", accepted="mentor").mentee.person

    assert drawing(visit(build).text(), "pair-scene").count("strand mentor ahead") == 1


def test_a_knot_is_whole_before_a_meeting_that_waits(visit):
    page = visit(situations.to_confirm).text()
    tiles = re.findall(r'<li class="at-knot">.*?</li>', page, flags=re.S)
    assert not any("ahead" in re.search(r'drawing tile".*?</svg>', tile, flags=re.S)[0] for tile in tiles)


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (situations.to_sign, "Agreement to be signed by both of you"),
        (situations.waits_for_signature, "Inès still has to sign the agreement"),
        (situations.begins, "The agreement is signed by both of you"),
    ],
)
def test_what_is_needed_says_whether_the_agreement_is_signed(visit, situation, said):
    assert said in visit(situation).text()


@pytest.mark.parametrize(
    ("situation", "logger", "other"),
    [
        (situations.to_confirm, "mentor", "mentee"),
        (situations.under_way, "mentee", "mentor"),
        (situations.to_correct, "mentee", "mentor"),
    ],
)
def test_the_strand_of_whoever_logged_a_meeting_is_solid_up_to_it(visit, situation, logger, other):
    scene = drawing(visit(situation).text(), "pair-scene")
    assert f'class="strand {logger}"' in scene
    assert f'class="strand {other} ahead"' in scene
    assert 'class="ring waiting"' in scene


def test_completion_shows_both_in_the_ring_and_what_was_learned(visit):
    here = visit(situations.complete)
    page = here.text()
    ring = drawing(page, "completion-ring")
    assert ">IB<" in ring
    assert ">PM<" in ring
    assert ring.count('class="leaf reached"') == 1
    learned = page[page.index('id="learned"') : page.index('id="word-for"')]
    assert "Rédiger des consignes efficaces" in learned
    assert "Publier un premier article" not in learned, "it was not reached"
    assert "data-fills" in page, "words of thanks that are ready"

    kept = here.get("journey.svg")
    assert (kept.mimetype, "attachment" in kept.headers["Content-Disposition"]) == ("image/svg+xml", True)
    assert all(text in kept.text for text in (">IB<", "Inès and Paul", "1 meeting · 45\xa0min together"))
    assert "Rédiger" not in kept.text, "no text of anybody's"
    assert visit(situations.under_way).get("journey.svg").status_code == 404


def test_what_still_waits_stands_below_the_completion(visit):
    def build(situation):
        situation.open("demo")
        pair = situation.pair()
        situation.history(pair, 1)
        pair.session(by=Role.MENTOR, days_ago=1)
        situation.me = pair.mentee.person

    page = visit(build).text()
    assert page.index('id="complete"') < page.index("Still open") < page.index('/confirm"')


def test_past_meetings_beyond_four_are_folded_on_a_phone(visit):
    def build(situation):
        situation.open()
        pair = situation.pair()
        situation.history(pair, 6)
        situation.me = pair.mentee.person

    assert "2 earlier meetings" in visit(build).text()
    assert "earlier meeting" not in visit(situations.under_way).text()


def test_an_objective_that_waits_for_a_yes_is_to_confirm(visit):
    states = re.findall(
        r'class="objective-state [^"]*">([^<]*)<', visit(situations.objective_to_confirm).text()
    )
    assert "To confirm:" in states
    assert "In progress:" not in states
