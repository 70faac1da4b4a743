"""Reading what participants say of themselves, as far as whoever looks may see it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.mentoring.profiles.models import ProfileRow


@dataclass(frozen=True)
class Profile:
    """What somebody says of themselves; every text is empty where they said nothing."""

    brings: str = ""
    wants: str = ""
    job: str = ""
    place: str = ""
    email: str = ""
    phone: str = ""
    chat: str = ""

    @property
    def job_and_place(self) -> tuple[str, ...]:
        """What is known of the two, in this order."""
        return tuple(text for text in (self.job, self.place) if text)

    @property
    def chat_address(self) -> str | None:
        """The chat, where it is a web address that a page may link to."""
        return self.chat if self.chat.startswith(("https://", "http://")) else None

    @property
    def can_be_reached(self) -> bool:
        """Whether they share a way to reach them."""
        return bool(self.email or self.phone or self.chat)

    @property
    def phone_number(self) -> str | None:
        """The phone as a device dials it, where it is a number and nothing else."""
        if not self.phone or set(self.phone) - set("+0123456789 ()./-\u00a0\u202f"):
            return None
        return "".join(char for char in self.phone if char in "+0123456789")

    @property
    def is_empty(self) -> bool:
        """Whether they have said nothing."""
        return self == NO_PROFILE

    def shown_to_partner(self, *, accepted: bool) -> Profile:
        """What a partner sees. ``accepted``: both have accepted the pair; before that nobody sees an address."""
        return self if accepted else dataclasses.replace(self, email="", phone="", chat="")


NO_PROFILE = Profile()
"""Of somebody who has said nothing."""

_COLUMNS = tuple(getattr(ProfileRow, field.name) for field in dataclasses.fields(Profile))


def with_profile(query: sa.Select[Any], participant_id: sa.ColumnElement[Any] | Any) -> sa.Select[Any]:
    """``query`` with the columns that :func:`profile_from` takes behind its own; ``participant_id``: one of its own."""
    return query.add_columns(*_COLUMNS).outerjoin(ProfileRow, ProfileRow.participant_id == participant_id)


PROFILE_WIDTH: Final = len(_COLUMNS)
"""How many columns :func:`with_profile` adds."""


def profile_from(texts: Sequence[str | None]) -> Profile:
    """What these columns say."""
    return Profile(*(text or "" for text in texts))


def profile(db: Session, participant_id: uuid.UUID) -> Profile:
    """What a participant says of themselves."""
    return profiles(db, [participant_id]).get(participant_id, NO_PROFILE)


def profiles(db: Session, participant_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Profile]:
    """What these participants say of themselves, by participant; those who said nothing are left out."""
    rows = db.execute(
        sa.select(ProfileRow.participant_id, *_COLUMNS).where(ProfileRow.participant_id.in_(participant_ids))
    )
    return {participant_id: Profile(*texts) for participant_id, *texts in rows}
