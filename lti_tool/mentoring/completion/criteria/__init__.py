"""The criteria that a completion rule can have: one module each, and its line here.

:mod:`lti_tool.mentoring.completion.criteria.base` says what a criterion is.
"""

from __future__ import annotations

from collections.abc import Mapping

from lti_tool.mentoring.completion.criteria.agreement import Agreement
from lti_tool.mentoring.completion.criteria.base import Criterion
from lti_tool.mentoring.completion.criteria.feedback import Feedback
from lti_tool.mentoring.completion.criteria.minutes import Minutes
from lti_tool.mentoring.completion.criteria.objectives import Objectives
from lti_tool.mentoring.completion.criteria.reflection import Reflection
from lti_tool.mentoring.completion.criteria.sessions import Sessions
from lti_tool.mentoring.completion.criteria.tutor_validation import TutorValidation
from schemas.completion_rule import CriterionSchema

CRITERIA: dict[str, type[Criterion]] = {
    criterion.type: criterion
    for criterion in (
        Agreement,
        Sessions,
        Minutes,
        Objectives,
        Reflection,
        Feedback,
        TutorValidation,
    )
}


def criterion_schemas() -> Mapping[str, type[CriterionSchema]]:
    """The fields of each criterion, by its type: what a rule is checked by, and what a form for rules shows."""
    return {name: criterion.schema for name, criterion in CRITERIA.items()}
