"""The questions of a programme's questionnaires, each as a form.

A question is called by its questionnaire and its code, such as ``before.generations``. The same code in several
questionnaires is the same question, so that its answers can be compared: where it has the same words, it is reworded in
all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any, Final

from lti_tool.mentoring.programmes.codes import new_code
from lti_tool.mentoring.programmes.section_form import (
    SectionForm,
    Standing,
    Values,
    View,
    both,
    changed_settings,
    shown,
)
from lti_tool.mentoring.programmes.settings import Document, Settings, baseline_of
from schemas import choices
from schemas.programme_entries import QuestionForm

NEW: Final = "new"


def question_form(name: str, _settings: Settings, standing: Standing) -> SectionForm:
    """The form of a question; of a new one of a questionnaire for ``before.new``."""
    phase, _dot, code = name.partition(".")

    def read(settings: Settings) -> View | None:
        asked = _questionnaire(settings.document, phase)
        if asked is not None and code == NEW:
            return {**shown("text", None, standing.language), "kind": ("agree",), "roles": ("both",)}
        item = _item(asked, code)
        if item is None:
            return None
        roles = item["roles"][0] if len(item["roles"]) == 1 else "both"
        return {**shown("text", item["text"], standing.language), "roles": (roles,)}

    def write(settings: Settings, values: Values) -> Settings:
        made = deepcopy(settings.document["questionnaires"])
        text = both(values, "text")
        roles = [*choices.ROLES] if values["roles"] == "both" else [values["roles"]]
        before = _item(_questionnaire(settings.document, phase), code)
        if before is not None:
            for item in (item for asked in made for item in asked["items"]):
                if (item["code"], item["text"]) == (code, before["text"]):
                    item["text"] = text
            changed = _item(next(asked for asked in made if asked["phase"] == phase), code)
            if changed is not None:
                changed["roles"] = roles
        else:
            taken = {item["code"] for asked in made for item in asked["items"]}
            added = {
                "code": new_code(text["en"], taken, longest=60) if code == NEW else code,
                "kind": values.get("kind", "agree"),
                "text": text,
                "roles": roles,
                "options": [],
            }
            for asked in made:
                if asked["phase"] == phase:
                    asked["items"].append(added)
        return changed_settings(settings, questionnaires=made)

    return SectionForm(QuestionForm(standing.language, is_new=code == NEW), read, write)


def without_question(settings: Settings, name: str) -> Settings:
    """The settings without a question of one questionnaire; without that questionnaire where it was the last one."""
    phase, _dot, code = name.partition(".")
    made = deepcopy(settings.document["questionnaires"])
    for asked in made:
        if asked["phase"] == phase:
            asked["items"] = [item for item in asked["items"] if item["code"] != code]
    return changed_settings(settings, questionnaires=[asked for asked in made if asked["items"]])


_LEVEL: Final = "level-"
"""What the code of the question about somebody's level in a skill begins with, before the code of the skill."""
_LEVEL_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "before": {
        "fr": "Aujourd’hui, où vous situez-vous\u00a0: %(skill)s\u202f?",
        "en": "Where do you stand today: %(skill)s?",
    },
    "after": {
        "fr": "Aujourd’hui, où vous situez-vous\u00a0: %(skill)s\u202f?",
        "en": "Where do you stand today: %(skill)s?",
    },
    "then": {
        "fr": "Avec le recul, où en étiez-vous avant ce mentorat\u00a0: %(skill)s\u202f?",
        "en": "Looking back, where did you stand before this mentoring: %(skill)s?",
    },
}
"""By the phase of the questionnaire, as the templates have it."""


def with_level_questions(document: Document, skill: str, name: Mapping[str, str]) -> list[dict[str, Any]]:
    """The questionnaires, where those that ask for levels ask for that in one more skill, too."""
    made: list[dict[str, Any]] = deepcopy(document["questionnaires"])
    for asked in made:
        texts = _LEVEL_TEXTS.get(asked["phase"])
        levels = [at for at, item in enumerate(asked["items"]) if item["code"].startswith(_LEVEL)]
        if texts is None or not levels:
            continue
        question = {
            "code": _level_code(skill),
            "kind": "level",
            "text": {tag: text % {"skill": _within_sentence(name[tag])} for tag, text in texts.items()},
            "roles": asked["items"][levels[-1]]["roles"],
            "options": [],
        }
        asked["items"].insert(levels[-1] + 1, question)
    return made


def with_skill_renamed(
    document: Document, skill: str, before: Mapping[str, str], after: Mapping[str, str], kept: Collection[str]
) -> list[dict[str, Any]]:
    """The questionnaires, where the questions about the level in a skill call it by its new name.

    ``before`` and ``after``: its names by language. ``kept``: the codes of questions whose words stay. A question that
    was reworded so that it does not name the skill stays as well.
    """
    made: list[dict[str, Any]] = deepcopy(document["questionnaires"])
    for item in (item for asked in made for item in asked["items"]):
        if item["code"] == _level_code(skill) and item["code"] not in kept:
            item["text"] = {
                tag: _renamed(text, before.get(tag, ""), after.get(tag, ""))
                for tag, text in item["text"].items()
            }
    return made


def _renamed(text: str, before: str, after: str) -> str:
    """``text`` with another name in it: where it is written within a sentence, else where it is as it is."""
    if not before or not after:
        return text
    if _within_sentence(before) in text:
        return text.replace(_within_sentence(before), _within_sentence(after))
    return text.replace(before, after)


def _within_sentence(name: str) -> str:
    """A name that begins with a small letter, unless it begins with an abbreviation, such as “AI”."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _level_code(skill: str) -> str:
    return f"{_LEVEL}{skill}"[:60]


def without_level_questions(document: Document, skill: str) -> list[dict[str, Any]]:
    """The questionnaires without what they ask about the level in a skill; one that asks nothing else is left out."""
    made: list[dict[str, Any]] = deepcopy(document["questionnaires"])
    for asked in made:
        asked["items"] = [item for item in asked["items"] if item["code"] != _level_code(skill)]
    return [asked for asked in made if asked["items"]]


def frozen_questions(document: Document, standing: Standing) -> frozenset[str]:
    """The codes of the questions that cannot be reworded any more: they were asked before in these words."""
    if not standing.started:
        return frozenset()
    return frozenset(item["code"] for item in baseline_of(document).get("items", ()))


def _questionnaire(document: Document, phase: str) -> dict[str, Any] | None:
    return next((asked for asked in document["questionnaires"] if asked["phase"] == phase), None)


def _item(asked: dict[str, Any] | None, code: str) -> dict[str, Any] | None:
    return next((item for item in asked["items"] if item["code"] == code), None) if asked else None
