"""The page of a group that no activity opens yet: what can be prepared now, and the step in the learning platform."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g, render_template
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.models import display_name
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.enrolment.people.queries import count_awaited
from lti_tool.mentoring.enrolment.queries import people_in_cohorts
from lti_tool.mentoring.programmes.placements import UnplacedCohort
from lti_tool.mentoring.programmes.setting_up import set_up_of
from lti_tool.web.deep_linking.offer import waiting_name
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title
from lti_tool.web.owner import figures
from lti_tool.web.owner.figures import CohortFigures, ProgrammeRecord
from lti_tool.web.services import current_principal, reading


def page(waiting: UnplacedCohort) -> ResponseReturnValue:
    """The page, for an owner of the programme."""
    with reading() as db:
        present = set_up_of(db, waiting.id)
        record = figures.programme_record(db, waiting.programme_id)
        cohorts = figures.cohorts_of(db, waiting.programme_id, record.smallest_group)
        people = people_in_cohorts(db, [waiting.id]).get(waiting.id, 0) + count_awaited(db, waiting.id)
    me = g.launch.person
    cohort = next(each for each in cohorts if each.id == waiting.id)
    return render_template(
        "owner/group_waiting.html",
        programme=record,
        programme_title=_programme_title(record, cohorts, cohort),
        cohort=cohort,
        lacks=len(present.missing(utcnow().date())),
        people=people,
        called=waiting_name(present.settings.document["title"]),
        my_name=(display_name(me) if me is not None else None) or "",
        teaches_here=current_principal().role == CourseRole.TUTOR,
        done=flash_message(),
        course_title=course_title(),
    )


def _programme_title(
    record: ProgrammeRecord, cohorts: Sequence[CohortFigures], waiting: CohortFigures
) -> str:
    """What the programme is called. ``cohorts``: all of it, the newest first.

    The latest settings are those of the group that waits, which may have a name of its own: then it is that of the
    oldest other group.
    """
    others = [each.name for each in cohorts if each.id != waiting.id and each.name]
    return others[-1] if others and waiting.name == record.title else record.title
