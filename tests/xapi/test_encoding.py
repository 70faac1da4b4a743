"""One spelling for each moment, length and document."""

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import aniso8601
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xapi.encoding import duration, strictly_after, timestamp, to_bytes

MOMENTS = st.datetimes(
    min_value=datetime.fromisoformat("2000-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.timezones(),
)
LENGTHS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000))


def test_a_moment_is_written_in_utc_with_three_decimals():
    paris = timezone(timedelta(hours=1))
    assert timestamp(datetime(2026, 11, 22, 10, 30, 5, 123999, tzinfo=paris)) == "2026-11-22T09:30:05.123Z"


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="without a time zone"):
        timestamp(datetime.fromisoformat("2026-11-22T09:30:00"))


@given(MOMENTS)
def test_a_written_moment_is_never_later_than_the_moment_and_less_than_a_millisecond_earlier(moment):
    lost = moment - datetime.fromisoformat(timestamp(moment))
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


@given(MOMENTS)
def test_every_moment_is_written_in_24_characters(moment):
    assert len(timestamp(moment)) == 24


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(minutes=45), "PT45M"),
        (timedelta(minutes=90), "PT1H30M"),
        (timedelta(days=2), "PT48H"),
        (timedelta(seconds=1.5), "PT1.5S"),
        (timedelta(seconds=0.019), "PT0.01S"),
        (timedelta(seconds=60.05), "PT1M0.05S"),
    ],
)
def test_a_length_is_written_in_hours_minutes_and_seconds(length, text):
    assert duration(length) == text


def test_a_negative_length_is_refused():
    with pytest.raises(ValueError, match="negative"):
        duration(timedelta(seconds=-1))


@given(LENGTHS)
def test_a_written_length_is_read_back_to_the_hundredth_of_a_second(length):
    read = aniso8601.parse_duration(duration(length))
    assert timedelta(0) <= length - read < timedelta(milliseconds=10)


@given(st.one_of(st.none(), MOMENTS), MOMENTS)
def test_the_next_moment_is_later_as_it_is_written(previous, moment):
    following = strictly_after(previous, moment)
    assert previous is None or timestamp(following) > timestamp(previous)


def test_the_next_moment_in_an_hour_that_comes_twice_is_later():
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris"))
    assert timestamp(strictly_after(second, second)) == "2026-10-25T01:30:00.001Z"


def test_a_first_moment_in_an_hour_that_comes_twice_is_not_taken_for_the_second():
    paris = ZoneInfo("Europe/Paris")
    first, second = (datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=paris) for fold in (0, 1))
    assert strictly_after(first, second) == second.astimezone(UTC)


def test_a_next_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        strictly_after(None, datetime(2026, 11, 22))  # noqa: DTZ001 - on purpose


def test_the_next_moment_is_the_moment_itself_when_that_is_later():
    moment = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert strictly_after(moment - timedelta(seconds=1), moment) == moment


def test_equal_documents_give_equal_bytes_whatever_their_order():
    assert to_bytes({"b": 1, "a": {"d": "é", "c": 2}}) == to_bytes({"a": {"c": 2, "d": "é"}, "b": 1})


def test_bytes_are_utf8_without_escapes():
    assert to_bytes({"fr": "séance"}) == '{"fr":"séance"}'.encode()


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        to_bytes({"scaled": float("nan")})


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none())))
def test_bytes_are_read_back_as_the_same_document(document):
    assert json.loads(to_bytes(document)) == document
