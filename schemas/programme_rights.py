"""The forms of who owns a programme, who may use it, and who reads it for human resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields, pre_load, validates_schema

from schemas.fields import Identifier, Text
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem

_SECRET: Final = re.compile(r"[\w-]{16,100}", re.ASCII)


class OwnerForm(FormSchema):
    """Somebody is to own the programme; ``person_id`` is one of the tutors of its courses."""

    person_id = Identifier(
        required=True,
        error_messages={"required": "person_missing"},
        metadata={"label": N_("Who else owns this programme?")},
    )


class ShareForm(FormSchema):
    """With whose teachers a programme is shared: those of a course, or all of the company."""

    course_id = Identifier(
        load_default=None,
        metadata={"label": N_("Which teachers may use it?")},
    )
    everywhere = fields.Boolean(load_default=False)

    @pre_load
    def _everywhere(self, given: Any, **_: Any) -> Any:
        """One list of a page offers both: ``everywhere`` in place of a course."""
        if isinstance(given, Mapping) and given.get("course_id") == "everywhere":
            return {
                **{name: value for name, value in given.items() if name != "course_id"},
                "everywhere": "yes",
            }
        return given

    @validates_schema
    def _one_of_both(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if (loaded["course_id"] is None) != loaded["everywhere"]:
            raise ValidationError([Problem("required")], "course_id")


class NewHrLinkForm(FormSchema):
    """A link for human resources is made; ``made_for`` tells several of them apart."""

    made_for = Text(
        max_length=100,
        required=True,
        error_messages={"required": "link_for_whom"},
        metadata={
            "label": N_("Who is the link for?"),
            "hint": N_("A name, or a role such as “HR, Lyon site”. Only owners see it."),
        },
    )


class LinkIdForm(FormSchema):
    """A link for human resources is withdrawn."""

    link_id = Identifier(required=True)


class ReaderForm(FormSchema):
    """Somebody's right to read a programme for human resources is ended."""

    person_id = Identifier(required=True)


class HrLinkForm(FormSchema):
    """A link for human resources, as an owner sent it, or its last part alone."""

    link = Text(
        max_length=1000,
        required=True,
        metadata={
            "label": N_("The link that you received"),
            "hint": N_("An owner of the programme sent it to you."),
        },
    )

    @validates_schema
    def _readable(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if not secret_of(loaded["link"]):
            raise ValidationError([Problem("not_an_hr_link")], "link")


def secret_of(link: str) -> str:
    """The secret of a link for human resources, be it the whole address or its last part; empty for what is none."""
    last = link.strip().rpartition("link=")[2].partition("&")[0]
    return last if _SECRET.fullmatch(last) else ""
