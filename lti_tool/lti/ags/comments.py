"""The comment that goes with a grade, in the language of the learner who reads it (AGS §3.4.9)."""

from __future__ import annotations

import datetime as dt

from lti_tool.lti.ags.reports import report_of
from lti_tool.translation import gettext as _
from lti_tool.translation import supported_language, using_language
from lti_tool.translation.dates import long_date


def comment_for(
    status: str, score: int, report: str, locale: str | None, completed_at: dt.datetime | None = None
) -> str | None:
    """What the gradebook says beside the grade; None for a score that sets none.

    ``status``, ``score``, ``report``: as :func:`lti_tool.lti.ags.reports.report_of` takes them. ``locale``: the
    learner's, as their latest launch said; English where the tool does not speak it. ``completed_at``: when they
    completed, where they have; its day (UTC) is said.
    """
    reported = report_of(status, score, report)
    if reported is None or not reported.grades:
        return None
    with using_language(supported_language(locale) or "en"):
        match reported.activity_progress:
            case "Completed" if completed_at is not None:
                day = long_date(completed_at.date())
                return _("You completed your reverse-mentoring programme on %(day)s.", day=day)
            case "Completed":
                return _("Your reverse-mentoring programme is complete.")
            case "Submitted":
                return _("Everything is done; your tutor still has to approve it.")
            case _progress:
                return _("Under way: %(score)s%% of your reverse-mentoring programme.", score=reported.score)
