"""Services work after dynamic registration, and a token that Canvas refuses is refused in words."""

from __future__ import annotations

import pytest

from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.lti.nrps.roster import SCOPE as ROSTER_SCOPE
from lti_tool.lti.platform_service import TokenRefused
from lti_tool.lti.registration.dynamic import SCOPES
from tests.canvas.conftest import CanvasSchool


def test_every_service_gets_a_token_after_dynamic_registration(school: CanvasSchool) -> None:
    school.connect()
    for scope in SCOPES:
        assert school.service.get_access_token([scope])
    assert school.calls("/oauth/token") == [(200, "token")] * len(SCOPES)


def test_the_audience_is_the_token_url_and_not_the_host_that_canvas_calls_its_authorization_server(
    school: CanvasSchool,
) -> None:
    school.connect()
    assert school.registration().token_audience == f"{school.lms.base_url}/oauth/token"


def refusal(school: CanvasSchool, *scopes: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        school.service.get_access_token(scopes)
    assert school.calls("/oauth/token")[-1][0] == 400
    return str(refused.value)


def test_a_wrong_audience_is_named(school: CanvasSchool) -> None:
    school.connect()
    school.change(token_audience="localhost")
    words = refusal(school, SCORE_SCOPE)
    assert "invalid_request" in words
    assert "its own token URL alone" in words


def test_one_scope_that_is_off_refuses_them_all_and_the_words_say_so(school: CanvasSchool) -> None:
    school.connect()
    with school.lms.lms.store.transaction() as db:
        db.execute("UPDATE tools SET scopes = ?", (f'["{ROSTER_SCOPE}"]',))
    words = refusal(school, ROSTER_SCOPE, SCORE_SCOPE)
    assert "invalid_scope" in words
    assert "switch on all LTI Advantage services" in words
    assert school.service.get_access_token([ROSTER_SCOPE])


def test_a_developer_key_that_is_gone_is_named(school: CanvasSchool) -> None:
    school.connect()
    with school.lms.lms.store.transaction() as db:
        db.execute("DELETE FROM tools")
    assert "no developer key with this client id" in refusal(school, SCORE_SCOPE)
