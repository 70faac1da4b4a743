"""What a form says when one of its fields is refused: a sentence of the field's own, for what can be wrong with it.

Each message says what to enter or choose, in the words of its field, so that it reads alike in the list at the top of
a page and beside the field (https://design-system.service.gov.uk/components/error-message/). A field without a
sentence for a code of :data:`schemas.problem.MESSAGES` takes the general one; ``tests/web/forms/test_sentences.py``
says which fields lack one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from lti_tool.web.forms.setup_sentences import SETUP_SENTENCES
from schemas.answers_form import AnswersForm
from schemas.audit_query import AuditQuery
from schemas.form_schema import FormSchema
from schemas.learner_forms import (
    AboutMeForm,
    ChooseRoleForm,
    DeclinePairForm,
    FeedbackForm,
    ReflectionForm,
    RefuseInvitationForm,
    SignAgreementForm,
    ThanksForm,
)
from schemas.moving_form import MoveQuery
from schemas.objective_forms import ObjectiveForm
from schemas.problem import N_
from schemas.programme_rights import HrLinkForm, NewHrLinkForm, OwnerForm, ShareForm
from schemas.session_forms import SessionForm
from schemas.tutor_forms import (
    AnotherPartnerForm,
    DuplicateForm,
    EndPairForm,
    OnePersonForm,
    PairForm,
    PausePairForm,
    ReopenForm,
    TakeOutForm,
)

_Said = TypeVar("_Said")

Sentences = Mapping[str, str]
"""An English sentence for each code of a field, marked with ``N_``."""

_NO_ANSWER: Final = (
    "required", "answer_missing", "not_a_choice", "invalid", "empty", "duplicated", "too_many", "too_long", "not_an_id",
    "not_yes_or_no", "person_missing", "must_be_accepted",
)  # fmt: skip
_NO_DAY: Final = ("required", "not_a_date")
_NO_NUMBER: Final = ("required", "not_a_number", "too_small", "too_large")


def _choose(sentence: str) -> Sentences:
    """That of a question with answers to choose from, whatever was sent in their place."""
    return dict.fromkeys(_NO_ANSWER, sentence)


_AREA: Final = _choose(N_("Choose an area."))
_REASON: Final = _choose(
    N_("Nothing was sent. “I would rather not say” is selected: leave it, or pick one of the others.")
)
_OTHER_REASON: Final = _choose(
    N_("We did not recognise that reason. Choose one from the list, or leave “No reason given” selected.")
)
_SHORTEN: Final = {"too_long": N_("Your text has %(count)s characters. The limit is %(max)s.")}
_PARTNERS: Final = N_("That number is not on the list, so 1 is selected. Choose another, or save.")
_WHO_LEARNS: Final = N_("Choose who learns.")

_SENTENCES: Final[Mapping[type[FormSchema], Mapping[str, Sentences]]] = {
    **SETUP_SENTENCES,
    ChooseRoleForm: {"role": _choose(N_("Choose whether you want to learn or to teach."))},
    AboutMeForm: {
        "email": {"not_an_email": N_("Enter an e-mail address such as name@example.org.")},
        "phone": {
            "not_a_phone_number": N_(
                "Enter a phone number such as +33\u00a01\u00a023\u00a045\u00a067\u00a089, or an extension such as 4512."
            )
        },
    },
    # A question that nobody has to answer says what is chosen in place of an answer that could not be read.
    AnswersForm: {
        "capacity": {**_choose(_PARTNERS), **dict.fromkeys(_NO_NUMBER, _PARTNERS)},
        "offers": _choose(
            N_("One of the topics you ticked is no longer on the list. Check your choices, then save.")
        ),
        "wants": _choose(
            N_("One of the topics you ticked is no longer on the list. Check your choices, then save.")
        ),
        "languages": _choose(
            N_("A language is not on the list, so it is not ticked: check the list, then save.")
        ),
        "time_zone": _choose(
            N_(
                "That time zone is not on the list, so “I would rather not say” is selected. Choose another, or save."
            )
        ),
        "level": dict.fromkeys(
            _NO_NUMBER,
            N_(
                "One level is not on the list, so “I would rather not say” is selected. Choose another, or save."
            ),
        ),
    },
    DeclinePairForm: {"reason": _REASON},
    RefuseInvitationForm: {"reason": _REASON},
    TakeOutForm: {"reason": _OTHER_REASON},
    PausePairForm: {
        "until": {
            "not_a_date": N_("Enter the whole date: day, month and year."),
            "date_past": N_("Choose today or a later date: this one has passed."),
        },
    },
    MoveQuery: {
        "pair": _choose(N_("Choose the pairs to move.")),
        "to": _choose(N_("Choose the group to which they move.")),
    },
    SignAgreementForm: {
        "accepted": _choose(
            N_("You have not signed yet. Read the five promises, then choose “Sign the agreement”.")
        )
    },
    SessionForm: {
        "day": _choose(N_("Choose the day of the meeting.")),
        "held_on": {
            **dict.fromkeys(_NO_DAY, N_("Enter the date of the meeting.")),
            "date_in_future": N_("Choose today or an earlier day: this date is still to come."),
            "date_too_old": N_("Choose a date less than a year ago."),
        },
        "mode": _choose(N_("Choose how you met: in person, by video, by phone or in writing.")),
        "length": _choose(N_("Choose the length of the meeting.")),
        "minutes": {
            "required": N_("Enter the length of the meeting in minutes."),
            "not_a_number": N_("Enter the length in whole minutes, such as 45."),
            "too_small": N_("Enter a length of at least %(min)s minutes."),
            "too_large": N_("Enter a length of at most %(max)s minutes."),
        },
        "format": _choose(N_("Choose what kind of meeting it was: coaching, training…")),
        "worked_on": _choose(N_("Choose objectives from the list, or none: it is optional.")),
    },
    ObjectiveForm: {
        "direction": _choose(_WHO_LEARNS),
        "title": {
            "required": N_("Write the objective."),
            "too_short": N_("The objective needs at least %(min)s\u00a0characters."),
        },
        "tag": _AREA,
        "skill": _choose(N_("Choose a skill from the list.")),
        "target_on": {
            "not_a_date": N_("Enter the whole date: day, month and year."),
            "date_past": N_("Choose today or a later date: this one has passed."),
            "date_too_far": N_("Choose a date within the next three years."),
        },
        "level": dict.fromkeys(_NO_NUMBER, N_("Choose a level from the list.")),
        "accepts": _choose(N_("Choose whose word is enough.")),
        "required": _choose(N_("Tick the box if the objective is a priority; otherwise leave it empty.")),
    },
    ReflectionForm: {
        "words": {
            "required": N_("Write your note."),
            "too_short": N_("Write your note in at least %(min)s characters."),
        },
        "readers": _choose(N_("Choose who can read the note.")),
    },
    FeedbackForm: {
        "points": {
            **_choose(N_("Choose answers from the list.")),
            "feedback_empty": N_("Tick at least one answer, or write a sentence."),
        },
        "words": _SHORTEN,
    },
    ThanksForm: {"words": _SHORTEN},
    DuplicateForm: {
        "answer": _choose(N_("We did not understand your answer. Choose which group this activity opens."))
    },
    OnePersonForm: {
        "email": dict.fromkeys(
            ("required", "not_an_email"), N_("Enter an e-mail address such as name@example.org.")
        ),
        "role": _choose(N_("Choose whether this person learns or teaches.")),
    },
    PairForm: {
        "mentee_id": {**_choose(_WHO_LEARNS), "same_person": N_("Choose two different people.")},
        "mentor_id": _choose(N_("Choose who teaches.")),
    },
    EndPairForm: {"reason": _choose(N_("Choose a reason."))},
    AnotherPartnerForm: {
        "role": _choose(N_("Choose who gets another partner.")),
        "reason": _choose(N_("Choose a reason.")),
    },
    ReopenForm: {
        "reason": {
            "required": N_("Say why you are reopening this journey."),
            "too_short": N_("Say why you are reopening this journey, in at least %(min)s characters."),
        },
    },
    OwnerForm: {"person_id": _choose(N_("Choose who to add as an owner."))},
    ShareForm: {"course_id": _choose(N_("Choose the course to share it with."))},
    NewHrLinkForm: {
        "made_for": dict.fromkeys(
            ("required", "link_for_whom"),
            N_("Say for whom the link is, so that you can tell several apart."),
        )
    },
    HrLinkForm: {
        "link": {
            "required": N_("Enter the link that you received."),
            "not_an_hr_link": N_("Copy the whole link: this is not a link for human resources."),
        }
    },
    AuditQuery: {
        "who": _choose(N_("Choose a person from the list.")),
        "what": _choose(N_("Choose a subject from the list.")),
        "since": {
            "not_a_date": N_("Enter the first day as a whole date: day, month and year."),
        },
        "until": {
            "not_a_date": N_("Enter the last day as a whole date: day, month and year."),
            "ends_before_it_begins": N_("“Until” must be the same day as “From” or later."),
        },
        "zone": {"invalid": N_("Choose a time zone from the list.")},
    },
}
"""By form, field and code. A form has the sentences of the form that it is made from, too."""

_IN_BRIEF: Final[Mapping[type[FormSchema], Mapping[str, str]]] = {
    AnswersForm: {
        "capacity": N_("Check how many partners you would like at once."),
        "offers": N_("Check the topics that you can show."),
        "wants": N_("Check the topics that you would like to learn."),
        "languages": N_("Check the languages."),
        "time_zone": N_("Check the time zone."),
        "level": N_("Check the levels."),
    },
    SessionForm: {"mode": N_("Choose how you met.")},
    DeclinePairForm: {"reason": N_("Check the reason.")},
    RefuseInvitationForm: {"reason": N_("Check the reason.")},
}
"""What the list at the top of a page says of a field whose own sentence says what was done in place of the answer."""

_SERIES: Final = ("level_", "target_", "use_")
"""What the names of fields begin with that a form has any number of: a skill's level, a figure's target and its use."""


def own_sentence(form: type[FormSchema], field: str, code: str) -> str | None:
    """The sentence that ``field`` alone has for ``code``, in English; None where it has none."""
    return next((said[code] for said in _of_field(_SENTENCES, form, field) if code in said), None)


def sentence_in_brief(form: type[FormSchema], field: str) -> str | None:
    """What stands in the list at the top of a page in place of a field's sentences, in English; None: they do."""
    return next(_of_field(_IN_BRIEF, form, field), None)


def _of_field(
    table: Mapping[type[FormSchema], Mapping[str, _Said]], form: type[FormSchema], field: str
) -> Iterator[_Said]:
    """What a table has for a field, by its name or that of its series: of the form, then of those it is made from."""
    names = [field, *(each.removesuffix("_") for each in _SERIES if field.startswith(each))]
    for kind in form.__mro__:
        of_form = table.get(kind, {})
        yield from (of_form[name] for name in names if name in of_form)
