"""The templates that a company can choose from: its own, and those that come with the tool.

A company's own template stands for the built-in one of the same code.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.completion.queries import criterion_schemas
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    DEMO_TEMPLATE,
    ProgrammeTemplate,
    load_template,
    read_template,
    template_codes,
)
from lti_tool.mentoring.programmes.template_models import TemplateVersion
from schemas.problem import ShapeError

BLANK_TEMPLATE = "blank"
_LAST = (DEMO_TEMPLATE, BLANK_TEMPLATE)
"""The built-in ones that stand at the end of a list, in this order."""


@dataclass(frozen=True)
class TemplateRecord:
    """A template that a company can choose."""

    template: ProgrammeTemplate
    number: int | None = None
    """The version of a company's own template; None for a built-in one."""
    changed_at: dt.datetime | None = None
    """When this version of a company's own was made."""
    changed_by: uuid.UUID | None = None
    """The person who made it; None for an operator, and for a built-in one."""

    @property
    def code(self) -> str:
        """Its code, unique in what a company can choose."""
        return self.template.code

    @property
    def is_own(self) -> bool:
        """Whether it is the company's own."""
        return self.number is not None


def templates_offered(db: Session, organisation_id: uuid.UUID | None) -> list[TemplateRecord]:
    """Every template that a company can choose: the usual one, the other built-in ones, then its own, newest last.

    An own one of a built-in template's code stands in its place. One that this version of the tool cannot read, because
    a newer one has written it, is left out.
    """
    own = {record.code: record for record in _own(db, organisation_id)} if organisation_id else {}
    codes = sorted(template_codes(), key=_place)
    built_in = [own.pop(code) if code in own else TemplateRecord(load_template(code)) for code in codes]
    return [*built_in, *own.values()]


def _place(code: str) -> tuple[int, str]:
    """Where a built-in template stands in a list."""
    return (_LAST.index(code) + 1 if code in _LAST else -1 if code == DEFAULT_TEMPLATE else 0), code


def find_template(db: Session, organisation_id: uuid.UUID | None, code: str) -> TemplateRecord:
    """The template of a code: a company's own one, else the built-in one. Raises :class:`UnknownTemplateError`."""
    own = _own(db, organisation_id, code) if organisation_id is not None else []
    return own[0] if own else TemplateRecord(load_template(code))


def template_versions(db: Session, organisation_id: uuid.UUID, code: str) -> Sequence[TemplateVersion]:
    """Every version of a company's own template, the newest first; none where it has none of this code."""
    return db.scalars(
        sa.select(TemplateVersion)
        .where(TemplateVersion.organisation_id == organisation_id, TemplateVersion.code == code)
        .order_by(TemplateVersion.number.desc())
    ).all()


def own_template_codes(db: Session, organisation_id: uuid.UUID) -> set[str]:
    """The codes of a company's own templates."""
    rows = sa.select(TemplateVersion.code).where(TemplateVersion.organisation_id == organisation_id)
    return set(db.scalars(rows.distinct()))


def _own(db: Session, organisation_id: uuid.UUID, code: str | None = None) -> list[TemplateRecord]:
    """The newest version of each of a company's templates, or of that of one code alone; the oldest template first."""
    newest = (
        sa.select(TemplateVersion.code, sa.func.max(TemplateVersion.number).label("number"))
        .where(TemplateVersion.organisation_id == organisation_id)
        .group_by(TemplateVersion.code)
        .subquery()
    )
    rows = db.execute(
        sa.select(
            sa.cast(TemplateVersion.document, sa.Text),
            TemplateVersion.number,
            TemplateVersion.created_at,
            TemplateVersion.created_by,
        )
        .join(
            newest,
            sa.and_(newest.c.code == TemplateVersion.code, newest.c.number == TemplateVersion.number),
        )
        .where(
            TemplateVersion.organisation_id == organisation_id,
            sa.true() if code is None else TemplateVersion.code == code,
        )
        .order_by(TemplateVersion.created_at, TemplateVersion.code)
    )
    found = []
    for document, number, changed_at, changed_by in rows:
        template = _read(document, tuple(criterion_schemas()))
        if template is not None:
            found.append(TemplateRecord(template, number, changed_at, changed_by))
    return found


@functools.lru_cache(maxsize=64)
def _read(document: str, _criteria: tuple[str, ...]) -> ProgrammeTemplate | None:
    """The template of a stored document as it is read where these criteria exist; None where it cannot be read."""
    try:
        return read_template(json.loads(document))
    except ShapeError:
        return None
