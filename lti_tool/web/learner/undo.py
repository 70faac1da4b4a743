"""“Undo”: one's own last step is taken back, for ten minutes and until somebody acts on it."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.actions import undo_joining
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.objectives.actions import undo_step
from lti_tool.mentoring.objectives.queries import objective
from lti_tool.mentoring.pairs.actions import undo_acceptance, undo_decline
from lti_tool.mentoring.pairs.queries import pair_of_member
from lti_tool.mentoring.sessions.actions import undo_answer
from lti_tool.mentoring.sessions.queries import session
from lti_tool.web.access import allows
from lti_tool.web.activity import current_participant
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import participant_of_request
from schemas.learner_forms import UndoForm

blueprint = Blueprint("undo", __name__, url_prefix="/l/<launch_key>")


@blueprint.post("/undo")
@allows(Action.UNDO_OWN_STEP, about=participant_of_request)
def undo() -> ResponseReturnValue:
    """Take the step back that the form names, which has to be one's own."""
    participant = current_participant() or abort(404)

    def save(db: Session, values: Values) -> None:
        _undo(db, participant.id, **values)

    is_objective = request.form.get("step") in ("claimed", "withdrawn")
    then = launch_url_for("objectives.index" if is_objective else "home.home")
    return sent_form(UndoForm()).submit(save, then=then, done="undone")


def _undo(
    db: Session, participant_id: uuid.UUID, step: str, subject_id: uuid.UUID, revision: int | None
) -> None:
    now = utcnow()
    if step == "joined":
        require(subject_id == participant_id, "too_late_to_undo")
        undo_joining(db, participant_id=participant_id, now=now)
        return
    if step in ("claimed", "withdrawn"):
        require(objective(db, subject_id) is not None, "too_late_to_undo")
        undo_step(db, objective_id=subject_id, by=participant_id, now=now)
        return
    meeting = session(db, subject_id) if step in ("confirmed", "disputed") else None
    pair_id = meeting.pair_id if meeting is not None else subject_id
    require(pair_of_member(db, pair_id, participant_id) is not None, "too_late_to_undo")
    if meeting is not None:
        undo_answer(db, session_id=meeting.id, by=participant_id, revision=revision, now=now)
    elif step == "accepted":
        undo_acceptance(db, pair_id=pair_id, by=participant_id, now=now)
    elif step == "declined":
        undo_decline(db, pair_id=pair_id, by=participant_id, now=now)
    else:
        require(False, "too_late_to_undo")
