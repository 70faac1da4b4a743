"""A course that the platform copied, launched by its people: a fresh group of the same programme."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.identity.models import Course
from lti_tool.lti.launch.verified_launch import LONGEST_HISTORY
from lti_tool.lti.registration.models import Registration
from lti_tool.mentoring.programmes.models import Cohort, Placement
from tests.platform.platform import INSTRUCTOR, LEARNER
from tests.web.deep_linking.picking import Picker

CONTENT = str(uuid.uuid4())


def first_page(picker: Picker, course: str, history: Any = "", **claims: Any) -> TestResponse:
    """The page at the end of a launch of the activity in a course, copied from those of ``history``."""
    page = picker.platform.launch(
        picker.browser,
        **{
            "roles": [INSTRUCTOR],
            "context": {"id": course, "title": course},
            "resource_link": {"id": f"link of {course}"},
            "custom": {"content_id": CONTENT, "context_id_history": history},
            **claims,
        },
    )
    for _ in range(3):
        if page.status_code not in (302, 303):
            break
        page = picker.browser.get(urlsplit(page.headers["Location"]).path)
    assert page.status_code == 200
    return page


def opened(picker: Picker) -> list[tuple[str, uuid.UUID, uuid.UUID, uuid.UUID | None]]:
    """Of each activity that is open: its course, its programme, its cohort, and what that is a copy of."""
    with picker.services.database.reading() as db:
        found = db.execute(
            sa.select(Course.context_id, Cohort.programme_id, Cohort.id, Cohort.copied_from_id)
            .join(Placement, Placement.course_id == Course.id)
            .join(Cohort, Cohort.id == Placement.cohort_id)
            .order_by(Placement.created_at)
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]


def platform_family(picker: Picker) -> str | None:
    with picker.services.database.reading() as db:
        return db.scalars(sa.select(Registration.platform_family)).one()


def kept_history(picker: Picker, course: str) -> str | None:
    with picker.services.database.reading() as db:
        return db.scalars(sa.select(Course.context_history).where(Course.context_id == course)).one()


@pytest.mark.parametrize("family", ["moodle", "canvas"])
def test_the_copy_has_a_fresh_group_of_the_same_programme(picker: Picker, family: str) -> None:
    """Canvas gives the links of a copied course ids of their own, and keeps the custom parameters of each."""
    claims = {
        "https://purl.imsglobal.org/spec/lti/claim/tool_platform": {
            "guid": "lms.example",
            "product_family_code": family,
        }
    }
    first_page(picker, "spring", **claims)
    page = first_page(picker, "autumn", "spring", **claims)
    assert platform_family(picker) == family
    [(_, programme, cohort, none), (_, same, fresh, copied)] = opened(picker)
    assert (same, copied, none) == (programme, cohort, None)
    assert fresh != cohort
    assert "This activity was copied from" in page.text


def test_learners_of_the_copy_wait_until_its_tutor_comes(picker: Picker) -> None:
    first_page(picker, "spring")
    page = first_page(picker, "autumn", "spring", roles=[LEARNER], sub="a learner of both")
    assert "The programme opens soon" in page.text
    assert [course for course, *_ in opened(picker)] == ["spring"]


def test_a_history_that_a_learner_s_launch_told_serves_the_tutor_whose_launch_tells_none(
    picker: Picker,
) -> None:
    first_page(picker, "spring")
    first_page(picker, "autumn", "spring", roles=[LEARNER])
    first_page(picker, "autumn", None)
    assert opened(picker)[1][1] == opened(picker)[0][1]


@pytest.mark.parametrize(
    "history", ["$Context.id.history", "", None, 7, ["spring"], {"id": "spring"}, " , ,", "\0"]
)
def test_what_is_no_history_is_none_and_refuses_nobody(picker: Picker, history: Any) -> None:
    first_page(picker, "spring")
    first_page(picker, "autumn", history)
    assert kept_history(picker, "autumn") is None
    assert opened(picker)[1][1] != opened(picker)[0][1]


def test_of_a_very_long_history_the_nearest_are_kept(picker: Picker) -> None:
    first_page(picker, "autumn", ",".join(["spring", *(f"course-{number:040}" for number in range(1000))]))
    kept = kept_history(picker, "autumn") or ""
    assert (kept.split(",")[0], len(kept) <= LONGEST_HISTORY) == ("spring", True)
    assert all(len(part) == 47 for part in kept.split(",")[1:])
