"""A participant's cohort and status follow what their pair does and whether they have completed the programme."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted
from lti_tool.mentoring.enrolment import actions
from lti_tool.mentoring.enrolment.events import InvitationRefused, ParticipantTakenOut
from lti_tool.mentoring.enrolment.moving import move_to_cohort
from lti_tool.mentoring.pairs.actions import decline_pair, end_pair
from lti_tool.mentoring.pairs.events import (
    AgreementSigned,
    PairAcceptanceUndone,
    PairAccepted,
    PairEnded,
    PairMovedIn,
)
from lti_tool.mentoring.pairs.queries import open_pairs_of, pair
from schemas.choices import END_REASONS


def _end_reason(reason: str | None) -> str:
    """Why a pair ends of which one was taken out for ``reason``."""
    return reason if reason in END_REASONS else "other"


class Participants:
    """Calls the actions of enrolment."""

    name = "participants"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Move the participants that the events concern."""
        for logged in events:
            participant_id, pair_id = logged.scope.participant_id, logged.scope.pair_id
            match logged.event:
                case PairAccepted() if participant_id:
                    actions.accept_invitation(db, participant_id=participant_id, now=now)
                    self._follow_pair(db, pair_id)
                case AgreementSigned(by_both=True) if pair_id:
                    formed = pair(db, pair_id)
                    if formed is not None:
                        actions.activate(db, participant_ids=formed.members)
                case PairAcceptanceUndone() | PairEnded():
                    self._follow_pair(db, pair_id)
                case PairMovedIn(from_cohort_id=from_cohort_id) if pair_id and logged.scope.cohort_id:
                    moved = pair(db, pair_id)
                    if moved is not None:
                        move_to_cohort(
                            db,
                            participant_ids=moved.members,
                            from_cohort_id=from_cohort_id,
                            to_cohort_id=logged.scope.cohort_id,
                            now=now,
                        )
                case InvitationRefused() if participant_id:
                    # One may have been proposed to them while they had the invitation before their eyes.
                    for proposed in open_pairs_of(db, participant_id):
                        decline_pair(db, pair_id=proposed.id, by=participant_id, reason=None, now=now)
                case ParticipantTakenOut(reason=reason) if participant_id:
                    for going_on in open_pairs_of(db, participant_id):
                        end_pair(db, pair_id=going_on.id, reason=_end_reason(reason), now=now)
                case CompletionReopened() if participant_id:
                    actions.update_status_for_completion(
                        db, participant_ids=[participant_id], completed=False
                    )
        completed = {
            logged.scope.participant_id for logged in events if isinstance(logged.event, ProgrammeCompleted)
        } - {None}
        if completed:
            # A rule that is changed can complete many at once.
            ids = [each for each in completed if each is not None]
            actions.update_status_for_completion(db, participant_ids=ids, completed=True)

    def _follow_pair(self, db: Session, pair_id: uuid.UUID | None) -> None:
        found = pair(db, pair_id) if pair_id is not None else None
        if found is not None:
            actions.update_status_from_pairs(db, participant_ids=found.members)

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """None: statuses are rows of enrolment, not a projection."""
        return None
