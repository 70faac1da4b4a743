"""What pages say of a grade: where it is, and why it is not in the gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti_tool.lti.ags.grade_queries import Grade
from lti_tool.lti.ags.models import MAXIMUM, GradeStatus
from lti_tool.lti.platforms.base import ScoreRefusal
from lti_tool.translation import gettext as _
from lti_tool.web.language import number
from schemas.problem import N_

STATUSES: Final[Mapping[str, str]] = {
    "on_its_way": N_("On its way"),
    "waiting": N_("Waiting"),
    "recorded": N_("In the gradebook"),
    "refused": N_("Refused"),
    "removed": N_("Deleted there"),
    "not_shown": N_("Not shown there"),
    "somebody_elses": N_("Another grade there"),
}
"""Where a grade is, in a word or two, to a tutor."""

REFUSALS: Final[Mapping[str, str]] = {
    "not_a_learner": N_(
        "Your platform does not list this person among the course's learners. The grade follows once they are back."
    ),
    "course_ended": N_("The course has ended and takes no more grades: reopen it, then try again."),
    "no_attempt_left": N_("The activity allows no further attempt."),
    "unpublished": N_("The activity is not published yet."),
    "line_item_gone": N_("The activity has no column in the gradebook any more."),
    "not_installed": N_("Your platform says that this tool is no longer installed in this course."),
    "not_sent": N_("It could not be sent: what was stored for sending it is damaged. Send it again."),
    "other": N_("Your platform did not take it."),
}
"""Why a platform refused a grade, or why it was not sent, to a tutor."""

_RESTS: Final = N_(
    "Your platform has said so for days: nothing is sent there any more until somebody opens the activity from its "
    "course, or you send it again."
)

_TO_LEARNERS: Final[Mapping[str, str]] = {
    "not_a_learner": N_(
        "Your course could not record that you have finished, because you are not on its list of learners. Write to "
        "your tutor through the course. Once you are on the list, open this activity again and your result will be "
        "sent."
    ),
    "course_ended": N_("Your course has ended and took no more grades. Your tutor can tell you more."),
    "not_sent": N_("Your grade could not be sent to your course. Your tutor can send it again."),
}


def status(grade: Grade) -> str:
    """Where a grade is, in a word or two, to a tutor."""
    if grade.status is GradeStatus.RECORDED and grade.accepted_by is not None:
        return _("Accepted by %(lms)s", lms=grade.accepted_by)
    if grade.was_not_sent:
        return _("Not sent")
    return _(STATUSES[grade.status.value])


def is_missing(grade: Grade | None) -> bool:
    """Whether the gradebook has not taken a grade or no longer shows it, so that somebody has to look into it."""
    return (
        grade is not None
        and grade.is_shown
        and grade.status in (GradeStatus.REFUSED, GradeStatus.REMOVED, GradeStatus.NOT_SHOWN)
    )


def for_learner(grade: Grade | None) -> str:
    """What somebody who has completed reads of their grade; empty where there is no gradebook to speak of."""
    if grade is None or not grade.is_shown:
        return ""
    match grade.status:
        case GradeStatus.RECORDED if grade.accepted_by is not None:
            return _(
                "%(lms)s has accepted your grade. A grade that a teacher entered there stays.",
                lms=grade.accepted_by,
            )
        case GradeStatus.RECORDED:
            return _("It is recorded in your course.")
        case GradeStatus.ON_ITS_WAY:
            return _("Your grade is on its way to your course.")
        case GradeStatus.WAITING:
            return _("Your course takes no grades right now. Yours is sent as soon as it does.")
        case GradeStatus.REMOVED | GradeStatus.NOT_SHOWN if grade.refusal == ScoreRefusal.EMPTIED:
            return _("Your grade was emptied in your course. Your tutor can look into it.")
        case GradeStatus.REMOVED:
            return _("Your grade was deleted in your course. Your tutor decides whether it is sent again.")
        case GradeStatus.NOT_SHOWN:
            return _("Your course has accepted your grade and does not show it. Your tutor can look into it.")
        case GradeStatus.SOMEBODY_ELSES if not grade.is_number_known:
            return _("Your course shows a grade that was entered there. It stays.")
        case GradeStatus.SOMEBODY_ELSES:
            return _(
                "Your course shows a grade that was entered there: %(grade)s. It stays.", grade=_held(grade)
            )
        case GradeStatus.REFUSED:
            words = _TO_LEARNERS.get(grade.refusal or "")
            return _(words) if words else _("Your course has not taken your grade. Your tutor sees why.")


def of_reopened(grade: Grade | None) -> str:
    """What somebody reads whose completion was reopened, of the grade that stays; empty where none does."""
    if grade is None or not grade.is_reopened or grade.status is not GradeStatus.RECORDED:
        return ""
    if grade.accepted_by is not None:
        return _(
            "%(lms)s has accepted the grade of your completed programme. It stays until you complete it again.",
            lms=grade.accepted_by,
        )
    return _("Your course goes on showing the grade of your completed programme until you complete it again.")


def for_tutor(grade: Grade) -> str:
    """Why a grade is not in the gradebook as it should be, or what is not known of it; empty where it is."""
    match grade.status:
        case GradeStatus.RECORDED if grade.went_unread:
            return _(
                "Your platform does not show which grades it has. This one was sent without knowing what was there."
            )
        case GradeStatus.RECORDED if grade.came_back:
            return _("It was deleted in the gradebook, and sent once more.")
        case GradeStatus.RECORDED if grade.accepted_by is not None:
            return _("A grade that a teacher entered there stays.")
        case GradeStatus.WAITING if grade.waits_for_reading:
            return _(
                "Your platform does not show which grades it has, and this one might replace one entered there. "
                "The grade of a completed programme is sent all the same after a day."
            )
        case GradeStatus.WAITING if grade.refusal == ScoreRefusal.NOT_INSTALLED:
            return _(
                "Your platform says that this tool is no longer installed in this course. "
                "Once it is, the grade is sent by itself."
            )
        case GradeStatus.WAITING if grade.refusal == ScoreRefusal.LINE_ITEM_GONE:
            return _(
                "Your platform says that the activity has no column in the gradebook. "
                "Once it has one, the grade is sent by itself."
            )
        case GradeStatus.WAITING:
            return _("Your platform takes no grades right now. It is sent again by itself.")
        case GradeStatus.REFUSED:
            why = _(REFUSALS.get(grade.refusal or "", REFUSALS["other"]))
            return f"{why} {_(_RESTS)}" if grade.rests_since is not None else why
        case GradeStatus.REMOVED | GradeStatus.NOT_SHOWN if grade.refusal == ScoreRefusal.EMPTIED:
            return grade.platform.emptied_advice.text
        case GradeStatus.REMOVED:
            return _("It was deleted in the gradebook, sent again, and deleted a second time.")
        case GradeStatus.NOT_SHOWN:
            return _("Your platform accepted it twice, and its gradebook does not show it.")
        case GradeStatus.SOMEBODY_ELSES if grade.wanted is not None:
            # Once ours was taken, what it brings about has happened.
            note = grade.platform.kept_grade_note if grade.accepted_score is None else None
            return f"{_kept(grade, grade.wanted)} {note.text if note is not None else ''}".rstrip()
        case GradeStatus.SOMEBODY_ELSES:
            return _("The gradebook keeps %(grade)s, entered by hand.", grade=_held(grade))
    return ""


def _kept(grade: Grade, wanted: int) -> str:
    # Beside another grade ours is on the scale of its column.
    scale = (grade.result_maximum if grade.is_number_known else None) or float(MAXIMUM)
    ours = _of(wanted * scale / MAXIMUM, scale)
    if not grade.is_number_known:
        return _(
            "The gradebook keeps a grade entered by hand; the journey here would give %(ours)s.",
            ours=ours,
        )
    return _(
        "The gradebook keeps %(grade)s, entered by hand, instead of %(ours)s.",
        grade=_held(grade),
        ours=ours,
    )


def _held(grade: Grade) -> str:
    return _of(grade.result_score or 0.0, grade.result_maximum or 1.0)


def _of(score: float, maximum: float) -> str:
    return _("%(score)s out of %(maximum)s", score=number(score), maximum=number(maximum))
