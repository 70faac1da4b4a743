"""What another machine answered, in one line."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.outbound.answer_text import plain_text

MOODLE = b"""<!DOCTYPE html>
<html dir="ltr" lang="en"><head><title>Error | Our Moodle</title>
<meta name="keywords" content="moodle"><style>.x { color: red }</style>
<script>var M = {"cfg": {"wwwroot": "https:\\/\\/moodle.example"}};</script></head>
<body><nav><a href="/">Home</a> <a href="/my">My courses</a></nav>
<div role="main"><p class="errormessage">Unknown&nbsp;client: nobody &amp; nothing</p></div>
<footer>Powered by Moodle</footer></body></html>"""


def test_a_web_page_is_reduced_to_its_words():
    assert plain_text(MOODLE) == "Error | Our Moodle Unknown client: nobody & nothing"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error": "invalid_client"}', '{"error": "invalid_client"}'),
        (b"line\nby\tline\x1b[2J", "line by line [2J"),
        (b"1 < 2", "1 < 2"),
        (b"<error><code>AccessDenied</code></error>", "AccessDenied"),
        (b"<html></html>", "<html></html>"),
        (b"<p>never <b>closed", "never closed"),
        (b"</nav></p><p>ended and never begun", "ended and never begun"),
        (b"\xff\xfe", "��"),
        (b"\xef\xbb\xbf<p>behind a mark", "behind a mark"),
        (b"<p>seen<!-- not <b>seen --> again", "seen again"),
        (b"<p>seen<!-- never closed", "seen"),
        (b"<p>1 < 2</p>", "1 < 2"),
        (b"<p>a\0b&#0;c&#xD800;d</p>", "a b�c�d"),
        (b"<p>&#" + b"9" * 5000 + b";</p>", "�" + "9" * 499),
        (b"<nav><nav>a</nav>b</nav>c", "c"),
        (b"<SCRIPT>a</p></Script ><p>b", "b"),
        (b"<svg/><p>b", "b"),
        ("<p>İ<script>x</script>b".encode(), "İ b"),
        (b"", ""),
    ],
)
def test_text_is_kept_in_one_line(body, text):
    assert plain_text(body) == text


def test_it_is_cut():
    assert plain_text(b"<p>" + b"a " * 10_000, limit=99) == ("a " * 50)[:99]


MARKUP = st.sampled_from(
    ["<", ">", "<!--", "-->", "<![", "<![CDATA[", "]]>", "<!", "<?", "</", "<a ", "<a b='", "<a b=c ", '"', "&#", "&#x",
     "&a", "9", "<script>", "</script", "<style>", "<svg>", "</svg>", "<nav>", "</nav>", "<a/", "<!DOCTYPE", "<![<",
     " ", "a", "\0", "\n"]
)  # fmt: skip


@given(st.lists(MARKUP, max_size=60).map("".join) | st.text() | st.binary())
def test_no_answer_raises_and_all_give_one_line_that_can_be_stored(answer):
    body = answer if isinstance(answer, bytes) else answer.encode("utf-8", "surrogatepass")
    for start in (b"", b"<"):
        text = plain_text(start + body)
        assert text.isprintable()
        assert len(text) <= 500


def seconds(body: bytes) -> float:
    """Of the processor, which others that use it do not lengthen; the least of three."""
    return min(_seconds_once(body) for _ in range(3))


def _seconds_once(body: bytes) -> float:
    begun = time.thread_time()
    plain_text(body)
    return time.thread_time() - begun


@settings(max_examples=60, deadline=None)
@given(st.lists(MARKUP, min_size=1, max_size=3).map("".join))
def test_sixteen_times_the_text_takes_about_sixteen_times_as_long(repeated):
    short, long = (f"<p>{repeated * (size // len(repeated))}".encode() for size in (3_750, 60_000))
    # In proportion to the square it would be 256 times.
    assert seconds(long) < 80 * max(seconds(short), 1e-4)


@pytest.mark.parametrize(
    "repeated", [b"<!--", b"<a ", b"<a b='", b"</svg><svg>", b"<svg></nav>", b"&#", b"<script>"]
)
def test_a_megabyte_of_open_markup_is_cut_before_it_is_read(repeated):
    body = b"<" + repeated * (1_000_000 // len(repeated))
    assert seconds(body) < 16 * max(seconds(body[:60_000]), 1e-4)
