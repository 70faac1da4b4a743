"""How a pair spoke to each other, apart from what their meeting was

The first version had one code for both. In person, by video and in writing become a mode, of a meeting whose format is
coaching; every other code stays as the format, and how those two spoke is not known. Events keep what they said: their
older versions are read so. Statements that were written stay as they are; nothing is sent.

Revision ID: 0021
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MODES = {"in-person": "in-person", "video": "video", "chat": "writing"}
"""By the former format. Every one has the format ``FORMAT`` since."""
FORMAT = "coaching"
TABLES = ("mentoring_session", "timeline_entry")


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("mode", sa.String(length=20), nullable=True))
            if table == "mentoring_session":
                batch_op.create_check_constraint(
                    op.f("ck__mentoring_session__mode_known"),
                    "mode IN ('in-person', 'video', 'phone', 'writing')",
                )
        rows = _rows(table)
        for former, mode in MODES.items():
            values = {"mode": mode, "format": FORMAT}
            op.execute(sa.update(rows).where(rows.c.format == former).values(values))


def downgrade() -> None:
    """One code for both again; that two spoke by phone is not kept."""
    for table in TABLES:
        rows = _rows(table)
        for former, mode in MODES.items():
            same = sa.and_(rows.c.mode == mode, rows.c.format == FORMAT)
            op.execute(sa.update(rows).where(same).values(format=former))
        with op.batch_alter_table(table) as batch_op:
            if table == "mentoring_session":
                batch_op.drop_constraint(op.f("ck__mentoring_session__mode_known"), type_="check")
            batch_op.drop_column("mode")


def _rows(table: str) -> sa.TableClause:
    return sa.table(table, sa.column("format", sa.String), sa.column("mode", sa.String))
