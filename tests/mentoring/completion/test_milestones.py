"""Which milestone a change of the score passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mentoring.completion.milestones import MILESTONES, milestone_passed


@pytest.mark.parametrize(
    ("before", "score", "highest", "passed"),
    [
        (0, 24, 0, None),
        (0, 25, 0, 25),
        (24, 26, 0, 25),
        (25, 49, 25, None),
        (30, 50, 25, 50),
        (50, 75, 50, 75),
        (75, 99, 75, None),
        # several at once
        (10, 60, 0, 50),
        (0, 99, 0, 75),
        # completion has an event of its own
        (0, 100, 0, None),
        (75, 100, 75, None),
        # falling back, and rising again
        (60, 20, 50, None),
        (20, 30, 50, None),
        (20, 60, 50, None),
        (20, 80, 50, 75),
        # beyond a milestone before any was recorded
        (60, 60, 0, None),
        (60, 70, 0, None),
        (60, 80, 0, 75),
        (40, 55, 0, 50),
    ],
)
def test_a_change_of_the_score_passes_a_milestone_or_none(before, score, highest, passed):
    assert milestone_passed(before, score, highest) == passed


@given(st.lists(st.integers(0, 100), max_size=40))
def test_milestones_rise_and_each_is_passed_once(scores):
    passed: list[int] = []
    for before, score in zip([0, *scores], scores, strict=False):
        milestone = milestone_passed(before, score, max(passed, default=0))
        if milestone is not None:
            assert milestone <= score
            passed.append(milestone)
    assert passed == sorted(set(passed))
    assert set(passed) <= set(MILESTONES)
