"""What is reported to a gradebook of each status, and the bytes that say it."""

import datetime as dt
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.ags.answers import subresource_url
from lti_tool.lti.ags.reports import Report, report_of, score_body
from lti_tool.lti.ags.scores import order_key
from lti_tool.mentoring.completion.progress_state import ProgressState

AT = dt.datetime(2026, 11, 22, 10, 0, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("status", "report", "expected"),
    [
        ("onboarded", "final_only", Report("Initialized", "NotReady", None)),
        ("onboarded", "live", Report("Initialized", "NotReady", None)),
        ("agreement_signed", "final_only", Report("Started", "Pending", None)),
        ("agreement_signed", "live", Report("Started", "Pending", None)),
        ("under_way", "final_only", Report("InProgress", "Pending", None)),
        ("under_way", "live", Report("InProgress", "FullyGraded", 57)),
        ("awaiting_tutor", "final_only", Report("Submitted", "PendingManual", None)),
        ("awaiting_tutor", "live", Report("Submitted", "FullyGraded", 99)),
        ("satisfied", "final_only", Report("Completed", "FullyGraded", 100)),
        ("satisfied", "live", Report("Completed", "FullyGraded", 100)),
        ("withdrawn", "final_only", None),
        ("withdrawn", "live", None),
    ],
)
def test_each_status_has_one_report(status, report, expected):
    assert report_of(status, 57, report) == expected


@given(st.sampled_from(list(ProgressState)), st.integers(-5, 200), st.sampled_from(["final_only", "live"]))
def test_a_hundred_is_sent_only_at_the_end(status, score, report):
    made = report_of(status, score, report)
    assert made is None or (made.score == 100) == (status is ProgressState.SATISFIED)


@given(st.sampled_from(list(ProgressState)), st.integers(0, 100))
def test_a_score_is_given_exactly_when_it_is_fully_graded(status, score):
    for report in ("final_only", "live"):
        made = report_of(status, score, report)
        assert made is None or made.grades is (made.score is not None)


@pytest.mark.parametrize(("status", "report"), [("gone", "live"), ("onboarded", "sometimes")])
def test_a_code_that_is_not_known_is_refused(status, report):
    with pytest.raises(ValueError, match=r"gone|sometimes"):
        report_of(status, 0, report)


def test_a_score_says_what_ags_demands():
    assert json.loads(score_body(Report("Completed", "FullyGraded", 100), user_id="2", at=AT)) == {
        "userId": "2",
        "timestamp": "2026-11-22T10:00:05.000Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 100,
        "scoreMaximum": 100,
    }


def test_without_a_score_there_is_no_maximum_either():
    assert "scoreMaximum" not in json.loads(
        score_body(Report("Started", "Pending", None), user_id="2", at=AT)
    )


@pytest.mark.parametrize(
    ("url", "scores"),
    [
        ("https://lms.example/items/1", "https://lms.example/items/1/scores"),
        (
            "https://lms.example/items/1/lineitem?type_id=3",
            "https://lms.example/items/1/lineitem/scores?type_id=3",
        ),
        ("https://lms.example/items/1/", "https://lms.example/items/1/scores"),
    ],
)
def test_scores_go_beneath_the_line_item_before_its_query(url, scores):
    assert subresource_url(url, "scores") == scores


def test_a_user_id_is_quoted_in_the_results_address():
    address = subresource_url("https://lms.example/items/1?type_id=3", "results", user_id="a&b=c")
    assert address == "https://lms.example/items/1/results?type_id=3&user_id=a%26b%3Dc"


@given(st.text(min_size=1, max_size=3000))
def test_an_order_key_fits_however_long_the_address(url):
    assert len(order_key(url, uuid.UUID(int=7))) <= 100
