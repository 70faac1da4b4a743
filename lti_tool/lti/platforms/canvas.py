"""Canvas by Instructure, hosted or run by a school itself.

https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_launch_overview
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

from lti_tool.lti.platforms.base import HostedHosts, Platform, ScoreRefusal

_SSO: Final = frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"})
_SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"

_REFUSALS: Final = (
    (b"not a student", ScoreRefusal.NOT_A_LEARNER),
    (b"course has concluded", ScoreRefusal.COURSE_ENDED),
    (b"maximum number of allowed attempts", ScoreRefusal.NO_ATTEMPT_LEFT),
    (b"still unpublished", ScoreRefusal.UNPUBLISHED),
)
"""What Canvas says when it refuses a score."""


class Canvas(Platform):
    """Canvas. Tenants of the hosted one are hosts of instructure.com, and its OIDC endpoints and keys are at sso."""

    family: ClassVar[str | None] = "canvas"
    name: ClassVar[str | None] = "Canvas"
    theme: ClassVar[str] = "canvas"
    organisations_share_registration: ClassVar[bool] = True
    hosted: ClassVar[HostedHosts | None] = HostedHosts(
        issuers=frozenset(
            {
                "https://canvas.instructure.com",
                "https://canvas.beta.instructure.com",
                "https://canvas.test.instructure.com",
            }
        ),
        hosts=_SSO,
        domains=("instructure.com",),
        frame_origins=("https://*.instructure.com",),
        key_hosts=_SSO,
        key_domains=("instructure.com",),
        any_registration_endpoint=True,
    )

    # Scores, from here to the end of the class.
    # https://developerdocs.instructure.com/services/canvas/resources/score

    keeps_grades_from_states: ClassVar[bool] = True
    results_lag: ClassVar[dt.timedelta] = dt.timedelta(0)

    def score_extension(
        self, *, completed: bool, graded_before: bool = False, completed_before: bool = False
    ) -> dict[str, Any]:
        """The submission extension.

        A score without a grade would clear one that a teacher gave, unless ``preserve_score`` says otherwise. The
        tool's first grade leaves a teacher's alone by ``prioritize_non_tool_grade``; later ones replace the tool's own,
        which that would protect too. Canvas counts a score as an attempt unless ``new_submission`` is false: so it is
        until completion, whose attempt meets “must submit”, and again when a grade that was lost is sent once more.
        """
        return {
            _SUBMISSION: {
                "new_submission": completed and not completed_before,
                "preserve_score": True,
                "prioritize_non_tool_grade": not graded_before,
            }
        }

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Canvas has no status of its own for it, only words."""
        return b"before" in body and b"last updated timestamp" in body

    def score_refusal(self, status: int, body: bytes) -> ScoreRefusal:
        """Canvas answers 422 to whatever it does not take, and says why in words."""
        for words, refusal in _REFUSALS:
            if words in body:
                return refusal
        return super().score_refusal(status, body)
