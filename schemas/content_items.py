"""Shapes of deep linking: what a platform asks for, what a tutor types, and what the tool answers.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from schemas.fields import Choice, Code, Day, Identifier, Text, WholeNumber
from schemas.form_schema import FormSchema
from schemas.problem import N_, Problem
from schemas.programme_sections import FURTHEST

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RESOURCE_LINK = "ltiResourceLink"
ROLE_VIEWS = ("both", "mentee", "mentor")
"""For whom an activity is."""
APART = "apart"
"""Two activities that open one group: one for those who learn, one for those who teach."""
GRADEBOOK = ("yes", "no")
BEGINNINGS = ("set-up", "now")
"""Whether a new group begins as a draft that its tutor sets up and starts, or at once; pages propose the first."""
QUESTIONS = ("name", "starts_on", "months", "sessions", "minutes", "goal")
"""What a tutor may answer about the programme of a new group; blank leaves the template as it is."""


class DeepLinkingSettingsSchema(Schema):
    """``deep_linking_settings`` of a deep-linking request (§4.4.1), as far as the tool needs it.

    The return address is only text here: whether it may be used depends on the registration.
    """

    class Meta:
        unknown = EXCLUDE

    deep_link_return_url = fields.String(required=True, validate=validate.Length(min=1, max=8_000))
    accept_types = fields.List(fields.String(), required=True)
    accept_multiple = fields.Boolean(load_default=None, allow_none=True)
    accept_lineitem = fields.Boolean(load_default=None, allow_none=True)
    data = fields.Raw(load_default=None, allow_none=True)
    """Opaque; it goes back unchanged. The specification says text, and platforms send what they like."""


class ProgrammeChoiceForm(FormSchema):
    """What an activity opens: the programme that a new group follows, the group, and for whom the activity is.

    ``template`` is the code of a built-in programme, or the id of one of the tutor's own. ``group`` is the id of a
    cohort to share, or None (left blank) for a new one; ``role_view`` says who takes part through this activity.
    ``begin`` and :data:`QUESTIONS` are about a new group.
    """

    template = Code(
        r"[a-z0-9_-]+", max_length=60, load_default=None, metadata={"label": N_("Which programme?")}
    )
    group = Identifier(
        load_default=None,
        metadata={
            "label": N_("Which group of people?"),
            "hint": N_("The activities of one group show the same people, pairs and meetings."),
        },
    )
    role_view = Choice(
        ROLE_VIEWS,
        load_default="both",
        metadata={
            "label": N_("Who is this activity for?"),
            "words": {
                "both": N_("Everybody"),
                "mentee": N_("Only those who learn"),
                "mentor": N_("Only those who teach"),
            },
        },
    )

    begin = Choice(
        BEGINNINGS,
        load_default="now",
        metadata={
            "label": N_("When does it start?"),
            "words": {
                "set-up": N_("Set it up first, and start it when it suits me"),
                "now": N_("Start at once"),
            },
        },
    )
    """A form that does not ask leaves it out: no group waits where the platform names no course."""
    name = Text(max_length=100, load_default=None, metadata={"label": N_("What is the programme called?")})
    starts_on = Day(load_default=None, metadata={"label": N_("First day")})
    months = WholeNumber(
        min=1,
        max=36,
        from_text=True,
        load_default=None,
        metadata={"label": N_("How many months does the programme last?")},
    )
    sessions = WholeNumber(
        min=1, max=100, from_text=True, load_default=None, metadata={"label": N_("How many meetings?")}
    )
    minutes = WholeNumber(
        min=5, max=480, from_text=True, load_default=None, metadata={"label": N_("How many minutes each?")}
    )
    goal = Text(
        max_length=500,
        lines=True,
        load_default=None,
        metadata={"label": N_("What is it for, in one sentence?")},
    )

    def __init__(self, templates: Sequence[str], *, today: date | None = None) -> None:
        """``templates``: what may be chosen as ``template``; the first is what no answer means.

        ``today``: before which no programme begins.
        """
        super().__init__()
        self.today = today
        self.templates = tuple(templates)

    @validates_schema(skip_on_field_errors=False)
    def _is_offered(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded.get("template") not in (None, *self.templates):
            raise ValidationError([Problem("not_a_choice")], "template")

    @validates_schema(skip_on_field_errors=False)
    def _begins_later(self, loaded: Mapping[str, Any], **_: Any) -> None:
        first = loaded.get("starts_on")
        if first is not None and self.today is not None:
            if first < self.today - timedelta(days=1):  # It may still be yesterday where the tutor is.
                raise ValidationError([Problem("date_past")], "starts_on")
            if first > self.today + FURTHEST:
                raise ValidationError([Problem("date_far_ahead")], "starts_on")

    @post_load
    def _default(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**loaded, "template": loaded["template"] or self.templates[0]}


class SubmissionReviewSchema(Schema):
    """``submissionReview`` of a line item: with which progress a gradebook may open a learner's work in the tool."""

    reviewableStatus = fields.List(fields.String(), required=True)  # noqa: N815 - the specification's name


def _title(label: str) -> Text:
    return Text(max_length=255, load_default=None, metadata={"label": label})


class ActivityChoiceForm(ProgrammeChoiceForm):
    """What a tutor adds to a course: one activity, or one for each role, with titles and a place in the gradebook.

    A title is asked only of what is added: ``title`` of one activity, the other two of two.
    """

    role_view = Choice(
        ("both", APART, "mentee", "mentor"),
        load_default="both",
        metadata={
            "label": N_("Which activities?"),
            "words": {
                "both": N_("One activity for everybody"),
                APART: N_("Two activities: one for those who learn, one for those who teach"),
                "mentee": N_("One activity, only for those who learn"),
                "mentor": N_("One activity, only for those who teach"),
            },
        },
    )
    title = _title(N_("Title in the course"))
    mentee_title = _title(N_("Title of the activity for those who learn"))
    mentor_title = _title(N_("Title of the activity for those who teach"))
    gradebook = Choice(
        GRADEBOOK,
        load_default="yes",
        metadata={
            "label": N_("In the gradebook?"),
            "words": {"yes": N_("With a column in the gradebook"), "no": N_("Without a grade")},
        },
    )

    def __init__(self, templates: Sequence[str], *, several: bool, today: date | None = None) -> None:
        """``several``: whether the platform takes more than one activity at once."""
        super().__init__(templates, today=today)
        self.several = several

    @validates_schema(skip_on_field_errors=False)
    def _has_titles(self, loaded: Mapping[str, Any], **_: Any) -> None:
        if loaded.get("role_view") == APART and not self.several:
            raise ValidationError([Problem("not_a_choice")], "role_view")
        names = ("mentee_title", "mentor_title") if loaded.get("role_view") == APART else ("title",)
        # One that is there and wrong has its own problem.
        missing = {name: [Problem("required")] for name in names if name in loaded and not loaded[name]}
        if missing:
            raise ValidationError(missing)


class LineItemSchema(Schema):
    """``lineItem`` of a resource link (§3.1.1)."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=255))
    scoreMaximum = fields.Float(  # noqa: N815 - the specification's name
        required=True, validate=validate.Range(min=0, min_inclusive=False)
    )
    resourceId = fields.String(required=True, validate=validate.Length(max=255))  # noqa: N815 - as above
    tag = fields.String(required=True, validate=validate.Length(max=255))
    submissionReview = fields.Nested(SubmissionReviewSchema)  # noqa: N815 - as above


class ResourceLinkItemSchema(Schema):
    """An ``ltiResourceLink`` content item (§3.1), as the tool makes it."""

    type = fields.String(required=True, validate=validate.Equal(RESOURCE_LINK))
    title = fields.String(required=True, validate=validate.Length(min=1, max=255))
    text = fields.String(required=True)
    url = fields.String(required=True)
    custom = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    lineItem = fields.Nested(LineItemSchema)  # noqa: N815 - the specification's name


class DeepLinkingResponseSchema(Schema):
    """The claims of a deep-linking response (§4.5); what the tool sends passes through it."""

    iss = fields.String(required=True)
    aud = fields.String(required=True)
    iat = fields.Integer(required=True)
    exp = fields.Integer(required=True)
    nonce = fields.String(required=True, validate=validate.Length(min=16))
    deployment_id = fields.String(required=True, data_key=LTI + "deployment_id")
    message_type = fields.String(
        required=True, data_key=LTI + "message_type", validate=validate.Equal("LtiDeepLinkingResponse")
    )
    version = fields.String(required=True, data_key=LTI + "version", validate=validate.Equal("1.3.0"))
    content_items = fields.List(
        fields.Nested(ResourceLinkItemSchema), required=True, data_key=DEEP_LINKING + "content_items"
    )
    """None at all where the tutor chose nothing."""
    data = fields.Raw(data_key=DEEP_LINKING + "data")
    msg = fields.String(data_key=DEEP_LINKING + "msg")
    errormsg = fields.String(data_key=DEEP_LINKING + "errormsg")

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse ``exp`` that is not after ``iat``."""
        if data["exp"] <= data["iat"]:
            raise ValidationError("exp must be after iat", "exp")
