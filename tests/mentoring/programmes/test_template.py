"""The built-in templates hold all that a cohort needs before it may start."""

import re
from datetime import date
from fractions import Fraction

import pytest

from lti_tool.mentoring.completion.criteria import criterion_schemas
from lti_tool.mentoring.programmes.settings import baseline_of
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    DEMO_TEMPLATE,
    Bilingual,
    UnknownTemplateError,
    load_template,
    read_template,
    template_codes,
)
from lti_tool.mentoring.programmes.template_queries import BLANK_TEMPLATE
from schemas.choices import OBJECTIVE_TAGS, SESSION_FORMATS
from schemas.problem import ShapeError
from schemas.programme_template import load_programme_template

every_template = pytest.mark.parametrize("code", template_codes())
FILLED = tuple(code for code in template_codes() if code != BLANK_TEMPLATE)
every_filled_template = pytest.mark.parametrize("code", FILLED)
FIVE_FORMATS = {"professional-training", "coaching", "trade-show", "audio", "multimodal"}


def texts(value):
    """Every pair of texts in a document."""
    if isinstance(value, dict):
        if set(value) == {"fr", "en"}:
            yield value
        else:
            for inner in value.values():
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def test_there_are_six_templates_and_that_of_the_demo():
    assert set(template_codes()) == {
        DEFAULT_TEMPLATE,
        "ai-at-work",
        "inclusion-generations",
        "sustainability",
        "customer-market-trends",
        BLANK_TEMPLATE,
        DEMO_TEMPLATE,
    }


def test_an_unknown_template_is_refused():
    with pytest.raises(UnknownTemplateError):
        load_template("../models")


@every_template
def test_a_template_is_found_by_its_own_code(code):
    assert load_template(code).code == code


@every_filled_template
def test_a_template_names_skills(code):
    assert load_template(code).document()["skills"]


@every_filled_template
def test_a_template_has_measures_with_targets(code):
    assert any(kpi["target"] for kpi in load_template(code).kpis_document())


@every_filled_template
def test_a_template_asks_both_roles_before_the_start(code):
    asked = {role for item in baseline_of(load_template(code).document())["items"] for role in item["roles"]}
    assert asked == {"mentor", "mentee"}


@every_filled_template
def test_a_template_asks_about_the_generations_before_and_after(code):
    phases = {
        questionnaire["phase"]
        for questionnaire in load_template(code).document()["questionnaires"]
        if any(item["code"] == "generations" for item in questionnaire["items"])
    }
    assert phases >= {"before", "after"}


@every_filled_template
def test_each_skill_is_asked_about_before_and_after(code):
    document = load_template(code).document()
    wanted = {f"level-{skill['code']}" for skill in document["skills"]}
    asked = {
        questionnaire["phase"]: {item["code"] for item in questionnaire["items"]}
        for questionnaire in document["questionnaires"]
    }
    assert all(wanted <= asked[phase] for phase in ("before", "after", "then"))


@every_filled_template
def test_what_is_still_in_use_is_asked_at_the_follow_up(code):
    [follow_up] = [
        questionnaire
        for questionnaire in load_template(code).document()["questionnaires"]
        if questionnaire["phase"] == "follow_up"
    ]
    [use] = [item for item in follow_up["items"] if item["code"] == "use-often"]
    assert [option["code"] for option in use["options"]] == ["weekly", "monthly", "rarely", "not-yet"]


@every_filled_template
def test_a_catalogue_has_objectives_both_ways_of_every_kind(code):
    document = load_template(code).document()
    objectives = document["objectives"]
    towards = [objective["direction"] for objective in objectives]
    assert len(objectives) >= 8
    assert min(towards.count("mentee"), towards.count("mentor")) >= 4
    assert {objective["tag"] for objective in objectives} == set(OBJECTIVE_TAGS)
    assert any(objective["trend"] for objective in objectives)
    assert {objective["skill"] for objective in objectives} == {skill["code"] for skill in document["skills"]}


def test_a_measure_has_one_definition_in_all_templates():
    said = {
        (kpi["code"], kpi["definition"]["fr"], kpi["definition"]["en"], kpi["name"]["fr"])
        for code in FILLED
        for kpi in load_template(code).kpis_document()
    }
    assert len(said) == len({code for code, *_ in said})


def test_the_blank_template_is_empty_where_a_company_decides():
    document = load_template(BLANK_TEMPLATE).document()
    assert not any(document["goal"].values())
    assert not any(document[part] for part in ("skills", "objectives", "kpis", "questionnaires"))


@every_template
def test_a_template_takes_all_five_formats(code):
    assert set(load_template(code).document()["formats"]) >= FIVE_FORMATS


@every_template
def test_a_template_takes_the_formats_of_the_session_form(code):
    assert set(load_template(code).document()["formats"]) <= set(SESSION_FORMATS)


@every_filled_template
def test_a_template_touches_all_four_dimensions(code):
    tags = {skill["tag"] for skill in load_template(code).document()["skills"]}
    assert tags == {"skills", "communication", "culture", "person"}


@every_template
def test_a_template_reads_back_from_its_own_document(code):
    template = load_template(code)
    assert read_template(template.document()) == template


@every_filled_template
def test_changing_a_document_does_not_change_the_template(code):
    template = load_template(code)
    template.document()["kpis"].clear()
    assert template.kpis_document()


@every_filled_template
def test_the_baseline_document_is_the_questionnaire_asked_before(code):
    assert baseline_of(load_template(code).document())["phase"] == "before"


@every_template
def test_french_texts_use_typographic_signs(code):
    for text in texts(load_template(code).document()):
        assert not re.search(r"'| [:;?!%»]|« ", text["fr"]), text


@every_template
def test_no_text_is_left_in_the_other_language(code):
    for text in texts(load_template(code).document()):
        assert text["fr"] != text["en"] or text == {"fr": "", "en": ""}


def test_the_default_rule_asks_for_six_confirmed_sessions_of_half_an_hour():
    sessions = load_template(DEFAULT_TEMPLATE).rule_document()["criteria"][1]
    assert (sessions["min"], sessions["status"], sessions["min_minutes_each"]) == (6, "confirmed", 30)


def test_the_demo_s_rule_asks_for_one_confirmed_session_of_a_quarter_of_an_hour():
    sessions = load_template(DEMO_TEMPLATE).rule_document()["criteria"][1]
    assert (sessions["min"], sessions["status"], sessions["min_minutes_each"]) == (1, "confirmed", 15)


def test_a_cohort_runs_for_six_months_and_is_followed_up_after_ninety_days():
    dates = load_template(DEFAULT_TEMPLATE).days(date(2026, 1, 15))
    assert (dates.starts_on, dates.ends_on, dates.follow_up_on) == (
        date(2026, 1, 15),
        date(2026, 7, 15),
        date(2026, 10, 13),
    )


def test_a_month_that_is_too_short_ends_on_its_last_day():
    assert load_template(DEFAULT_TEMPLATE).days(date(2026, 8, 31)).ends_on == date(2027, 2, 28)


def test_a_target_is_exact():
    loaded = load_programme_template(load_template(DEFAULT_TEMPLATE).document(), criterion_schemas())
    kpis = {kpi["code"]: kpi for kpi in loaded["kpis"]}
    assert kpis["completion"]["target"]["value"] == Fraction(7, 10)


@pytest.mark.parametrize(
    ("locale", "text"), [("fr", "oui"), ("fr_CA", "oui"), ("fr-FR", "oui"), ("en", "yes"), ("de", "yes")]
)
def test_a_text_is_french_for_the_french_and_english_for_the_others(locale, text):
    assert Bilingual("oui", "yes").text(locale) == text


def broken(**changes):
    return {**load_template(DEFAULT_TEMPLATE).document(), **changes}


@pytest.mark.parametrize("missing", ["goal", "skills", "kpis", "questionnaires", "rule", "dates", "formats"])
def test_a_template_without_what_a_cohort_needs_is_refused(missing):
    document = broken()
    del document[missing]
    with pytest.raises(ShapeError) as refused:
        read_template(document)
    assert refused.value.problems == {missing: ["required"]}


def test_a_template_without_formats_is_refused():
    with pytest.raises(ShapeError) as refused:
        read_template(broken(formats=[]))
    assert refused.value.problems == {"formats": ["empty"]}


def test_a_blank_template_has_nothing_to_ask_and_nothing_to_measure():
    blank = read_template(broken(skills=[], objectives=[], kpis=[], questionnaires=[]))
    assert (blank.kpis_document(), baseline_of(blank.document())) == ([], {})


def test_what_settings_of_before_do_not_say_has_a_default():
    document = broken()
    for added in ("summary", "role_names", "format_names", "objectives", "visibility"):
        document.pop(added, None)
    read = read_template(document).document()
    assert read["role_names"] == {"mentee": None, "mentor": None}
    assert (read["format_names"], read["objectives"]) == ({}, [])
    assert read["visibility"] == {"hr_sees_names": False, "smallest_group": 5, "tutors_may_edit": True}


PODCAST = {"fr": "Balado", "en": "Podcast"}
OBJECTIVE = {"code": "prompt", "title": {"fr": "Demander", "en": "Ask"}, "direction": "mentee"}


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"formats": ["podcast"]}, {"formats.0": ["format_without_name"]}),
        ({"format_names": {"podcast": PODCAST}}, {"format_names.podcast": ["format_not_listed"]}),
        ({"format_names": {"Podcast!": PODCAST}}, {"format_names.Podcast!": ["invalid"]}),
        ({"format_names": {"podcast": {"fr": "Balado"}}}, {"format_names.podcast.en": ["required"]}),
        ({"format_names": []}, {"format_names": ["not_an_object"]}),
        ({"objectives": [{**OBJECTIVE, "skill": "gardening"}]}, {"objectives.0.skill": ["skill_not_listed"]}),
        ({"objectives": [{**OBJECTIVE, "level": 6}]}, {"objectives.0.level": ["too_large"]}),
        ({"objectives": [{**OBJECTIVE, "evidence": []}]}, {"objectives.0.evidence": ["empty"]}),
        ({"objectives": [OBJECTIVE, OBJECTIVE]}, {"objectives": ["repeated"]}),
        ({"role_names": {"mentee": {"fr": "x" * 61, "en": "x"}}}, {"role_names.mentee.fr": ["too_long"]}),
        ({"visibility": {"smallest_group": 4}}, {"visibility.smallest_group": ["too_small"]}),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_stands(changes, problems):
    with pytest.raises(ShapeError) as refused:
        read_template(broken(**changes))
    assert refused.value.problems == problems


def test_a_format_of_the_company_s_own_has_a_name():
    read = read_template(broken(formats=["coaching", "podcast"], format_names={"podcast": PODCAST}))
    assert read.document()["format_names"] == {"podcast": PODCAST}


def test_a_template_with_one_measure_twice_is_refused():
    kpis = broken()["kpis"]
    with pytest.raises(ShapeError) as refused:
        read_template(broken(kpis=[kpis[0], kpis[0]]))
    assert refused.value.problems == {"kpis": ["repeated"]}


def test_a_template_in_one_language_is_refused():
    with pytest.raises(ShapeError) as refused:
        read_template(broken(goal={"fr": "Apprendre"}))
    assert refused.value.problems == {"goal.en": ["required"]}


def test_a_template_whose_rule_cannot_be_measured_is_refused():
    rule = {"v": 1, "mode": "all", "criteria": [{"id": "t", "type": "training"}]}
    with pytest.raises(ShapeError) as refused:
        read_template(broken(rule=rule))
    assert refused.value.problems == {"rule.criteria.0.type": ["criterion_not_measurable"]}
