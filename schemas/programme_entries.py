"""The forms of the entries of a programme's lists: a skill, a format, an objective, a measure, a question.

:mod:`schemas.programme_sections` has those of the parts as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from schemas import choices
from schemas.fields import Choice, Code, WholeNumber, distinct, entries
from schemas.problem import N_, Problem
from schemas.programme_sections import (
    HIGHEST_TARGET,
    NAME_LENGTH,
    Amount,
    BilingualSchema,
    in_both_languages,
)
from schemas.programme_template import UNITS


class SkillForm(BilingualSchema):
    """One of the programme's skills."""

    needed: ClassVar[Mapping[str, str]] = {"name": "skill_missing"}
    name_en, name_fr = in_both_languages(N_("The skill, in English"), N_("The skill, in French"), 120)
    tag = Choice(
        choices.OBJECTIVE_TAGS,
        load_default="skills",
        metadata={
            "label": N_("In which area?"),
            "words": {
                "skills": N_("Know-how"),
                "communication": N_("Communication"),
                "culture": N_("Culture"),
                "person": N_("Personal growth"),
            },
        },
    )


class FormatForm(BilingualSchema):
    """A format of meetings that the programme adds."""

    needed: ClassVar[Mapping[str, str]] = {"name": "format_name_missing"}
    name_en, name_fr = in_both_languages(
        N_("The format, in English"), N_("The format, in French"), NAME_LENGTH
    )


class CatalogueForm(BilingualSchema):
    """An objective that pairs can choose. ``skills``: the codes of the programme's skills."""

    needed: ClassVar[Mapping[str, str]] = {"title": "objective_missing"}
    title_en, title_fr = in_both_languages(
        N_("The objective, in English"), N_("The objective, in French"), 200
    )
    direction = Choice(
        choices.ROLES,
        required=True,
        error_messages={"required": "learner_missing"},
        metadata={
            "label": N_("Who learns?"),
            "words": {
                "mentee": N_("The mentee"),
                "mentor": N_("The mentor, in return"),
            },
        },
    )
    skill = Code(
        r"[a-z0-9_-]+",
        max_length=60,
        load_default=None,
        metadata={"label": N_("Which skill does it build?")},
    )
    level = WholeNumber(
        min=1,
        max=choices.HIGHEST_LEVEL,
        from_text=True,
        load_default=None,
        metadata={
            "label": N_("To what level?"),
        },
    )
    evidence = fields.List(
        Choice(choices.EVIDENCE),
        required=True,
        error_messages={"required": "empty"},
        validate=[*entries(max=4), distinct],
        metadata={"label": N_("Who can say it has been reached?")},
    )
    trend = fields.Boolean(
        load_default=False,
        metadata={"label": N_("This objective is about following a trend")},
    )

    def __init__(self, language: str = "en", skills: Collection[str] = ()) -> None:
        super().__init__(language)
        self.skills = frozenset(skills)

    @validates_schema
    def _skill_is_known(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded["skill"] is not None and loaded["skill"] not in self.skills:
            raise ValidationError([Problem("not_a_choice")], "skill")


class KpiForm(BilingualSchema):
    """A measure in words. ``is_own``: the programme adds it, and says in which unit it is counted, and its target."""

    needed: ClassVar[Mapping[str, str]] = {"name": "figure_missing", "definition": "definition_missing"}
    name_en, name_fr = in_both_languages(N_("The figure, in English"), N_("The figure, in French"), 120)
    definition_en, definition_fr = in_both_languages(
        N_("What it measures, in English"), N_("What it measures, in French"), 300, lines=True
    )
    unit = Choice(
        UNITS,
        load_default="share",
        metadata={
            "label": N_("In what unit?"),
            "words": {
                "share": N_("A percentage"),
                "hours": N_("Hours"),
                "minutes": N_("Minutes"),
                "points": N_("A number"),
                "money": N_("Money, in the budget’s currency"),
            },
        },
    )
    bound = Choice(
        ("at_least", "at_most"),
        load_default="at_least",
        metadata={
            "label": N_("The target is…"),
            "words": {"at_least": N_("a minimum to reach"), "at_most": N_("a maximum not to exceed")},
        },
    )
    target = Amount(
        max=HIGHEST_TARGET,
        problem="not_an_amount",
        load_default=None,
        metadata={
            "label": N_("What is the target?"),
            "hint": N_("In the unit chosen above. Leave it empty to track the figure without a target."),
        },
    )

    def __init__(self, language: str = "en", *, is_own: bool = True) -> None:
        super().__init__(language)
        if not is_own:
            for name in ("unit", "bound", "target"):
                del self.fields[name], self.load_fields[name]

    @validates_schema
    def _share_is_one(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded.get("unit") == "share" and (loaded.get("target") or 0) > 100:
            raise ValidationError([Problem("too_large", max=100)], "target")


class QuestionForm(BilingualSchema):
    """A question of a questionnaire. ``is_new``: only then is asked how it is answered."""

    needed: ClassVar[Mapping[str, str]] = {"text": "question_missing"}
    text_en, text_fr = in_both_languages(
        N_("The question, in English"), N_("The question, in French"), 300, lines=True
    )
    kind = Choice(
        ("agree", "level", "yes_no", "text"),
        load_default="agree",
        metadata={
            "label": N_("How is it answered?"),
            "words": {
                "agree": N_("From “not at all” to “fully”, in five points"),
                "level": N_("By a level, from 1 to 5"),
                "yes_no": N_("Yes or no"),
                "text": N_("In one’s own words"),
            },
        },
    )
    roles = Choice(
        ("both", "mentee", "mentor"),
        load_default="both",
        metadata={
            "label": N_("Who is asked?"),
            "words": {
                "both": N_("Everybody"),
                "mentee": N_("Only those who learn"),
                "mentor": N_("Only those who teach"),
            },
        },
    )

    def __init__(self, language: str = "en", *, is_new: bool = True) -> None:
        super().__init__(language)
        if not is_new:
            del self.fields["kind"], self.load_fields["kind"]
