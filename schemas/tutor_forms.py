"""The forms of the tutor’s pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas import choices
from schemas.fields import Choice, Day, Identifier, Text, matches
from schemas.form_schema import FormSchema, ticked
from schemas.objective_forms import FURTHEST_TARGET
from schemas.problem import N_, Problem


class DuplicateForm(FormSchema):
    """Which group a duplicated activity opens. The answer is final: it counts once it is ``confirmed``."""

    answer = Choice(choices.COPY_ANSWERS, required=True)
    confirmed = fields.Boolean(load_default=False)


class PeopleFileForm(FormSchema):
    """A file of people. The file itself is no field of the form, and is read apart."""

    file = Text(load_default="", metadata={"label": N_("CSV or XLSX file")})


class OnePersonForm(FormSchema):
    """One person, whom a tutor adds without a file."""

    name = Text(load_default="", max_length=200, metadata={"label": N_("Name")})
    email = Text(
        required=True,
        max_length=320,
        validate=[matches(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+\.[^\s@<>()\",;:.]+", "not_an_email")],
        metadata={"label": N_("E-mail")},
    )
    """As :class:`schemas.people_row.CellEmail` reads it."""
    role = Choice(choices.ROLES, required=True, metadata={"label": N_("What will they do?")})


class AwaitedPersonForm(FormSchema):
    """The tutor awaits somebody no longer."""

    awaited_id = Identifier(required=True)


class PairForm(FormSchema):
    """The tutor pairs a mentor and a mentee; both ids are those of persons, who may not be enrolled yet."""

    mentee_id = Identifier(
        required=True,
        error_messages={"required": "person_missing"},
        metadata={"label": N_("Who learns?")},
    )
    mentor_id = Identifier(
        required=True,
        error_messages={"required": "person_missing"},
        metadata={"label": N_("Who teaches?")},
    )

    @validates_schema
    def _two_people(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded["mentor_id"] == loaded["mentee_id"]:
            raise ValidationError([Problem("same_person")], "mentee_id")


class TutorValidationForm(FormSchema):
    """The tutor approves what a participant did."""

    participant_id = Identifier(required=True)
    validated = ticked()


class TakeBackInvitationForm(FormSchema):
    """The tutor takes the invitation of a participant back."""

    participant_id = Identifier(required=True)


class ResendGradeForm(FormSchema):
    """The tutor has a participant's grade sent to the gradebook again."""

    participant_id = Identifier(required=True)


class PausePairForm(FormSchema):
    """The tutor pauses a pair; ``today`` is the tutor's own day."""

    until = Day(
        load_default=None,
        metadata={
            "label": N_("Remind me on (optional)"),
            "hint": N_(
                "Both will see this date. The pair stays paused until you resume it; on that day a reminder "
                "appears under “Needs you”."
            ),
        },
    )

    def __init__(self, *, today: date) -> None:
        super().__init__()
        self.today = today

    @validates_schema
    def _ends_later(self, loaded: Mapping[str, Any], **_: Any) -> None:
        until = loaded.get("until")
        if until is not None and until < self.today:
            raise ValidationError([Problem("date_past")], "until")
        if until is not None and until > self.today + FURTHEST_TARGET:
            raise ValidationError([Problem("date_too_far")], "until")


def _end_reason() -> Choice:
    return Choice(
        choices.END_REASONS,
        required=True,
        metadata={
            "label": N_("Why?"),
            "hint": N_(
                "The two people do not see this reason. Tutors do, and it is counted in the statistics."
            ),
        },
    )


class EndPairForm(FormSchema):
    """The tutor ends a pair early, without fault."""

    reason = _end_reason()


class TakeOutForm(FormSchema):
    """The tutor takes somebody out of the programme."""

    reason = Choice(
        choices.TAKE_OUT_REASONS,
        load_default=None,
        metadata={
            "label": N_("Why? (optional)"),
            "hint": N_(
                "The tutors of the group and the owners of the programme see the reason; this person and "
                "their partner do not."
            ),
        },
    )


class PutAsideForm(FormSchema):
    """The tutor puts somebody aside who has no role, or takes them back."""

    person_id = Identifier(required=True)


class AnotherPartnerForm(FormSchema):
    """The tutor ends a pair to give one of the two another partner."""

    role = Choice(choices.ROLES, required=True, metadata={"label": N_("Who gets another partner?")})
    reason = _end_reason()


class ReopenForm(FormSchema):
    """The tutor reopens a completed programme, and says why."""

    participant_id = Identifier(required=True)
    reason = Text(
        min_length=3,
        max_length=500,
        lines=True,
        required=True,
        metadata={
            "label": N_("Why?"),
        },
    )
