"""The migration to several record stores: what waits, or was refused, goes on, and is known to be whose it is."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.database import Database
from lti_tool.mentoring.programmes.models import Programme
from lti_tool.messaging.models import LRS, Delivery, DeliveryKind
from lti_tool.migrations import migrate

BEFORE = "0003"


def rows(database: Database, kind: DeliveryKind) -> list[Delivery]:
    with database.reading() as db:
        return list(db.scalars(sa.select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)))


def test_statements_that_are_not_sent_belong_to_the_organisation_of_their_programme(first_version):
    migrate(first_version)
    with first_version.reading() as db:
        organisations = set(db.scalars(sa.select(Programme.organisation_id)))
    unsent = [row for row in rows(first_version, DeliveryKind.STATEMENT) if row.status != "sent"]
    assert unsent
    assert {row.organisation_id for row in unsent} <= organisations
    assert all(row.registration_id for row in unsent)
    assert {row.receiver for row in unsent} == {LRS}


def test_scores_are_of_the_line_item_that_keeps_their_order(first_version):
    migrate(first_version)
    scores = rows(first_version, DeliveryKind.SCORE)
    assert scores
    assert [row.part for row in scores] == [row.order_key.partition(":")[0] for row in scores]


def test_nothing_that_waits_is_changed_otherwise(first_version):
    migrate(first_version, BEFORE)
    kept = "id, kind, receiver, key, order_key, status, attempts, not_before, last_error, done_at"
    with first_version.reading() as db:
        before = db.execute(sa.text(f"SELECT {kept} FROM delivery ORDER BY id")).all()
    migrate(first_version)
    with first_version.reading() as db:
        after = db.execute(sa.text(f"SELECT {kept} FROM delivery ORDER BY id")).all()
        failures = db.scalars(sa.select(Delivery.failures).distinct()).all()
    assert (after, failures) == (before, [0])
