"""Every score whose answer was lost, what was once shown, and gradebooks that cannot be read

Only the latest score that may have arrived was kept; now each one is, until a later one is accepted. When a reading
last showed a grade of ours was not kept; it is known of those that the last reading showed.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CHECK = "ck__score_trail__grade_status_known"
INDEX = "ix__score_trail__unsettled"
STATUSES = ("on_its_way", "waiting", "recorded", "refused", "removed", "somebody_elses")


def upgrade() -> None:
    _unindex()
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.add_column(sa.Column("unanswered_scores", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("shown_at", MOMENT, nullable=True))
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        batch_op.create_check_constraint(op.f(CHECK), _known((*STATUSES, "not_shown")))
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.alter_column("unanswered_scores", server_default=None)
    trail = _trail()
    _keep_each(
        sa.select(trail.c.line_item_url, trail.c.person_id, trail.c.sent_score).where(
            trail.c.sent_score.is_not(None), trail.c.sent_score.is_distinct_from(trail.c.accepted_score)
        ),
        lambda row: {"unanswered_scores": [row.sent_score]},
    )
    op.execute(
        sa.update(trail)
        .where(trail.c.grade_status == "recorded", trail.c.result_score.is_not(None))
        .values(shown_at=trail.c.read_at)
    )
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.drop_column("sent_at")
        batch_op.drop_column("sent_score")
    _index("'refused', 'removed', 'not_shown'")
    op.create_table(
        "unreadable_results",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("line_item_url", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk__unreadable_results__registration_id__registration"),
        ),
        sa.PrimaryKeyConstraint("registration_id", "line_item_url", name=op.f("pk__unreadable_results")),
    )


def downgrade() -> None:
    op.drop_table("unreadable_results")
    _unindex()
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.add_column(sa.Column("sent_score", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("sent_at", MOMENT, nullable=True))
    trail = _trail()
    op.execute(sa.update(trail).values(sent_score=trail.c.accepted_score, sent_at=trail.c.accepted_at))
    _keep_each(
        sa.select(trail.c.line_item_url, trail.c.person_id, trail.c.unanswered_scores, trail.c.changed_at),
        lambda row: (
            {"sent_score": row.unanswered_scores[-1], "sent_at": row.changed_at}
            if row.unanswered_scores
            else None
        ),
    )
    op.execute(sa.update(trail).where(trail.c.grade_status == "not_shown").values(grade_status="removed"))
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        batch_op.create_check_constraint(op.f(CHECK), _known(STATUSES))
        batch_op.drop_column("shown_at")
        batch_op.drop_column("unanswered_scores")
    _index("'refused', 'removed'")


def _trail() -> sa.TableClause:
    return sa.table(
        "score_trail",
        sa.column("line_item_url", sa.Text()),
        sa.column("person_id", sa.Uuid()),
        sa.column("grade_status", sa.String()),
        sa.column("accepted_score", sa.Integer()),
        sa.column("accepted_at", MOMENT),
        sa.column("sent_score", sa.Integer()),
        sa.column("sent_at", MOMENT),
        sa.column("unanswered_scores", sa.JSON()),
        sa.column("result_score", sa.Double()),
        sa.column("read_at", MOMENT),
        sa.column("shown_at", MOMENT),
        sa.column("changed_at", MOMENT),
    )


def _keep_each(chosen: sa.Select[Any], values_of: Any) -> None:
    """Write into each of the chosen rows what ``values_of`` makes of it, where it makes anything."""
    connection, trail = op.get_bind(), _trail()
    for row in connection.execute(chosen).all():
        values = values_of(row)
        if values is not None:
            connection.execute(
                sa.update(trail)
                .where(trail.c.line_item_url == row.line_item_url, trail.c.person_id == row.person_id)
                .values(**values)
            )


def _known(statuses: tuple[str, ...]) -> str:
    return "grade_status IN ({})".format(", ".join(f"'{status}'" for status in statuses))


def _unindex() -> None:
    op.drop_index(INDEX, table_name="score_trail")


def _index(statuses: str) -> None:
    unsettled = sa.text(f"grade_status IN ({statuses})")
    op.create_index(
        INDEX,
        "score_trail",
        ["grade_status"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
