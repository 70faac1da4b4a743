"""The forms of an objective: proposing one, editing it, choosing it from the catalogue, moving it on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas import choices
from schemas.fields import Choice, Code, Day, Text, WholeNumber, distinct, entries
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem

FURTHEST_TARGET = timedelta(days=3 * 366)
"""How far ahead an objective may be due."""
TITLE_LENGTH = 200
"""Of an objective, in characters."""


class ObjectiveForm(FormSchema):
    """An objective: who learns (``direction``), about what (``tag``), and whether the programme asks for it."""

    title = Text(
        min_length=3,
        max_length=TITLE_LENGTH,
        required=True,
        metadata={
            "label": N_("Which objective?"),
            "hint": N_("For example: write a good prompt for an AI assistant."),
        },
    )
    direction = Choice(choices.ROLES, required=True, metadata={"label": N_("Who learns?")})
    tag = Choice(choices.OBJECTIVE_TAGS, load_default="skills", metadata={"label": N_("Area")})
    skill = Code(
        r"[a-z0-9_-]+",
        max_length=60,
        load_default=None,
        metadata={"label": N_("Which skill does it build? (optional)")},
    )
    """The code of one of the programme's skills."""
    target_on = Day(load_default=None, metadata={"label": N_("By when? (optional)")})
    level = WholeNumber(
        min=1,
        max=choices.HIGHEST_LEVEL,
        from_text=True,
        load_default=None,
        metadata={"label": N_("To which level? (optional)")},
    )
    accepts = fields.List(
        Choice(choices.EVIDENCE_OF_PEOPLE),
        validate=[*entries(max=3), distinct],
        load_default=choices.DEFAULT_EVIDENCE,
        metadata={"label": N_("Whose word is enough?")},
    )
    required = fields.Boolean(
        load_default=False,
        metadata={
            "label": N_("Priority objective"),
            "hint": N_("It then counts among the required objectives."),
        },
    )

    def __init__(self, *, today: date | None = None, skills: Collection[str] = ()) -> None:
        """``today``: the person's own day, before which no objective is due; None where that does not matter.

        ``skills``: the codes of the programme's.
        """
        super().__init__()
        self.today, self.skills = today, frozenset(skills)

    @validates_schema
    def _skill_is_known(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded.get("skill") is not None and loaded["skill"] not in self.skills:
            raise ValidationError([Problem("not_a_choice")], "skill")

    @validates_schema(skip_on_field_errors=False)
    def _due_later(self, loaded: Mapping[str, Any], **_: Any) -> None:
        due = loaded.get("target_on")
        if due is not None and self.today is not None and due < self.today:
            raise ValidationError([Problem("date_past")], "target_on")
        if due is not None and self.today is not None and due > self.today + FURTHEST_TARGET:
            raise ValidationError([Problem("date_too_far")], "target_on")


class EditObjectiveForm(ObjectiveForm):
    """What an objective says, changed: the partner is asked again. Who learns, and whether it is required, stays."""

    class Meta(FormSchema.Meta):
        """Without what cannot change."""

        exclude = ("direction", "skill", "required", "level", "accepts")


class ChooseObjectiveForm(FormSchema):
    """An objective of the programme's catalogue, by its code."""

    code = Code(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", max_length=60, required=True)


class MoveObjectiveForm(FormSchema):
    """An objective is agreed to or declined, claimed, reached or not yet, withdrawn; an answer about it is read."""

    move = Choice(choices.OBJECTIVE_MOVES, required=True)
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)
    """Which revision of the objective the person saw: it may have been changed since."""
