"""The forms of the learner's and the tutor's pages.

A form arrives as pairs of text (``request.form.items(multi=True)``); ``read_form`` checks it against one of the
schemas below and returns values, or raises ``schemas.problem.ShapeError`` with a code for each field. Fields
that a form does not know, such as the CSRF token, are left out. Which pair, session or objective a form is
about stands in the address, not in the form.

``metadata`` holds the words of a field on its page: ``label``, ``hint``, and ``words`` for the codes of a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import EXCLUDE, ValidationError, fields, post_load, pre_load, validate, validates_schema

from schemas import choices
from schemas.fields import Choice, Code, Day, Identifier, Text, WholeNumber, distinct, entries
from schemas.problem import N_, CodedSchema, Problem, ShapeError

MINUTES_MIN = 5
MINUTES_MAX = 480
MINUTES_DEFAULT = 45
OLDEST_SESSION = timedelta(days=366)
"""How far back a session can be logged: a year, leap or not."""

FEWEST_DIGITS = 4
"""Of a phone number: an extension inside a company may have no more."""
FURTHEST_TARGET = timedelta(days=3 * 366)
"""How far ahead an objective may be due."""

_MOST_FIELDS = 100


class FormSchema(CodedSchema):
    """A form of the pages. A field that is left blank counts as not sent, unless it is one of given answers."""

    class Meta:
        """Browsers and templates add fields of their own."""

        unknown = EXCLUDE

    @pre_load
    def _without_blanks(self, given: Any, **_: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {
            name: value
            for name, value in given.items()
            if not (isinstance(value, str) and not value.strip() and self._may_be_blank(name))
        }

    def _may_be_blank(self, name: object) -> bool:
        field = self.fields.get(name) if isinstance(name, str) else None
        return not (field is not None and field.required and isinstance(field, Choice | fields.Boolean))


class ChooseRoleForm(FormSchema):
    """“I want to learn” or “I can teach”."""

    role = Choice(choices.ROLES, required=True)


def _brings() -> Text:
    return Text(
        max_length=500,
        lines=True,
        load_default="",
        metadata={
            "label": N_("What I can show somebody"),
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
            "hint": N_("For example a Teams link, or your name in Slack."),
        },
    )


class DuplicateForm(FormSchema):
    """Which group a duplicated activity opens."""

    answer = Choice(choices.COPY_ANSWERS, required=True)


class PeopleFileForm(FormSchema):
    """A file of people. The file itself is no field of the form, and is read apart."""

    file = Text(load_default="", metadata={"label": N_("CSV or XLSX file")})


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


def _ticked() -> fields.Boolean:
    """A box that has to be ticked."""
    return fields.Boolean(
        required=True,
        validate=validate.Equal(True, error="must_be_accepted"),
        error_messages={"required": "must_be_accepted", "null": "must_be_accepted"},
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
            "hint": N_("Your tutor sees it, to suggest somebody who suits. Your partner does not."),
        },
    )


class RefuseInvitationForm(FormSchema):
    """A person who was invited does not take part."""

    reason = Choice(
        choices.REFUSAL_REASONS,
        load_default=None,
        metadata={
            "label": N_("Why? (optional)"),
            "hint": N_("Your tutor alone sees it."),
        },
    )


class SignAgreementForm(FormSchema):
    """A person signs the agreement of their pair."""

    accepted = _ticked()


DAYS = ("today", "yesterday", "other")
LENGTHS = ("30", "45", "60", "90", "other")
"""What a form offers for the day and the length of a meeting, each in one tap; ``other`` asks for it."""


class SessionForm(FormSchema):
    """“We met”, and the correction of what was logged: ``held_on``, ``minutes``, ``mode`` and ``format``.

    ``today`` is the person's own day; ``formats`` are those of the programme. ``day`` and ``length`` stand for a date
    and a number of minutes that need not be typed, and are gone once the form is read.
    """

    day = Choice(DAYS, load_default="other", metadata={"label": N_("Which day?")})
    held_on = Day(required=True, metadata={"label": N_("Date")})
    mode = Choice(choices.MEETING_MODES, required=True, metadata={"label": N_("How did you talk?")})
    length = Choice(LENGTHS, load_default="other", metadata={"label": N_("Length (minutes)")})
    worked_on = fields.List(
        Identifier(),
        load_default=(),
        validate=entries(min=0, max=50),
        metadata={"label": N_("What did you work on?")},
    )
    """Objectives of the pair; whoever logs a meeting may name some."""
    minutes = WholeNumber(
        min=MINUTES_MIN,
        max=MINUTES_MAX,
        from_text=True,
        required=True,
        metadata={"label": N_("Minutes")},
    )
    format = Code(
        choices.FORMAT_CODE_PATTERN,
        max_length=choices.FORMAT_CODE_LENGTH,
        required=True,
        metadata={"label": N_("What kind of meeting?")},
    )

    def __init__(self, *, today: date, formats: Sequence[str] = choices.SESSION_FORMATS) -> None:
        super().__init__()
        self.today, self.formats = today, tuple(formats)

    @pre_load
    def _chosen_in_one_tap(self, given: Any, **_: Any) -> Any:
        """A day or a length that was chosen counts, whatever an older choice left in the field for another one."""
        if not isinstance(given, Mapping):
            return given
        chosen = dict(given)
        if given.get("day") in ("today", "yesterday"):
            days_ago = timedelta(days=("today", "yesterday").index(given["day"]))
            chosen["held_on"] = (self.today - days_ago).isoformat()
        if given.get("length") in LENGTHS[:-1]:
            chosen["minutes"] = given["length"]
        return chosen

    @post_load
    def _without_choices(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in loaded.items() if name not in ("day", "length")}

    @validates_schema(skip_on_field_errors=False)
    def _check_date_and_format(self, loaded: Mapping[str, Any], **_: Any) -> None:
        wrong: dict[str, list[Problem]] = {}
        held_on = loaded.get("held_on")
        if held_on is not None and held_on > self.today:
            wrong["held_on"] = [Problem("date_in_future")]
        elif held_on is not None and held_on < self.today - OLDEST_SESSION:
            wrong["held_on"] = [Problem("date_too_old")]
        if "format" in loaded and loaded["format"] not in self.formats:
            wrong["format"] = [Problem("not_a_choice")]
        if wrong:
            raise ValidationError(dict(wrong))


class LogSessionForm(SessionForm):
    """“We met”. ``is_another``: the person has said that it is another meeting than one of the same day."""

    is_another = fields.Boolean(load_default=False)


class ProposalForm(SessionForm):
    """The partner says what was so in place of what was logged; ``revision`` as they saw it."""

    mode = Choice(choices.MEETING_MODES, load_default=None, metadata={"label": N_("How did you talk?")})
    """Not of every meeting is it known."""
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)


class AnswerSessionForm(FormSchema):
    """The partner says whether the session took place as logged; a reason helps to put a wrong one right."""

    answer = fields.Boolean(required=True)
    reason = Choice(choices.DISPUTE_REASONS, load_default=None)
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)
    """Which revision of the session the partner saw: it may have been corrected since."""


TITLE_LENGTH = 200
"""Of an objective, in characters."""


class ObjectiveForm(FormSchema):
    """An objective: who learns (``direction``), about what (``tag``), and whether the programme asks for it."""

    direction = Choice(choices.ROLES, required=True, metadata={"label": N_("Who learns?")})
    title = Text(
        min_length=3,
        max_length=TITLE_LENGTH,
        required=True,
        metadata={
            "label": N_("What?"),
            "hint": N_("For example: write a good request to an AI assistant."),
        },
    )
    tag = Choice(choices.OBJECTIVE_TAGS, load_default="skills", metadata={"label": N_("Area")})
    skill = Code(
        r"[a-z0-9_-]+",
        max_length=60,
        load_default=None,
        metadata={"label": N_("Which skill does it serve? (optional)")},
    )
    """The code of one of the programme's skills."""
    target_on = Day(load_default=None, metadata={"label": N_("By when? (optional)")})
    level = WholeNumber(
        min=1,
        max=choices.HIGHEST_LEVEL,
        from_text=True,
        load_default=None,
        metadata={"label": N_("Up to which level? (optional)")},
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

    @validates_schema
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
    """An objective is agreed to, claimed, reached or withdrawn."""

    move = Choice(choices.OBJECTIVE_MOVES, required=True)
    revision = WholeNumber(min=0, max=1_000_000, from_text=True, load_default=None)
    """Which revision of the objective the person saw: it may have been changed since."""


class ReflectionForm(FormSchema):
    """What a person changed, and who may read it."""

    words = Text(
        min_length=3,
        max_length=1000,
        lines=True,
        required=True,
        metadata={
            "label": N_("What do I do differently?"),
            "hint": N_("Something that you do, say or see differently since you began to meet."),
        },
    )
    readers = Choice(choices.REFLECTION_READERS, required=True, metadata={"label": N_("Who may read it?")})


class MoveReflectionForm(FormSchema):
    """A reflection is shared or deleted by its author."""

    reflection_id = Identifier(required=True)
    move = Choice(choices.REFLECTION_MOVES, required=True)


def _sentence() -> Text:
    return Text(
        max_length=300,
        lines=True,
        load_default=None,
        metadata={"label": N_("A sentence (optional)")},
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


class TutorValidationForm(FormSchema):
    """The tutor approves what a participant did."""

    participant_id = Identifier(required=True)
    validated = _ticked()


class TakeBackInvitationForm(FormSchema):
    """The tutor takes the invitation of a participant back."""

    participant_id = Identifier(required=True)


class ResendGradeForm(FormSchema):
    """The tutor has a participant's grade sent to the gradebook again."""

    participant_id = Identifier(required=True)


class PausePairForm(FormSchema):
    """The tutor puts a pair on hold; ``today`` is the tutor's own day."""

    until = Day(
        load_default=None,
        metadata={
            "label": N_("Until when? (optional)"),
            "hint": N_("Both see the day. Nothing starts again by itself: on that day your list asks you."),
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


class EndPairForm(FormSchema):
    """The tutor ends a pair early, without fault."""

    reason = Choice(
        choices.END_REASONS,
        required=True,
        metadata={
            "label": N_("Why?"),
            "hint": N_("For you and for the figures: the two people do not see it."),
        },
    )


class AnotherPartnerForm(EndPairForm):
    """The tutor ends a pair to give one of the two another partner."""

    role = Choice(choices.ROLES, required=True, metadata={"label": N_("Another partner for whom?")})


class ReopenForm(FormSchema):
    """The tutor reopens a completed programme, and says why."""

    participant_id = Identifier(required=True)
    reason = Text(
        min_length=3,
        max_length=500,
        lines=True,
        required=True,
        metadata={
            "label": N_("To reopen this journey, say why"),
            "hint": N_("The grade in the course stays until the journey is complete again."),
        },
    )


def read_form(schema: FormSchema, items: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Return the checked values of a form sent as (name, value) pairs.

    Raises ``ShapeError``; a field of the schema that comes twice is ``duplicated``, even with the same value,
    because two readers of the form could otherwise each take another one. A list is what comes any number of times.
    """
    given: dict[str, object] = {}
    twice: dict[str, list[Problem]] = {}
    for count, (name, value) in enumerate(items):
        if count >= _MOST_FIELDS:
            raise ShapeError({"_schema": [Problem("too_many", max=_MOST_FIELDS)]})
        if isinstance(schema.fields.get(name), fields.List):
            given[name] = [*_as_list(given.get(name)), value]
            continue
        if name in given and name in schema.fields:
            twice[name] = [Problem("duplicated")]
        given.setdefault(name, value)
    if twice:
        raise ShapeError(twice)
    return schema.read(given)


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
