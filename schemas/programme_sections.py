"""The forms with which a tutor sets a programme up, one for each part of it; :mod:`schemas.programme_entries` has those
of the entries of its lists.

A text in two languages is two fields, ``name_fr`` and ``name_en``; one of the two is enough, and stands for both.
:mod:`lti_tool.mentoring.programmes.sections` fills these forms from a programme's settings and writes them back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, validates_schema

from schemas import choices
from schemas.fields import Choice, Code, Day, ExactNumber, Text, WholeNumber, distinct, entries
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem
from schemas.programme_template import SMALLEST_GROUP

FURTHEST = timedelta(days=5 * 366)
"""How far ahead the days of a programme may lie."""
NAME_LENGTH = 60
_SPACES = re.compile("[\\s\u00a0\u202f]")


class Amount(ExactNumber):
    """A number as people type it: ``12 000,50 €`` as well as ``12000.5``."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> Fraction:
        if isinstance(value, str):
            value = _SPACES.sub("", value).removeprefix("€").removesuffix("€").replace(",", ".")
        return super()._deserialize(value, *arguments, **options)


class SectionSchema(FormSchema):
    """A part of the set-up. ``made_from``: the version of the settings that its page showed."""

    made_from = WholeNumber(min=1, max=1_000_000, from_text=True, load_default=None)


class BilingualSchema(SectionSchema):
    """A part with texts in two languages."""

    needed: ClassVar[Mapping[str, str]] = {}
    """Texts that one of the two languages must have, each with the code of what is said where neither has it."""

    def __init__(self, language: str = "en") -> None:
        """``language``: of the reader, in which what is missing is asked for."""
        super().__init__()
        self.language = language

    @validates_schema(skip_on_field_errors=False)
    def _has_texts(self, loaded: Mapping[str, Any], **_: Any) -> None:
        missing = {
            f"{name}_{self.language}": [Problem(code)]
            for name, code in self.needed.items()
            # One that is there and wrong has its own problem.
            if all(f"{name}_{tag}" in loaded and not loaded[f"{name}_{tag}"] for tag in ("fr", "en"))
        }
        if missing:
            raise ValidationError(missing)


def in_both_languages(
    english: str, french: str, max_length: int, *, lines: bool = False
) -> tuple[Text, Text]:
    """The two fields of a text, in English and in French, with these labels."""
    first, second = (
        Text(max_length=max_length, lines=lines, load_default="", metadata={"label": label})
        for label in (english, french)
    )
    return first, second


class GoalForm(BilingualSchema):
    """What the programme is called, and what it is for."""

    needed: ClassVar[Mapping[str, str]] = {"title": "programme_name_missing", "goal": "goal_missing"}
    title_en, title_fr = in_both_languages(
        N_("Name of the programme, in English"), N_("Name of the programme, in French"), 100
    )
    goal_en, goal_fr = in_both_languages(
        N_("What it is for, in English"), N_("What it is for, in French"), 500, lines=True
    )


class BudgetForm(SectionSchema):
    """What the programme may cost, and who pays."""

    amount = Amount(
        max=100_000_000,
        problem="not_an_amount",
        load_default=None,
        metadata={"label": N_("How much may it cost?"), "hint": N_("People’s hours count too.")},
    )
    currency = Code(
        r"[A-Za-z]{3}",
        max_length=3,
        load_default="EUR",
        metadata={"label": N_("In which currency?"), "hint": N_("Three letters, such as EUR or CHF.")},
    )
    funding = Text(
        max_length=200,
        load_default=None,
        metadata={
            "label": N_("Who pays?"),
            "hint": N_("A budget of the company, a training fund, a department."),
        },
    )


class RolesForm(BilingualSchema):
    """What the programme calls the two roles; blank for the tool's own words."""

    mentee_en, mentee_fr = in_both_languages(
        N_("Who learns, in English"), N_("Who learns, in French"), NAME_LENGTH
    )
    mentor_en, mentor_fr = in_both_languages(
        N_("Who teaches, in English"), N_("Who teaches, in French"), NAME_LENGTH
    )


class FormatsForm(SectionSchema):
    """The formats that a meeting may have. ``known``: codes to choose from."""

    formats = fields.List(
        Code(choices.FORMAT_CODE_PATTERN, max_length=choices.FORMAT_CODE_LENGTH),
        required=True,
        error_messages={"required": "empty"},
        validate=[*entries(max=30), distinct],
        metadata={"label": N_("What form can a meeting take?")},
    )

    def __init__(self, known: Collection[str]) -> None:
        super().__init__()
        self.known = frozenset(known)

    @validates_schema
    def _are_known(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if not self.known.issuperset(loaded["formats"]):
            raise ValidationError([Problem("not_a_choice")], "formats")


HIGHEST_TARGET: Final = 100_000
"""Of a measure that has no scale of its own."""


class RhythmForm(SectionSchema):
    """How often and how long a pair is advised to meet."""

    sessions = WholeNumber(
        min=1,
        max=100,
        from_text=True,
        required=True,
        error_messages={"required": "sessions_missing"},
        metadata={
            "label": N_("How many meetings?"),
            "hint": N_("Six, about one a month, is usual."),
        },
    )
    minutes = WholeNumber(
        min=5,
        max=480,
        from_text=True,
        required=True,
        error_messages={"required": "minutes_missing"},
        metadata={
            "label": N_("How many minutes each?"),
            "hint": N_("Forty-five leave time to begin and to close."),
        },
    )


class DatesForm(SectionSchema):
    """When a cohort begins and ends, and when people are asked what is left of it.

    Days that are past and count already are not in the form. ``was``: the days as they are, by field.
    """

    starts_on = Day(
        required=True, error_messages={"required": "first_day_missing"}, metadata={"label": N_("First day")}
    )
    ends_on = Day(
        required=True, error_messages={"required": "last_day_missing"}, metadata={"label": N_("Last day")}
    )
    follow_up_on = Day(
        load_default=None,
        metadata={
            "label": N_("Follow-up date"),
            "hint": N_("About 90 days after the end, people can say what they still use."),
        },
    )
    ends_earlier = fields.Boolean(
        load_default=False, metadata={"label": N_("Yes, the programme ends earlier than planned")}
    )
    """Of one that runs: its people have less time than they were told."""

    def __init__(
        self, *, today: date, was: Mapping[str, date | None], frozen: Collection[str] = (), draft: bool = True
    ) -> None:
        """``frozen``: the names of the days that cannot change any more. ``draft``: the follow-up may stay open."""
        can_end_earlier = not draft and "ends_on" not in frozen
        super().__init__(exclude=(*frozen, *(() if can_end_earlier else ("ends_earlier",))))
        self.today, self.was, self.draft = today, was, draft

    @validates_schema(skip_on_field_errors=False)
    def _in_order(self, loaded: Mapping[str, Any], **_: Any) -> None:
        problems: dict[str, list[Problem]] = {}
        for name in ("starts_on", "ends_on", "follow_up_on"):
            day = loaded.get(name)
            if day is None or day == self.was.get(name):
                continue
            if day < self.today:
                problems[name] = [Problem("date_past")]
            elif day > self.today + FURTHEST:
                problems[name] = [Problem("date_far_ahead")]
        first, last, after = (
            loaded.get(name, self.was.get(name) if name in self.exclude else None)
            for name in ("starts_on", "ends_on", "follow_up_on")
        )
        if first is not None and last is not None and last <= first:
            # Of a last day that is past as well, this says more: a day after the first one is not past.
            if "starts_on" not in problems:
                problems.pop("ends_on", None)
            problems.setdefault("ends_on", [Problem("date_not_after_start")])
        if last is not None and after is not None and after <= last:
            problems.setdefault("follow_up_on", [Problem("date_not_after_end")])
        planned = self.was.get("ends_on")
        is_earlier = not self.draft and last is not None and planned is not None and last < planned
        if is_earlier and not problems and not loaded.get("ends_earlier"):
            problems["ends_earlier"] = [Problem("ends_earlier_unsaid")]
        if not self.draft and "follow_up_on" in loaded and after is None:
            problems["follow_up_on"] = [Problem("follow_up_missing")]
        if problems:
            raise ValidationError(dict(problems))


class QuestionnairesForm(SectionSchema):
    """Which questionnaires are asked. ``phases``: those to choose from."""

    phases = fields.List(
        Choice(choices.PHASES),
        load_default=(),
        validate=[*entries(min=0, max=4), distinct],
        metadata={"label": N_("Which questionnaires?")},
    )


class VisibilityForm(SectionSchema):
    """Who may see and change what."""

    smallest_group = WholeNumber(
        min=SMALLEST_GROUP,
        max=1000,
        from_text=True,
        load_default=SMALLEST_GROUP,
        metadata={
            "label": N_("Hide figures about fewer people than"),
            "hint": N_(
                "At least five, so that nobody is recognised behind a figure. It can be raised, never lowered."
            ),
        },
    )
    hr_sees_names = fields.Boolean(
        load_default=False,
        metadata={
            "label": N_("HR sees who takes part and where each journey stands"),
            "hint": N_("Otherwise HR does not see participants’ names. Nobody sees what people write."),
        },
    )
    tutors_may_edit = fields.Boolean(
        load_default=False,
        metadata={
            "label": N_("Tutors may change these settings"),
            "hint": N_("Otherwise only the owners of the programme may."),
        },
    )

    def __init__(self, least: int = SMALLEST_GROUP, *, for_owner: bool = True) -> None:
        """``least``: the number that is in force in a programme that runs; it is never lowered.

        ``for_owner``: whoever owns no programme does not say who may change its settings.
        """
        super().__init__(exclude=() if for_owner else ("tutors_may_edit",))
        self.least = least

    @validates_schema
    def _is_raised(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded["smallest_group"] < self.least:
            raise ValidationError([Problem("too_small", min=self.least)], "smallest_group")


def kpis_form(kpis: Sequence[tuple[str, str, int]]) -> SectionSchema:
    """The form of the measures: for each (code, name, highest target), whether it is used, and its target.

    A share is typed as a percentage. The fields are called ``use_<code>`` and ``target_<code>``.
    """
    named: dict[str, fields.Field[Any]] = {}
    for code, name, highest in kpis:
        named[f"use_{code}"] = fields.Boolean(load_default=False, metadata={"label": name})
        named[f"target_{code}"] = Amount(
            max=highest,
            problem="not_an_amount",
            load_default=None,
            metadata={"label": name},
        )
    made: type[SectionSchema] = SectionSchema.from_dict(named, name="KpisForm")  # type: ignore[assignment]
    return made()
