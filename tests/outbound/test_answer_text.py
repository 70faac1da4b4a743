"""What another machine answered, in one line."""

import pytest

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
        (b"", ""),
    ],
)
def test_text_is_kept_in_one_line(body, text):
    assert plain_text(body) == text


def test_it_is_cut():
    assert plain_text(b"<p>" + b"a " * 10_000, limit=99) == ("a " * 50)[:99]
