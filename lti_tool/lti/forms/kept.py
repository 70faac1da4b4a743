"""Forms that were sent after their session had expired: kept encrypted for a day, and offered once.

A form is offered to the same person alone, by their next launch of the same activity in the same course, and deleted
when they go on with it, decline it or launch once more; :mod:`lti_tool.lti.expiry` deletes it after a day in any case.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.encryption import SecretKeyChanged, Vault
from lti_tool.lti.forms.models import KeptForm
from lti_tool.lti.forms.submissions import is_submitted
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.launch.opened_launch import OpenedLaunch

KEPT_FOR: Final = dt.timedelta(hours=23)
"""So that the housekeeping, which runs once an hour, has deleted a form before it is 24 hours old."""
MOST_BYTES: Final = 20_000
"""Of a form's address and fields as JSON. The longest form has a text of 500 characters."""
MOST_FORMS: Final = 5
"""Of one person in one activity."""

_TABLE = table_of(KeptForm)

log = structlog.get_logger(__name__)


class Outcome(enum.Enum):
    """What became of a form that came too late."""

    KEPT = "kept"
    NOT_KEPT = "not kept"
    SAVED_BEFORE = "saved before"
    """The very same form had its effect while the session lasted; its answer was lost."""


@dataclass(frozen=True)
class FormContent:
    """What a form was: where it was sent, and its fields without tokens."""

    below: str
    """Path and query below the launch's own address."""
    fields: tuple[tuple[str, str], ...]

    def to_json(self) -> bytes:
        """The content as JSON, to be encrypted."""
        return json.dumps({"below": self.below, "fields": self.fields}).encode()

    @classmethod
    def from_json(cls, document: bytes) -> FormContent:
        """The content of :meth:`to_json`."""
        values = json.loads(document)
        return cls(values["below"], tuple((name, value) for name, value in values["fields"]))


@dataclass(frozen=True)
class Offer:
    """A kept form, decrypted, with the id by which it is taken up or declined."""

    digest: str
    content: FormContent


@dataclass(frozen=True)
class KeptForms:
    """What is kept for a launch."""

    offers: Sequence[Offer]
    """The oldest first. Each is offered by the first launch after it was sent, and by no later one."""
    offered_before: Sequence[str]
    """The digests of those that an earlier launch offered, to be deleted."""


def keep_form(
    db: Session, vault: Vault, launch: OpenedLaunch, digest: str, content: FormContent, now: dt.datetime
) -> Outcome:
    """Keep a form of an expired session, whose secret and token the caller has checked."""
    if launch.person_id is None or launch.course_id is None:
        return Outcome.NOT_KEPT
    if is_submitted(db, digest):
        return Outcome.SAVED_BEFORE
    document = content.to_json()
    others = sa.select(sa.func.count()).where(*_of(launch), _TABLE.c.digest != digest)
    if len(document) > MOST_BYTES or (db.scalar(others) or 0) >= MOST_FORMS:
        return Outcome.NOT_KEPT
    values = {
        "person_id": launch.person_id,
        "course_id": launch.course_id,
        "resource_link_id": launch.resource_link_id,
        "content": vault.seal(document),
        "created_at": now,
        "expires_at": now + KEPT_FOR,
    }
    insert = insert_for(db, _TABLE).values(digest=digest, **values)
    db.execute(insert.on_conflict_do_update(index_elements=[_TABLE.c.digest], set_=values))
    return Outcome.KEPT


def kept_forms(db: Session, vault: Vault, launch: OpenedLaunch, now: dt.datetime) -> KeptForms:
    """The forms that were sent before a launch."""
    rows = db.execute(
        sa.select(_TABLE.c.digest, _TABLE.c.content, _TABLE.c.created_at)
        .where(*_of(launch), _TABLE.c.created_at <= launch.created_at, _TABLE.c.expires_at > now)
        .order_by(_TABLE.c.created_at)
    ).all()
    found, offered_before = [], []
    for row in rows:
        if _has_launched_since(db, launch, row.created_at):
            offered_before.append(row.digest)
            continue
        try:
            found.append(Offer(row.digest, FormContent.from_json(vault.open(row.content))))
        except SecretKeyChanged:
            log.warning("a kept form cannot be read: TANDEM_SECRET_KEY was changed")
    return KeptForms(found, offered_before)


def _has_launched_since(db: Session, launch: OpenedLaunch, sent_at: dt.datetime) -> bool:
    """Whether the person launched the activity between sending a form and the present launch."""
    earlier = sa.select(LaunchSession.id).where(
        LaunchSession.person_id == launch.person_id,
        LaunchSession.course_id == launch.course_id,
        LaunchSession.resource_link_id.is_not_distinct_from(launch.resource_link_id),
        LaunchSession.created_at > sent_at,
        LaunchSession.created_at < launch.created_at,
    )
    return db.scalar(earlier.limit(1)) is not None


def delete_kept_form(db: Session, digest: str, person_id: uuid.UUID) -> bool:
    """Delete a person's kept form; False where they have none with this digest."""
    gone = sa.delete(_TABLE).where(_TABLE.c.digest == digest, _TABLE.c.person_id == person_id)
    return cast(sa.CursorResult[Any], db.execute(gone)).rowcount > 0


def _of(launch: OpenedLaunch) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _TABLE.c.person_id == launch.person_id,
        _TABLE.c.course_id == launch.course_id,
        _TABLE.c.resource_link_id.is_not_distinct_from(launch.resource_link_id),
    )
