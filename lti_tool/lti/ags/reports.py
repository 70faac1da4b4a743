"""What a score says of one person, and its serialisation (AGS §3.4): values alone.

https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service. When one is enqueued: :mod:`lti_tool.lti.ags.scores`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.lti.ags.models import MAXIMUM
from lti_tool.lti.platforms.base import Platform


@dataclass(frozen=True)
class Report:
    """What a score says about one person (AGS §3.4.6 and §3.4.7)."""

    activity_progress: str
    grading_progress: str
    score: int | None
    """``scoreGiven`` of 100; None when none is given."""

    @property
    def grades(self) -> bool:
        """Whether it sets a grade."""
        return self.grading_progress == "FullyGraded"


def report_of(status: str, score: int, report: str) -> Report | None:
    """The score of a participant; None when none is to be sent and what is there stays.

    ``status``: a value of :class:`lti_tool.mentoring.completion.progress_state.ProgressState`. ``score``: 0 to 100.
    ``report``: ``final_only`` or ``live``. Raises :class:`ValueError` for any other status or report.
    """
    live = {"final_only": False, "live": True}.get(report)
    if live is None:
        raise ValueError(f"a report is final_only or live, not {report}")
    match status:
        case "onboarded":
            return Report("Initialized", "NotReady", None)
        case "agreement_signed":
            return Report("Started", "Pending", None)
        case "under_way":
            # 100 is sent once, at the end.
            below = max(0, min(score, MAXIMUM - 1))
            return (
                Report("InProgress", "FullyGraded", below) if live else Report("InProgress", "Pending", None)
            )
        case "awaiting_tutor":
            if live:
                return Report("Submitted", "FullyGraded", MAXIMUM - 1)
            return Report("Submitted", "PendingManual", None)
        case "satisfied":
            return Report("Completed", "FullyGraded", MAXIMUM)
        case "withdrawn":
            return None
    raise ValueError(f"unknown progress: {status}")


def score_body(
    reported: Report,
    *,
    user_id: str,
    at: dt.datetime,
    comment: str | None = None,
    platform: Platform | None = None,
    replaces_own: bool = False,
    completed_before: bool = False,
) -> bytes:
    """The score as it is posted (AGS §3.4.1). ``at``: whole seconds, aware.

    ``replaces_own``, ``completed_before``: as in :meth:`lti_tool.lti.platforms.base.Platform.score_extension`.
    """
    score: dict[str, Any] = {
        "userId": user_id,
        "timestamp": timestamp(at),
        "activityProgress": reported.activity_progress,
        "gradingProgress": reported.grading_progress,
    }
    if reported.score is not None:
        score |= {"scoreGiven": reported.score, "scoreMaximum": MAXIMUM}
    if comment:
        score["comment"] = comment
    if platform is not None:
        score |= platform.score_extension(
            completed=reported.activity_progress == "Completed",
            grades=reported.score is not None,
            replaces_own=replaces_own,
            completed_before=completed_before,
        )
    return as_posted(score)


def as_posted(score: Mapping[str, Any]) -> bytes:
    """The bytes of a score."""
    return json.dumps(score, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def timestamp(at: dt.datetime) -> str:
    """A moment with a fraction of a second, as AGS §3.4.2 demands, and Z."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.000Z"
