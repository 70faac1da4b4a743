"""How long a delivery waits before it goes again."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.messaging.retry import FIRST_DELAY, LONGEST_DELAY, next_attempt, retry_after


@given(st.integers(1, 10_000), st.randoms())
def test_the_delay_lies_in_the_upper_half_of_a_doubling_bounded_interval(attempts, rng):
    full = min(FIRST_DELAY * 2.0 ** min(attempts - 1, 30), LONGEST_DELAY)
    assert full / 2 <= next_attempt(attempts, rng=rng) <= full


@given(st.integers(1, 100), st.floats(0, 1e6), st.randoms())
def test_the_delay_is_never_less_than_what_the_receiver_asked_for(attempts, after, rng):
    assert next_attempt(attempts, after, rng) >= timedelta(seconds=after)


def test_the_same_chance_gives_the_same_delay():
    assert next_attempt(3, rng=random.Random(7)) == next_attempt(3, rng=random.Random(7))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("7200", 3600),
        ("9" * 400, 3600),
        ("Fri, 01 Jan 9999 00:00:00 GMT", 3600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("1.5", None),
        (f"Fri, 01 Jan {'9' * 30} 00:00:00 GMT", None),
    ],
)
def test_a_retry_after_is_read_and_never_beyond_an_hour(value, seconds):
    assert retry_after(value) == seconds


def test_a_retry_after_may_be_a_date():
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(moment) == pytest.approx(90, abs=5)
