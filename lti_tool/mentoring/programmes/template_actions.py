"""A company keeps templates of its own: made from another one, imported from a file, changed by a new version."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Scope
from lti_tool.identity.models import Organisation
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.events import TemplateAdded, TemplateChanged
from lti_tool.mentoring.programmes.template import ProgrammeTemplate, read_template, template_codes
from lti_tool.mentoring.programmes.template_models import TemplateVersion
from lti_tool.mentoring.programmes.template_queries import (
    own_template_codes,
    template_versions,
    templates_offered,
)

MOST_TEMPLATES = 100
"""How many templates of its own a company can have."""
CODE_LENGTH = 60


def keep_template(
    db: Session,
    organisation_id: uuid.UUID,
    template: ProgrammeTemplate,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> TemplateVersion | None:
    """Keep a template as a company's own, or as the next version of the one of its code; None if nothing changed.

    ``by``: the person; None for an operator, who may change every template. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``template_of_others`` where somebody else made it or it comes with
    the tool, ``too_many_templates``).
    """
    lock_templates(db, organisation_id)
    versions = template_versions(db, organisation_id, template.code)
    if by is not None:
        require(
            may_change(template.code, [version.created_by for version in versions], by), "template_of_others"
        )
    document = template.document()
    if versions and versions[0].document == document:
        return None
    if not versions:
        require(len(own_template_codes(db, organisation_id)) < MOST_TEMPLATES, "too_many_templates")
    kept = TemplateVersion(
        id=uuid.uuid4(),
        organisation_id=organisation_id,
        code=template.code,
        number=versions[0].number + 1 if versions else 1,
        document=document,
        created_by=by,
        created_at=now,
    )
    db.add(kept)
    db.flush()
    event = TemplateChanged if versions else TemplateAdded
    log.append(
        db, event(template_id=kept.id, number=kept.number), Scope(organisation_id=organisation_id), at=now
    )
    return kept


def lock_templates(db: Session, organisation_id: uuid.UUID) -> None:
    """Let those who change a company's templates wait for each other: two versions take numbers in turn."""
    db.execute(
        sa.select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(**LOCK_ROW)
    )


def may_change(code: str, authors: Collection[uuid.UUID | None], person_id: uuid.UUID) -> bool:
    """Whether a person may make a version under a code: who made one of this template, or anybody for a new code.

    ``authors``: who made the versions that the company has. Everybody else makes a template of their own from it.
    """
    return person_id in authors if authors else code not in template_codes()


def copy_template(
    db: Session,
    organisation_id: uuid.UUID,
    template: ProgrammeTemplate,
    *,
    title: dict[str, str],
    by: uuid.UUID,
    now: dt.datetime,
) -> TemplateVersion:
    """Make a company's own template from another one; ``title`` is in both languages.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``too_many_templates``, ``template_name_taken``).
    """
    lock_templates(db, organisation_id)
    names = [record.template.title for record in templates_offered(db, organisation_id)]
    require(
        not any(_same(title[tag], name.text(tag)) for name in names for tag in title), "template_name_taken"
    )
    taken = own_template_codes(db, organisation_id) | set(template_codes())
    document: dict[str, Any] = {**template.document(), "title": title, "code": new_code(title["en"], taken)}
    kept = keep_template(db, organisation_id, read_template(document), by=by, now=now)
    if kept is None:
        raise AssertionError("a new code has no version yet")
    return kept


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def new_code(title: str, taken: Collection[str]) -> str:
    """A code that is like a title, with a number behind it where it is taken."""
    letters = unicodedata.normalize("NFKD", title.lower().replace("œ", "oe"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    stem = "-".join(re.findall(r"[a-z0-9]+", plain))[: CODE_LENGTH - 5].strip("-") or "template"
    number = 1
    while (code := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return code


def rename_for_merge(db: Session, *, into: uuid.UUID, merged: uuid.UUID) -> None:
    """Give templates of one company new codes where another one, into which it is merged, has the same."""
    taken = own_template_codes(db, into)
    moving = own_template_codes(db, merged)
    for code in sorted(moving & taken):
        free = new_code(code, taken | moving | set(template_codes()))
        moving.add(free)
        for version in template_versions(db, merged, code):
            version.code = free
            version.document = {**version.document, "code": free}
    db.flush()
