"""Forms that were sent

``form_submission`` has the forms that had their effect, so that none has it twice; ``kept_form`` those that were sent
after their session had expired. Both are empty at first: a session of before the upgrade has sent none.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_submission",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("next_page", sa.Text(), nullable=False),
        sa.Column("message", sa.String(length=40), nullable=True),
        sa.Column("is_message_shown", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__form_submission__person_id__person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk__form_submission")),
        sa.UniqueConstraint("id", name=op.f("uq__form_submission__id")),
    )
    op.create_index("ix__form_submission__expires_at", "form_submission", ["expires_at"])
    op.create_table(
        "kept_form",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk__kept_form__course_id__course")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__kept_form__person_id__person")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk__kept_form__resource_link_id__resource_link")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk__kept_form")),
    )
    op.create_index("ix__kept_form__person_id", "kept_form", ["person_id"])
    op.create_index("ix__kept_form__expires_at", "kept_form", ["expires_at"])


def downgrade() -> None:
    op.drop_table("kept_form")
    op.drop_table("form_submission")
