"""What somebody did with an enrolment that was united with another one of theirs becomes that one's, in every slice.

Here for all slices together: each would need an action of the same few lines, and one that was forgotten would leave
rows with a participant who is nobody's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.models import Reopening, TutorValidation
from lti_tool.mentoring.enrolment.events import EnrolmentsUnited
from lti_tool.mentoring.feedback.models import Feedback
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.overview.models import LeftAsItIs
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.profiles.models import ProfileRow
from lti_tool.mentoring.reflections.models import Reflection
from lti_tool.mentoring.sessions.models import MentoringSession

_WHO: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    Pair.mentor_id,
    Pair.mentee_id,
    Pair.declined_by,
    MentoringSession.logged_by,
    Objective.created_by,
    Objective.proposed_by,
    Reflection.author_id,
    Feedback.author_id,
    Reopening.participant_id,
)
"""The columns that say which participant did something. Those of projections are kept by their own subscribers."""
_ONE_OF_EACH: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    TutorValidation.participant_id,
    ProfileRow.participant_id,
    LeftAsItIs.participant_id,
)
"""The keys of tables with at most one row of each participant: a row of the one who goes on stays as it is."""
HANDED_OVER: Final = (*_WHO, *_ONE_OF_EACH)
"""Every column that is handed over here."""


class United:
    """Hands the rows over, before anybody judges by them."""

    name = "united"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Hand over what was the former participant's."""
        for logged in events:
            if isinstance(logged.event, EnrolmentsUnited) and logged.scope.participant_id is not None:
                _hand_over(db, logged.event.former_id, logged.scope.participant_id)

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """None: the rows are those of each slice, not a projection."""
        return None


def _hand_over(db: Session, former_id: uuid.UUID, kept_id: uuid.UUID) -> None:
    for column in _WHO:
        _update(db, column, former_id, kept_id)
    for column in _ONE_OF_EACH:
        if db.scalar(sa.select(sa.exists().where(column == kept_id))):
            db.execute(sa.delete(column.class_).where(column == former_id))
        else:
            _update(db, column, former_id, kept_id)
    db.expire_all()


def _update(
    db: Session, column: InstrumentedAttribute[Any], former_id: uuid.UUID, kept_id: uuid.UUID
) -> None:
    db.execute(
        sa.update(column.class_)
        .where(column == former_id)
        .values({column.key: kept_id})
        .execution_options(synchronize_session=False)
    )
