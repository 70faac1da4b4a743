"""The activity's column in the gradebook on the tutor's page: what is known of it, and having one made."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.jobs.models import Job
from lti_tool.lti.ags.line_items import LINE_ITEM_SCOPE
from lti_tool.lti.ags.models import OwnLineItemRecord, OwnLineItemStatus
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms.moodle_labels import LABELS
from lti_tool.lti.registration.models import Registration
from tests.builder import situations

MAKE = "Create a column in the gradebook"


def lists_line_items(services: Services, status: OwnLineItemStatus | None = None, **values: object) -> None:
    """Let the launches of every activity name the line items of the course; with what is known of its own."""
    with services.database.transaction() as db:
        db.execute(
            sa.update(ResourceLink).values(
                line_item_url=values.get("url"),
                own_line_item_url=values.get("url"),
                line_items_url="https://lms.example/items",
                scopes=[LINE_ITEM_SCOPE],
            )
        )
        for link_id in db.scalars(sa.select(ResourceLink.id)) if status is not None else ():
            db.add(OwnLineItemRecord(resource_link_id=link_id, status=status, looked_at=utcnow(), **values))


def cards(page: str) -> list[str]:
    """What the page says of the activity's column, as HTML."""
    found = re.findall(r'<div class="(?:alert|no-line-item)(?: warn)?">.*?</div></div>', page, re.DOTALL)
    return [each for each in found if "gradebook" in each or "Grades" in each]


def jobs(services: Services) -> list[Job]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Job).where(Job.kind == "find_line_item")))


def test_a_visit_has_the_line_item_looked_for_behind_the_page_by_one_job(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services)
    for _ in range(2):
        assert "is being asked whether the gradebook already has a column" in here.text()
    assert [job.status for job in jobs(services)] == ["waiting"]


def test_what_was_looked_for_lately_is_not_looked_for_at_once_again(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, OwnLineItemStatus.ABSENT)
    assert MAKE in here.text()
    assert jobs(services) == []


@pytest.mark.parametrize(
    ("status", "values", "words", "can_be_made"),
    [
        (OwnLineItemStatus.ABSENT, {}, "Grades are not reaching your course yet", True),
        (OwnLineItemStatus.ASKED, {}, "A column is being created in the gradebook", False),
        (OwnLineItemStatus.LOOKING, {"reason": "HTTP 502: away"}, "The answer was: HTTP 502: away", False),
        (
            OwnLineItemStatus.REFUSED,
            {"reason": "HTTP 403: no"},
            "has not created a column in the gradebook: HTTP 403: no",
            True,
        ),
        (OwnLineItemStatus.UNSURE, {}, "It is not known whether your platform has created a column", True),
        (
            OwnLineItemStatus.FOUND,
            {"url": "https://lms.example/items/1"},
            "has a column for this activity",
            False,
        ),
        (
            OwnLineItemStatus.MADE,
            {"url": "https://lms.example/items/1"},
            "This tool had a column created",
            False,
        ),
    ],
)
def test_a_tutor_reads_what_is_known_of_the_column(
    visit, services, status, values, words, can_be_made
) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, status, **values)
    page = here.text()
    [card] = cards(page)
    assert words in card
    assert (MAKE in card) == can_be_made
    assert ("Grades are not reaching your course yet" in card) == ("url" not in values)
    assert ("no-line-item warn" in card) == ("url" not in values)
    assert page.count(words) == 1


def test_a_tutor_reads_nothing_of_a_column_that_launches_name(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, OwnLineItemStatus.MADE, url="https://lms.example/items/1")
    assert len(cards(here.text())) == 1
    with services.database.transaction() as db:
        db.execute(sa.update(ResourceLink).values(line_item_url="https://lms.example/coupled"))
    assert cards(here.text()) == []


def test_what_a_platform_answered_is_text_on_the_card(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, OwnLineItemStatus.REFUSED, reason="<b>no</b> & never")
    [card] = cards(here.get().text)
    assert "has not created a column in the gradebook: &lt;b&gt;no&lt;/b&gt; &amp; never" in card


def test_in_moodle_a_tutor_reads_that_it_completes_nothing_and_which_box_does(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, OwnLineItemStatus.MADE, url="https://lms.example/items/1")
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(platform_family="moodle"))
    page = here.text()
    assert "completes nothing" in page
    assert page.count(str(LABELS["allow_grades"])) == 2


def test_a_tutor_has_one_made(visit, services) -> None:
    here = visit(situations.tutor_alone)
    lists_line_items(services, OwnLineItemStatus.ABSENT)
    answer = here.post("cohort/line-item/make")
    assert "is being made" in here.client.get(answer.location).text
    with services.database.reading() as db:
        assert "asked" in db.scalars(sa.select(OwnLineItemRecord.status)).all()
    assert [job.status for job in jobs(services)] == ["waiting"]


def test_where_no_list_is_named_nothing_is_looked_for(visit, services) -> None:
    page = visit(situations.tutor).text()
    assert ("Grades are not reaching your course yet" in page, MAKE in page) == (True, False)
    assert jobs(services) == []
