"""Another programme is chosen in the content picker for an activity that is open already."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services
from lti_tool.lti.ags.models import ScoreState
from lti_tool.mentoring.programmes.models import Cohort, Placement, Programme
from tests.forms import forms_of
from tests.platform.platform import LEARNER
from tests.web.deep_linking.picking import Picker
from tests.web.deep_linking.test_several_activities import items, join, open_item

LINK: dict[str, Any] = {"resource_link": {"id": "the-link", "title": "Mentoring"}}
KEPT = "This activity stays with"


def select(picker: Picker, template: str, **fields: str) -> dict[str, Any]:
    """What the picker's answer puts into the link."""
    [item] = items(picker, picker.choose(picker.open(), template=template, title="Mentoring", **fields))
    return item


@pytest.fixture(params=["moodle", "canvas"])
def lms(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform. Both keep the link and change its custom parameters alone."""
    claim = {"guid": "lms.example", "product_family_code": request.param}
    monkeypatch.setitem(LINK, "https://purl.imsglobal.org/spec/lti/claim/tool_platform", claim)


def open_link(picker: Picker, item: dict[str, Any], **claims: Any) -> str:
    return unescape(open_item(picker, item, **LINK, **claims).text)


def opens(picker: Picker) -> tuple[str, str, uuid.UUID]:
    """The code of the programme that the activity opens, for whom, and its group."""
    with picker.services.database.reading() as db:
        row = db.execute(
            sa.select(Programme.template, Placement.role_view, Cohort.id)
            .join(Cohort, Cohort.programme_id == Programme.id)
            .join(Placement, Placement.cohort_id == Cohort.id)
        ).one()
    return row[0], row[1], row[2]


@pytest.fixture
def item(picker: Picker) -> dict[str, Any]:
    """An activity of the short programme that its tutor has opened."""
    chosen = select(picker, "demo")
    assert "My group" in open_link(picker, chosen)
    return chosen


@pytest.mark.usefixtures("lms")
def test_where_nobody_has_joined_the_new_choice_takes_effect(picker: Picker, item: dict[str, Any]) -> None:
    again = select(picker, "digital-skills", role_view="mentee")
    assert "The programme opens soon" in open_link(picker, again, roles=[LEARNER], sub="learner")
    assert "the activity now opens what was chosen last" in open_link(picker, again)
    assert opens(picker)[:2] == ("digital-skills", "mentee")
    assert "chosen last" not in open_link(picker, again)
    learner = open_link(picker, again, roles=[LEARNER], sub="learner")
    assert 'id="choose-mentee"' in learner
    assert 'id="choose-mentor"' not in learner


def joined(picker: Picker, item: dict[str, Any]) -> TestResponse:
    page = open_item(picker, item, **LINK, roles=[LEARNER], sub="learner")
    return join(picker, page, "mentee")


@pytest.mark.usefixtures("lms")
def test_where_somebody_takes_part_the_tutor_reads_that_it_stays_and_how_to_get_the_other(
    picker: Picker, item: dict[str, Any]
) -> None:
    joined(picker, item)
    before = opens(picker)
    again = select(picker, "digital-skills")
    assert "how would you like" not in open_link(picker, again, roles=[LEARNER], sub="learner")
    page = open_item(picker, again, **LINK)
    assert KEPT in page.text
    assert "add a new activity to your course and choose it there" in page.text
    said = unescape(re.sub("<[^>]+>", "", page.text))
    assert re.search(r"On \d+\D+\d*, you chose “Digital skills” for it\.", said)
    assert opens(picker) == before
    [form] = [form for form in forms_of(page) if form.action.endswith("/choice/keep")]
    picker.browser.post(form.action, data=form.fields)
    assert KEPT not in open_link(picker, again)
    assert opens(picker) == before


def test_the_same_programme_chosen_again_changes_nothing(picker: Picker, item: dict[str, Any]) -> None:
    before = opens(picker)
    joined(picker, item)
    page = open_link(picker, select(picker, "demo"))
    assert "people take part here already" not in page
    assert "chosen last" not in page
    assert opens(picker) == before


def test_the_same_programme_chosen_with_other_answers_begins_anew(
    picker: Picker, item: dict[str, Any]
) -> None:
    before = opens(picker)
    assert "Set up your programme" in open_link(
        picker, select(picker, "demo", begin="set-up", name="Cap 2027")
    )
    assert (opens(picker)[0], opens(picker)[2] == before[2]) == ("demo", False)


def test_a_group_that_an_activity_has_left_sends_its_scores_there_no_more(
    picker: Picker, services: Services, item: dict[str, Any]
) -> None:
    """Neither now nor where everything is computed again from the log."""
    group = opens(picker)[2]
    other = select(picker, "demo", group=str(group))
    elsewhere = {"resource_link": {"id": "other", "title": "Other"}}
    open_item(picker, other, **elsewhere)
    open_link(picker, select(picker, "digital-skills"))
    join(picker, open_item(picker, other, **elsewhere, roles=[LEARNER], sub="learner"), "mentee")
    with services.database.reading() as db:
        [placement] = db.scalars(sa.select(ScoreState.placement_id))
        assert db.get_one(Placement, placement).cohort_id == group
    assert {each.name: each.differences for each in check_projections(services) if not each.identical} == {}
