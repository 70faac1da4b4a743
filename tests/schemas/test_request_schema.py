"""What a request schema takes by itself is what marshmallow takes, and what it refuses marshmallow refuses alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from schemas.claims import AGS, DEEP_LINKING, LTI, NRPS, ClaimsSchema
from schemas.login import LaunchFormSchema, LoginSchema
from schemas.request_schema import RequestSchema, is_storable

CLAIMS: dict[str, Any] = {
    "iss": "https://lms.example",
    "sub": "person-1",
    "exp": 1_800_000_060,
    "iat": 1_800_000_000,
    "name": " Amina Okafor ",
    "email": "amina@lms.example",
    f"{LTI}version": "1.3.0",
    f"{LTI}message_type": "LtiResourceLinkRequest",
    f"{LTI}deployment_id": "deployment-1",
    f"{LTI}target_link_uri": "https://tool.example/lti/launch",
    f"{LTI}roles": ["Learner"],
    f"{LTI}context": {"id": "course-1", "title": "Leading today"},
    f"{LTI}resource_link": {"id": "link-1", "title": None},
    f"{LTI}tool_platform": {"product_family_code": "moodle"},
    f"{LTI}launch_presentation": {"locale": "en", "return_url": "https://lms.example/course"},
    f"{LTI}custom": {},
    f"{DEEP_LINKING}deep_linking_settings": {
        "deep_link_return_url": "https://lms.example/back",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "data": "opaque",
    },
    f"{AGS}endpoint": {
        "scope": ["a scope"],
        "lineitem": "https://lms.example/1",
        "lineitems": "https://lms.example/",
    },
    f"{NRPS}namesroleservice": {"context_memberships_url": "https://lms.example/members"},
}
LOGIN = {
    "iss": "https://lms.example",
    "login_hint": "hint",
    "target_link_uri": "https://tool.example/lti/launch",
    "lti_message_hint": "",
    "lti_storage_target": "opener",
}
FORM = {"state": "a state", "id_token": "a.b.c"}

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", " ", "é", "x" * 300, "x" * 2001, "\x00", "\ud800", "é\x00", "https://lms.example/a b"]
    )
)
_lists = st.lists(_scalars, max_size=3)
_members = st.sampled_from(["id", "title", "scope", "lineitem", "locale", "deep_link_return_url"])
_json = _scalars | _lists | st.dictionaries(_members, _scalars | _lists, max_size=2)


def outcome(load: Any, data: dict[str, Any]) -> object:
    """What loading returns, or every error that it raises."""
    try:
        return load(data)
    except ValidationError as error:
        return error.messages


def require_same(schema: RequestSchema, data: dict[str, Any]) -> None:
    """Fail unless the schema and marshmallow's own ``load`` say the same of ``data``."""
    own = outcome(schema.load, data)
    marshmallows = outcome(lambda given: Schema.load(schema, given), data)
    assert repr(own) == repr(marshmallows)


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (ClaimsSchema(), CLAIMS | {f"{DEEP_LINKING}deep_linking_settings": None}),
        (LoginSchema(), LOGIN),
        (LaunchFormSchema(), FORM),
    ],
    ids=["claims", "login", "launch"],
)
def test_a_right_request_is_read_without_marshmallow(
    schema: RequestSchema, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Schema.load(schema, data)
    monkeypatch.setattr(Schema, "load", None)
    assert schema.load(data) == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from(sorted(CLAIMS)), _json, max_size=3))
@example(changes={"exp": True})
@example(changes={"exp": 2**2000})
@example(changes={f"{LTI}roles": ["Learner"] * 501})
@example(changes={f"{LTI}roles": ["\ud800"]})
@example(changes={f"{LTI}context": []})
def test_claims_of_any_kind_are_judged_as_by_marshmallow(changes: dict[str, Any]) -> None:
    require_same(ClaimsSchema(), CLAIMS | changes)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(missing=st.sets(st.sampled_from(sorted(CLAIMS)), min_size=1))
def test_missing_claims_are_judged_as_by_marshmallow(missing: set[str]) -> None:
    require_same(ClaimsSchema(), {name: value for name, value in CLAIMS.items() if name not in missing})


_values = st.sampled_from(["", "x" * 255, "x" * 256, "x" * 3_001, "\x00", "\ud800"]) | st.text()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from([*LOGIN, "client_id", "lti_deployment_id"]), _values))
def test_a_login_is_judged_as_by_marshmallow(changes: dict[str, str]) -> None:
    require_same(LoginSchema(), LOGIN | changes)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.dictionaries(st.sampled_from([*FORM, "error", "error_description", "other"]), _values))
def test_a_launch_form_is_judged_as_by_marshmallow(data: dict[str, str]) -> None:
    require_same(LaunchFormSchema(), data)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "é\udfff", "é\x00"])
def test_text_that_a_database_refuses_is_not_storable(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize("text", ["", "abc\n", "é", "\ue000", "\U0001f600"])
def test_other_text_is_storable(text: str) -> None:
    assert is_storable(text)
