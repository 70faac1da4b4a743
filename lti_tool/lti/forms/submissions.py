"""Submissions of forms: each has its effect once, and is answered alike as often as it is sent.

The page carries a key of its own (a random UUID). The row of a submission is written in the transaction of the effect:
a second request with the same digest waits for the first one's commit, then finds its row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of, insert_in, table_of
from lti_tool.lti.forms.models import FormSubmission

SUBMISSIONS_KEPT: Final = dt.timedelta(days=3)
"""Longer than a form can be sent again: a session, its row's day afterwards, and the day for which a form is kept."""

_TABLE = table_of(FormSubmission)


@dataclass(frozen=True)
class Submission:
    """A submission, and whether the present transaction is the first with it."""

    next_page: str
    is_first: bool


def submission_digest(
    person_id: uuid.UUID, below: str, key: uuid.UUID, content: Sequence[tuple[str, str]]
) -> str:
    """What makes two requests the same submission, as 64 hexadecimal digits.

    ``below``: path and query below the launch's own address. A form that was changed and sent again from the same page
    is another submission. The key is not stored, so that nothing of the content can be guessed from the digest.
    """
    whole = json.dumps([str(person_id), below, str(key), [list(pair) for pair in content]])
    return hashlib.sha256(whole.encode()).hexdigest()


def submission_id(digest: str) -> uuid.UUID:
    """The id of a submission, by which addresses and other tables name it: made of half of its digest.

    It is as random as any UUID of version 4, since the digest is that of a random key too.
    """
    return uuid.UUID(digest[:32], version=4)


def submit_once(
    db: Session, digest: str, *, person_id: uuid.UUID, next_page: str, message: str | None, now: dt.datetime
) -> Submission:
    """Record a submission, unless it is recorded already.

    A submission that is repeated shows its message once more: nobody may have seen the first answer.
    """
    connection = connection_of(db)
    row = {
        "digest": digest,
        "id": submission_id(digest),
        "person_id": person_id,
        "next_page": next_page,
        "message": message,
        "is_message_shown": False,
        "expires_at": now + SUBMISSIONS_KEPT,
    }
    if _insert(connection).execute(connection, row):
        return Submission(next_page, is_first=True)
    again = sa.update(_TABLE).where(_TABLE.c.digest == digest).values(is_message_shown=False)
    return Submission(db.execute(again.returning(_TABLE.c.next_page)).scalar_one(), is_first=False)


@once_for_each_dialect
def _insert(dialect: Dialect) -> CompiledStatement:
    statement = insert_in(dialect.name, _TABLE).on_conflict_do_nothing()
    return CompiledStatement(statement, dialect, _TABLE.c.keys())


def is_submitted(db: Session, digest: str) -> bool:
    """Whether a submission has had its effect."""
    return db.scalar(sa.select(_TABLE.c.id).where(_TABLE.c.digest == digest)) is not None


def take_message(db: Session, submission_id: uuid.UUID, person_id: uuid.UUID) -> str | None:
    """The message of a person's submission, the first time that it is asked for; None afterwards."""
    unseen = (
        sa.update(_TABLE)
        .where(
            _TABLE.c.id == submission_id,
            _TABLE.c.person_id == person_id,
            _TABLE.c.is_message_shown.is_(False),
        )
        .values(is_message_shown=True)
        .returning(_TABLE.c.message)
    )
    return db.execute(unseen).scalar_one_or_none()
