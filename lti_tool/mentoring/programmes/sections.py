"""The parts of a programme's settings that have a form, by section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from lti_tool.mentoring.programmes.kpis import kpis_section
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.section_entries import ENTRIES
from lti_tool.mentoring.programmes.section_form import (
    SectionForm,
    Standing,
    Values,
    View,
    both,
    changed_settings,
    exact,
    shown,
    written,
)
from lti_tool.mentoring.programmes.settings import CohortDays, Document, Settings
from schemas import choices
from schemas.programme_sections import (
    BudgetForm,
    DatesForm,
    FormatsForm,
    GoalForm,
    QuestionnairesForm,
    RhythmForm,
    RolesForm,
    VisibilityForm,
)

FROZEN_AT_START: Final = frozenset({Section.KPIS})
"""What cannot change once a cohort runs; of the questionnaires, the one asked before cannot."""


def section_form(
    section: Section, settings: Settings, standing: Standing, entry: str | None = None
) -> SectionForm:
    """The form of a part; of one of its entries, or of a new one, with ``entry``.

    Raises :class:`KeyError` for a part without a form of this kind.
    """
    if entry is not None:
        return ENTRIES[section](entry, settings, standing)
    return WHOLE[section](settings, standing)


def _goal(_settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        return {
            **shown("title", settings.document["title"], standing.language),
            **shown("goal", settings.document["goal"], standing.language),
        }

    def write(settings: Settings, values: Values) -> Settings:
        return changed_settings(settings, title=both(values, "title"), goal=both(values, "goal"))

    return SectionForm(GoalForm(standing.language), read, write)


def _budget(_settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        budget = settings.document["budget"]
        return {
            "amount": (written(budget["amount"], standing.language),),
            "currency": (budget["currency"],),
            "funding": (budget["funding"] or "",),
        }

    def write(settings: Settings, values: Values) -> Settings:
        budget = {
            "amount": exact(values["amount"]),
            "currency": values["currency"].upper(),
            "funding": values["funding"],
        }
        return changed_settings(settings, budget=budget)

    return SectionForm(BudgetForm(), read, write)


def _roles(_settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        names = settings.document["role_names"]
        return {
            **shown("mentee", names["mentee"], standing.language),
            **shown("mentor", names["mentor"], standing.language),
        }

    def write(settings: Settings, values: Values) -> Settings:
        names = {role: both(values, role) for role in choices.ROLES}
        return changed_settings(
            settings, role_names={role: name if any(name.values()) else None for role, name in names.items()}
        )

    return SectionForm(RolesForm(standing.language), read, write)


def _formats(settings: Settings, _standing: Standing) -> SectionForm:
    known = (*choices.SESSION_FORMATS, *settings.document["format_names"])

    def read(settings: Settings) -> View:
        return {"formats": tuple(settings.document["formats"])}

    def write(settings: Settings, values: Values) -> Settings:
        chosen = values["formats"]
        names = {code: name for code, name in settings.document["format_names"].items() if code in chosen}
        return changed_settings(
            settings, formats=[code for code in known if code in chosen], format_names=names
        )

    return SectionForm(FormatsForm(known), read, write)


def _rhythm(_settings: Settings, _standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        rhythm = settings.document["rhythm"]
        return {"sessions": (str(rhythm["sessions"]),), "minutes": (str(rhythm["minutes"]),)}

    def write(settings: Settings, values: Values) -> Settings:
        return changed_settings(
            settings, rhythm={"sessions": values["sessions"], "minutes": values["minutes"]}
        )

    return SectionForm(RhythmForm(), read, write)


def all_questionnaires(document: Document, standard: Document) -> dict[str, dict[str, Any]]:
    """The questionnaires by phase: those of the settings, else those of the usual template."""
    usual = {asked["phase"]: asked for asked in standard["questionnaires"]}
    own = {asked["phase"]: asked for asked in document["questionnaires"]}
    return {phase: {**usual, **own}[phase] for phase in choices.PHASES if phase in usual | own}


def _questionnaires(settings: Settings, standing: Standing) -> SectionForm:
    known = all_questionnaires(settings.document, standing.standard)

    def read(settings: Settings) -> View:
        return {"phases": tuple(asked["phase"] for asked in settings.document["questionnaires"])}

    def write(settings: Settings, values: Values) -> Settings:
        now = {asked["phase"] for asked in settings.document["questionnaires"]}
        # The first one was asked when the programme started: it stays as it was then.
        chosen = (
            {*values["phases"]} - {"before"} | (now & {"before"}) if standing.started else {*values["phases"]}
        )
        return changed_settings(
            settings, questionnaires=[deepcopy(known[phase]) for phase in known if phase in chosen]
        )

    return SectionForm(QuestionnairesForm(), read, write)


def frozen_days(days: CohortDays, standing: Standing) -> frozenset[str]:
    """The names of the days of a running cohort that are past, and cannot change any more."""
    if not standing.started:
        return frozenset()
    first, last, after = days.starts_on, days.ends_on, days.follow_up_on
    return frozenset(
        name
        for name, is_past in (
            ("starts_on", first <= standing.today),
            ("ends_on", last < standing.today),
            ("follow_up_on", days.has_follow_up and after < standing.today),
        )
        if is_past
    )


def _dates(settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        days = settings.days
        after = days.follow_up_on.isoformat() if days.has_follow_up else ""
        return {
            "starts_on": (days.starts_on.isoformat(),),
            "ends_on": (days.ends_on.isoformat(),),
            "follow_up_on": (after,),
        }

    def write(settings: Settings, values: Values) -> Settings:
        was = settings.days
        first = values.get("starts_on", was.starts_on)
        last = values.get("ends_on", was.ends_on)
        after = values.get("follow_up_on", was.follow_up_on)
        days = CohortDays(first, last, after or last)
        if days == was:
            return settings
        months = max(1, min(36, round((last - first).days / 30.4375)))
        later = (days.follow_up_on - last).days
        dates = settings.document["dates"]
        made = changed_settings(
            settings,
            dates={
                **dates,
                "duration_months": months,
                "follow_up_after_days": min(366, later) if later > 0 else dates["follow_up_after_days"],
            },
        )
        return replace(made, days=days)

    days = settings.days
    schema = DatesForm(
        today=standing.today,
        was={
            "starts_on": days.starts_on,
            "ends_on": days.ends_on,
            "follow_up_on": days.follow_up_on if days.has_follow_up else None,
        },
        frozen=frozen_days(days, standing),
        draft=not standing.started,
    )
    return SectionForm(schema, read, write)


def _visibility(settings: Settings, standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        seen = settings.document["visibility"]
        return {
            "smallest_group": (str(seen["smallest_group"]),),
            "hr_sees_names": ("yes",) if seen["hr_sees_names"] else (),
            "tutors_may_edit": ("yes",) if seen["tutors_may_edit"] else (),
        }

    def write(settings: Settings, values: Values) -> Settings:
        seen = settings.document["visibility"]
        return changed_settings(settings, visibility={name: values.get(name, seen[name]) for name in seen})

    least = settings.document["visibility"]["smallest_group"] if standing.started else 0
    return SectionForm(VisibilityForm(least, for_owner=standing.owns), read, write)


WHOLE: Final[Mapping[Section, Callable[[Settings, Standing], SectionForm]]] = {
    Section.GOAL: _goal,
    Section.BUDGET: _budget,
    Section.ROLES: _roles,
    Section.FORMATS: _formats,
    Section.RHYTHM: _rhythm,
    Section.KPIS: kpis_section,
    Section.QUESTIONNAIRES: _questionnaires,
    Section.DATES: _dates,
    Section.VISIBILITY: _visibility,
}
"""Of each part that is one form, that form. The others are lists alone."""
