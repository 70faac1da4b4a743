"""The sentences of :mod:`.sentences` for the forms of setting up: activities, programmes and their templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.content_items import ActivityChoiceForm, ProgrammeChoiceForm
from schemas.form_schema import FormSchema
from schemas.problem import N_
from schemas.programme_entries import CatalogueForm, FormatForm, KpiForm, QuestionForm, SkillForm
from schemas.programme_sections import (
    BudgetForm,
    DatesForm,
    FormatsForm,
    GoalForm,
    QuestionnairesForm,
    RhythmForm,
    SectionSchema,
    VisibilityForm,
)
from schemas.scaling_form import ScaleForm
from schemas.template_forms import CopyTemplateForm, TemplateDatesForm, TemplateTextForm

_NO_ANSWER: Final = (
    "required",
    "not_a_choice",
    "invalid",
    "empty",
    "duplicated",
    "too_many",
    "too_long",
    "not_an_id",
)
_NO_NUMBER: Final = ("required", "not_a_number", "too_small", "too_large")


def _choose(sentence: str) -> Mapping[str, str]:
    return dict.fromkeys(_NO_ANSWER, sentence)


def _either(name: str, sentence: str) -> dict[str, Mapping[str, str]]:
    """Of a text in two languages, one of which is enough."""
    return {f"{name}_{tag}": {"required": sentence} for tag in ("en", "fr")}


_MEETINGS: Final = dict.fromkeys(_NO_NUMBER, N_("Enter how many meetings, from 1 to 100."))
_MINUTES: Final = dict.fromkeys(_NO_NUMBER, N_("Enter how many minutes each meeting takes, from 5 to 480."))
_MONTHS: Final = dict.fromkeys(_NO_NUMBER, N_("Enter how many months the programme lasts, from 1 to 36."))
_FIRST_DAY: Final = {
    **dict.fromkeys(("required", "not_a_date"), N_("Enter the first day of the programme.")),
    "date_past": N_("Choose a first day that is today or later."),
    "date_far_ahead": N_("Choose a first day within the next five years."),
}
_LAST_DAY: Final = {
    **dict.fromkeys(("required", "not_a_date"), N_("Enter the last day of the programme.")),
    "date_past": N_("Choose a last day that is today or later."),
    "date_far_ahead": N_("Choose a last day within the next five years."),
    "date_not_after_start": N_("Choose a last day after the first one."),
}
_FOLLOW_UP: Final = {
    **dict.fromkeys(("required", "not_a_date", "follow_up_missing"), N_("Enter the follow-up date.")),
    "date_past": N_("Choose a day for the follow-up that is today or later."),
    "date_far_ahead": N_("Choose a day for the follow-up within the next five years."),
    "date_not_after_end": N_("Choose a day for the follow-up after the last day."),
}

SETUP_SENTENCES: Final[Mapping[type[FormSchema], Mapping[str, Mapping[str, str]]]] = {
    ProgrammeChoiceForm: {
        "template": _choose(N_("Choose a programme from the list.")),
        "group": _choose(N_("Choose a group of people from the list.")),
        "role_view": _choose(N_("Choose who takes part through this activity.")),
        "begin": _choose(N_("Choose how the programme begins.")),
        "starts_on": _FIRST_DAY,
        "months": _MONTHS,
        "sessions": _MEETINGS,
        "minutes": _MINUTES,
    },
    ActivityChoiceForm: {
        "role_view": _choose(N_("Choose which activities to add to the course.")),
        "title": {"required": N_("Enter a title for the activity.")},
        "mentee_title": {"required": N_("Enter the title of the activity for those who learn.")},
        "mentor_title": {"required": N_("Enter the title of the activity for those who teach.")},
        "gradebook": _choose(N_("Choose whether the activity has a column in the gradebook.")),
    },
    GoalForm: {
        **_either("title", N_("Enter the name of the programme.")),
        **_either("goal", N_("Say what the programme is for.")),
    },
    BudgetForm: {
        "amount": {
            "not_an_amount": N_("Enter an amount, such as 12000 or 12.5."),
            "too_large": N_("Enter an amount of %(max)s at most."),
        },
        "currency": dict.fromkeys(
            ("invalid", "too_long"), N_("Enter the three letters of a currency, such as EUR.")
        ),
    },
    SkillForm: {
        **{
            f"name_{tag}": dict.fromkeys(
                ("required", "skill_missing"), N_("Name the skill, in English or in French.")
            )
            for tag in ("en", "fr")
        },
        "tag": _choose(N_("Choose an area.")),
    },
    FormatForm: _either("name", N_("Enter the name of the format.")),
    FormatsForm: {"formats": _choose(N_("Choose at least one kind of meeting."))},
    CatalogueForm: {
        **_either("title", N_("Write the objective.")),
        "direction": _choose(N_("Choose who learns.")),
        "skill": _choose(N_("Choose a skill from the list.")),
        "level": dict.fromkeys(_NO_NUMBER, N_("Enter a level from 1 to 5.")),
        "evidence": _choose(N_("Choose whose word is enough.")),
        "trend": {"not_yes_or_no": N_("Tick the box if it is about a trend; otherwise leave it empty.")},
    },
    KpiForm: {
        **_either("name", N_("Enter the name of the figure.")),
        **_either("definition", N_("Say what the figure measures.")),
        "unit": _choose(N_("Choose in what the figure is counted.")),
        "bound": _choose(N_("Choose whether the target is a minimum or a maximum.")),
        "target": {
            "not_an_amount": N_("Enter a number, such as 80 or 12.5, or leave it open."),
            "too_large": N_("Enter %(max)s or less."),
        },
    },
    QuestionForm: {
        **_either("text", N_("Write the question.")),
        "kind": _choose(N_("Choose how the question is answered.")),
        "roles": _choose(N_("Choose who is asked.")),
    },
    RhythmForm: {"sessions": _MEETINGS, "minutes": _MINUTES},
    DatesForm: {
        "starts_on": _FIRST_DAY,
        "ends_on": _LAST_DAY,
        "follow_up_on": _FOLLOW_UP,
        "ends_earlier": {
            "not_yes_or_no": N_("Tick the box if the programme ends earlier; otherwise leave it empty.")
        },
    },
    ScaleForm: {
        "name": {"required": N_("Enter the name that people see.")},
        "starts_on": _FIRST_DAY,
        "ends_on": _LAST_DAY,
    },
    TemplateDatesForm: {
        "start_after_days": dict.fromkeys(_NO_NUMBER, N_("Enter a number of days, from 0 to 366.")),
        "duration_months": _MONTHS,
        "follow_up_after_days": dict.fromkeys(
            _NO_NUMBER, N_("Enter how many days after the end the follow-up is, from 1 to 366.")
        ),
    },
    QuestionnairesForm: {"phases": _choose(N_("Choose questionnaires from the list."))},
    VisibilityForm: {
        "smallest_group": {
            **dict.fromkeys(("required", "not_a_number"), N_("Enter a number of people, such as 5.")),
            "too_small": N_("Enter %(min)s people or more."),
            "too_large": N_("Enter %(max)s people or fewer."),
        },
        "hr_sees_names": {
            "not_yes_or_no": N_("Tick the box if HR sees names; otherwise leave it empty."),
        },
        "tutors_may_edit": {
            "not_yes_or_no": N_(
                "Tick the box if tutors may change these settings; otherwise leave it empty."
            ),
        },
    },
    SectionSchema: {
        "use": {"not_yes_or_no": N_("Tick the box to use “%(label)s”; otherwise leave it empty.")},
        "target": {
            "not_an_amount": N_("Enter the target of “%(label)s” as a number, such as 80 or 12.5."),
            "too_large": N_("Enter a target of %(max)s or less for “%(label)s”."),
        },
    },
    TemplateTextForm: {"text": {"required": N_("Write the text of the template.")}},
    CopyTemplateForm: {
        "title_fr": {"required": N_("Enter the name of the template in French.")},
        "title_en": {"required": N_("Enter the name of the template in English.")},
    },
}
"""By form, field and code."""
