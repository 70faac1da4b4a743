"""The settings of a programme as they are read: what stands under a heading of its own."""

from __future__ import annotations

import flask
import pytest

from lti_tool.web.owner.settings_view import sections_of
from lti_tool.web.programmes.wording import KPI_GROUPS


def objective(title: str, direction: str) -> dict[str, object]:
    return {"title": {"en": title}, "direction": direction}


@pytest.mark.parametrize("others", [[], [objective("Speak up", "mentor")]])
def test_objectives_stand_under_whoever_they_are_for_once_there_are_both(
    app: flask.Flask, others: list[dict[str, object]]
) -> None:
    settings = {"objectives": [objective("Draft with an assistant", "mentee"), *others]}
    with app.test_request_context("/"):
        (section,) = sections_of(settings)
    assert section.lines == ("Draft with an assistant", *("Speak up" for _each in others))
    assert section.groups == (
        (("For whoever learns", ("Draft with an assistant",)), ("For whoever teaches", ("Speak up",)))
        if others
        else ()
    )


def test_every_measure_is_under_one_heading(app: flask.Flask) -> None:
    codes = [KPI_GROUPS[0][1][0], KPI_GROUPS[-1][1][0], "our_own"]
    settings = {"kpis": [{"code": code, "name": {"en": f"Figure {code}"}} for code in codes]}
    with app.test_request_context("/"):
        (section,) = sections_of(settings)
    assert [lines for _heading, lines in section.groups] == [(f"Figure {code}: no target",) for code in codes]
