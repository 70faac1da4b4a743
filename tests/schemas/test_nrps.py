"""What is read of a roster."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.nrps import load_members


@pytest.mark.parametrize(
    ("given", "known"), [("7", ["7"]), (7, ["7"]), (True, []), (7.5, []), (None, []), ([], [])]
)
def test_a_member_is_known_by_a_text_be_it_written_as_a_number(given: Any, known: list[str]) -> None:
    members, unreadable = load_members({"members": [{"user_id": given, "roles": []}, "nobody"]})
    assert ([member["user_id"] for member in members], unreadable) == (known, 2 - len(known))
