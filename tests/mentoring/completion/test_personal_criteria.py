"""Reflections and feedback: what one person wrote counts for that person."""

from __future__ import annotations

from uuid import UUID

import pytest

from lti_tool.mentoring.completion.criteria.base import CriterionFacts, Reader
from lti_tool.mentoring.completion.criteria.feedback import Feedback
from lti_tool.mentoring.completion.criteria.reflection import Reflection
from lti_tool.mentoring.completion.facts import PersonFacts

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
PERSON = PersonFacts("mentee", reflections=(ONE, TWO), feedback_given=(THREE, ONE), feedback_received=(TWO,))


def test_reflections_are_counted() -> None:
    measured = Reflection(id="c", min=3).measure(CriterionFacts(PERSON, ()))
    assert (measured.value, measured.target, measured.facts_used) == (2, 3, (ONE, TWO))


@pytest.mark.parametrize(("by", "counted"), [("self", (ONE, THREE)), ("partner", (TWO,)), ("both", (TWO,))])
def test_feedback_is_counted_by_who_gave_it(by: str, counted: tuple[UUID, ...]) -> None:
    measured = Feedback(id="c", by=by, min=2).measure(CriterionFacts(PERSON, ()))
    assert (measured.value, measured.facts_used) == (len(counted), counted)
    assert Feedback.sentence(measured.params, 2, Reader.PAIR).text.startswith("Feedback")
