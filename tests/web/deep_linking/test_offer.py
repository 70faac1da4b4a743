"""What the content picker offers a tutor, and what it says that the course already has."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.identity.principal import OPERATOR
from lti_tool.mentoring.programmes.models import (
    ActivityChoice,
    Cohort,
    CompletionRuleVersion,
    Placement,
    Programme,
)
from lti_tool.mentoring.programmes.scaling import scale_up
from lti_tool.mentoring.programmes.template import load_template, read_template
from lti_tool.mentoring.programmes.template_actions import keep_template
from lti_tool.messaging.models import RecordStore
from lti_tool.web.deep_linking.offer import _offered
from tests.web.deep_linking.picking import Picker
from tests.web.deep_linking.test_several_activities import items, join, open_as_learner, open_item

COLLEAGUE = {"sub": "colleague", "context": {"id": "course-2", "title": "Another course"}}


def shown(page: TestResponse) -> str:
    """The page's words, with single spaces."""
    return " ".join(unescape(page.text).split())


def opened(picker: Picker, **claims: Any) -> uuid.UUID:
    """Add an activity of the short programme and open it; its programme."""
    page = picker.choose(picker.open(**claims), template="demo", title="Mentoring")
    [item] = items(picker, page)
    assert open_item(picker, item, **claims).status_code == 200
    with picker.services.database.reading() as db:
        return db.scalars(sa.select(Programme.id).order_by(Programme.created_at.desc())).first() or uuid.UUID(
            int=0
        )


def choices(picker: Picker) -> int:
    with picker.services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(ActivityChoice)) or 0


def test_a_tutor_is_offered_the_programmes_that_they_teach_beside_the_built_in_ones(picker: Picker) -> None:
    programme = opened(picker)
    page = picker.open()
    assert f'value="{programme}"' in page.text
    assert "Your own programmes" in page.text
    assert 'value="digital-skills" checked' in page.text


def test_a_new_group_follows_the_tutor_s_programme_without_its_people(picker: Picker) -> None:
    programme = opened(picker)
    page = picker.answer(template=str(programme), title="Second")
    [item] = items(picker, page)
    assert item["custom"]["template"] == "demo"
    open_item(picker, item)
    with picker.services.database.reading() as db:
        cohorts = db.execute(
            sa.select(Cohort.programme_id, Cohort.number, Cohort.copied_from_id).order_by(Cohort.number)
        ).all()
    assert cohorts == [(programme, 1, None), (programme, 2, None)]


@pytest.mark.parametrize(
    ("family", "grade"),
    [
        ("moodle", "A percentage that grows, 100 at completion"),
        ("canvas", "100 on completion, none before"),
    ],
)
def test_a_grade_grows_only_where_the_platform_gets_it_on_the_way(
    picker: Picker, family: str, grade: str
) -> None:
    claim = {"guid": "lms.example", "product_family_code": family}
    platform = {"https://purl.imsglobal.org/spec/lti/claim/tool_platform": claim}
    programme = opened(picker, **platform)
    with picker.services.database.transaction() as db:
        version = db.scalars(sa.select(CompletionRuleVersion)).one()
        rule = version.rule
        rule["ags"]["report"] = "live"
        db.execute(sa.update(CompletionRuleVersion).values(rule=rule))
    page = picker.open(**platform)
    own = unescape(page.text).split(f'value="{programme}"')[1]
    assert f"<dd>{grade}</dd>" in own


def test_a_colleague_s_programme_is_not_offered_and_cannot_be_chosen(picker: Picker) -> None:
    programme, before = opened(picker), choices(picker)
    page = picker.open(**COLLEAGUE)
    assert str(programme) not in page.text
    assert "Your own programmes" not in page.text
    answer = picker.choose(page, template=str(programme), title="Taken")
    assert (answer.status_code, "JWT" in answer.text) == (422, False)
    assert 'value="Taken"' in answer.text
    assert choices(picker) == before


def test_what_was_chosen_is_no_more_the_tutor_s_when_they_teach_it_no_more(picker: Picker) -> None:
    programme = opened(picker, **COLLEAGUE)
    mine = {"sub": "colleague", "context": {"id": "course-1", "title": "Leading today"}}
    page = picker.choose(picker.open(**mine), template=str(programme))
    [item] = items(picker, page)
    with picker.services.database.transaction() as db:
        db.execute(
            sa.text(
                "UPDATE membership SET role = 'learner' WHERE course_id IN"
                " (SELECT id FROM course WHERE context_id = 'course-2')"
            )
        )
    open_item(picker, item, **mine)
    with picker.services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Programme)) == 2


def test_the_page_says_what_the_course_already_has(picker: Picker) -> None:
    assert "Already in this course" not in picker.open().text
    [item] = items(picker, picker.answer(title="Mentoring", template="demo"))
    open_item(picker, item)
    for person, role in (("a", "mentor"), ("b", "mentee")):
        join(picker, open_as_learner(picker, item, person), role)
    open_as_learner(picker, {**item, "title": "Waiting"})
    page = shown(picker.open())
    assert "Already in this course" in page
    assert "A first taste, in one meeting · for everybody · 2 participants · since" in page
    assert 'Waiting</strong> <span class="text-muted">not opened yet by a teacher' in page
    assert "Already in this course" not in picker.open(**COLLEAGUE).text


def test_a_full_scale_group_that_waits_is_offered_and_opened(picker: Picker) -> None:
    [item] = items(picker, picker.answer(title="Pilot", template="demo"))
    open_item(picker, item)
    with transaction(picker.services, OPERATOR) as db:
        pilot = db.scalars(sa.select(Placement.cohort_id)).one()
        waiting = scale_up(db, cohort_id=pilot, now=utcnow()).id
    page = picker.open()
    assert "“A first taste, in one meeting” (roll-out, not open yet)" in shown(page)
    [placed] = items(picker, picker.choose(page, title="At scale", template="demo", group=str(waiting)))
    open_item(picker, {**placed, "title": "At scale"})
    with picker.services.database.reading() as db:
        assert set(db.scalars(sa.select(Placement.cohort_id))) == {pilot, waiting}
    assert "to be opened" not in shown(picker.open())


def test_one_s_company_s_own_template_is_offered(picker: Picker) -> None:
    [item] = items(picker, picker.answer(title="Pilot", template="demo"))
    open_item(picker, item)
    ours = read_template(
        {**load_template("demo").document(), "code": "ours", "title": {"fr": "Nous", "en": "Us"}}
    )
    with transaction(picker.services, OPERATOR) as db:
        organisation_id = db.scalars(sa.select(Programme.organisation_id)).one()
        keep_template(db, organisation_id, ours, by=None, now=utcnow())
    [chosen] = items(picker, picker.choose(picker.open(), title="Ours", template="ours"))
    open_item(picker, {**chosen, "title": "Ours"})
    with picker.services.database.reading() as db:
        assert set(db.scalars(sa.select(Programme.template))) == {"demo", "ours"}
    # One that stands in the place of a built-in template is no reason to call the others the company's.
    with transaction(picker.services, OPERATOR) as db:
        keep_template(db, organisation_id, load_template("digital-skills"), by=None, now=utcnow())
    heads = re.findall(r'"programmes-head">([^<]*)<', picker.open().text)
    own, built_in = "Your company’s templates", "Templates that come with the tool"
    assert [head for head in heads if head in (own, built_in)] == [own, built_in, own]


def test_the_page_says_what_goes_to_a_record_store_where_there_is_one(picker: Picker) -> None:
    assert "Record store" not in shown(picker.open())
    with picker.services.database.transaction() as db:
        db.add(
            RecordStore(
                id=uuid.uuid4(),
                name="primary",
                endpoint="https://lrs.example/xapi/",
                username="u",
                password=b"p",
                version="1.0.3",
            )
        )
    assert "by account and without names; never what people write" in shown(picker.open())


def test_a_rhythm_says_what_the_rule_asks_for_and_what_is_advised():
    template = load_template("digital-skills")
    offered = _offered("digital-skills", template, template.rule_document())
    assert (offered.template.sessions_advised, offered.least_minutes, offered.template.minutes_advised) == (
        6,
        30,
        45,
    )
