"""The list of columns with personal text is complete: every column that can hold a text is in it, or is named here."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import lti_tool.app  # noqa: F401  # every table, whichever tests run besides
from lti_tool.composition.personal_data import PERSONAL_TEXTS
from lti_tool.database import Base

NOT_PERSONAL = {
    "access_token.scopes",
    "access_token.token",
    "activity_choice.answers",
    "cohort.baseline",
    "cohort.kpis",
    "completion_record.explanation",
    "completion_rule_version.rule",
    "course.context_history",
    "course.context_id",
    "course.roster_url",
    "course.title",
    "delivery.conflict",
    "delivery.last_error",
    "delivery.order_key",
    "delivery.target",
    "delivery_body.body",
    "delivery_pause.reason",
    "deployment.deployment_id",
    "emitted_statement.verb",
    "event.details",
    "feedback.points",
    "form_submission.next_page",
    "installation.iri_base",
    "invitation.label",
    "job.arguments",
    "job.error",
    "job.result",
    "job.unique_key",
    "launch_session.deep_linking",
    "launch_session.return_url",
    "organisation.name",
    "people_import.counts",
    "platform_key.jwk",
    "platform_key.kid",
    "programme_settings.cohort_dates",
    "programme_settings.settings",
    "programme_template.document",
    "record_store.endpoint",
    "record_store.password",
    "record_store.username",
    "refusal.client_id",
    "refusal.deployment_id",
    "refusal.detail",
    "refusal.issuer",
    "registration.auth_login_url",
    "registration.auth_token_url",
    "registration.client_id",
    "registration.frame_origins",
    "registration_attempt.frame_origins",
    "registration.issuer",
    "registration.jwks_url",
    "registration.label",
    "registration.service_hosts",
    "registration.token_audience",
    "registration_attempt.platform_origin",
    "registration_attempt.request",
    "missing_line_item.line_item_url",
    "missing_line_item.reason",
    "own_line_item.label",
    "own_line_item.reason",
    "own_line_item.url",
    "resource_link.line_item_address",
    "resource_link.line_item_url",
    "resource_link.line_items_url",
    "resource_link.own_line_item_url",
    "resource_link.resource_link_id",
    "resource_link.scopes",
    "resource_link.title",
    "rule_draft.rule",
    "score_trail.comment",
    "score_trail.line_item_url",
    "score_trail.reason",
    "score_trail.unanswered_scores",
    "tool_key.private_key",
    "tool_key.public_jwk",
    "unreadable_results.line_item_url",
    "unreadable_results.reason",
}
"""Codes, addresses, keys, and what platforms, organisations and the tool itself say."""


def can_hold_text(column: sa.Column[object]) -> bool:
    """Whether a column has room for more than a code: text of 100 characters or more, bytes, or JSON."""
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    if isinstance(kind, sa.String):
        return kind.length is None or kind.length >= 100
    return isinstance(kind, sa.LargeBinary | sa.JSON)


def named(columns: object) -> set[str]:
    return {f"{column.table.name}.{column.name}" for column in columns}  # type: ignore[attr-defined]


LISTED = named(text.column.property.columns[0] for text in PERSONAL_TEXTS)
FOUND = named(
    column for table in Base.metadata.tables.values() for column in table.columns if can_hold_text(column)
)


def test_every_column_that_can_hold_a_text_is_known_to_be_personal_or_not():
    assert set() == FOUND - LISTED - NOT_PERSONAL


def test_no_column_is_listed_that_is_no_more():
    assert set() == NOT_PERSONAL - FOUND


def test_no_column_is_both():
    assert set() == LISTED & NOT_PERSONAL


@pytest.mark.parametrize(
    "text", [text for text in PERSONAL_TEXTS if text.owner is not None], ids=lambda text: str(text.column)
)
def test_the_owner_is_a_person_or_a_participant(text):
    column = text.owner.property.columns[0]
    referred = {key.column.table.name for key in column.foreign_keys} or {column.table.name}
    assert column.table is text.column.property.columns[0].table
    assert referred <= {"person", "participant"}
