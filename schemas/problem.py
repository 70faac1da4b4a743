"""What is wrong with an input: a code and its parameters, which the tool turns into a sentence.

Schemas cannot translate: they know nothing of the web. So every message in a marshmallow error becomes a
``Problem``, a string that *is* its code, with the parameters beside it. ``MESSAGES`` holds the English sentence
for each code, marked with ``N_`` so that Babel extracts it; a view shows ``gettext(MESSAGES[problem]) %
problem.params``. ``FIELD_CODES`` holds the codes of marshmallow's own fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load

_PARAMETER = re.compile(r"[a-z]+=-?[0-9]+", re.ASCII)


def N_(message: str) -> str:  # noqa: N802 - the name that Babel extracts by default
    """Mark an English sentence for translation where it stands, and return it as it is."""
    return message


MESSAGES: Mapping[str, str] = {
    # any field
    "programme_name_missing": N_("Give the programme a name, in English or in French."),
    "goal_missing": N_("Say what the programme is for, in English or in French."),
    "skill_missing": N_("Name the skill, in English or in French."),
    "format_name_missing": N_("Name the format, in English or in French."),
    "objective_missing": N_("Write the objective, in English or in French."),
    "question_missing": N_("Write the question, in English or in French."),
    "figure_missing": N_("Name the figure, in English or in French."),
    "definition_missing": N_("Say what it measures, in English or in French."),
    "template_name_taken": N_("There is a template of this name already. Please choose another name."),
    "template_name_missing": N_("Give the template a name, in English or in French."),
    "first_day_missing": N_("Give the first day."),
    "last_day_missing": N_("Give the last day."),
    "follow_up_missing": N_("Give the day of the follow-up."),
    "learner_missing": N_("Choose who learns."),
    "sessions_missing": N_("Give a number of meetings, such as 6."),
    "minutes_missing": N_("Give a number of minutes, such as 45."),
    "required": N_("Fill this in."),
    "answer_missing": N_("Choose an answer."),
    "invalid": N_("This cannot be read: check it."),
    "duplicated": N_("This was sent more than once: send the form again."),
    "unknown_field": N_("This is not expected here."),
    "not_text": N_("Enter plain text."),
    "forbidden_characters": N_("Remove the characters that cannot be kept."),
    "too_short": N_("Write at least %(min)s characters."),
    "too_long": N_("%(max)s characters at most: this has more."),
    "not_a_number": N_("Enter a whole number."),
    "too_small": N_("Enter %(min)s or more."),
    "too_large": N_("Enter %(max)s or less."),
    "not_an_email": N_("Enter an address such as name@example.org."),
    "not_a_phone_number": N_("Enter a number with at least 4 digits."),
    "not_a_date": N_("Enter the whole date: day, month and year."),
    "date_in_future": N_("This date is still to come: choose today or an earlier day."),
    "feedback_empty": N_("Choose at least one point, or write a sentence."),
    "entry_exists": N_("This is in the list already."),
    "ends_earlier_unsaid": N_(
        "The programme would end earlier. Tick the box if you mean it, or put the day back."
    ),
    "hr_link_unknown": N_("We do not recognise this link. Please copy all of it, or ask for a new one."),
    "not_an_hr_link": N_("This is not a link for human resources: copy the whole of it."),
    "ends_before_it_begins": N_("This date is before the first one: choose a later day."),
    "date_past": N_("This date is past: choose today or a later day."),
    "date_too_far": N_("This date is more than three years ahead: choose an earlier day."),
    "date_not_after_start": N_("The last day comes after the first one: choose a later day."),
    "date_not_after_end": N_("The follow-up comes after the last day: choose a later day."),
    "date_far_ahead": N_("This date is more than five years ahead: choose an earlier day."),
    "not_an_amount": N_("Enter a number, such as 12000 or 12.5."),
    "date_too_old": N_("This date is more than a year ago: choose a later day."),
    "not_an_id": N_("Nothing was chosen here that is known: go back and choose again."),
    "not_a_choice": N_("Choose one of the answers offered."),
    "not_yes_or_no": N_("Answer yes or no."),
    "must_be_accepted": N_("Tick this box to go on."),
    "person_missing": N_("Choose a person."),
    "link_for_whom": N_("Say for whom the link is, so that you can tell several apart."),
    "same_person": N_("Choose two different people."),
    "not_an_object": N_("This should be a set of named values."),
    "not_a_list": N_("This should be a list."),
    "empty": N_("Choose at least one."),
    "too_many": N_("%(max)s at most."),
    # completion rules
    "unknown_version": N_("This rule was made by a newer version of the tool."),
    "unknown_criterion": N_("We do not know the criterion “%(type)s”."),
    "criterion_not_measurable": N_("The condition “%(type)s” is not available yet. Please take it out."),
    "nested_too_deep": N_("A group of criteria cannot be put inside another group."),
    "id_repeated": N_("Two criteria have the same name, “%(id)s”."),
    "empty_group": N_("This group is empty. Please add a condition to it, or take it out."),
    "k_missing": N_("Please say how many of the criteria are enough."),
    "k_not_used": N_("A number of criteria goes only with “at least”."),
    "k_too_large": N_("%(k)s criteria are asked for, but only %(count)s count for the role %(role)s."),
    "no_criterion_for_role": N_("Nothing is asked of the role %(role)s. Please add a criterion for it."),
    "weights_sum_to_zero": N_(
        "Every criterion for the role %(role)s has weight 0. Please raise at least one."
    ),
    "not_a_weight": N_("Enter 0, 1, 2… or a fraction such as 1/3."),
    "not_an_iri": N_("Enter a full address, such as https://example.org/course."),
    "not_a_moment": N_("Please enter cohort_start or cohort_end, with +30d or -30d if needed, or a date."),
    "star_with_formats": N_("Choose either every format or some formats."),
    # files of people
    "file_missing": N_("Choose a CSV or XLSX file."),
    "file_empty": N_("This file has no rows. Please choose another one."),
    "file_too_large": N_(
        "This file is too large. Please keep to one sheet, and to the columns that are needed."
    ),
    "file_too_many_rows": N_("This file has more than 10,000 rows. Please make several files of it."),
    "file_too_many_columns": N_("This file has more than 100 columns. Please keep those that are needed."),
    "file_old_excel": N_(
        "This file has a password, or is of an old version of Excel. Please save it as XLSX or as CSV, without a "
        "password."
    ),
    "file_not_a_table": N_("This is no spreadsheet. Please choose a CSV or an XLSX file."),
    "file_unreadable": N_("This file cannot be read. Please save it as XLSX or as CSV and choose it again."),
    "not_one_of": N_("Write one of these: %(what)s."),
    "not_a_code": N_("Write small letters, digits and hyphens alone."),
    "file_header_alone": N_("There is no row below the names of the columns."),
    "row_too_wide": N_(
        "This row has more cells than there are columns. A text with the separator in it needs quotation marks."
    ),
    "file_no_role": N_(
        "There is no column “Role”. Its first line must name the columns, as the template does."
    ),
    "file_no_identifier": N_(
        "There is no column by which people can be found: add “E-mail”, “User name” or “LMS user id”."
    ),
    "column_repeated": N_("The column “%(what)s” says the same as another one. Please remove one of them."),
    "role_missing": N_("Write “mentor” or “mentee”."),
    "role_unknown": N_("“%(what)s” is no role. Write “mentor” or “mentee”."),
    "no_identifier": N_(
        "Give an e-mail address, a user name or an LMS user id: this person cannot be found without."
    ),
    "skill_unknown": N_("“%(what)s” is not among the skills of this programme."),
    "level_wrong": N_("“%(what)s”: a level is a number from 1 to 5, after a colon."),
    "language_unknown": N_(
        "“%(what)s” is not a language that is known here. Write its name, or its code such as “fr”."
    ),
    "time_zone_unknown": N_("“%(what)s” is not a time zone. Write it as in “Europe/Paris”."),
    "same_person_as": N_("This is the same person as in row %(row)s."),
    "two_people": N_("Two people of the course match this row. Give the LMS user id."),
    "identifiers_differ": N_("The identifiers of this row belong to different people."),
    "teaches_here": N_("This person teaches the course: only learners can be added."),
    "already_mentor": N_("This person is in the group already, as a mentor."),
    "already_mentee": N_("This person is in the group already, as a mentee."),
    "own_manager": N_("Nobody is their own manager."),
    # programme templates
    "repeated": N_("“%(what)s” is there twice."),
    "skill_not_listed": N_("“%(what)s” is not among the skills of the programme."),
    "format_without_name": N_("Please give the format “%(what)s” a name in both languages."),
    "format_not_listed": N_("“%(what)s” is not among the formats of the programme."),
    # files that people edit
    "field_missing": N_("“%(what)s” is missing here."),
    "template_file_missing": N_("Choose a file to import."),
    "template_file_empty": N_("This file is empty. Choose another one."),
    "template_too_large": N_("The file is larger than %(max)s KB, which no template needs."),
    "wrong_encoding": N_("The file is not in UTF-8. Please save it with the encoding UTF-8."),
    "yaml_unreadable": N_(
        "This cannot be read: look here, or just above, for a missing colon, a wrong indent, an open quotation mark, "
        "or a text with a colon that has no quotation marks."
    ),
    "yaml_tab": N_("There is a tab at the start of this line. Please indent with spaces."),
    "yaml_alias": N_(
        "Anchors and aliases (& and *) are not allowed here. Please put the text in quotation marks."
    ),
    "yaml_tag": N_("Tags (!) are not allowed here. Please put the text in quotation marks."),
    "yaml_too_deep": N_("Too many levels are put inside one another here: %(max)s are the most."),
    "yaml_several_documents": N_("A file holds one template. Please take out what comes after the line ---."),
}

NAME_THEIR_FIELD: Final = frozenset(
    {
        "programme_name_missing",
        "goal_missing",
        "skill_missing",
        "format_name_missing",
        "objective_missing",
        "question_missing",
        "figure_missing",
        "definition_missing",
        "template_name_missing",
        "template_name_taken",
        "first_day_missing",
        "last_day_missing",
        "follow_up_missing",
        "learner_missing",
        "hr_link_unknown",
        "entry_exists",
        "ends_earlier_unsaid",
        "person_missing",
        "file_missing",
        "template_file_missing",
        "template_file_empty",
        "template_too_large",
    }
)
"""What is clear without the label of the field, at whichever field it is said."""


FIELD_CODES: Final[Mapping[type[fields.Field[Any]], Mapping[str, str]]] = {
    fields.Field: {"required": "required", "null": "required", "validator_failed": "invalid"},
    fields.String: {"invalid": "not_text", "invalid_utf8": "not_text"},
    fields.Integer: {"invalid": "not_a_number"},
    fields.Boolean: {"invalid": "not_yes_or_no"},
    fields.UUID: {"invalid_uuid": "not_an_id"},
    fields.Date: {"invalid": "not_a_date"},
    fields.List: {"invalid": "not_a_list"},
}
"""The code for each error of marshmallow's fields: by their class, and marshmallow's name of the error."""


class Problem(str):
    """A code of ``MESSAGES``, with the parameters of its sentence."""

    __slots__ = ("params",)
    params: dict[str, object]

    def __new__(cls, code: str, /, **params: object) -> Problem:
        """Make a problem; an unknown code is a programming error."""
        if code not in MESSAGES:
            raise KeyError(code)
        problem = super().__new__(cls, code)
        problem.params = params
        return problem

    @classmethod
    def parse(cls, message: str) -> Problem:
        """The problem of a validator's message: a code, and its parameters as ``name=number``.

        ``too_small min=5`` is what ``validate.Range(min=5, error="too_small min={min}")`` says. Any other message is
        ``invalid``.
        """
        code, *params = message.split(" ")
        if code not in MESSAGES or not all(_PARAMETER.fullmatch(param) for param in params):
            return cls("invalid")
        return cls(code, **{name: int(value) for name, value in (param.split("=") for param in params)})

    @property
    def text(self) -> str:
        """The sentence in English."""
        return MESSAGES[str(self)] % self.params


class ShapeError(ValueError):
    """An input does not have the right shape; ``problems`` says where (dotted path) and why."""

    def __init__(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        self.problems: dict[str, list[Problem]] = {where: list(found) for where, found in problems.items()}
        super().__init__("; ".join(f"{where}: {found[0].text}" for where, found in self.problems.items()))


def flatten(messages: Any, prefix: str = "") -> dict[str, list[Problem]]:
    """Turn marshmallow's nested messages into dotted paths with their problems; ``_schema`` stands for all."""
    if isinstance(messages, Mapping):
        flat: dict[str, list[Problem]] = {}
        for name, inner in messages.items():
            where = prefix if name == "_schema" and prefix else f"{prefix}.{name}" if prefix else str(name)
            for path, found in flatten(inner, where).items():
                flat.setdefault(path, []).extend(found)
        return flat
    listed = messages if isinstance(messages, list | tuple) else [messages]
    return {prefix or "_schema": [_problem(message) for message in listed]}


def _problem(message: object) -> Problem:
    return message if isinstance(message, Problem) else Problem.parse(str(message))


class CodedSchema(Schema):
    """A schema whose errors are problems, whatever marshmallow's own fields say. Its lists are kept as tuples."""

    error_messages = {"type": "not_an_object", "unknown": "unknown_field"}  # noqa: RUF012 - marshmallow's own way

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give a field the codes of :data:`FIELD_CODES`, unless its own definition says otherwise."""
        for kind, codes in FIELD_CODES.items():
            for name, code in codes.items() if isinstance(field_obj, kind) else ():
                if field_obj.error_messages[name] == kind.default_error_messages[name]:
                    field_obj.error_messages[name] = code
        if isinstance(field_obj, fields.List):
            self.on_bind_field(field_name, field_obj.inner)

    @post_load
    def _freeze_lists(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: tuple(value) if isinstance(value, list) else value for name, value in loaded.items()}

    def read(self, document: Any) -> dict[str, Any]:
        """Return the checked values. Raises ``ShapeError`` with every problem found."""
        try:
            loaded = self.load(document)
        except ValidationError as error:
            raise ShapeError(flatten(error.messages)) from error
        return dict(loaded)
