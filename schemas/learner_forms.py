"""The forms of a learner’s pages but those of meetings and objectives: taking part, the agreement, notes, feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas import choices
from schemas.fields import Choice, Identifier, Text, WholeNumber, distinct, entries
from schemas.form_schema import FormSchema, ticked
from schemas.problem import N_, Problem

FEWEST_DIGITS = 4
"""Of a phone number: an extension inside a company may have no more."""


class ChooseRoleForm(FormSchema):
    """“I want to learn” or “I can teach”."""

    role = Choice(choices.ROLES, required=True)


def _brings() -> Text:
    return Text(
        max_length=500,
        lines=True,
        load_default="",
        metadata={
            "label": N_("What I can show someone"),
            "hint": N_("For example: reading a dashboard, working with an AI assistant."),
        },
    )


def _wants() -> Text:
    return Text(
        max_length=500,
        lines=True,
        load_default="",
        metadata={
            "label": N_("What I would like to learn"),
            "hint": N_("For example: presenting to a committee, preparing a negotiation."),
        },
    )


def _has_digits(phone: str) -> None:
    """The validator of a phone number, in whatever writing: ``+33 1 23 45 67 89``, ``4512 (Lyon)``."""
    if sum(char.isdigit() for char in phone) < FEWEST_DIGITS:
        raise ValidationError([Problem("not_a_phone_number")])


class JoinForm(ChooseRoleForm):
    """The same at the first visit, with two answers that nobody has to give."""

    brings = _brings()
    wants = _wants()


class AboutMeForm(FormSchema):
    """What a participant says of themselves to their partner. All of it is optional."""

    brings = _brings()
    wants = _wants()
    job = Text(max_length=120, load_default="", metadata={"label": N_("What I do")})
    place = Text(
        max_length=120,
        load_default="",
        metadata={"label": N_("Where I work"), "hint": N_("A town, a site or a team.")},
    )
    email = Text(
        max_length=254,
        load_default="",
        validate=[validate.Email(error="not_an_email")],
        metadata={"label": N_("E-mail")},
    )
    phone = Text(max_length=40, load_default="", validate=[_has_digits], metadata={"label": N_("Phone")})
    chat = Text(
        max_length=200,
        load_default="",
        metadata={
            "label": N_("Chat"),
            "hint": N_("For example: a Teams link, or your name on Slack."),
        },
    )


class UndoForm(FormSchema):
    """A person takes back their own last step; ``subject_id`` is the pair or the session that it was about."""

    step = Choice(choices.UNDOABLE_STEPS, required=True)
    subject_id = Identifier(required=True)
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)
    """Which revision of the session it was about."""


class DeclinePairForm(FormSchema):
    """A person does not accept the partner whom they were proposed."""

    reason = Choice(
        choices.DECLINE_REASONS,
        load_default=None,
        metadata={
            "label": N_("Why? (optional)"),
        },
    )


class RefuseInvitationForm(FormSchema):
    """A person who was invited does not take part."""

    reason = Choice(
        choices.REFUSAL_REASONS,
        load_default=None,
        metadata={
            "label": N_("Why? (optional)"),
        },
    )


class SignAgreementForm(FormSchema):
    """A person signs the agreement of their pair."""

    accepted = ticked()


class ReflectionForm(FormSchema):
    """What a person changed, and who may read it."""

    words = Text(
        min_length=3,
        max_length=1000,
        lines=True,
        required=True,
        metadata={
            "label": N_("What do I do differently now?"),
            "hint": N_("Something you do, say or see differently since you started meeting."),
        },
    )
    readers = Choice(
        choices.REFLECTION_READERS, load_default="me", metadata={"label": N_("Who may read it?")}
    )


class MoveReflectionForm(FormSchema):
    """A reflection is shared or deleted by its author."""

    reflection_id = Identifier(required=True)
    move = Choice(choices.REFLECTION_MOVES, required=True)


def _sentence() -> Text:
    return Text(
        max_length=300,
        lines=True,
        load_default=None,
        metadata={"label": N_("Something to add? (optional)")},
    )


class FeedbackForm(FormSchema):
    """What helped in a meeting: some of a few points, a sentence, or both."""

    session_id = Identifier(required=True)
    points = fields.List(
        Choice(choices.FEEDBACK_POINTS),
        load_default=(),
        validate=[*entries(min=0, max=len(choices.FEEDBACK_POINTS)), distinct],
        metadata={"label": N_("What helped you most?")},
    )
    words = _sentence()

    @validates_schema
    def _something(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if not loaded["points"] and not loaded["words"]:
            raise ValidationError([Problem("feedback_empty")], "points")


class ThanksForm(FormSchema):
    """Thanks to one's partner, with or without a sentence."""

    words = _sentence()
