"""The page of the completion rule, without a script: drafting, trying, applying, two at once, and wrong input."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL
from lti_tool.mentoring.completion.models import RuleDraft
from lti_tool.mentoring.programmes.models import Cohort, CompletionRuleVersion
from lti_tool.mentoring.programmes.rule_versions import apply_rule
from tests.builder import situations
from tests.builder.crowd import add_crowd
from tests.builder.situations import Situation
from tests.sql_counter import counting
from tests.web.programmes.rule_page import PATH, RulePage, opened
from tests.web.visiting import Visit

Come = Callable[..., Visit]
PAGE = 15
"""SQL statements for the page with a draft, however many people there are."""


def draft(services: Services) -> dict[str, Any] | None:
    with services.database.reading() as db:
        row = db.scalars(sa.select(RuleDraft)).one_or_none()
        return dict(row.rule) if row is not None else None


def versions(services: Services) -> list[int]:
    with services.database.reading() as db:
        return list(
            db.scalars(sa.select(CompletionRuleVersion.number).order_by(CompletionRuleVersion.number))
        )


def counts(page: RulePage) -> list[int]:
    return [int(each) for each in re.findall(r"<li[^>]*><b>\+?(\d+)</b>", page.text)]


def bring_back(page: RulePage, words: str) -> None:
    """Press the button that brings back the draft that was put aside."""
    form = page.text.partition('id="put-aside"')[2].partition("</form>")[0]
    assert words in form
    sent = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    page.answer = page.here.client.post(page.here.home + PATH, data=dict(sent))
    assert page.answer.status_code == 200


def test_what_nothing_measures_yet_is_kept_in_a_group_and_cannot_be_applied(
    visit: Come, services: Services
) -> None:
    page = opened(visit, situations.tutor)
    # What would keep the programme from starting is named, and is no button.
    assert re.findall(r'value="add:(\w+)"', page.text)[-1:] == ["group"]
    assert "A group of conditions Not available yet A questionnaire answered" in page.words
    page.press("add:group")
    assert "This group is empty." in page.words
    offered = re.findall(r'value="add:(\w+):criteria.2"', page.text)
    assert ("reflection" in offered, "training" in offered, "group" in offered) == (True, False, False)
    page.press("add:training:criteria.2")
    kept = draft(services)
    assert kept is not None
    assert [each["type"] for each in kept["criteria"][2]["criteria"]] == ["training"]
    assert "“The induction finished” is not available yet: take it out." in page.words
    assert 'value="apply"' not in page.text


def test_what_is_changed_is_marked_and_can_be_put_back(visit: Come, services: Services) -> None:
    page = opened(visit, situations.tutor)
    page.press("try", criteria__1__min="5", mode="any")
    assert "was 6" in page.words
    assert "was all" in page.words
    page.press("remove:criteria.0")
    assert page.types() == ["sessions"]
    page.press("restore:agreement")
    assert page.types() == ["sessions", "agreement"]
    page.press("up:criteria.1")
    assert page.types() == ["agreement", "sessions"]
    page.press("discard", criteria__1__min="4")
    assert draft(services) is not None, "it is asked for first"
    assert "Changed: 4 meetings" in page.words
    assert page.value("criteria.1.min") == "4", "what was typed stays in the form"
    page.press("give-up", criteria__1__min="no number")
    assert draft(services) is None
    assert "was 6" not in page.words
    page.press("try", criteria__1__min="6")
    assert draft(services) is None, "what is in force is no draft"


def test_what_is_typed_wrong_stays_and_is_said_beside_its_field(visit: Come, services: Services) -> None:
    page = opened(visit, situations.tutor)
    page.press("add:xapi")
    before = draft(services)
    changes = {"criteria__1__min": "six", "criteria__1__w": "-1", "criteria__2__activity": "a page"}
    answer = page.press("add:training", **changes)
    assert answer.status_code == 422
    assert (page.value("criteria.1.min"), page.value("criteria.1.w")) == ("six", "-1")
    assert page.types() == ["agreement", "sessions", "xapi", "training"], (
        "what was asked for is done all the same"
    )
    assert re.search(r'id="criteria-1-min-error".*?enter a whole number', page.text, re.DOTALL)
    assert re.search(r'id="criteria-2-activity-error".*?full address', page.text, re.DOTALL)
    assert draft(services) == before
    assert (
        page.press(
            "save", criteria__1__min="4", criteria__1__w="1/3", criteria__2__activity="urn:x:y"
        ).status_code
        == 302
    )
    kept = draft(services)
    assert kept is not None
    assert (kept["criteria"][1]["min"], kept["criteria"][1]["w"]) == (4, "1/3")


def test_a_rule_that_means_nothing_is_a_draft_that_says_what_it_lacks(
    visit: Come, services: Services
) -> None:
    page = opened(visit, situations.tutor)
    page.press("save", mode="at_least:2")
    page.press("remove:criteria.1")
    assert "2 criteria are asked for, but only 1 count for the role mentee." in page.words
    page.press("remove:criteria.0")
    assert "Nothing is asked of the role mentor." in page.words
    assert (draft(services) or {})["criteria"] == []
    assert 'value="apply"' not in page.text


def test_the_rule_is_applied_and_its_sentence_is_on_every_page(visit: Come, services: Services) -> None:
    page = opened(visit, situations.tutor)
    page.press("try", criteria__1__min="4")
    assert counts(page) == [2, 2, 0, 0]
    assert "Paul Moreau" in page.text.split("Would complete today")[1].split("</section>")[0]
    answer = page.press("apply")
    assert answer.status_code == 302
    assert "The rule is applied." in page.words
    assert versions(services) == [1, 2]
    sentence = "4 meetings of 30 minutes or more are confirmed"
    assert sentence in page.here.text()
    assert sentence in page.here.text("cohort/list/")
    assert "put version 2 of the completion rule in force" in page.here.text("programme/audit")
    pair = page.here.link(r"cohort/pairs/[0-9a-f-]+")
    assert re.search("of 4|4/4|4 meetings to come", page.here.text(pair))


def test_what_has_changed_since_is_looked_at_again_before_it_is_applied(
    visit: Come, services: Services
) -> None:
    page = opened(visit, situations.tutor)
    page.press("try", criteria__1__min="4")
    answer = page.press("apply", criteria__1__min="3")
    assert answer.status_code == 409
    assert "Look at the preview again" in page.words
    assert page.value("criteria.1.min") == "3"
    assert versions(services) == [1]
    assert page.press("apply").status_code == 302
    assert versions(services) == [1, 2]


def test_weights_that_make_no_whole_percentages_are_said_in_parts(visit: Come) -> None:
    page = opened(visit, situations.tutor)
    page.press("save", criteria__0__w="1", criteria__1__w="5")
    assert "Out of 6: agreement 1, meetings 5" in page.words
    page.press("save", criteria__1__w="4")
    assert "Agreement 20%, meetings 80%" in page.words


def test_the_second_of_two_editors_sees_what_the_first_has_saved_and_chooses(
    visit: Come, services: Services
) -> None:
    page = opened(visit, situations.tutor)
    other = RulePage(page.here)
    page.press("remove:criteria.0", criteria__1__min="5")
    answer = other.press("save", criteria__1__min="4")
    assert answer.status_code == 409
    assert re.search(r"You saved another draft in another tab on .* at \d\d:\d\d UTC", other.words)
    compared = other.words.partition("Condition Your draft The other draft")[2].partition("Keep my draft")[0]
    meetings = "%s meetings of at least 30 minutes confirmed by the partner"
    assert compared.strip() == (
        f"Agreement the agreement is signed by both not in this draft Meetings {meetings % 4} {meetings % 5}"
    )
    assert "Choose one of the two drafts first" in other.words
    assert 'id="apply"' not in other.text
    assert other.value("criteria.1.min") == "4"
    assert [each.get("min") for each in (draft(services) or {})["criteria"]] == [5]
    assert other.press("save").status_code == 409, "it is chosen, not pressed through"
    revision = re.search(r'value="(overwrite:\d+)"', other.text)
    assert revision
    assert other.press(revision[1]).status_code == 200
    assert (draft(services) or {})["criteria"][1]["min"] == 4
    bring_back(other, "Bring the other one back")
    assert [each.get("min") for each in (draft(services) or {})["criteria"]] == [5]
    # The one of the two that was not chosen goes with the next that is saved.
    other.press("save", criteria__0__min="3")
    assert "bring-back" not in other.text


def test_whoever_uses_the_draft_of_another_can_bring_back_their_own(visit: Come, services: Services) -> None:
    page = opened(visit, situations.tutor)
    other = RulePage(page.here)
    page.press("try", criteria__1__min="5")
    other.press("try", criteria__1__min="4")
    other.press("take")
    assert (other.answer.status_code, other.value("criteria.1.min")) == (200, "5")
    assert (draft(services) or {})["criteria"][1]["min"] == 5
    bring_back(other, "Bring mine back")
    kept = (draft(services) or {})["criteria"][1]
    assert kept["min"] == 4
    assert other.value("criteria.1.min") == "4"


def test_a_button_that_is_pressed_twice_has_its_effect_once(visit: Come, services: Services) -> None:
    page = opened(visit, situations.tutor)
    again = list(page.fields)
    page.press("add:reflection")
    data = dict(again) | {"do": "add:reflection"}
    assert page.here.client.post(page.here.home + PATH, data=data).status_code == 302
    assert [each["type"] for each in (draft(services) or {})["criteria"]] == [
        "agreement", "sessions", "reflection",
    ]  # fmt: skip


def test_no_form_is_answered_with_an_error_of_ours(visit: Come) -> None:
    page = opened(visit, situations.tutor)
    hostile: list[dict[str, str]] = [
        {"criteria.0.type": "magic"},
        {"mode": "everything"},
        {"criteria.1.formats": "a b"},
        {"criteria.0.id": "é"},
        {"criteria.1.min": "9" * 4000},
        {"pairs": "none", "report": "none"},
        {"seen": "-1", "do": "overwrite:99999999999999"},
        {"do": "remove:criteria.99"},
        {f"criteria.{number}.type": "agreement" for number in range(99)},
    ]
    for fields in hostile:
        sent = {**dict(page.fields), "do": "save", **fields}
        answer = page.here.client.post(page.here.home + PATH, data=sent)
        assert answer.status_code in (200, 302, 400, 409, 422), (fields, answer.text)


def test_the_language_is_switched_with_what_was_typed(visit: Come) -> None:
    page = opened(visit, situations.tutor)
    answer = page.press("", more=[("form_language", "fr")], criteria__1__min="five")
    assert answer.status_code == 200
    assert page.value("criteria.1.min") == "five"
    assert "rencontres d’au moins" in page.words


def test_whom_it_would_change_something_for_adds_up_to_everybody_and_costs_the_same(
    visit: Come, services: Services
) -> None:
    def crowd(situation: Situation) -> None:
        situations.tutor(situation)
        assert situation.cohort is not None
        add_crowd(situation.db, situation.cohort, 400)

    costs = []
    for build in (situations.tutor, crowd):
        page = opened(visit, build)
        page.press("try", criteria__1__min="5")
        with counting(services.database) as counter:
            page = RulePage(page.here)
        costs.append(len(counter.statements))
        counter.require_at_most(PAGE)
    assert costs[0] == costs[1]
    assert "Based on the 406 people now in pairs." in page.words
    begun = re.search(r"(\d+) more have not begun", page.words)
    assert sum(counts(page)) + int(begun[1] if begun else 0) == 406


def test_a_learner_s_open_page_changes_when_another_rule_is_applied(visit: Come, services: Services) -> None:
    here = visit(situations.under_way)
    before = here.get("live")
    seen = {"If-None-Match": before.headers["ETag"]}
    assert here.get("live", headers=seen).status_code == 304
    with composition.transaction(services, TOOL) as db:
        cohort_id = db.scalars(sa.select(Cohort.id)).one()
        rule = {"v": 1, "mode": "all", "criteria": [{"id": "a", "type": "sessions", "min": 9}]}
        apply_rule(db, cohort_id=cohort_id, rule=rule, previous=1, now=utcnow())
    after = here.get("live", headers=seen)
    assert after.status_code == 200
    assert "of 9" in after.text or "/9" in after.text
