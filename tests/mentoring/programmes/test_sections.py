"""The parts of the settings as forms, a tutor's first answers, and two people who change the same part."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lti_tool.mentoring.programmes.codes import new_code
from lti_tool.mentoring.programmes.merging import merged
from lti_tool.mentoring.programmes.questions import frozen_questions
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.section_entries import ENTRIES, without_entry
from lti_tool.mentoring.programmes.section_form import SectionForm, Standing, View
from lti_tool.mentoring.programmes.sections import WHOLE, section_form
from lti_tool.mentoring.programmes.settings import (
    Answers,
    CohortDays,
    Settings,
    checked,
    days_from,
    with_answers,
)
from lti_tool.mentoring.programmes.template import load_template, template_codes
from schemas.form_schema import read_form
from schemas.problem import ShapeError

TODAY = dt.date(2026, 11, 26)
DAYS = CohortDays(TODAY, dt.date(2027, 5, 26), dt.date(2027, 8, 24))


def settings_of(code: str = "digital-skills", days: CohortDays = DAYS, **changes: Any) -> Settings:
    return Settings({**load_template(code).document(), **changes}, days)


def standing(language: str = "en", *, started: bool = False, owns: bool = True) -> Standing:
    return Standing(TODAY, language, started, owns, load_template("digital-skills").document())


def typed(form: SectionForm, view: View, **changes: Any) -> dict[str, Any]:
    """The checked values of a form that is sent with what it shows, but for ``changes``: one text, or several."""
    texts = dict(view) | {
        name: (value,) if isinstance(value, str) else tuple(value) for name, value in changes.items()
    }
    return read_form(
        form.schema,
        [(name, text) for name, several in texts.items() if name in form.schema.fields for text in several],
    )


def saved(section: Section, settings: Settings, entry: str | None = None, **changes: Any) -> Settings:
    language = changes.pop("language", "en")
    form = section_form(section, settings, standing(language), entry)
    made = form.write(settings, typed(form, form.read(settings) or {}, **changes))
    return Settings(checked(made.document), made.days)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("section", WHOLE)
@pytest.mark.parametrize("code", [code for code in template_codes() if code != "blank"])
def test_a_part_that_is_saved_as_it_is_changes_nothing(code: str, section: Section, language: str) -> None:
    settings = settings_of(code)
    assert saved(section, settings, language=language) == settings


@pytest.mark.parametrize("section", ENTRIES)
def test_an_entry_that_is_saved_as_it_is_changes_nothing(section: Section) -> None:
    settings = settings_of(
        formats=["coaching", "own-visit"], format_names={"own-visit": {"fr": "Visite", "en": "Visit"}}
    )
    codes = {
        Section.FORMATS: ["own-visit"],
        Section.QUESTIONNAIRES: [
            f"{asked['phase']}.{item['code']}"
            for asked in settings.document["questionnaires"]
            for item in asked["items"]
        ],
        **{
            part: [each["code"] for each in settings.document[part]]
            for part in (Section.SKILLS, Section.OBJECTIVES, Section.KPIS)
        },
    }
    for code in codes[section]:
        assert saved(section, settings, code) == settings


def test_one_language_stands_for_both() -> None:
    made = saved(Section.GOAL, settings_of(), goal_en="", goal_fr="Apprendre", title_fr="")
    assert made.document["goal"] == {"fr": "Apprendre", "en": "Apprendre"}
    assert made.document["title"] == {"fr": "Digital skills", "en": "Digital skills"}


def test_a_text_without_any_language_is_asked_for_in_the_reader_s() -> None:
    with pytest.raises(ShapeError) as wrong:
        saved(Section.GOAL, settings_of(), goal_en="", goal_fr=" ", language="fr")
    assert set(wrong.value.problems) == {"goal_fr"}


def test_amounts_are_read_as_people_type_them() -> None:
    made = saved(Section.BUDGET, settings_of(), amount="12\u202f000,50", currency="chf", language="fr")
    assert made.document["budget"] == {"amount": "24001/2", "currency": "CHF", "funding": None}
    form = section_form(Section.BUDGET, made, standing("fr"))
    assert (form.read(made) or {})["amount"] == ("12000,5",)


def test_a_share_is_typed_as_a_percentage() -> None:
    made = saved(Section.KPIS, settings_of(), target_completion="62,5", use_adherence=())
    kpis = {kpi["code"]: kpi for kpi in made.document["kpis"]}
    assert kpis["completion"]["target"] == {"bound": "at_least", "value": "5/8"}
    assert "adherence" not in kpis
    with pytest.raises(ShapeError):
        saved(Section.KPIS, settings_of(), target_completion="101")


def test_the_blank_template_can_take_the_usual_measures_and_questionnaires() -> None:
    blank = settings_of("blank")
    made = saved(Section.KPIS, blank, use_completion="yes", target_completion="70")
    assert [kpi["code"] for kpi in made.document["kpis"]] == ["completion"]
    made = saved(Section.QUESTIONNAIRES, made, phases=["before", "after"])
    assert [asked["phase"] for asked in made.document["questionnaires"]] == ["before", "after"]


def test_the_questionnaire_asked_before_stays_once_a_cohort_runs() -> None:
    settings = settings_of()
    form = section_form(Section.QUESTIONNAIRES, settings, standing(started=True))
    made = form.write(settings, {"phases": ("after",)})
    assert [asked["phase"] for asked in made.document["questionnaires"]] == ["before", "after"]


def test_a_format_of_one_s_own_is_added_renamed_and_taken_out() -> None:
    made = saved(Section.FORMATS, settings_of(), "new", name_fr="Visite d’un site", name_en="Site visit")
    assert made.document["formats"][-1] == "own-site-visit"
    made = saved(Section.FORMATS, made, "own-site-visit", name_en="Visit")
    assert made.document["format_names"]["own-site-visit"]["en"] == "Visit"
    made = saved(Section.FORMATS, made, formats=["coaching"])
    assert (made.document["formats"], made.document["format_names"]) == (["coaching"], {})


def test_an_objective_keeps_its_place_without_its_skill() -> None:
    settings = settings_of()
    objective = next(each for each in settings.document["objectives"] if each["skill"])
    left = without_entry(Section.SKILLS, settings, objective["skill"])
    again = next(each for each in left.document["objectives"] if each["code"] == objective["code"])
    assert again["skill"] is None
    checked(left.document)


def test_what_is_asked_about_a_skill_comes_and_goes_with_it_until_the_start() -> None:
    settings = settings_of()
    skill = settings.document["skills"][0]["code"]

    def phases(made: Settings, code: str) -> list[str]:
        return [
            asked["phase"]
            for asked in made.document["questionnaires"]
            if any(item["code"] == f"level-{code}" for item in asked["items"])
        ]

    asked_in = phases(settings, skill)
    assert {"before", "after", "then"} <= set(asked_in)
    left = without_entry(Section.SKILLS, settings, skill)
    assert (
        phases(left, skill),
        phases(without_entry(Section.SKILLS, settings, skill, started=True), skill),
    ) == ([], asked_in)
    made = saved(Section.SKILLS, left, "new", name_fr="Animer à distance", name_en="Leading at a distance")
    assert phases(made, "leading-at-a-distance") == asked_in
    checked(made.document)


@pytest.mark.parametrize("template", [code for code in template_codes() if code != "blank"])
def test_a_renamed_skill_is_renamed_in_the_questions_about_it_until_they_are_asked(template: str) -> None:
    settings, renamed = settings_of(template), 0
    for skill in settings.document["skills"]:
        code = f"level-{skill['code']}"[:60]

        def texts(made: Settings, code: str = code) -> list[tuple[str, str]]:
            return [
                (item["text"]["fr"], item["text"]["en"])
                for asked in made.document["questionnaires"]
                for item in asked["items"]
                if item["code"] == code
            ]

        names = {"name_fr": "L’IA utile", "name_en": "AI that helps"}
        made = saved(Section.SKILLS, settings, skill["code"], **names)
        assert all("l’IA utile" in fr and "AI that helps" in en for fr, en in texts(made)), texts(made)
        renamed += len(texts(made))
        # Once they were asked they stay as they were, so that answers can be compared.
        form = section_form(Section.SKILLS, settings, standing(started=True), skill["code"])
        later = form.write(settings, typed(form, form.read(settings) or {}, **names))
        if code in frozen_questions(settings.document, standing(started=True)):
            assert texts(later) == texts(settings)
    assert renamed > 0


@pytest.mark.parametrize(
    ("name", "code"),
    [("Visite d’un site", "visite-d-un-site"), ("  ", "entry"), ("日本語", "entry"), ("x" * 200, "x" * 26)],
)
def test_a_code_is_made_of_any_name(name: str, code: str) -> None:
    assert new_code(name, []) == code
    assert new_code(name, [code]) == f"{code}-2"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_on": "2027-06-01"}, "ends_on"),
        ({"ends_on": "2027-09-01"}, "follow_up_on"),
        ({"starts_on": "2020-01-01"}, "starts_on"),
        ({"follow_up_on": "2099-01-01"}, "follow_up_on"),
        ({"starts_on": ""}, "starts_on"),
        ({"ends_on": "tomorrow"}, "ends_on"),
    ],
)
def test_days_out_of_order_are_refused_at_their_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(ShapeError) as wrong:
        saved(Section.DATES, settings_of(), **changes)
    assert set(wrong.value.problems) == {field}


def test_a_day_that_has_come_is_no_question_any_more() -> None:
    days = CohortDays(
        TODAY - dt.timedelta(days=9), TODAY + dt.timedelta(days=9), TODAY + dt.timedelta(days=99)
    )
    settings = settings_of(days=days)
    form = section_form(Section.DATES, settings, standing(started=True))
    assert set(form.schema.fields) == {"made_from", "ends_on", "follow_up_on", "ends_earlier"}
    made = form.write(settings, typed(form, form.read(settings) or {}, ends_on="2027-01-15"))
    assert (made.days.starts_on, made.days.ends_on) == (days.starts_on, dt.date(2027, 1, 15))


def test_the_smallest_group_is_never_lowered_once_a_cohort_runs() -> None:
    settings = settings_of(visibility={"smallest_group": 8, "hr_sees_names": False, "tutors_may_edit": True})
    running = section_form(Section.VISIBILITY, settings, standing(started=True))
    with pytest.raises(ShapeError):
        typed(running, running.read(settings) or {}, smallest_group="7")
    assert (
        saved(Section.VISIBILITY, settings, smallest_group="7").document["visibility"]["smallest_group"] == 7
    )


def questions(settings: Settings, code: str) -> dict[str, str]:
    """The question of a code in English, by questionnaire."""
    return {
        asked["phase"]: item["text"]["en"]
        for asked in settings.document["questionnaires"]
        for item in asked["items"]
        if item["code"] == code
    }


def test_a_question_is_reworded_wherever_it_is_asked_added_and_taken_out() -> None:
    made = saved(Section.QUESTIONNAIRES, settings_of(), "before.generations", text_en="Do we learn?")
    asked = questions(made, "generations")
    assert {"before", "after"} <= set(asked)
    assert set(asked.values()) == {"Do we learn?"}
    made = saved(Section.QUESTIONNAIRES, made, "after.new", text_en="And now?", kind="yes_no", roles="mentor")
    assert questions(made, "and-now") == {"after": "And now?"}
    left = without_entry(Section.QUESTIONNAIRES, made, "after.and-now")
    assert questions(left, "and-now") == {}
    assert frozen_questions(made.document, standing()) == frozenset()
    assert "generations" in frozen_questions(made.document, standing(started=True))


def test_a_questionnaire_goes_with_its_last_question() -> None:
    item = {
        "code": "one",
        "kind": "text",
        "text": {"fr": "Un", "en": "One"},
        "roles": ["mentor"],
        "options": [],
    }
    after = {"phase": "after", "title": {"fr": "Après", "en": "After"}, "items": [item]}
    left = without_entry(Section.QUESTIONNAIRES, settings_of(questionnaires=[after]), "after.one")
    assert checked(left.document)["questionnaires"] == []


def test_only_an_owner_says_whether_tutors_may_change_the_settings() -> None:
    settings = settings_of()
    form = section_form(Section.VISIBILITY, settings, standing(owns=False))
    made = form.write(settings, read_form(form.schema, [("smallest_group", "6"), ("tutors_may_edit", "")]))
    assert made.document["visibility"] == {
        "smallest_group": 6,
        "hr_sees_names": False,
        "tutors_may_edit": True,
    }
    assert (
        saved(Section.VISIBILITY, settings, tutors_may_edit=()).document["visibility"]["tutors_may_edit"]
        is False
    )


def test_five_answers_make_a_programme_of_a_template() -> None:
    template = load_template("digital-skills").document()
    made = checked(
        with_answers(
            template,
            Answers(
                language="fr",
                name="Cap 2027",
                months=3,
                sessions=4,
                minutes=20,
                goal=template["goal"]["fr"],
            ),
        )
    )
    assert made["title"] == {"fr": "Cap 2027", "en": "Cap 2027"}
    assert made["goal"] == template["goal"]
    assert made["rhythm"] == {"sessions": 4, "minutes": 20}
    meetings = next(each for each in made["rule"]["criteria"] if each["type"] == "sessions")
    assert (meetings["min"], meetings["min_minutes_each"]) == (4, 20)
    assert days_from(made, dt.date(2027, 1, 31)).ends_on == dt.date(2027, 4, 30)


def test_no_answer_leaves_the_template_as_it_is() -> None:
    template = load_template("ai-at-work").document()
    assert checked(with_answers(template, Answers())) == template


def test_of_two_people_each_keeps_what_they_alone_changed() -> None:
    was = {"a": ("1",), "b": ("1",), "c": ("1",), "d": ("x", "y")}
    now = {"a": ("2",), "b": ("2",), "c": ("1",), "d": ("x",)}
    mine = {"a": ("1",), "b": ("3",), "c": ("3",), "d": ("x", "y")}
    values, differences = merged(was, now, mine)
    assert values == {"a": ("2",), "b": ("3",), "c": ("3",), "d": ("x",)}
    assert [(each.name, each.is_contested) for each in differences] == [
        ("a", False),
        ("b", True),
        ("d", False),
    ]


def test_what_was_typed_about_an_entry_that_is_gone_is_kept() -> None:
    values, differences = merged({"a": ("1",)}, None, {"a": ("1",)})
    assert (values, len(differences)) == ({"a": ("1",)}, 1)
