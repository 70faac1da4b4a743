"""An activity that was added by hand has no line item: its tutor is told which box to tick."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.jobs.models import Job
from lti_tool.lti.platforms.moodle_labels import LABELS
from tests.platform.platform import INSTRUCTOR, LEARNER
from tests.web.deep_linking.picking import DL, Picker

ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SERVICES = {"scope": [SCORE], "lineitems": "https://lms.example/lineitems"}
"""The services of a Moodle in which the activity's box is not ticked."""
SERVICE = LABELS["grade_services"].texts["en"]
BOX = LABELS["allow_grades"].texts["en"]
BOX_IN_FRENCH = LABELS["allow_grades"].texts["fr"]


def first_page(picker: Picker, **claims: Any) -> TestResponse:
    """The page at the end of a launch of the activity."""
    chosen = {"custom": {"template": "demo"}}
    page = picker.platform.launch(picker.browser, **{"roles": [INSTRUCTOR], **chosen, **claims})
    for _ in range(3):
        if page.status_code not in (302, 303):
            break
        page = picker.browser.get(urlsplit(page.headers["Location"]).path)
    assert page.status_code == 200
    return page


def test_a_tutor_reads_which_box_to_tick(picker: Picker) -> None:
    page = first_page(picker, **{ENDPOINT: SERVICES}).text
    assert BOX in page
    assert SERVICE not in page


def test_a_tutor_reads_it_with_the_labels_of_a_french_moodle(picker: Picker) -> None:
    page = first_page(picker, launch_presentation={"locale": "fr"}, **{ENDPOINT: SERVICES})
    assert BOX_IN_FRENCH in page.text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_where_grades_are_off_for_the_tool_no_box_of_the_activity_is_named(
    picker: Picker, language: str
) -> None:
    """Moodle then sends no claim of grade services at all, whatever is ticked in the activity."""
    page = first_page(picker, launch_presentation={"locale": language}).text
    assert LABELS["allow_grades"].texts[language] not in page
    assert LABELS["grade_services"].texts[language] in page
    assert LABELS["grade_sync_and_columns"].texts[language] in page


def test_a_tutor_of_an_activity_with_a_line_item_reads_nothing_of_it(picker: Picker) -> None:
    endpoint = {"scope": [SCORE], "lineitem": "https://lms.example/lineitems/1/lineitem"}
    assert BOX not in first_page(picker, **{ENDPOINT: endpoint}).text


def test_a_learner_reads_nothing_of_it(picker: Picker) -> None:
    assert BOX not in first_page(picker, roles=[LEARNER]).text


def test_a_tutor_who_wanted_no_grade_is_not_warned_and_no_column_is_looked_for(picker: Picker) -> None:
    [item] = picker.claims(picker.answer(gradebook="no"))[f"{DL}content_items"]
    endpoint = {"scope": [LINE_ITEM], "lineitems": "https://lms.example/lineitems"}
    page = first_page(picker, custom=item["custom"], **{ENDPOINT: endpoint})
    assert "It was added without a grade" in page.text
    assert "Grades are not reaching your course yet" not in page.text
    assert "make-line-item" in page.text
    with picker.services.database.reading() as db:
        assert "find_line_item" not in db.scalars(sa.select(Job.kind)).all()
