"""Shapes of the arguments of background jobs, as they are stored with them."""

from __future__ import annotations

from marshmallow import Schema, fields


class NoArguments(Schema):
    """A job that needs none."""


class CourseJobSchema(Schema):
    """A job about one course."""

    course_id = fields.UUID(required=True)


class RegistrationAttemptJobSchema(Schema):
    """A job about one attempt to connect a platform."""

    attempt_id = fields.UUID(required=True)


class PeopleImportJobSchema(Schema):
    """A job about one file of people."""

    import_id = fields.UUID(required=True)


class ResultsJobSchema(Schema):
    """A job about the results of one activity: everybody's, or one person's."""

    resource_link_id = fields.UUID(required=True)
    person_id = fields.UUID(load_default=None, allow_none=True)


class LineItemJobSchema(Schema):
    """A job about the line item of one activity."""

    resource_link_id = fields.UUID(required=True)
