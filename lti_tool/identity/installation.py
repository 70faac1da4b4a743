"""What is decided at the first start and kept for good."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.identity.models import Installation

_FIND = sa.select(Installation.iri_base)

_known: WeakKeyDictionary[sa.Engine, str] = WeakKeyDictionary()
"""What the databases of this process say: it never changes, so each is asked until it has once been stored."""


def stored_iri_base(db: Session) -> str | None:
    """What this installation's IRIs begin with; None before it was ever stored."""
    return db.scalar(_FIND)


def iri_base(db: Session, base_url: str) -> str:
    """What this installation's IRIs begin with: what is stored, else ``base_url``, stored in this transaction.

    Statement ids and accounts are made from it, so it stays when the tool moves to another address. Of two processes
    that both find none, the database keeps the first one's.
    """
    engine = db.get_bind().engine
    found = _known.get(engine)
    if found is None:
        found = stored_iri_base(db)
        if found is not None:
            _known[engine] = found
    if found is None:
        db.execute(insert_for(db, Installation).values(id=1, iri_base=base_url).on_conflict_do_nothing())
        found = db.scalars(_FIND).one()
    return found
