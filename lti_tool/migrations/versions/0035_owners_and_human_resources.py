"""Who may use and read a programme besides its owners and tutors; the audit of a programme

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_AT_PRESENT = sa.text("ended_at IS NULL")
_EVERYWHERE = sa.text("course_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "programme_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__programme_share__programme_id__programme")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk__programme_share__course_id__course")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__programme_share")),
    )
    op.create_index("ix__programme_share__course_id", "programme_share", ["course_id"])
    op.create_index(
        "uq__programme_share__course", "programme_share", ["programme_id", "course_id"], unique=True
    )
    op.create_index(
        "uq__programme_share__everywhere",
        "programme_share",
        ["programme_id"],
        unique=True,
        sqlite_where=_EVERYWHERE,
        postgresql_where=_EVERYWHERE,
    )
    op.create_table(
        "hr_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__hr_link__programme_id__programme")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk__hr_link__made_by__person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__hr_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq__hr_link__token_hash")),
    )
    op.create_index("ix__hr_link__programme_id", "hr_link", ["programme_id"])
    op.create_table(
        "hr_reader",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__hr_reader__programme_id__programme")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__hr_reader__person_id__person")),
        sa.ForeignKeyConstraint(["link_id"], ["hr_link.id"], name=op.f("fk__hr_reader__link_id__hr_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__hr_reader")),
        sa.UniqueConstraint("link_id", name=op.f("uq__hr_reader__link_id")),
    )
    op.create_index(
        "uq__hr_reader__at_present",
        "hr_reader",
        ["programme_id", "person_id"],
        unique=True,
        sqlite_where=_AT_PRESENT,
        postgresql_where=_AT_PRESENT,
    )
    op.create_index("ix__hr_reader__person_id", "hr_reader", ["person_id"])
    op.create_index("ix__programme_owner__person_id", "programme_owner", ["person_id"])
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.add_column(sa.Column("programme_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk__audit_entry__programme_id__programme"), "programme", ["programme_id"], ["id"]
        )
    op.create_index("ix__audit_entry__programme_id", "audit_entry", ["programme_id", "at"])
    entry, event = (
        sa.table(name, sa.column(key), sa.column("programme_id"))
        for name, key in (("audit_entry", "event_id"), ("event", "id"))
    )
    programme = sa.select(event.c.programme_id).where(event.c.id == entry.c.event_id).scalar_subquery()
    op.execute(sa.update(entry).values(programme_id=programme))


def downgrade() -> None:
    op.drop_index("ix__audit_entry__programme_id", table_name="audit_entry")
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.drop_constraint(op.f("fk__audit_entry__programme_id__programme"), type_="foreignkey")
        batch_op.drop_column("programme_id")
    op.drop_index("ix__programme_owner__person_id", table_name="programme_owner")
    for table in ("hr_reader", "hr_link", "programme_share"):
        op.drop_table(table)
