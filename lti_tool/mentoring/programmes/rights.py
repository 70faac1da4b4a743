"""What owners decide about a programme: who owns it, who may use it, and who reads it for human resources."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import LOCK_ROW
from lti_tool.events import log
from lti_tool.events.base import Event, Scope
from lti_tool.mentoring.guards import NotAllowed, require
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.models import Programme, ProgrammeOwner
from lti_tool.mentoring.programmes.right_events import (
    HrLinkMade,
    HrLinkWithdrawn,
    HrReadingEnded,
    HrReadingGranted,
    OwnershipEnded,
    ProgrammeShared,
    ProgrammeShareEnded,
)
from lti_tool.mentoring.programmes.right_models import HrLink, HrReader, ProgrammeShare
from lti_tool.mentoring.programmes.tutor_queries import tutor_ids

HR_LINK_LASTS: Final = dt.timedelta(days=14)


def _lock(db: Session, programme_id: uuid.UUID) -> Programme:
    """The programme; those who change the rights to it wait for each other."""
    return db.get_one(Programme, programme_id, with_for_update=LOCK_ROW)


def _append(db: Session, programme: Programme, event: Event, now: dt.datetime) -> None:
    log.append(db, event, Scope(organisation_id=programme.organisation_id, programme_id=programme.id), at=now)


def name_tutor_as_owner(
    db: Session, *, programme_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime
) -> None:
    """Make a tutor of one of the programme's courses an owner. Naming twice changes nothing.

    Raises :class:`NotAllowed` (``not_a_tutor_here``) for anybody else.
    """
    _lock(db, programme_id)
    require(person_id in tutor_ids(db, programme_id), "not_a_tutor_here")
    name_owner(db, programme_id=programme_id, person_id=person_id, now=now)


def give_up_ownership(
    db: Session, *, programme_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime
) -> None:
    """End that a person owns a programme, which they do not own any more then. Doing it twice changes nothing.

    Raises :class:`NotAllowed` (``last_owner``) where nobody else owns it.
    """
    programme = _lock(db, programme_id)
    owners = db.scalars(
        sa.select(ProgrammeOwner)
        .where(ProgrammeOwner.programme_id == programme_id)
        .execution_options(populate_existing=True)
    ).all()
    own = next((owner for owner in owners if owner.person_id == person_id), None)
    if own is None:
        return
    require(len(owners) > 1, "last_owner")
    db.delete(own)
    db.flush()
    _append(db, programme, OwnershipEnded(person_id=person_id), now)


def share(db: Session, *, programme_id: uuid.UUID, course_id: uuid.UUID | None, now: dt.datetime) -> None:
    """Let the teachers of a course use a programme, or with None every teacher of the organisation.

    Doing it twice changes nothing. Whether the course is one of the organisation, the caller sees to.
    """
    programme = _lock(db, programme_id)
    if _share_of(db, programme_id, course_id) is not None:
        return
    db.add(ProgrammeShare(id=uuid.uuid4(), programme_id=programme_id, course_id=course_id, created_at=now))
    db.flush()
    _append(db, programme, ProgrammeShared(course_id=course_id), now)


def end_share(db: Session, *, programme_id: uuid.UUID, course_id: uuid.UUID | None, now: dt.datetime) -> None:
    """Take that back. What was opened meanwhile goes on; doing it twice changes nothing."""
    programme = _lock(db, programme_id)
    found = _share_of(db, programme_id, course_id)
    if found is None:
        return
    db.delete(found)
    db.flush()
    _append(db, programme, ProgrammeShareEnded(course_id=course_id), now)


def _share_of(db: Session, programme_id: uuid.UUID, course_id: uuid.UUID | None) -> ProgrammeShare | None:
    where = ProgrammeShare.course_id.is_(None) if course_id is None else ProgrammeShare.course_id == course_id
    return db.scalar(sa.select(ProgrammeShare).where(ProgrammeShare.programme_id == programme_id, where))


def make_hr_link(
    db: Session, *, programme_id: uuid.UUID, made_by: uuid.UUID, made_for: str, now: dt.datetime
) -> str:
    """Create a link for human resources; return its secret, which nobody can read again.

    ``made_for``: whom the owner means to send it to, in their own words; nothing is checked against it.
    """
    programme = _lock(db, programme_id)
    secret = secrets.token_urlsafe(24)
    link = HrLink(
        id=uuid.uuid4(),
        programme_id=programme_id,
        token_hash=hash_of(secret),
        made_by=made_by,
        made_for=made_for,
        created_at=now,
        expires_at=now + HR_LINK_LASTS,
    )
    db.add(link)
    db.flush()
    _append(db, programme, HrLinkMade(link_id=link.id), now)
    return secret


def withdraw_hr_link(db: Session, *, programme_id: uuid.UUID, link_id: uuid.UUID, now: dt.datetime) -> None:
    """Take a link back that nobody has used. Doing it twice changes nothing.

    Raises :class:`NotAllowed`: ``hr_link_used`` where somebody has, ``hr_link_unknown`` for one of another programme.
    """
    programme = _lock(db, programme_id)
    link = db.get(HrLink, link_id, with_for_update=LOCK_ROW, populate_existing=True)
    if link is None or link.programme_id != programme_id:
        raise NotAllowed("hr_link_unknown")
    require(link.used_at is None, "hr_link_used")
    if link.withdrawn_at is None:
        link.withdrawn_at = now
        db.flush()
        _append(db, programme, HrLinkWithdrawn(link_id=link_id), now)


def use_hr_link(
    db: Session, secret: str, *, person_id: uuid.UUID, organisation_id: uuid.UUID, now: dt.datetime
) -> uuid.UUID:
    """Bind the right that a link offers to a person of the organisation; return the programme.

    Whoever has the right already keeps it, and the link stays good for somebody else. Raises :class:`NotAllowed`:
    ``hr_link_unknown`` (also where the programme is another organisation's), ``hr_link_used``, ``hr_link_expired``,
    ``hr_link_withdrawn``, and ``hr_link_own`` for an owner, who can read everything already.
    """
    link = db.scalar(
        sa.select(HrLink).where(HrLink.token_hash == hash_of(secret)).with_for_update(**LOCK_ROW)
    )
    programme = None if link is None else db.get(Programme, link.programme_id)
    if link is None or programme is None or programme.organisation_id != organisation_id:
        raise NotAllowed("hr_link_unknown")
    if _reader(db, programme.id, person_id) is not None:
        return programme.id
    require(link.used_at is None, "hr_link_used")
    require(link.withdrawn_at is None, "hr_link_withdrawn")
    require(link.expires_at > now, "hr_link_expired")
    require(db.get(ProgrammeOwner, (programme.id, person_id)) is None, "hr_link_own")
    # Of two who open it at once, the database lets one through.
    spent = db.execute(
        sa.update(HrLink)
        .where(HrLink.id == link.id, HrLink.used_at.is_(None), HrLink.withdrawn_at.is_(None))
        .values(used_at=now)
        .returning(HrLink.id)
        .execution_options(synchronize_session=False)
    )
    require(spent.first() is not None, "hr_link_used")
    db.add(
        HrReader(
            id=uuid.uuid4(),
            programme_id=programme.id,
            person_id=person_id,
            link_id=link.id,
            granted_at=now,
        )
    )
    db.flush()
    _append(db, programme, HrReadingGranted(link_id=link.id, person_id=person_id), now)
    return programme.id


def end_hr_reading(db: Session, *, programme_id: uuid.UUID, person_id: uuid.UUID, now: dt.datetime) -> None:
    """End that somebody reads a programme for human resources. Doing it twice changes nothing."""
    programme = _lock(db, programme_id)
    found = _reader(db, programme_id, person_id)
    if found is not None:
        found.ended_at = now
        db.flush()
        _append(db, programme, HrReadingEnded(person_id=person_id), now)


def _reader(db: Session, programme_id: uuid.UUID, person_id: uuid.UUID) -> HrReader | None:
    return db.scalar(
        sa.select(HrReader).where(
            HrReader.programme_id == programme_id,
            HrReader.person_id == person_id,
            HrReader.ended_at.is_(None),
        )
    )


def hash_of(secret: str) -> str:
    """SHA-256: enough for a secret of 192 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
