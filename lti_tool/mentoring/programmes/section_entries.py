"""The parts of a programme's settings that are lists: each entry is a form of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lti_tool.mentoring.programmes.codes import new_code
from lti_tool.mentoring.programmes.kpis import kpi_form
from lti_tool.mentoring.programmes.questions import (
    frozen_questions,
    question_form,
    with_level_questions,
    with_skill_renamed,
    without_level_questions,
    without_question,
)
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.section_form import (
    SectionForm,
    Standing,
    Values,
    View,
    both,
    changed_settings,
    shown,
    written,
)
from lti_tool.mentoring.programmes.settings import Document, Settings
from schemas import choices
from schemas.programme_entries import CatalogueForm, FormatForm, SkillForm

NEW: Final = "new"
"""In place of the code of an entry: one to be added."""
OWN_FORMATS: Final = "own"
"""Before the code of a format that a programme adds, so that no later version of the tool takes it."""


def _entry(entries: Sequence[Mapping[str, Any]], code: str) -> Mapping[str, Any] | None:
    return next((each for each in entries if each["code"] == code), None)


def _with(entries: Sequence[Mapping[str, Any]], made: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The entries with one of them changed, or with one more."""
    if _entry(entries, made["code"]) is None:
        return [*entries, made]
    return [made if each["code"] == made["code"] else each for each in entries]


def _code_of(code: str, name: Mapping[str, str], entries: Sequence[Mapping[str, Any]]) -> str:
    return new_code(name["en"], [each["code"] for each in entries], longest=60) if code == NEW else code


def _skill(code: str, _settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View | None:
        if code == NEW:
            return {**shown("name", None, standing.language), "tag": ("skills",)}
        skill = _entry(settings.document["skills"], code)
        return {**shown("name", skill["name"], standing.language), "tag": (skill["tag"],)} if skill else None

    def write(settings: Settings, values: Values) -> Settings:
        skills, name = settings.document["skills"], both(values, "name")
        made = {"code": _code_of(code, name, skills), "name": name, "tag": values["tag"]}
        document, before = settings.document, _entry(skills, code)
        asks = document["questionnaires"]
        if code == NEW and not standing.started:
            # What is not asked before cannot be compared afterwards.
            asks = with_level_questions(document, made["code"], name)
        elif before is not None:
            kept = frozen_questions(document, standing)
            asks = with_skill_renamed(document, code, before["name"], name, kept)
        return changed_settings(settings, skills=_with(skills, made), questionnaires=asks)

    return SectionForm(SkillForm(standing.language), read, write)


def _objective(code: str, settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View | None:
        if code == NEW:
            blank = {"direction": ("mentee",), "skill": ("",), "level": ("",), "evidence": ("partner",)}
            return {**shown("title", None, standing.language), **blank, "trend": ()}
        found = _entry(settings.document["objectives"], code)
        if found is None:
            return None
        return {
            **shown("title", found["title"], standing.language),
            "direction": (found["direction"],),
            "skill": (found["skill"] or "",),
            "level": (written(found["level"]),),
            "evidence": tuple(found["evidence"]),
            "trend": ("yes",) if found["trend"] else (),
        }

    def write(settings: Settings, values: Values) -> Settings:
        objectives, title = settings.document["objectives"], both(values, "title")
        before = _entry(objectives, code)
        skill = _entry(settings.document["skills"], values["skill"] or "")
        tag = skill["tag"] if skill else "skills"
        if before is not None and before["skill"] == (skill["code"] if skill else None):
            tag = before["tag"]
        made = {
            "code": _code_of(code, title, objectives),
            "title": title,
            "direction": values["direction"],
            "skill": skill["code"] if skill else None,
            "tag": tag,
            "level": values["level"],
            "evidence": [each for each in choices.EVIDENCE if each in values["evidence"]],
            "trend": values["trend"],
        }
        return changed_settings(settings, objectives=_with(objectives, made))

    skills = [skill["code"] for skill in settings.document["skills"]]
    return SectionForm(CatalogueForm(standing.language, skills), read, write)


def _format(code: str, _settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View | None:
        if code == NEW:
            return shown("name", None, standing.language)
        name = settings.document["format_names"].get(code)
        return shown("name", name, standing.language) if name else None

    def write(settings: Settings, values: Values) -> Settings:
        name, formats = both(values, "name"), settings.document["formats"]
        taken = {*formats, *choices.SESSION_FORMATS}
        made = new_code(name["en"], taken, prefix=OWN_FORMATS) if code == NEW else code
        return changed_settings(
            settings,
            formats=[*formats, *([] if made in formats else [made])],
            format_names={**settings.document["format_names"], made: name},
        )

    return SectionForm(FormatForm(standing.language), read, write)


def without_entry(section: Section, settings: Settings, code: str, *, started: bool = False) -> Settings:
    """The settings without an entry of a part. What pointed at a removed skill points at none.

    ``started``: the cohort has left ``draft``, and what was asked before is asked again. Until then nothing is asked
    about the level in a removed skill any more.
    """
    document = settings.document
    if section is Section.QUESTIONNAIRES:
        return without_question(settings, code)
    if section is Section.FORMATS:
        names = {each: name for each, name in document["format_names"].items() if each != code}
        return changed_settings(
            settings, formats=[each for each in document["formats"] if each != code], format_names=names
        )
    key = str(section)
    left = changed_settings(settings, **{key: [each for each in document[key] if each["code"] != code]})
    if section is Section.SKILLS:
        for objective in left.document["objectives"]:
            objective["skill"] = None if objective["skill"] == code else objective["skill"]
        if not started:
            left = changed_settings(left, questionnaires=without_level_questions(left.document, code))
    return left


def is_new_to_list(section: Section, before: Document, after: Document) -> bool:
    """Whether a list has no entry more of a name that another one of it has.

    A form that is sent again, after going back in the browser, adds nothing twice.
    """

    def repeated(document: Document) -> int:
        match section:
            case Section.SKILLS | Section.KPIS:
                names = [each["name"] for each in document[str(section)]]
            case Section.OBJECTIVES:
                names = [{**each["title"], "": each["direction"]} for each in document["objectives"]]
            case Section.FORMATS:
                names = list(document["format_names"].values())
            case _:
                names = []
        folded = [tuple(sorted((tag, text.casefold()) for tag, text in name.items())) for name in names]
        return len(folded) - len(set(folded))

    return repeated(after) <= repeated(before)


ENTRIES: Final[Mapping[Section, Callable[[str, Settings, Standing], SectionForm]]] = {
    Section.SKILLS: _skill,
    Section.OBJECTIVES: _objective,
    Section.FORMATS: _format,
    Section.KPIS: kpi_form,
    Section.QUESTIONNAIRES: question_form,
}
"""Of each part with entries, the form of an entry by its code, or of a new one."""
