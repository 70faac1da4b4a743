"""Which activities a learner has opened

Revision ID: 0043
Revises: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Launches of learners that are still kept say it; of the ones before nothing does."""
    opened = op.create_table(
        "opened_link",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=False),
        sa.Column("first_opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__opened_link__person_id__person")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["resource_link.id"],
            name=op.f("fk__opened_link__resource_link_id__resource_link"),
        ),
        sa.PrimaryKeyConstraint("person_id", "resource_link_id", name=op.f("pk__opened_link")),
    )
    launch = sa.table(
        "launch_session",
        *(sa.column(name) for name in ("person_id", "resource_link_id", "role", "created_at")),
    )
    places = launch.c.person_id, launch.c.resource_link_id
    kept = (
        sa.select(*places, sa.func.min(launch.c.created_at))
        .where(launch.c.role == "learner", *(place.is_not(None) for place in places))
        .group_by(*places)
    )
    op.execute(sa.insert(opened).from_select(["person_id", "resource_link_id", "first_opened_at"], kept))


def downgrade() -> None:
    op.drop_table("opened_link")
