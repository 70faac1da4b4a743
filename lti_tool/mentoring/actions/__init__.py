"""What people do: each verb checks that it may be done, changes the rows, and records a fact.

Every action runs inside :func:`lti_tool.recording.transaction`, which turns the facts into statements and
scores before it commits. ``now`` is always given, aware; ``by`` is the participant who acts. What may not be
done raises :class:`NotAllowed`, and the transaction leaves no trace.
"""

from lti_tool.mentoring.actions.learning import (
    agree_objective,
    claim_objective,
    confirm_objective,
    drop_objective,
)
from lti_tool.mentoring.actions.meeting import (
    confirm_session,
    correct_session,
    dispute_session,
    log_session,
    withdraw_session,
)
from lti_tool.mentoring.actions.opening import find_cohort, missing_for_ready, open_programme
from lti_tool.mentoring.actions.pairing import change_role, form_pair, join, sign_agreement
from lti_tool.mentoring.actions.permission import NotAllowed
from lti_tool.mentoring.actions.validating import reopen, validate_participant

__all__ = [
    "NotAllowed",
    "agree_objective",
    "change_role",
    "claim_objective",
    "confirm_objective",
    "confirm_session",
    "correct_session",
    "dispute_session",
    "drop_objective",
    "find_cohort",
    "form_pair",
    "join",
    "log_session",
    "missing_for_ready",
    "open_programme",
    "reopen",
    "sign_agreement",
    "validate_participant",
    "withdraw_session",
]
