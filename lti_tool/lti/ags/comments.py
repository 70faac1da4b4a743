"""The comment that goes with a grade, in the language of the learner who reads it (AGS §3.4.9)."""

from __future__ import annotations

from lti_tool.lti.ags.reports import report_of
from lti_tool.translation import gettext as _
from lti_tool.translation import supported_language, using_language


def comment_for(status: str, score: int, report: str, locale: str | None) -> str | None:
    """What the gradebook says beside the grade; None for a score that sets none.

    ``status``, ``score``, ``report``: as :func:`lti_tool.lti.ags.reports.report_of` takes them. ``locale``: the
    learner's, as their latest launch said; English where the tool does not speak it.
    """
    reported = report_of(status, score, report)
    if reported is None or not reported.grades:
        return None
    with using_language(supported_language(locale) or "en"):
        match reported.activity_progress:
            case "Completed":
                return _("Your reverse-mentoring programme is complete.")
            case "Submitted":
                return _("Everything is done; your tutor still has to approve it.")
            case _progress:
                return _("Under way: %(score)s%% of your reverse-mentoring programme.", score=reported.score)
