"""Text from outside, in one line that every database keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.outside_text import LONGEST, error_line, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\0b", "a b"),
        ("\ud800", ""),
        (" two\r\nlines\u2028and\tmore ", "two lines and more"),
        ("\x1b[31mred", "[31mred"),
        ("é 漢 🙂", "é 漢 🙂"),
    ],
)
def test_what_no_line_has_becomes_a_space(text, line):
    assert one_line(text) == line


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 50))
def test_any_text_becomes_one_line_that_can_be_encoded(text, limit):
    line = one_line(text, limit)
    line.encode()
    assert line.isprintable()
    assert len(line) <= limit


def test_it_is_cut():
    assert len(one_line("x" * 100_000)) == LONGEST


@pytest.mark.parametrize(
    ("error", "line"), [(ValueError("a\nb"), "ValueError: a b"), (RecursionError(), "RecursionError")]
)
def test_an_exception_is_its_type_and_what_it_says(error, line):
    assert error_line(error) == line
