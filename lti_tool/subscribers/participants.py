"""A participant's status follows what their pair does and whether they have completed the programme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from lti_tool.events.base import LoggedEvent
from lti_tool.events.replay import Projection, Projections
from lti_tool.mentoring.completion.events import CompletionReopened, ProgrammeCompleted
from lti_tool.mentoring.enrolment import actions
from lti_tool.mentoring.pairs.events import AgreementSigned, PairFormed
from lti_tool.mentoring.pairs.queries import pair


class Participants:
    """Calls the actions of enrolment."""

    name = "participants"

    def handle(self, db: Session, events: Sequence[LoggedEvent], now: dt.datetime) -> None:
        """Move the participants that the events concern."""
        for logged in events:
            participant_id, pair_id = logged.scope.participant_id, logged.scope.pair_id
            match logged.event:
                case PairFormed(mentor_id=mentor_id, mentee_id=mentee_id):
                    members = (mentor_id, mentee_id)
                    actions.update_status_for_pair(db, participant_ids=members, active=False)
                case AgreementSigned(by_both=by_both) if participant_id and pair_id:
                    actions.accept_by_signing(db, participant_id=participant_id, now=now)
                    formed = pair(db, pair_id) if by_both else None
                    signed = formed.members if formed is not None else (participant_id,)
                    actions.update_status_for_pair(db, participant_ids=signed, active=by_both)
                case ProgrammeCompleted() if participant_id:
                    actions.update_status_for_completion(db, participant_id=participant_id, completed=True)
                case CompletionReopened() if participant_id:
                    actions.update_status_for_completion(db, participant_id=participant_id, completed=False)

    def projection(self, db: Session, others: Projections) -> Projection | None:
        """None: statuses are rows of enrolment, not a projection."""
        return None
