"""What Canvas does with a score: which refusal comes first, what becomes of the grade, and what completes an item.

Read from instructure/canvas-lms: ``app/controllers/lti/ims/scores_controller.rb`` with
``concerns/gradebook_services.rb`` (their newest versions in the index, with ``verify_valid_score_given``),
``app/models/lti/result.rb`` (02bf094), ``app/models/lti/line_item.rb`` (05e9653) and
``app/models/context_module_progression.rb``. Assignment and Grade Services 3.4,
https://www.imsglobal.org/spec/lti-ags/v2p0/#score-publish-service.

A score that is refused may have counted an attempt all the same: ``create`` submits before it writes the result, in no
transaction of both. So it is where ``activityProgress`` or ``gradingProgress`` is none of the specification's, and
where the assignment is unpublished.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.schemas import ACTIVITY_PROGRESS, GRADING_PROGRESS
from lti_tool.demo.lms.score_rules import StoredGrade

SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"
"""The extension that says what becomes of the submission and of a grade that is there."""
GRADED: Final = ("FullyGraded", "PendingManual")
"""A score counts only in these states."""
_REQUIRED: Final = ("userId", "activityProgress", "gradingProgress", "timestamp")
_FUTURE: Final = dt.timedelta(minutes=1)
_NUMBER: Final = re.compile(r"\s*[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_OFF: Final = (False, "0", "f", "F", "false", "FALSE", "off", "OFF")
"""Values that switch a flag off (ActiveModel::Type::Boolean); 0 is among them, too."""
_POSTED_MAXIMUM: Final = 100
_GRADED_ROLES: Final = ("student", "test_student")


class RefusedAfterSubmission(Refusal):
    """A refusal of a score that was submitted by then: its attempt counts."""

    def __init__(self, refusal: Refusal, attempts: int) -> None:
        super().__init__(refusal.status, refusal.reason, refusal.detail)
        self.attempts = attempts
        "How many there are now."


@dataclass(frozen=True)
class Assignment:
    """What of an assignment and its line item decides over a score."""

    maximum: float
    "Of the line item, in points."
    allowed_attempts: int | None = None
    "How many submissions are taken of a person; None for any number."
    is_first_line_item: bool = True
    "Only the first line item of an assignment moves the gradebook; another has results and nothing else."
    is_published: bool = True


def canvas_score(
    held: StoredGrade | None,
    body: dict[str, Any],
    role: str | None,
    assignment: Assignment,
    now: dt.datetime | None = None,
) -> StoredGrade:
    """The new state. ``body``: the score as it was posted; ``role``: None for nobody in the course.

    With ``preserve_score`` no score is set, whatever the grading progress is; else NotReady, Failed and Pending null
    it, also one that a teacher gave, as does a score without ``scoreGiven``; with ``prioritize_non_tool_grade`` any
    score that is there stays. A comment adds to what is there, so a missing one changes nothing. Every score counts an
    attempt unless ``new_submission`` is false. Raises :class:`Refusal`, of what is wrong first: 422 the user, 400 a
    missing parameter or the timestamp, 422 the maximum or the score, 400 the time of the submission, 422 the attempts,
    the progress, an unpublished assignment; of these last two :class:`RefusedAfterSubmission`.
    """
    now = now or dt.datetime.now(dt.UTC)
    sent_at = _checked(held, body, role, assignment, now)
    extension = _extension(body)
    attempts = held.attempts if held else 0
    if _is_new_submission(extension):
        if assignment.allowed_attempts is not None and attempts >= assignment.allowed_attempts:
            raise _unprocessable(
                "no_attempt_left",
                "The maximum number of allowed attempts has been reached for this submission",
            )
        attempts += assignment.is_first_line_item
    try:
        return _graded(held, body, assignment, sent_at, attempts)
    except Refusal as refusal:
        raise RefusedAfterSubmission(refusal, attempts) from refusal


def _graded(
    held: StoredGrade | None,
    body: dict[str, Any],
    assignment: Assignment,
    sent_at: dt.datetime,
    attempts: int,
) -> StoredGrade:
    """The new state once the attempts were counted (``update_or_create_result``)."""
    extension = _extension(body)
    for name, known in (("activityProgress", ACTIVITY_PROGRESS), ("gradingProgress", GRADING_PROGRESS)):
        if body[name] not in known:
            raise _unprocessable(f"malformed_{name}", f"{name} is not included in the list")
    posted = _points(body, assignment.maximum)
    shown = held.shown if held else None
    grade = posted if body["gradingProgress"] in GRADED else None
    stays = shown is not None and _flag(extension, "prioritize_non_tool_grade") and grade is not None
    if stays or _flag(extension, "preserve_score") or not assignment.is_first_line_item:
        grade = shown
    elif grade is not None and not assignment.is_published:
        raise _unprocessable(
            "unpublished_assignment",
            "grade cannot be changed at this time: This assignment is still unpublished",
        )
    comment = str(body.get("comment") or "") or (held.comment if held else None)
    # update_or_create_result: whatever became of the score, and empty where it gives none.
    return StoredGrade(grade, comment, sent_at.timestamp(), attempts=attempts, result=posted)


def canvas_result(held: StoredGrade, maximum: float) -> float | None:
    """What the results service shows, in points (``scaled_result_score`` in app/models/lti/result.rb).

    Of a submission that a teacher graded, the result is taken for their points and scaled to the maximum that was
    posted, a hundred here; also where it is what the tool posted since, and the teacher's grade stayed.
    """
    if held.result is None or held.grade in (None, held.result) or maximum == 0:
        return held.result
    return held.result * _POSTED_MAXIMUM / maximum


def canvas_completion(rule: str, held: StoredGrade | None, least: float) -> str:
    """Whether a module's item is complete: ``incomplete`` or ``complete``; ``rule`` as the activity's settings have it.

    grade is "Submit the assignment" (must_submit): a grade without an attempt, such as a teacher's own, does not meet
    it. passgrade is "Score at least" (min_score), by whatever grade is there, and not complete below it.
    """
    if held is None or rule == "none":
        return "incomplete"
    if rule == "grade":
        return "complete" if held.attempts else "incomplete"
    return "complete" if held.shown is not None and held.shown >= least else "incomplete"


def _checked(
    held: StoredGrade | None,
    body: dict[str, Any],
    role: str | None,
    assignment: Assignment,
    now: dt.datetime,
) -> dt.datetime:
    """The timestamp, once everything is checked that comes before the attempts, in Canvas's order."""
    if role not in _GRADED_ROLES:
        raise _unprocessable("not_gradable", "User not found in course or is not a student")
    for name in _REQUIRED:
        if body.get(name) in (None, "", [], {}):
            raise Refusal(400, f"missing_{name}", f"param is missing or the value is empty: {name}")
    sent_at = _moment(body["timestamp"])
    if sent_at is None:
        raise Refusal(
            400, "malformed_timestamp", f"Provided timestamp of {body['timestamp']} not a valid timestamp"
        )
    if held is not None and held.sent_at > sent_at.timestamp():
        latest = dt.datetime.fromtimestamp(held.sent_at, dt.UTC).isoformat(timespec="milliseconds")
        raise Refusal(
            400,
            "stale_timestamp",
            f"Provided timestamp of {body['timestamp']} before last updated timestamp of {latest}",
        )
    if _sets_score(body):
        _check_score(body, assignment)
    submitted = _submitted_at(body)
    if submitted not in (None, ""):
        moment = _moment(submitted)
        if moment is None:
            raise Refusal(
                400,
                "malformed_submitted_at",
                f"Provided submitted_at timestamp of {submitted} not a valid timestamp",
            )
        if moment > now + _FUTURE:
            raise Refusal(
                400,
                "future_submitted_at",
                f"Provided submitted_at timestamp of {submitted} in the future",
            )
    if _extension(body).get("submission_type") == "online_upload" and not _extension(body).get(
        "content_items"
    ):
        raise _unprocessable(
            "no_content_items", "Content items must be provided with submission type 'online_upload'"
        )
    return sent_at


def _check_score(body: dict[str, Any], assignment: Assignment) -> None:
    if "scoreMaximum" not in body:
        raise _unprocessable("missing_scoreMaximum", "ScoreMaximum not supplied when ScoreGiven present.")
    maximum = _number(body["scoreMaximum"])
    if maximum < 0:
        raise _unprocessable("negative_scoreMaximum", "ScoreMaximum must be greater than or equal to 0")
    if maximum == 0 and assignment.maximum != 0:
        raise _unprocessable("zero_scoreMaximum", "cannot be zero if line item's maximum is not zero")
    if _number(body["scoreGiven"]) < 0:
        raise _unprocessable("negative_scoreGiven", "ScoreGiven must be greater than or equal to 0")


def _sets_score(body: dict[str, Any]) -> bool:
    """The opposite of ``reset_score?``."""
    return body["gradingProgress"] in GRADED and body.get("scoreGiven") is not None


def _points(body: dict[str, Any], maximum: float) -> float | None:
    """What was posted, in points of the line item."""
    if body.get("scoreGiven") is None:
        return None
    given, of = _number(body["scoreGiven"]), _number(body.get("scoreMaximum"))
    return given if of == 0 else given * maximum / of


def _submitted_at(body: dict[str, Any]) -> Any:
    submission = body.get("submission")
    named = submission.get("submittedAt") if isinstance(submission, dict) else None
    return named or body.get("submittedAt") or _extension(body).get("submitted_at")


def _extension(body: dict[str, Any]) -> dict[str, Any]:
    extension = body.get(SUBMISSION)
    return extension if isinstance(extension, dict) else {}


def _is_new_submission(extension: dict[str, Any]) -> bool:
    return _flag(extension, "new_submission", default=True) and extension.get("submission_type") != "none"


def _flag(extension: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """A flag as Rails casts it: null and empty text are as good as none."""
    value = extension.get(name)
    return default if value is None or value == "" else value not in _OFF


def _number(value: Any) -> float:
    """A number as Ruby's ``to_f`` reads it: of text, what it begins with; else 0."""
    if isinstance(value, bool) or value is None:
        return 0.0
    if isinstance(value, int | float):
        return float(value)
    found = _NUMBER.match(value) if isinstance(value, str) else None
    return float(found.group()) if found else 0.0


def _moment(value: Any) -> dt.datetime | None:
    """A moment of ISO 8601, in UTC where it names no zone. Canvas reads other ways of writing one, too."""
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _unprocessable(reason: str, message: str) -> Refusal:
    return Refusal(422, reason, message)
