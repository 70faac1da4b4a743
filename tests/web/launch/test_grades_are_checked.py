"""A launch of somebody who should have a grade has it read back, behind the launch."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.jobs.models import Job
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.launch.models import ResourceLink
from tests.platform.platform import INSTRUCTOR, Browser, Platform
from tests.web.launch.test_sql_budget import AGS, SERVICES


def asked_for(services: Services) -> list[Job]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Job).where(Job.kind == "read_results")))


def add_grade(services: Services, *, graded: bool, status: GradeStatus = GradeStatus.RECORDED) -> Person:
    with services.database.transaction() as db:
        person = db.scalars(sa.select(Person)).one()
        db.add(
            ScoreTrail(
                line_item_url=SERVICES[AGS]["lineitem"],
                person_id=person.id,
                status="satisfied" if graded else "under_way",
                score=100 if graded else None,
                graded=graded,
                last_timestamp=utcnow(),
                grade_status=status,
            )
        )
        return person


@pytest.mark.parametrize(("graded", "status"), [(True, GradeStatus.RECORDED), (False, GradeStatus.REFUSED)])
def test_the_grade_of_whoever_launches_is_read_back_by_one_job(
    services: Services, platform: Platform, browser: Browser, graded: bool, status: GradeStatus
) -> None:
    platform.launch(browser, **SERVICES)
    person = add_grade(services, graded=graded, status=status)
    for _ in range(2):
        assert platform.launch(browser, **SERVICES).status_code == 303
    [job] = asked_for(services)
    assert (job.arguments["person_id"], job.status) == (str(person.id), "waiting")


def test_who_should_have_no_grade_yet_asks_for_nothing(
    services: Services, platform: Platform, browser: Browser
) -> None:
    platform.launch(browser, **SERVICES)
    add_grade(services, graded=False)
    platform.launch(browser, **SERVICES)
    assert asked_for(services) == []


LISTED = {
    AGS: {
        "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"],
        "lineitems": "https://lms.example/lines?type_id=3",
    }
}
ROLES = "https://purl.imsglobal.org/spec/lti/claim/roles"


def test_a_tutors_visit_has_the_line_item_looked_for_that_the_launch_does_not_name(
    services: Services, platform: Platform, browser: Browser
) -> None:
    answer = platform.launch(browser, **{ROLES: [INSTRUCTOR]}, **LISTED, custom={"template": "demo"})
    page = browser.get(answer.location)
    assert "is being asked whether the gradebook already has a column" in page.text
    with services.database.reading() as db:
        assert db.scalars(sa.select(ResourceLink.line_items_url)).one() == LISTED[AGS]["lineitems"]
        assert db.scalars(sa.select(Job.status).where(Job.kind == "find_line_item")).all() == ["waiting"]
