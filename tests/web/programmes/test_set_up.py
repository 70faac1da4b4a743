"""A tutor sets a programme up on its pages, two people at once, and what learners see before the start and after."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.mentoring.programmes.models import Cohort, ProgrammeSettings
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.translation import using_language
from lti_tool.web.language import day_in_year
from tests.builder import setting_up, situations
from tests.builder.setting_up import change
from tests.builder.situations import Situation
from tests.forms import form_with
from tests.platform.platform import INSTRUCTOR, LEARNER
from tests.web.deep_linking.picking import Picker
from tests.web.deep_linking.test_several_activities import items, open_as_learner, open_item
from tests.web.tutor.test_choosing_a_programme import choose, first_page
from tests.web.visiting import Visit

Come = Callable[..., Visit]


def words(page: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def latest(services: Services) -> dict[str, Any]:
    with services.database.reading() as db:
        return db.scalars(
            sa.select(ProgrammeSettings.settings).order_by(ProgrammeSettings.number.desc()).limit(1)
        ).one()


def test_the_list_says_what_is_missing_and_the_start_is_shut(visit: Come) -> None:
    here = visit(setting_up.tutor_sets_up_much)
    assert urlsplit(here.get().headers["Location"]).path == f"{here.home}programme"
    page = here.get("programme")
    assert "7 of 10 parts are done. Still to do:" in words(page)
    for what in ("Set at least one target.", "Choose the “Before” questionnaire.", "Set the follow-up date"):
        assert what in words(page)
    assert 'id="start"' not in page.text
    answer = here.client.post(
        f"{here.home}programme/start", data={"csrf_token": form_of(here, "programme/goal")["csrf_token"]}
    )
    assert (answer.status_code, "The programme has not started" in answer.text) == (409, True)


def form_of(here: Visit, below: str, **changes: Any) -> dict[str, Any]:
    """What a page's form sends, with these changes; texts of several lines are among the changes."""
    fields = form_with(here.get(below), "made_from").fields
    for name, text in re.findall(
        r'<textarea[^>]* name="([^"]+)"[^>]*>\n([^<]*)</textarea>', here.get(below).text
    ):
        fields[name] = html.unescape(text)
    return {**fields, **changes}


def save(here: Visit, below: str, **changes: Any) -> TestResponse:
    return here.client.post(here.home + below, data=form_of(here, below, **changes))


def test_a_part_is_saved_and_leads_back_to_the_list(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_sets_up)
    answer = save(here, "programme/goal", goal_en="Managers use data themselves")
    assert urlsplit(answer.headers["Location"]).path == f"{here.home}programme"
    page = words(here.client.get(answer.headers["Location"]))
    assert "Saved." in page
    assert "Managers use data themselves" in page
    assert re.search(r"Saved on \d+ \w+ at \d\d:\d\d UTC", page), "the hour, and not who where it was oneself"
    assert "by Claire Fontaine" not in page
    assert "UTC by Sophie Martel" in words(visit(setting_up.tutor_sets_up_much).get("programme"))
    assert latest(services)["goal"]["fr"].startswith("Que les générations")


WRONG = [
    ("goal", {"title_en": "", "title_fr": ""}, "title_en"),
    ("goal", {"goal_en": "x" * 501}, "goal_en"),
    ("goal", {"title_en": "a\x00\u202eb"}, "title_en"),
    ("dates", {"ends_on": "2026-02-31"}, "ends_on"),
    ("dates", {"ends_on": "2020-01-01"}, "ends_on"),
    ("rhythm", {"sessions": "-1"}, "sessions"),
    ("budget", {"amount": "much"}, "amount"),
    ("skills/new", {"name_en": " "}, "name_en"),
    ("objectives/new", {"title_en": "Ask", "direction": "tutor"}, "direction"),
    ("visibility", {"smallest_group": "4"}, "smallest_group"),
    ("kpis", {"target_completion": "170"}, "target_completion"),
    ("kpis", {"target_relationship_quality": "7"}, "target_relationship_quality"),
]


def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_sets_up)
    before = latest(services)
    for part, changes, field in WRONG:
        answer = save(here, f"programme/{part}", **changes)
        assert answer.status_code == 422, (part, changes)
        assert f'id="{field}-error"' in answer.text
        assert field == "direction" or html.escape(changes[field]) in answer.text, (part, changes)
    assert latest(services) == before


def test_the_name_of_the_activity_is_said_where_the_programme_is_named_otherwise(visit: Come) -> None:
    here = visit(setting_up.tutor_sets_up)
    said = "In your course, the activity keeps the name “"
    before = words(here.get("programme/goal"))
    activity = re.search(said + "([^”]+)”", before)
    assert activity, before
    save(here, "programme/goal", title_en=activity[1])
    assert said not in words(here.get("programme/goal"))


def test_an_objective_that_only_another_tool_shows_is_kept_and_holds_up_the_start(visit: Come) -> None:
    here = visit(setting_up.tutor_sets_up)
    new = {"title_en": "Finish the course", "direction": "mentee", "evidence": "xapi"}
    assert save(here, "programme/objectives/new", **new).status_code == 302
    assert "Say who else can declare an objective reached." in words(here.get("programme"))
    save(here, "programme/objectives/finish-the-course", evidence=["xapi", "partner"])
    assert "Say who else" not in words(here.get("programme"))


def test_a_text_that_looks_like_markup_is_a_text(visit: Come) -> None:
    here = visit(setting_up.tutor_sets_up)
    save(here, "programme/goal", title_en="<script>alert(1)</script>{{ 7*7 }} %(x)s %")
    for below in ("programme", "programme/goal", "programme/dates"):
        page = here.get(below)
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
        assert "{{ 7*7 }} %(x)s %" in html.unescape(page.text)


@pytest.mark.parametrize(
    "below", ["programme/rule-of-three", "programme/skills/none", "programme/formats/x/y"]
)
def test_a_part_that_is_none_is_not_found(visit: Come, below: str) -> None:
    assert visit(setting_up.tutor_sets_up).get(below).status_code == 404


def test_an_entry_that_never_was_is_not_made_by_its_address(visit: Come, services: Services) -> None:
    here, before = visit(setting_up.tutor_sets_up), latest(services)
    token = form_of(here, "programme/goal")["csrf_token"]
    for entry in (
        "skills/made-up",
        "questionnaires/before.made-up",
        "questionnaires/never.new",
        "formats/own-x",
    ):
        typed = {"name_en": "X", "text_en": "X", "made_from": "1", "csrf_token": token}
        assert here.client.post(f"{here.home}programme/{entry}", data=typed).status_code == 409, entry
    empty = {"csrf_token": token}
    assert here.client.post(f"{here.home}programme/questionnaires/new", data=empty).status_code == 404
    assert latest(services) == before


def test_a_question_is_added_to_a_questionnaire(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_sets_up)
    save(here, "programme/questionnaires/after.new", text_en="What will you keep?", kind="text")
    after = next(asked for asked in latest(services)["questionnaires"] if asked["phase"] == "after")
    assert after["items"][-1]["code"] == "what-will-you-keep"
    page = here.text("programme/questionnaires")
    assert re.search(rf"\n{len(after['items'])}\. What will you keep\?</textarea>", page)


def test_entries_are_added_changed_and_taken_out(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_sets_up)
    answer = save(here, "programme/formats/new", name_en="Shop visit", name_fr="Visite de magasin")
    assert urlsplit(answer.headers["Location"]).path == f"{here.home}programme/formats"
    again = save(here, "programme/formats/new", name_en="Shop visit", name_fr="Visite de magasin")
    assert (again.status_code, "This is in the list already." in words(again)) == (422, True)
    save(here, "programme/formats/own-shop-visit", name_en="A shop visit")
    assert latest(services)["format_names"]["own-shop-visit"]["en"] == "A shop visit"
    here.client.post(
        f"{here.home}programme/formats/own-shop-visit/remove",
        data={"csrf_token": form_of(here, "programme/goal")["csrf_token"]},
    )
    assert latest(services)["format_names"] == {}


def test_the_second_of_two_sees_what_changed_and_nothing_typed_is_lost(
    visit: Come, services: Services
) -> None:
    here = visit(setting_up.tutor_sets_up)
    opened = form_of(here, "programme/goal")
    save(here, "programme/goal", title_en="Theirs", goal_en="Their goal")
    answer = here.client.post(
        f"{here.home}programme/goal", data={**opened, "title_en": "Mine", "form_key": ""}
    )
    page = words(answer)
    assert answer.status_code == 409
    assert "You changed this page in another tab" in page
    assert "Name of the programme, in English Digital skills Theirs Mine" in page
    shown = form_with(answer, "made_from").fields
    assert shown["title_en"] == "Mine"
    assert "Their goal</textarea>" in answer.text
    assert latest(services)["title"]["en"] == "Theirs"
    again = {**opened, **shown, "goal_en": "Their goal"}
    assert here.client.post(f"{here.home}programme/goal", data=again).status_code == 302
    saved = latest(services)
    assert (saved["title"]["en"], saved["goal"]["en"]) == ("Mine", "Their goal")


def test_every_part_keeps_what_the_second_of_two_has_typed(visit: Come) -> None:
    here, later = visit(setting_up.tutor_sets_up), utcnow().date() + dt.timedelta(days=400)
    for part, field, theirs, mine in (
        ("budget", "funding", "Their budget", "My budget"),
        ("roles", "mentee_en", "Learners", "Explorers"),
        ("rhythm", "sessions", "7", "8"),
        ("dates", "follow_up_on", *(str(later + dt.timedelta(days=number)) for number in (1, 2))),
        ("visibility", "smallest_group", "7", "8"),
        ("skills/everyday-tools", "name_en", "Their tools", "My tools"),
        ("objectives/remote-meeting", "title_en", "Their objective", "My objective"),
        ("kpis/match_rate", "name_en", "Their figure", "My figure"),
        ("questionnaires/before.expectation", "text_en", "Their question?", "My question?"),
    ):
        opened = form_of(here, f"programme/{part}")
        assert field in opened, (part, sorted(opened))
        assert save(here, f"programme/{part}", **{field: theirs}).status_code == 302, part
        answer = here.client.post(
            f"{here.home}programme/{part}", data={**opened, field: mine, "form_key": ""}
        )
        assert answer.status_code == 409, part
        with using_language("en"):
            shown = day_in_year(dt.date.fromisoformat(theirs)) if part == "dates" else theirs
        assert " ".join(shown.split()) in words(answer), part
        typed = form_with(answer, "made_from").fields.get(field)
        assert typed == mine or f">\n{mine}</textarea>" in answer.text, part


def test_another_part_that_changed_meanwhile_is_no_matter(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_sets_up)
    opened = form_of(here, "programme/goal")
    save(here, "programme/rhythm", sessions="8")
    assert (
        here.client.post(f"{here.home}programme/goal", data={**opened, "title_en": "Mine"}).status_code == 302
    )
    saved = latest(services)
    assert (saved["title"]["en"], saved["rhythm"]["sessions"]) == ("Mine", 8)
    save(here, "programme/rhythm", sessions="3")
    assert "This rule asks for 6 meetings; the programme plans 3." in words(here.get("programme"))


def test_what_is_frozen_says_so_and_since_when(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_changes_settings)
    assert re.search(r"Frozen since \d+ \w+ 20\d\d", words(here.get("programme")))
    page = here.get("programme/kpis")
    assert "Frozen since" in page.text
    assert 'name="made_from"' not in page.text
    token = form_of(here, "programme/goal")
    answer = here.client.post(
        f"{here.home}programme/kpis", data={"csrf_token": token["csrf_token"], "made_from": "1"}
    )
    assert (answer.status_code, "it is frozen since the programme started" in answer.text) == (409, True)


def test_a_running_programme_ends_earlier_only_where_that_is_meant(visit: Come, services: Services) -> None:
    here = visit(setting_up.tutor_changes_settings)
    soon = (utcnow() + dt.timedelta(days=2)).date().isoformat()
    asked = save(here, "programme/dates", ends_on=soon)
    assert (asked.status_code, "have not completed yet, and would have until then" in words(asked)) == (
        422,
        True,
    )
    assert save(here, "programme/dates", ends_on=soon, ends_earlier="yes").status_code == 302


def test_learners_wait_and_join_after_the_start(picker: Picker) -> None:
    page = picker.answer(template="demo", title="Mentoring", begin="set-up")
    [item] = items(picker, page)
    tasks = open_item(picker, item)
    learner = open_as_learner(picker, item)
    assert "The programme opens soon" in learner.text
    assert "There is nothing to do" in words(learner)
    assert "planned to begin" not in words(learner)
    with picker.services.database.transaction() as db:
        db.scalars(sa.select(Cohort)).one().starts_on = utcnow().date() + dt.timedelta(days=10)
    assert "It is planned to begin on" in words(open_as_learner(picker, item))
    assert 'name="role"' not in learner.text
    key = learner.request.path.split("/l/")[1].split("/")[0]
    token = form_with(learner, "back").fields["csrf_token"]
    answer = picker.browser.post(f"/l/{key}/join", data={"csrf_token": token, "role": "mentee"})
    assert (answer.status_code, "does not take new people" in answer.text) == (409, True)
    start = re.search(r'action="([^"]+/programme/start)"', tasks.text)
    assert start, tasks.text
    fields = {**form_with(tasks, "back").fields}
    started = picker.browser.post(start[1], data={"csrf_token": fields["csrf_token"]})
    assert started.status_code == 302
    assert "The programme has started." in picker.browser.get(started.headers["Location"]).text
    assert 'value="mentee"' in open_as_learner(picker, item).text


def test_five_questions_follow_the_template_and_nothing_is_lost_on_the_way(picker: Picker) -> None:
    first = picker.open()
    second = picker.choose(first, template="ai-at-work", title="Our activity", go_to="questions")
    fields = form_with(second, "name").fields
    assert (fields["name"], fields["title"], fields["sessions"]) == ("AI at work", "Our activity", "8")
    wrong = picker.browser.post(first.request.path, data={**fields, "months": "0", "name": "Cap 2027"})
    assert (wrong.status_code, form_with(wrong, "name").fields["name"]) == (422, "Cap 2027")
    back = picker.browser.post(first.request.path, data={**fields, "name": "Cap 2027", "go_to": "template"})
    assert form_with(back, "title").fields["name"] == "Cap 2027"
    goal = "Everybody checks what an assistant says"
    page = picker.browser.post(
        first.request.path, data={**fields, "name": "Cap 2027", "sessions": "4", "goal": goal}
    )
    [item] = items(picker, page)
    assert (item["custom"]["template"], item["title"]) == ("ai-at-work", "Our activity")
    open_item(picker, item)
    saved = latest(picker.services)
    assert (saved["title"]["fr"], saved["goal"]["en"], saved["rhythm"]["sessions"]) == ("Cap 2027", goal, 4)
    with picker.services.database.reading() as db:
        assert db.scalars(sa.select(Cohort.status)).all() == ["running"]


def test_an_activity_that_nobody_has_named_takes_the_name_of_its_programme(picker: Picker) -> None:
    first = picker.open()
    second = picker.choose(first, template="ai-at-work", go_to="questions")
    fields = form_with(second, "name").fields
    for name, title in (("AI at work", "Reverse mentoring"), ("Cap 2027", "Cap 2027")):
        page = picker.browser.post(first.request.path, data={**fields, "name": name, "form_key": ""})
        assert [item["title"] for item in items(picker, page)] == [title]


def test_the_activity_itself_asks_the_same(picker: Picker) -> None:
    page = first_page(picker)
    second = choose(picker, page, template="demo", begin="set-up", go_to="questions")
    assert "when it starts and who takes part" in second.text
    answer = picker.browser.post(
        second.request.path, data={**form_with(second, "name").fields, "name": "Cap 2027", "months": "2"}
    )
    assert answer.status_code == 302
    tasks = first_page(picker)
    assert "Set up your programme" in tasks.text
    assert latest(picker.services)["title"]["en"] == "Cap 2027"
    learner = first_page(picker, roles=[LEARNER], sub="learner")
    assert "The programme opens soon" in learner.text
    assert "Set up your programme" in first_page(picker, roles=[INSTRUCTOR]).text


def test_answers_about_another_template_than_the_chosen_one_are_left_out(picker: Picker) -> None:
    second = picker.choose(picker.open(), template="demo", go_to="questions")
    fields = form_with(second, "name").fields
    page = picker.browser.post(
        second.request.path, data={**fields, "name": "Lost", "template": "ai-at-work", "at": ""}
    )
    [item] = items(picker, page)
    open_item(picker, item)
    assert latest(picker.services)["title"]["en"] == "AI at work"


def renamed(situation: Situation) -> None:
    situations.under_way(situation)
    change(situation, Section.ROLES, mentee_en="Explorer", mentee_fr="", mentor_en="Guide", mentor_fr="")
    change(situation, Section.RHYTHM, sessions=6, minutes=90)


def test_names_of_roles_and_the_length_of_a_meeting_take_effect_for_learners(visit: Come) -> None:
    plain, here = visit(situations.begins), visit(renamed)
    assert re.search(r"(Explorer|Guide) · (learns from|teaches) you", words(here.get()))
    assert "Guide" not in plain.text()


def changed_on_the_way(situation: Situation) -> None:
    situations.begins(situation)
    change(situation, Section.RHYTHM, sessions=6, minutes=90)


def test_a_first_meeting_is_as_long_as_the_programme_advises(visit: Come) -> None:
    page = visit(changed_on_the_way).get("sessions/new")
    assert re.search(r'id="length-90"[^>]* checked', page.text)


def test_a_learner_s_page_is_another_one_after_a_change(visit: Come, services: Services) -> None:
    here = visit(situations.begins)
    tag = here.get().headers["ETag"]
    assert here.get(headers={"If-None-Match": tag}).status_code == 304
    with services.database.transaction() as db:
        cohort = db.scalars(sa.select(Cohort)).one()
        present = db.get_one(ProgrammeSettings, cohort.settings_id)
        version = ProgrammeSettings(programme_id=cohort.programme_id, number=2, settings=present.settings)
        db.add(version)
        db.flush()
        cohort.settings_id = version.id
    assert here.get(headers={"If-None-Match": tag}).status_code == 200


def test_figures_are_reworded_and_added_and_those_of_one_s_own_are_followed_by_hand(
    visit: Come, services: Services
) -> None:
    here = visit(setting_up.tutor_sets_up)
    save(
        here,
        "programme/kpis/completion",
        name_en="Journeys finished",
        definition_en="Finished, out of begun.",
    )
    own = {"name_en": "Coffee breaks", "definition_en": "Breaks a month, out of pairs.", "unit": "share"}
    wrong = save(here, "programme/kpis/new", **own, bound="at_least", target="101")
    assert (wrong.status_code, 'id="target-error"' in wrong.text) == (422, True)
    save(here, "programme/kpis/new", **own, bound="at_most", target="12,5")
    kpis = {kpi["code"]: kpi for kpi in latest(services)["kpis"]}
    assert kpis["completion"]["name"] == {"en": "Journeys finished", "fr": "Parcours terminés"}
    assert kpis["own-coffee-breaks"]["target"] == {"bound": "at_most", "value": "1/8"}
    page = here.get("programme/kpis")
    assert words(page).count("Followed by hand. Without the tick it is removed.") == 1
    save(here, "programme/kpis")
    assert {kpi["code"]: kpi for kpi in latest(services)["kpis"]} == kpis, "the list keeps the words"
    frozen = visit(setting_up.tutor_changes_settings)
    assert 'name="name_en"' not in frozen.text("programme/kpis/completion")
