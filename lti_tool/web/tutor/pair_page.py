"""One pair and one person, as their tutor sees them: dates, lengths, formats and states, never what they write."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.ags.grade_queries import Grade
from lti_tool.mentoring.overview.cohort import CohortOverview, PairLine, ParticipantLine
from lti_tool.mentoring.overview.inbox import LineKind
from lti_tool.mentoring.overview.pair_rows import PairState, Wait, WaitKind, state_of, to_remind, wait_of
from lti_tool.mentoring.overview.queries import Meeting, ended_pairs_of, meetings_of, overview_of
from lti_tool.translation import gettext as _
from lti_tool.web import grade_wording, wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Form, blank_form
from lti_tool.web.journey_drawing.facts import Meeting as DrawnMeeting
from lti_tool.web.journey_drawing.sparkline import in_equal_steps
from lti_tool.web.journey_drawing.steps import JourneyStep, Tile, every_step, journey_steps
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor import pair_wording
from lti_tool.web.tutor.drawn_pairs import facts_of
from lti_tool.web.tutor.grades import by_person, grades_of_cohort, questions_of
from lti_tool.web.tutor.known_details import known_details
from schemas.tutor_forms import ReopenForm

blueprint = Blueprint("pair_page", __name__, url_prefix="/l/<launch_key>/cohort")


_MESSAGES: Final[Mapping[WaitKind, LineKind]] = {
    WaitKind.SIGN: LineKind.UNSIGNED,
    WaitKind.CONFIRM: LineKind.UNCONFIRMED,
    WaitKind.ACCEPT: LineKind.NOT_ACCEPTED,
}


@dataclass(frozen=True)
class PairPanel:
    """A pair, beside the table or on a page of its own."""

    pair: PairLine
    state: PairState
    wait: Wait | None
    meetings: Sequence[Meeting]
    now: dt.datetime
    steps: Sequence[JourneyStep]
    """What took place, the next meeting and the end, for the drawing line by line."""
    to_come: int
    """How many meetings without a day are still to come: one line stands for them."""

    @property
    def today(self) -> dt.date:
        """The present day."""
        return self.now.date()

    @property
    def charter(self) -> str:
        """What the drawing has where it begins: a bar once both have signed, an amber one while that waits."""
        if self.pair.signed_on is not None:
            return "held"
        return "waiting" if self.state is PairState.SIGN else ""

    def why_uncounted(self, meeting: DrawnMeeting) -> str:
        """Why the rule does not count a meeting, as far as its length and its format say so; empty where it does."""
        asked = next((line.progress.meetings for line in self.pair.both if line.progress.meetings), None)
        if asked is None:
            return ""
        least = int(asked.params.get("min_minutes_each") or 0)
        if meeting.minutes < least:
            return _("shorter than %(length)s", length=wording.duration(least))
        formats = asked.params.get("formats") or ("*",)
        return "" if "*" in formats or meeting.format in formats else _("another format")

    @property
    def awaited(self) -> ParticipantLine | None:
        """The one of the two whose answer, signature or confirmation is waited for; None for both or neither."""
        if self.wait is None or self.wait.kind not in _MESSAGES or len(self.wait.who) != 1:
            return None
        return self.wait.who[0]

    @property
    def to_remind(self) -> tuple[ParticipantLine, ...]:
        """Those of the two on whom something waits, and whom the tutor can remind now."""
        return to_remind(self.pair, self.wait, self.now)

    @property
    def reminded_at(self) -> dt.datetime | None:
        """When one of those on whom something waits was last reminded."""
        who = self.wait.who if self.wait is not None else ()
        return max((at for line in who if (at := self.pair.reminded_at(line)) is not None), default=None)

    @property
    def message_about(self) -> str:
        """What the ready message to them is about; of both where nobody is waited for alone."""
        return _MESSAGES.get(self.wait.kind, "both") if self.wait is not None else "both"

    @property
    def signed_by(self) -> ParticipantLine | None:
        """The only one who has signed so far."""
        signed = [line for line in self.pair.both if not self.pair.has_to_sign(line)]
        return signed[0] if len(signed) == 1 else None

    @property
    def first_signed_on(self) -> dt.date | None:
        """When the first of the two signed."""
        days = [
            at.date() for at in (self.pair.mentor_signed_at, self.pair.mentee_signed_at) if at is not None
        ]
        return min(days, default=None)


def panel_of(
    db: Session, overview: CohortOverview, grades: Sequence[Grade], pair_id: object
) -> PairPanel | None:
    """The pair of this id; None where the cohort has none such, or it has ended."""
    found = next((pair for pair in overview.pairs if pair.id == pair_id), None)
    if found is None:
        return None
    now = utcnow()
    today = now.date()
    questions = {
        each.person_id: (str(each.kind), each.since.date())
        for each in questions_of(grades, overview.left_as_they_are)
    }
    meetings = meetings_of(db, [found.id])[found.id]
    steps = every_step(journey_steps(facts_of(found, meetings, overview.ends_on)))
    without_day = [step for step in steps if step.meeting is not None and step.on is None]
    return PairPanel(
        found,
        state_of(found),
        wait_of(found, today, questions),
        meetings,
        now,
        [_lit_after_signing(step, found) for step in steps if step not in without_day[1:]],
        len(without_day),
    )


def _lit_after_signing(step: JourneyStep, pair: PairLine) -> JourneyStep:
    """The next meeting is what comes next only once both have signed."""
    is_early = pair.signed_on is None and step.tile is Tile.NEXT
    return replace(step, tile=Tile.TO_COME) if is_early else step


@blueprint.get("/people/<uuid:participant_id>")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def person(participant_id: uuid.UUID) -> ResponseReturnValue:
    """What somebody's completion still needs, where their grade is, and what the tutor decides about it."""
    return _person_page(participant_id)


def person_again(form: Form) -> ResponseReturnValue:
    """The same with a form that was sent, and what is wrong with it."""
    try:
        participant_id = uuid.UUID(form.given.get("participant_id", ""))
    except ValueError:
        abort(400)
    return _person_page(participant_id, form)


def _person_page(participant_id: uuid.UUID, form: Form | None = None) -> ResponseReturnValue:
    placement = current_placement() or abort(404)
    today = utcnow().date()
    with reading() as db:
        overview = overview_of(db, placement.cohort_id)
        line = next((each for each in overview.participants if each.id == participant_id), None) or abort(404)
        pairs = [pair for pair in overview.pairs if line in pair.both]
        meetings = meetings_of(db, [pair.id for pair in pairs])
        grades = by_person(grades_of_cohort(db, placement.cohort_id))
        earlier = ended_pairs_of(db, placement.cohort_id, line.id) if overview.ended_pairs else []
        known = known_details(db, placement.cohort_id, [line.id]).get(line.id)
    html = render_template(
        "tutor/participant.html",
        line=line,
        known=known,
        pairs=pairs,
        earlier=earlier,
        drawings={
            pair.id: in_equal_steps(facts_of(pair, meetings[pair.id], overview.ends_on)) for pair in pairs
        },
        states={pair.id: state_of(pair) for pair in pairs},
        waits={pair.id: wait_of(pair, today, {}) for pair in pairs},
        today=today,
        declined=None if pairs else overview.latest_declined.get(line.id),
        grades=grades.get(line.person_id, ()),
        grade_words=grade_wording,
        pair_words=pair_wording,
        form=form,
        reopen_form=form or _reopen_form(line),
        course_title=g.launch.course.title,
    )
    return html, form.status if form is not None else 200


def _reopen_form(line: ParticipantLine) -> Form | None:
    """The form that reopens a completion; None where there is none."""
    if not (line.progress.criteria and line.progress.completed) or line.taken_out_at is not None:
        return None
    given = {"participant_id": str(line.id)}
    return blank_form(ReopenForm(), given, id="reopen", action=launch_url_for("cohort.reopen"))
