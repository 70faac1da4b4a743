"""Saying who one is.

Nothing follows from it, and the log holds nobody's words: it is no event, as the name that a launch brings is none.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid

from sqlalchemy.orm import Session

from lti_tool.database import insert_for
from lti_tool.mentoring.profiles.models import ProfileRow
from lti_tool.mentoring.profiles.queries import Profile


def save_profile(db: Session, *, participant_id: uuid.UUID, profile: Profile, now: dt.datetime) -> None:
    """Keep what a participant says of themselves, in place of what they said before."""
    values = {**dataclasses.asdict(profile), "updated_at": now}
    db.execute(
        insert_for(db, ProfileRow)
        .values(participant_id=participant_id, **values)
        .on_conflict_do_update(index_elements=["participant_id"], set_=values)
    )


def save_answers(
    db: Session, *, participant_id: uuid.UUID, brings: str, wants: str, now: dt.datetime
) -> None:
    """Keep the two answers that somebody gives when they choose a role. Two empty ones change nothing."""
    if not brings and not wants:
        return
    values = {"brings": brings, "wants": wants, "updated_at": now}
    db.execute(
        insert_for(db, ProfileRow)
        .values(participant_id=participant_id, job="", place="", email="", phone="", chat="", **values)
        .on_conflict_do_update(index_elements=["participant_id"], set_=values)
    )
