"""A gradebook that asks for patience is given an hour of it at most, and never a fault of ours."""

from __future__ import annotations

import pytest

from lti_tool.lti.grade_answers import _retry_after
from lti_tool.lti.service import Answer


@pytest.mark.parametrize(
    ("asked", "given"), [("30", 30.0), ("7200", 3600.0), ("9" * 20, 3600.0), ("9" * 400, 3600.0)]
)
def test_the_wait_that_is_asked_for_is_capped(asked: str, given: float) -> None:
    assert _retry_after(Answer(429, b"", {"Retry-After": asked}, None)) == given
