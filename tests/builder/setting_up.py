"""Situations of a tutor who sets a programme up, and of a learner who waits for its start."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lti_tool.database import utcnow
from lti_tool.events import log
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.section_form import Standing
from lti_tool.mentoring.programmes.sections import section_form
from lti_tool.mentoring.programmes.setting_up import SetUp, remove_entry, save_section, set_up_of
from lti_tool.mentoring.programmes.template import load_template
from tests.builder.situations import Situation

FIRST = Beginning(set_up_first=True)


COLLEAGUE = "Sophie Martel"


def _standing(present: SetUp) -> Standing:
    return Standing(
        utcnow().date(), "en", not present.is_draft, True, load_template("digital-skills").document()
    )


def change(situation: Situation, section: Section, entry: str | None = None, /, **values: Any) -> None:
    """Another tutor changes a part of the settings, or an entry of one.

    ``values``: what they type differently, as the form checks it.
    """
    assert situation.cohort is not None
    present = set_up_of(situation.db, situation.cohort.id)
    standing = _standing(present)
    form = section_form(section, present.settings, standing, entry)
    shown = {
        name: values_[0] if values_ else None for name, values_ in (form.read(present.settings) or {}).items()
    }
    colleague = situation.person(COLLEAGUE, CourseRole.TUTOR)
    before = log.acting_principal(situation.db)
    log.set_principal(situation.db, Principal(kind=PrincipalKind.PERSON, person_id=colleague.id))
    save_section(
        situation.db,
        cohort_id=situation.cohort.id,
        section=section,
        form=form,
        values={**shown, **values, "made_from": present.number},
        standing=standing,
        by=colleague.id,
        now=utcnow(),
    )
    log.set_principal(situation.db, before)


def take_out(situation: Situation, section: Section, code: str, *, by_colleague: bool = False) -> None:
    """An entry is taken out of a list of the settings; ``by_colleague``: by another tutor."""
    assert situation.cohort is not None
    before = log.acting_principal(situation.db)
    if by_colleague:
        colleague = situation.person(COLLEAGUE, CourseRole.TUTOR)
        log.set_principal(situation.db, Principal(kind=PrincipalKind.PERSON, person_id=colleague.id))
    remove_entry(
        situation.db,
        cohort_id=situation.cohort.id,
        section=section,
        code=code,
        standing=_standing(set_up_of(situation.db, situation.cohort.id)),
        by=None,
        now=utcnow(),
    )
    log.set_principal(situation.db, before)


def _draft(situation: Situation) -> None:
    situation.cohort = situation.activity.programme("digital-skills", beginning=FIRST).cohort()


def tutor_sets_up(situation: Situation) -> None:
    """A tutor whose programme lacks nothing, and waits for its start."""
    _draft(situation)
    situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)


def tutor_sets_up_much(situation: Situation) -> None:
    """A tutor whose programme lacks its targets, its first questionnaire and its follow-up."""
    tutor_sets_up(situation)
    assert situation.cohort is not None
    kpis = load_template("digital-skills").document()["kpis"]
    chosen = {f"use_{kpi['code']}": kpi["code"] in ("completion", "skill_gain") for kpi in kpis}
    change(situation, Section.KPIS, **chosen, **{f"target_{kpi['code']}": None for kpi in kpis})
    change(situation, Section.QUESTIONNAIRES, phases=())
    cohort = situation.db.get_one(Cohort, situation.cohort.id)
    days = {"starts_on": cohort.starts_on, "ends_on": cohort.ends_on, "follow_up_on": None}
    change(situation, Section.DATES, **days)


def tutor_changes_settings(situation: Situation) -> None:
    """A tutor of a programme that has run for some days."""
    situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)
    situation.open(by=situation.me, days_ago=20)


def rule_counts_audio(situation: Situation) -> None:
    """A tutor of a programme that runs, by whose rule meetings in one format alone count."""
    tutor_changes_settings(situation)
    assert situation.cohort is not None
    version = situation.cohort.rule(situation.db)
    criteria = [
        {**each, **({"formats": ["audio"]} if each["type"] == "sessions" else {})}
        for each in version.rule["criteria"]
    ]
    version.rule = {**version.rule, "criteria": criteria}
    situation.db.flush()


def tutor_reads_changes(situation: Situation) -> None:
    """A tutor of a programme whose dates, rhythm, formats, measures and goal somebody else has changed."""
    tutor_changes_settings(situation)
    assert situation.cohort is not None
    cohort = situation.db.get_one(Cohort, situation.cohort.id)
    later = cohort.ends_on + dt.timedelta(days=14)
    days = {"starts_on": cohort.starts_on, "ends_on": later, "follow_up_on": later + dt.timedelta(days=90)}
    change(situation, Section.DATES, **days)
    change(situation, Section.RHYTHM, sessions=6, minutes=60)
    change(situation, Section.FORMATS, formats=["coaching", "professional-training", "audio"])
    change(situation, Section.GOAL, title_fr="Le numérique partagé", title_en="Digital, shared")


def in_preparation(situation: Situation) -> None:
    """A learner before the tutor has started the programme."""
    _draft(situation)
    situation.person("Claire Fontaine", CourseRole.TUTOR)
    situation.me = situation.person("Paul Moreau")
