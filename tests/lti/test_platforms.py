"""Differences between platforms are behind one interface, and nothing else asks which platform it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lti_tool
from lti_tool.lti.platforms import PLATFORMS, platform_of, platform_of_family
from lti_tool.lti.platforms.base import NEUTRAL_THEME, Platform

PACKAGE = Path(lti_tool.__file__).parent
NAMES = {platform.family for platform in PLATFORMS} | {"instructure", "desire2learn"}
EXEMPT = ("lti/platforms/", "demo/", "migrations/")
"""The interface itself; the demo's LMS, which is a platform; and what earlier versions wrote."""


def compared_texts(path: Path) -> set[str]:
    """Texts that code compares with, looks up, or takes as a default: not those of docstrings and messages."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            constants = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            constants = [node.value]
        elif isinstance(node, ast.Dict):
            constants = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Set | ast.Tuple | ast.List):
            constants = node.elts
        else:
            continue
        found |= {
            constant.value.lower()
            for constant in constants
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        }
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if not str(path.relative_to(PACKAGE)).startswith(EXEMPT)],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_nothing_else_asks_which_platform_it_is(path: Path) -> None:
    assert compared_texts(path) & NAMES == set()


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "web").rglob("*.html")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_template_asks_which_platform_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "platform_family" not in text
    assert not any(f"== '{name}'" in text or f'== "{name}"' in text for name in NAMES)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.family)
def test_each_platform_is_found_by_what_it_calls_itself(platform: Platform) -> None:
    assert platform_of_family(platform.family) is platform
    assert platform_of_family((platform.family or "").upper()) is platform


@pytest.mark.parametrize("family", [None, "", "ilias", "moodle2"])
def test_an_unknown_platform_is_as_the_specifications_say(family: str | None) -> None:
    found = platform_of("https://lms.example", family)
    assert (type(found), found.theme) == (Platform, NEUTRAL_THEME)


def test_an_issuer_that_proves_a_platform_counts_more_than_what_it_calls_itself() -> None:
    assert platform_of("https://canvas.instructure.com", "moodle").family == "canvas"


@pytest.mark.parametrize(
    "platform", [*PLATFORMS, Platform()], ids=lambda platform: platform.family or "other"
)
def test_every_theme_is_in_the_style_sheet(platform: Platform) -> None:
    css = (PACKAGE / "static" / "css" / "tandem.css").read_text(encoding="utf-8")
    # The tokens themselves are Moodle's, which a page outside any platform shares.
    own = "--accent: #0f6cbf" in css and platform.theme in (NEUTRAL_THEME, "moodle")
    assert own or f'[data-theme="{platform.theme}"]' in css


@pytest.mark.parametrize(
    ("grades", "replaces_own", "completed_before", "completed", "expected"),
    [
        (False, False, False, False, (False, True, True)),
        (True, False, False, False, (False, False, True)),
        (True, True, False, False, (False, False, False)),
        (True, True, False, True, (True, False, False)),
        (True, False, False, True, (True, False, True)),
        (True, True, True, True, (False, False, False)),
    ],
)
def test_canvas_keeps_a_teachers_grade_and_counts_completion_as_the_one_attempt(
    grades, replaces_own, completed_before, completed, expected
):
    extension = platform_of_family("canvas").score_extension(
        completed=completed,
        grades=grades,
        replaces_own=replaces_own,
        completed_before=completed_before,
    )["https://canvas.instructure.com/lti/submission"]
    names = ("new_submission", "preserve_score", "prioritize_non_tool_grade")
    assert tuple(extension[name] for name in names) == expected


@pytest.mark.parametrize("family", ["moodle", "openedx", None])
def test_other_platforms_get_no_extension(family):
    assert platform_of_family(family).score_extension(completed=True, grades=True) == {}


@pytest.mark.parametrize(
    ("family", "status", "words", "refusal"),
    [
        ("canvas", 422, b"User not found in course or is not a student", "not_a_learner"),
        ("canvas", 422, b"This course has concluded. AGS requests will no longer", "course_ended"),
        ("canvas", 422, b"The maximum number of allowed attempts has been reached", "no_attempt_left"),
        (
            "canvas",
            422,
            b"cannot be changed at this time: This assignment is still unpublished",
            "unpublished",
        ),
        ("canvas", 422, b"ScoreMaximum must be greater", "other"),
        ("canvas", 404, b"", "line_item_gone"),
        ("moodle", 400, b"Incorrect score received", "not_a_learner"),
        ("moodle", 404, b"", "line_item_gone"),
        (None, 400, b"bad", "other"),
        (None, 410, b"gone", "line_item_gone"),
    ],
)
def test_a_refusal_is_understood_by_the_platforms_answer(family, status, words, refusal):
    assert platform_of_family(family).score_refusal(status, words) == refusal


CANVAS = platform_of_family("canvas")


@pytest.mark.parametrize(
    ("error", "description", "words"),
    [
        ("invalid_scope", "A requested scope is invalid, missing: x", "all LTI Advantage services"),
        ("invalid_request", "the 'aud' is invalid", "its own token URL"),
        ("invalid_request", "JWS signature invalid.", "no developer key"),
        ("invalid_request", "JWK Error: Failed to open TCP connection", "cannot read the tool’s keys"),
        ("invalid_request", "the 'iat' must be less than 300 seconds old", "clocks"),
        ("invalid_request", "JWT expired", "clocks"),
    ],
)
def test_a_token_that_canvas_refuses_has_a_cause_in_words(error: str, description: str, words: str) -> None:
    assert words in (CANVAS.token_advice(error, description) or "")


@pytest.mark.parametrize(
    ("error", "description"), [("invalid_client", "unknown client"), ("invalid_request", "unexpected")]
)
def test_of_an_unknown_cause_nothing_is_said(error: str, description: str) -> None:
    assert CANVAS.token_advice(error, description) is None


@pytest.mark.parametrize(("status", "words"), [(401, "developer key is off"), (412, "another tool")])
def test_a_service_that_canvas_refuses_has_a_cause_in_words(status: int, words: str) -> None:
    assert words in (CANVAS.service_advice(status) or "")


def test_of_other_platforms_no_causes_are_invented() -> None:
    other = Platform()
    assert (other.token_advice("invalid_scope", "x"), other.service_advice(401)) == (None, None)


@pytest.mark.parametrize(
    ("server", "audience"),
    [
        (None, "https://school.example/token"),
        ("canvas.instructure.com", "https://school.example/token"),
        ("https://school.example/other", "https://school.example/other"),
    ],
)
def test_a_bare_host_is_no_audience_for_canvas(server: str | None, audience: str) -> None:
    assert CANVAS.assertion_audience("https://school.example/token", server) == audience


def test_elsewhere_the_authorization_server_is_the_audience_whatever_it_is_called() -> None:
    assert Platform().assertion_audience("https://lms.example/token", "lms.example") == "lms.example"
