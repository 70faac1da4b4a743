"""A cohort that is set up before it starts, and settings that change in versions."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.projections import check_projections
from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.actions import join
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.pairs.actions import form_pair
from lti_tool.mentoring.programmes.beginning import Beginning, start_cohort
from lti_tool.mentoring.programmes.copies import start_copy
from lti_tool.mentoring.programmes.models import Cohort, ProgrammeSettings
from lti_tool.mentoring.programmes.offers import latest_cohort_to_follow, own_programmes
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.rights import end_share, share
from lti_tool.mentoring.programmes.section_form import Standing
from lti_tool.mentoring.programmes.sections import section_form
from lti_tool.mentoring.programmes.setting_up import save_section, set_up_of
from lti_tool.mentoring.programmes.settings import Answers
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.roles import Role
from tests.builder import NOW, Builder
from tests.builder.cohorts import BuiltCohort
from tests.mentoring.checks import event_names, refused

TODAY = NOW.date()
DAY = dt.timedelta(days=1)


def draft(build: Builder, template: str = "digital-skills", answers: Answers | None = None) -> BuiltCohort:
    beginning = Beginning(answers, set_up_first=True)
    return build.course().activity().programme(template, beginning=beginning).cohort()


def change(db: Session, cohort: BuiltCohort, section: Section, seen: int | None = None, **values: Any) -> int:
    """Save a part, but for ``values`` as it is; the version on which the cohort runs then."""
    present = set_up_of(db, cohort.id)
    standing = Standing(TODAY, "en", not present.is_draft, True, load_template("digital-skills").document())
    form = section_form(section, present.settings, standing)
    shown = {name: texts[0] if texts else None for name, texts in (form.read(present.settings) or {}).items()}
    save_section(
        db,
        cohort_id=cohort.id,
        section=section,
        form=form,
        values={**shown, **values, "made_from": seen or present.number},
        standing=standing,
        by=None,
        now=NOW,
    )
    return set_up_of(db, cohort.id).number


def test_nobody_joins_or_is_paired_before_the_start(build: Builder) -> None:
    cohort = draft(build)
    person = cohort.course.person("Paul")
    with build.transaction() as db:
        assert event_names(db)[-2:] == ["CohortDrafted", "PlacementOpened"]
        refused(
            "cohort_closed",
            lambda: join(db, cohort_id=cohort.id, person_id=person.id, role=Role.MENTEE, now=NOW),
        )
        refused(
            "cohort_closed",
            lambda: form_pair(db, cohort_id=cohort.id, mentor_id=person.id, mentee_id=person.id, now=NOW),
        )


def test_a_template_that_lacks_something_begins_as_a_draft_and_cannot_start(build: Builder) -> None:
    cohort = build.course().activity().programme("blank").cohort()
    with build.transaction() as db:
        assert set_up_of(db, cohort.id).is_draft
        refused("not_ready", lambda: start_cohort(db, cohort_id=cohort.id, now=NOW))


def test_the_start_lets_people_join_once_and_the_log_makes_the_same_of_it(build: Builder) -> None:
    cohort = draft(build, "demo")
    with build.transaction() as db:
        start_cohort(db, cohort_id=cohort.id, now=NOW)
        row = db.get_one(Cohort, cohort.id)
        assert (row.status, row.started_at) == ("running", NOW)
        refused("already_started", lambda: start_cohort(db, cohort_id=cohort.id, now=NOW))
    pair = cohort.pair()
    pair.session(by=Role.MENTOR, confirmed=True)
    assert [found.differences for found in check_projections(build.services) if not found.identical] == []


def test_answers_make_the_settings_the_rule_and_the_days(build: Builder) -> None:
    answers = Answers(name="Cap 2027", starts_on=TODAY + 10 * DAY, months=3, sessions=4)
    cohort = draft(build, answers=answers)
    with build.transaction() as db:
        present = set_up_of(db, cohort.id)
    assert present.settings.document["title"]["fr"] == "Cap 2027"
    assert present.settings.days.starts_on == TODAY + 10 * DAY
    assert [each["min"] for each in (present.rule or {})["criteria"] if each["type"] == "sessions"] == [4]


def test_a_change_is_a_new_version_for_this_cohort_alone(build: Builder) -> None:
    cohort = draft(build)
    with build.transaction() as db:
        other = start_copy(db, cohort.id, now=NOW)
        assert other.status == "draft"
        before = db.get_one(ProgrammeSettings, other.settings_id)
        number = change(db, cohort, Section.RHYTHM, sessions=9, minutes=30)
        assert (number, before.number, before.settings["rhythm"]["sessions"]) == (2, 1, 6)
        assert db.get_one(Cohort, other.id).settings_id == before.id
        assert event_names(db)[-1] == "SettingsChanged"
        details = db.scalars(sa.select(EventRow.details).where(EventRow.kind == "SettingsChanged")).one()
    assert details == {"section": "rhythm", "number": 2, "previous": 1}


def test_what_is_saved_as_it_is_makes_no_version(build: Builder) -> None:
    cohort = draft(build)
    with build.transaction() as db:
        assert change(db, cohort, Section.RHYTHM, sessions=6, minutes=45) == 1
        assert "SettingsChanged" not in event_names(db)


def test_the_copies_in_the_cohort_change_with_a_draft(build: Builder) -> None:
    cohort = draft(build)
    kpis = load_template("digital-skills").document()["kpis"]
    targets = {f"target_{kpi['code']}": None for kpi in kpis}
    with build.transaction() as db:
        change(
            db,
            cohort,
            Section.KPIS,
            **targets,
            **{f"use_{kpi['code']}": n == 0 for n, kpi in enumerate(kpis)},
        )
        change(db, cohort, Section.QUESTIONNAIRES, phases=("after",))
        days = {"starts_on": TODAY + DAY, "ends_on": TODAY + 9 * DAY, "follow_up_on": None}
        change(db, cohort, Section.DATES, **days)
        row = db.get_one(Cohort, cohort.id)
        assert ([kpi["code"] for kpi in row.kpis], row.baseline) == (["match_rate"], {})
        assert (row.starts_on, row.ends_on, row.follow_up_on) == (
            TODAY + DAY,
            TODAY + 9 * DAY,
            TODAY + 9 * DAY,
        )


def test_once_it_runs_measures_and_the_first_questionnaire_are_frozen(build: Builder) -> None:
    cohort = build.cohort("digital-skills")
    with build.transaction() as db:
        kpis = load_template("digital-skills").document()["kpis"]
        none = {f"use_{kpi['code']}": False for kpi in kpis} | {f"target_{kpi['code']}": None for kpi in kpis}
        refused("settings_frozen", lambda: change(db, cohort, Section.KPIS, **none))
        change(db, cohort, Section.QUESTIONNAIRES, phases=())
        present = set_up_of(db, cohort.id).settings.document["questionnaires"]
        assert [asked["phase"] for asked in present] == ["before"]
        assert db.get_one(Cohort, cohort.id).baseline["items"]


def test_the_second_of_two_is_told_and_another_part_is_no_matter(build: Builder) -> None:
    cohort = draft(build)
    with build.transaction() as db:
        assert change(db, cohort, Section.RHYTHM, sessions=9, minutes=45) == 2
        assert change(db, cohort, Section.BUDGET, seen=1, funding="Training fund", amount=None) == 3
        with pytest.raises(NotAllowed, match="settings_changed"):
            change(db, cohort, Section.RHYTHM, seen=1, sessions=8, minutes=45)
        assert set_up_of(db, cohort.id).settings.document["rhythm"]["sessions"] == 9
        assert change(db, cohort, Section.RHYTHM, seen=3, sessions=8, minutes=45) == 4


def test_a_programme_that_an_owner_shared_can_be_followed_in_another_course(build: Builder) -> None:
    platform = build.organisation().platform()
    mine, theirs, other = (platform.course(title) for title in ("Mine", "Theirs", "Other"))
    programme = mine.activity().programme("demo")
    colleague, stranger = theirs.tutor("Colleague"), other.tutor("Stranger")
    organisation = platform.organisation_id

    def usable(person: uuid.UUID) -> list[tuple[uuid.UUID, bool]]:
        with build.transaction() as db:
            return [(each.id, each.is_shared) for each in own_programmes(db, organisation, person)]

    assert usable(colleague.id) == []
    with build.transaction() as db:
        share(db, programme_id=programme.id, course_id=theirs.id, now=NOW)
    assert usable(colleague.id) == [(programme.id, True)]
    assert usable(stranger.id) == []
    with build.transaction() as db:
        found = latest_cohort_to_follow(db, programme.id, organisation, colleague.id)
        assert found == programme.cohort_id
        end_share(db, programme_id=programme.id, course_id=theirs.id, now=NOW)
        share(db, programme_id=programme.id, course_id=None, now=NOW)
    assert usable(stranger.id) == [(programme.id, True)]
    learner = other.person("Learner")
    assert usable(learner.id) == []
