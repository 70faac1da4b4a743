"""“Remind”: a notice on the pages of those who keep a pair waiting, of each at most once in two days."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.overview.cohort import CohortOverview, PairLine, ParticipantLine
from lti_tool.mentoring.overview.inbox import REMINDERS, inbox
from lti_tool.mentoring.overview.pair_rows import rows_of, to_remind, wait_of
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs.actions import remind_of_pair
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor.history import cohort_of_pair
from schemas.form_schema import FormSchema

blueprint = Blueprint("tutor_reminders", __name__, url_prefix="/l/<launch_key>/cohort/reminder")


@blueprint.post("/pair/<uuid:pair_id>")
@allows(Action.REMIND_PAIR, about=cohort_of_pair)
def remind(pair_id: uuid.UUID) -> ResponseReturnValue:
    """Remind those of a pair on whom something waits."""
    pair = next((each for each in _overview().pairs if each.id == pair_id), None) or abort(404)
    now = utcnow()
    return _remind([(pair, to_remind(pair, wait_of(pair, now.date(), {}), now))])


@blueprint.post("/all/<about>")
@allows(Action.REMIND_PAIR, about=cohort_of_launch)
def remind_all(about: str) -> ResponseReturnValue:
    """Remind everybody whom lines of one kind are about; ``about``: one of :data:`REMINDERS`."""
    if about not in REMINDERS:
        abort(404)
    overview, now = _overview(), utcnow()
    lines = inbox(overview, rows_of(overview, now.date(), {}), (), now.date())
    return _remind(
        [(line.pair, line.to_remind(now)) for line in lines if line.kind == about and line.pair is not None]
    )


def _overview() -> CohortOverview:
    placement = current_placement() or abort(404)
    with reading() as db:
        return overview_of(db, placement.cohort_id)


def _remind(wanted: Sequence[tuple[PairLine, Sequence[ParticipantLine]]]) -> ResponseReturnValue:
    """``wanted``: pairs, each with those of its two who are reminded."""

    def save(db: Session, _values: Values) -> None:
        now = utcnow()
        reminded = [
            remind_of_pair(db, pair_id=pair.id, whom={line.id for line in whom}, now=now)
            for pair, whom in wanted
            if whom
        ]
        require(sum(reminded) > 0, "nobody_to_remind")

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"), done="tutor_reminded")
