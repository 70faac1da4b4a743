"""What follows from a reading of results, and whether a score may be posted over what is there: at their edges."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lti_tool.lti.ags.models import GradeStatus
from lti_tool.lti.ags.reconciliation import (
    REFUSED_AGAIN_AFTER,
    UNREAD_AFTER,
    UNREAD_FAILURES,
    Decision,
    GradeRecord,
    Posting,
    ReadingFailures,
    Result,
    Unsent,
    before_posting,
    decide,
    may_go_unread,
)

NOW = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)
EARLIER = NOW - dt.timedelta(days=1)

RECORDED = GradeRecord(
    wanted=100, status=GradeStatus.RECORDED, accepted_score=100, accepted_at=EARLIER, shown_at=EARLIER
)
"""A grade that the platform took and showed yesterday."""


def record(**changes: Any) -> GradeRecord:
    values = {name: getattr(RECORDED, name) for name in GradeRecord.__dataclass_fields__}
    return GradeRecord(**{**values, **changes})


def grade(score: float, maximum: float = 100.0) -> Result:
    return Result(score, maximum)


def test_a_grade_that_is_there_is_recorded() -> None:
    assert decide(RECORDED, grade(100), read_at=NOW) == Decision(GradeStatus.RECORDED)


@pytest.mark.parametrize("result", [grade(10, 10), grade(1, 1), grade(19.99, 20), Result(100, 100, NOW)])
def test_the_scale_of_a_gradebook_and_its_rounding_make_no_difference(result: Result) -> None:
    assert decide(RECORDED, result, read_at=NOW).status is GradeStatus.RECORDED


def test_a_result_without_a_maximum_is_a_share_of_one() -> None:
    assert decide(RECORDED, Result(1.0, 0.0), read_at=NOW).status is GradeStatus.RECORDED


def test_a_grade_that_is_missing_is_sent_again() -> None:
    assert decide(RECORDED, None, read_at=NOW) == Decision(GradeStatus.ON_ITS_WAY, send=True, deletions=1)


def test_one_that_is_missing_again_is_left_and_the_tutor_is_asked() -> None:
    again = record(deletions=1)
    assert decide(again, None, read_at=NOW) == Decision(GradeStatus.REMOVED, deletions=1)


def test_one_that_was_taken_away_stays_so_at_every_later_reading() -> None:
    removed = record(status=GradeStatus.REMOVED, deletions=1)
    assert decide(removed, None, read_at=NOW) == Decision(GradeStatus.REMOVED, deletions=1)


def test_one_that_was_taken_away_and_is_there_again_is_recorded() -> None:
    removed = record(status=GradeStatus.REMOVED, deletions=1)
    assert decide(removed, grade(100), read_at=NOW) == Decision(GradeStatus.RECORDED, deletions=1)


def test_counting_begins_anew_once_somebody_asked_for_it() -> None:
    asked = record(status=GradeStatus.REMOVED, deletions=0)
    assert decide(asked, None, read_at=NOW) == Decision(GradeStatus.ON_ITS_WAY, send=True, deletions=1)


@pytest.mark.parametrize("unsent", [Unsent.WAITING, Unsent.IN_FLIGHT])
def test_one_that_is_about_to_be_sent_is_not_sent_twice(unsent: Unsent) -> None:
    waiting = record(status=GradeStatus.ON_ITS_WAY, deletions=1)
    found = decide(waiting, None, read_at=NOW, unsent=unsent)
    assert (found.send, found.deletions, found.status) == (False, 1, GradeStatus.ON_ITS_WAY)


@pytest.mark.parametrize("after", [dt.timedelta(0), dt.timedelta(microseconds=1)])
def test_a_reading_says_nothing_of_what_was_accepted_after_it_began(after: dt.timedelta) -> None:
    found = decide(record(accepted_at=NOW + after), None, read_at=NOW)
    assert (found.conclusive, found.send) == (False, False)


def test_a_reading_says_nothing_of_what_a_worker_is_just_sending() -> None:
    found = decide(record(wanted=80, accepted_score=40), grade(60), read_at=NOW, unsent=Unsent.IN_FLIGHT)
    assert (found.conclusive, found.withdraw) == (False, False)


def test_another_grade_is_somebody_elses_and_is_kept() -> None:
    assert decide(RECORDED, grade(55), read_at=NOW) == Decision(GradeStatus.SOMEBODY_ELSES)


def test_a_zero_that_somebody_entered_is_a_grade() -> None:
    assert decide(RECORDED, grade(0), read_at=NOW).status is GradeStatus.SOMEBODY_ELSES


def test_somebody_elses_withdraws_what_waits() -> None:
    first = record(status=GradeStatus.ON_ITS_WAY, accepted_score=None, accepted_at=None)
    found = decide(first, grade(55), read_at=NOW, unsent=Unsent.WAITING)
    assert (found.status, found.withdraw, found.send) == (GradeStatus.SOMEBODY_ELSES, True, False)


def test_somebody_elses_that_is_deleted_makes_room_for_ours() -> None:
    first = record(status=GradeStatus.SOMEBODY_ELSES, accepted_score=None, accepted_at=None)
    assert decide(first, None, read_at=NOW) == Decision(GradeStatus.ON_ITS_WAY, send=True)


def test_somebody_elses_over_ours_that_is_deleted_counts_as_one_deletion() -> None:
    theirs = record(status=GradeStatus.SOMEBODY_ELSES)
    assert decide(theirs, None, read_at=NOW) == Decision(GradeStatus.ON_ITS_WAY, send=True, deletions=1)


@pytest.mark.parametrize("known", [{"accepted_score": 40}, {"unanswered_scores": frozenset({40, 60})}])
def test_an_earlier_grade_of_ours_is_replaced(known: dict[str, Any]) -> None:
    behind = record(**{"accepted_score": None, **known})
    assert decide(behind, grade(40), read_at=NOW) == Decision(GradeStatus.ON_ITS_WAY, send=True)


def test_an_earlier_grade_of_ours_waits_for_what_is_on_its_way() -> None:
    behind = record(accepted_score=40, status=GradeStatus.ON_ITS_WAY)
    assert not decide(behind, grade(40), read_at=NOW, unsent=Unsent.WAITING).send


def test_a_grade_that_is_there_before_there_should_be_one_is_somebody_elses() -> None:
    early = record(wanted=None, accepted_score=None)
    found = decide(early, grade(100), read_at=NOW, unsent=Unsent.WAITING)
    assert (found.status, found.withdraw) == (GradeStatus.SOMEBODY_ELSES, True)


@pytest.mark.parametrize("status", [GradeStatus.RECORDED, GradeStatus.SOMEBODY_ELSES])
def test_where_there_should_be_no_grade_and_is_none_nothing_is_sent(status: GradeStatus) -> None:
    early = record(wanted=None, accepted_score=None, status=status)
    assert decide(early, None, read_at=NOW) == Decision(GradeStatus.RECORDED)


def refused(ago: dt.timedelta, **changes: Any) -> GradeRecord:
    return record(
        status=GradeStatus.REFUSED,
        refused_at=NOW - ago,
        **{"accepted_score": None, "accepted_at": None, **changes},
    )


def test_what_was_refused_is_not_sent_again_by_itself_on_the_same_day() -> None:
    lately = refused(REFUSED_AGAIN_AFTER - dt.timedelta(seconds=1))
    assert decide(lately, None, read_at=NOW) == Decision(GradeStatus.REFUSED)


def test_what_was_refused_is_sent_again_on_the_next_day() -> None:
    assert decide(refused(REFUSED_AGAIN_AFTER), None, read_at=NOW).send


def test_what_was_refused_is_sent_again_once_the_person_is_back() -> None:
    found = decide(refused(dt.timedelta(0)), None, read_at=NOW, retry_refused=True)
    assert found == Decision(GradeStatus.ON_ITS_WAY, send=True)


def test_what_was_refused_and_is_there_all_the_same_is_recorded() -> None:
    assert decide(refused(dt.timedelta(0)), grade(100), read_at=NOW).status is GradeStatus.RECORDED


def test_a_refusal_is_no_deletion() -> None:
    found = decide(refused(dt.timedelta(0), accepted_score=40), None, read_at=NOW, retry_refused=True)
    assert (found.send, found.deletions) == (True, 0)


def test_a_state_without_a_grade_is_never_posted_over_one() -> None:
    early = record(wanted=None, accepted_score=None)
    assert before_posting(early, None, grade(0), repeated=False) is Posting.KEEP_THEIRS


@pytest.mark.parametrize("score", [None, 100])
def test_whatever_is_posted_where_there_is_no_grade(score: int | None) -> None:
    assert before_posting(record(accepted_score=None), score, None, repeated=True) is Posting.POST


def test_a_grade_is_not_posted_over_one_that_the_tool_never_sent() -> None:
    first = record(accepted_score=None)
    assert before_posting(first, 100, grade(55), repeated=False) is Posting.KEEP_THEIRS


def test_a_grade_is_posted_over_an_earlier_one_of_ours() -> None:
    assert before_posting(record(accepted_score=40), 60, grade(40), repeated=False) is Posting.POST


def test_a_grade_that_may_have_arrived_and_is_there_is_not_posted_twice() -> None:
    first = record(accepted_score=None)
    assert before_posting(first, 100, grade(10, 10), repeated=True) is Posting.ARRIVED


def test_an_equal_grade_that_nobody_sent_is_posted_all_the_same() -> None:
    """A platform may complete the activity only by a score of the tool's."""
    first = record(accepted_score=None)
    assert before_posting(first, 100, grade(100), repeated=False) is Posting.POST


@pytest.mark.parametrize("held", [60, 80])
def test_any_score_whose_answer_was_lost_may_be_the_one_that_is_there(held: int) -> None:
    lost = record(accepted_score=40, unanswered_scores=frozenset({60, 80}))
    assert before_posting(lost, 100, grade(held), repeated=False) is Posting.POST
    assert before_posting(lost, 100, grade(70), repeated=False) is Posting.KEEP_THEIRS


@pytest.mark.parametrize(
    ("score", "shown"),
    [(33, grade(3, 10)), (35, grade(4, 10)), (35, grade(3, 10)), (34, grade(1.7, 5)), (99, grade(10, 10))],
    ids=["down", "up", "half down", "to one decimal", "to the maximum"],
)
def test_a_grade_of_ours_that_a_gradebook_rounds_to_its_scale_is_ours(score: int, shown: Result) -> None:
    assert record(accepted_score=score).sent(shown)


@pytest.mark.parametrize(
    ("score", "shown"),
    [(33, grade(34)), (33, grade(3.4, 10)), (33, grade(4, 10)), (33, grade(0, 1)), (60, grade(1, 1))],
    ids=["a hundred points", "not rounded", "too far", "nothing of one point", "one point"],
)
def test_what_rounding_cannot_explain_is_not_ours(score: int, shown: Result) -> None:
    assert not record(accepted_score=score).sent(shown)


def test_a_rounded_grade_of_ours_is_recorded_and_the_next_one_is_posted() -> None:
    rounded = record(wanted=33, accepted_score=33)
    assert decide(rounded, grade(3, 10), read_at=NOW) == Decision(GradeStatus.RECORDED)
    assert before_posting(rounded, 50, grade(3, 10), repeated=False) is Posting.POST


def test_a_score_that_looks_like_the_one_before_it_once_rounded_is_not_taken_for_arrived() -> None:
    """The later one may complete the activity."""
    behind = record(wanted=34, accepted_score=33)
    assert before_posting(behind, 34, grade(3, 10), repeated=True) is Posting.POST
    assert decide(behind, grade(3, 10), read_at=NOW).send


def test_what_was_never_seen_there_is_not_said_to_be_deleted() -> None:
    unseen = record(shown_at=None, deletions=1)
    assert decide(unseen, None, read_at=NOW) == Decision(GradeStatus.NOT_SHOWN, deletions=1)
    shown_at_last = record(status=GradeStatus.NOT_SHOWN, shown_at=None, deletions=1)
    assert decide(shown_at_last, grade(100), read_at=NOW).status is GradeStatus.RECORDED


def test_of_a_completion_that_was_reopened_nothing_is_sent_again() -> None:
    """The grade stays where it is; where somebody deletes it, it has to be earned again."""
    reopened = record(stays=True)
    assert not decide(reopened, None, read_at=NOW).send
    assert decide(reopened, grade(100), read_at=NOW).status is GradeStatus.RECORDED


LONG = ReadingFailures(UNREAD_FAILURES, NOW - UNREAD_AFTER)


def test_a_final_grade_goes_out_unread_once_reading_has_failed_for_long() -> None:
    assert may_go_unread(LONG, is_final=True, now=NOW)


@pytest.mark.parametrize(
    ("known", "is_final"),
    [
        (LONG, False),
        (None, True),
        (ReadingFailures(UNREAD_FAILURES - 1, LONG.began_at), True),
        (ReadingFailures(UNREAD_FAILURES, LONG.began_at + dt.timedelta(seconds=1)), True),
    ],
    ids=["not final", "it can be read", "seldom", "lately"],
)
def test_nothing_else_goes_out_unread(known: ReadingFailures | None, is_final: bool) -> None:
    assert not may_go_unread(known, is_final=is_final, now=NOW)
