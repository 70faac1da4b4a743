"""Organisations: make, find, list and merge."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import Base
from lti_tool.identity.models import Organisation

NAME_LENGTH = 255


class OrganisationUnknown(LookupError):
    """There is no organisation of this name or id."""


class OrganisationExists(ValueError):
    """There is an organisation of this name already."""


def add(db: Session, name: str) -> Organisation:
    """Make an organisation. Raises :class:`OrganisationExists`."""
    if db.scalar(sa.select(Organisation.id).where(Organisation.name == name)) is not None:
        raise OrganisationExists(f"there is an organisation {name!r} already")
    organisation = Organisation(id=uuid.uuid4(), name=name)
    db.add(organisation)
    db.flush()
    return organisation


def add_for(db: Session, name: str) -> Organisation:
    """Make an organisation of this name, with a number behind it where the name is taken."""
    stem = name[: NAME_LENGTH - 8].strip() or "Organisation"
    taken = set(
        db.scalars(sa.select(Organisation.name).where(Organisation.name.startswith(stem, autoescape=True)))
    )
    free = next(
        candidate
        for number in range(1, len(taken) + 2)
        if (candidate := stem if number == 1 else f"{stem} ({number})") not in taken
    )
    return add(db, free)


def find(db: Session, name_or_id: str) -> Organisation:
    """The organisation of this name, or of this id. Raises :class:`OrganisationUnknown`."""
    found = db.scalar(sa.select(Organisation).where(Organisation.name == name_or_id))
    if found is None:
        try:
            found = db.get(Organisation, uuid.UUID(name_or_id))
        except ValueError:
            found = None
    if found is None:
        raise OrganisationUnknown(f"there is no organisation {name_or_id!r}")
    return found


def every(db: Session) -> Sequence[Organisation]:
    """All organisations, by name."""
    return db.scalars(sa.select(Organisation).order_by(Organisation.name)).all()


def merge(db: Session, *, into: Organisation, merged: Organisation) -> None:
    """Put everything that belongs to ``merged`` into ``into``, and remove ``merged``.

    Every table with a column ``organisation_id`` is concerned, those of features that come later included.
    """
    if into.id == merged.id:
        raise ValueError("an organisation cannot be merged into itself")
    db.flush()
    for table in Base.metadata.sorted_tables:
        if "organisation_id" in table.c:
            db.execute(
                sa.update(table)
                .where(table.c.organisation_id == merged.id)
                .values(organisation_id=into.id)
                .execution_options(synchronize_session=False)
            )
    db.delete(merged)
    db.flush()
