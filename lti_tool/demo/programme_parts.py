"""How far the people of a demo's course are, read from the tool as its tutors see it, for the LMS's page."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.lms.running_programme import Part, RunningProgramme
from lti_tool.identity.models import Course, Person
from lti_tool.mentoring.enrolment.models import ParticipantStatus
from lti_tool.mentoring.overview.cohort import CohortOverview, PairLine, ParticipantLine
from lti_tool.mentoring.overview.cohort_reading import read_cohort
from lti_tool.mentoring.pairs.models import PairStatus
from lti_tool.mentoring.programmes.models import Placement
from lti_tool.mentoring.sessions.models import SessionStatus

WITHOUT_PAIR = {
    ParticipantStatus.INVITED: "invited",
    ParticipantStatus.REFUSED: "not_taking_part",
    ParticipantStatus.TAKEN_OUT: "not_taking_part",
    ParticipantStatus.COMPLETED: "completed",
}


def running_programme(services: Services, context_id: str) -> RunningProgramme | None:
    """The programme of the first activity that was opened in a course; None where none was."""
    with services.database.reading() as db:
        cohort_id = db.scalar(
            sa.select(Placement.cohort_id)
            .join(Course, Course.id == Placement.course_id)
            .where(Course.context_id == context_id)
            .order_by(Placement.created_at)
            .limit(1)
        )
        if cohort_id is None:
            return None
        overview = read_cohort(db, cohort_id)
        parts = {line.person_id: _part(line, overview) for line in overview.participants}
        parts |= {each.person_id: Part("", "no_role") for each in overview.without_role}
        parts |= {each.person_id: Part("", "never_opened") for each in overview.never_opened}
        subjects = db.execute(sa.select(Person.id, Person.subject).where(Person.id.in_(list(parts))))
        return RunningProgramme(
            weeks=(utcnow().date() - overview.starts_on).days // 7,
            pairs=len(overview.pairs),
            parts={subject: parts[person_id] for person_id, subject in subjects.tuples()},
        )


def _part(line: ParticipantLine, overview: CohortOverview) -> Part:
    role = line.card.role
    pair = next((pair for pair in overview.pairs if line.id in (pair.mentor.id, pair.mentee.id)), None)
    if line.status == ParticipantStatus.INVITED or pair is None:
        state = WITHOUT_PAIR.get(ParticipantStatus(line.status), "waiting")
        return Part("" if state == "not_taking_part" else role, state)
    state = next(_states(line, pair))
    number = pair.confirmed
    return Part(role, state if state != "meetings" or number > 1 else f"meetings_{number}", number)


def _states(line: ParticipantLine, pair: PairLine) -> Iterator[str]:
    """The states that somebody with a partner is in, what is worth a look first."""
    if pair.status == PairStatus.PAUSED:
        yield "paused"
    if pair.status == PairStatus.PROPOSED:
        yield "to_accept" if pair.has_to_accept(line) else "accepted"
    if pair.status == PairStatus.ACCEPTED:
        yield "to_sign" if pair.has_to_sign(line) else "signed"
    waiting = [each for each in pair.open_sessions if each.status == SessionStatus.HELD and not each.is_kept]
    if len(waiting) < len(pair.open_sessions):
        yield "contested"
    if any(each.logged_by != line.id for each in waiting):
        yield "to_confirm"
    if line.progress.completed:
        yield "completed"
    if waiting:
        yield "unconfirmed"
    yield "meetings"
