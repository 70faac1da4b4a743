"""The parts of a company's own template as forms, and keeping what is made of one: each time as a new version.

The parts are those of a programme's settings, but for what a template has of its own: a line that says what it is for,
and days that are counted from the day on which a cohort is made.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from lti_tool.mentoring.completion.queries import formats_counted
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.section_entries import ENTRIES, is_new_to_list, without_entry
from lti_tool.mentoring.programmes.section_form import (
    SectionForm,
    Standing,
    Values,
    View,
    both,
    changed_settings,
    shown,
)
from lti_tool.mentoring.programmes.sections import section_form
from lti_tool.mentoring.programmes.settings import Document, Settings, days_from
from lti_tool.mentoring.programmes.template import read_template
from lti_tool.mentoring.programmes.template_actions import keep_template, lock_templates
from lti_tool.mentoring.programmes.template_models import TemplateVersion
from lti_tool.mentoring.programmes.template_queries import template_versions
from schemas.template_forms import TemplateDatesForm, TemplateGoalForm


def settings_of(document: Document, today: dt.date) -> Settings:
    """A template as the settings of a cohort that is made today."""
    first = today + dt.timedelta(days=document["dates"]["start_after_days"])
    return Settings(document, days_from(document, first))


def template_form(
    section: Section, settings: Settings, standing: Standing, entry: str | None = None
) -> SectionForm:
    """The form of a part of a template; of one of its entries, or of a new one, with ``entry``.

    Raises :class:`KeyError` for a part without a form of this kind.
    """
    if entry is None and section in _OWN:
        return _OWN[section](standing)
    return section_form(section, settings, standing, entry)


def _goal(standing: Standing) -> SectionForm:
    names = ("title", "summary", "goal")

    def read(settings: Settings) -> View:
        return {
            field: text
            for name in names
            for field, text in shown(name, settings.document[name], standing.language).items()
        }

    def write(settings: Settings, values: Values) -> Settings:
        return changed_settings(settings, **{name: both(values, name) for name in names})

    return SectionForm(TemplateGoalForm(standing.language), read, write)


def _dates(_standing: Standing) -> SectionForm:
    def read(settings: Settings) -> View:
        return {name: (str(value),) for name, value in settings.document["dates"].items()}

    def write(settings: Settings, values: Values) -> Settings:
        dates: dict[str, Any] = {name: values[name] for name in settings.document["dates"]}
        return changed_settings(settings, dates=dates)

    return SectionForm(TemplateDatesForm(), read, write)


_OWN: Final[Mapping[Section, Callable[[Standing], SectionForm]]] = {
    Section.GOAL: _goal,
    Section.DATES: _dates,
}


def save_template_section(
    db: Session,
    *,
    organisation_id: uuid.UUID,
    code: str,
    form: SectionForm,
    values: Values,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Keep what somebody made of a part of a company's own template.

    ``values``: of the form, with the version that its page showed as ``made_from``.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed`: ``settings_changed`` where somebody else has changed this
    part since, ``entry_unknown`` for an entry that never was, ``entry_exists`` for a new one of a name that the list
    has, ``format_counted`` for a format that its rule names, ``template_of_others``; and
    :class:`schemas.problem.ShapeError`.
    """
    versions = _locked(db, organisation_id, code)
    present = settings_of(read_template(versions[0].document).document(), now.date())
    seen = next((each for each in versions if each.number == values["made_from"]), versions[0])
    shown_then = form.read(settings_of(read_template(seen.document).document(), now.date()))
    shown_now = form.read(present)
    require(shown_then is not None or shown_now is not None, "entry_unknown")
    require(shown_then == shown_now, "settings_changed")
    made = form.write(present, values)
    for section in ENTRIES:
        require(is_new_to_list(section, present.document, made.document), "entry_exists")
    _keep(db, organisation_id, present, made, by, now)


def remove_template_entry(
    db: Session,
    *,
    organisation_id: uuid.UUID,
    code: str,
    section: Section,
    entry: str,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Take an entry out of a list of a template. Raises as :func:`save_template_section` does."""
    versions = _locked(db, organisation_id, code)
    present = settings_of(read_template(versions[0].document).document(), now.date())
    _keep(db, organisation_id, present, without_entry(section, present, entry), by, now)


def save_template_rule(
    db: Session,
    *,
    organisation_id: uuid.UUID,
    code: str,
    rule: Mapping[str, Any],
    seen: int,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    """Keep the completion rule of a template. ``seen``: the version that the page showed.

    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` as :func:`save_template_section` does, and
    :class:`schemas.problem.ShapeError`, also where the rule asks for what cannot be measured yet.
    """
    versions = _locked(db, organisation_id, code)
    then = next((each for each in versions if each.number == seen), versions[0])
    require(then.document["rule"] == versions[0].document["rule"], "settings_changed")
    present = settings_of(read_template(versions[0].document).document(), now.date())
    _keep(db, organisation_id, present, changed_settings(present, rule=dict(rule)), by, now)


def _locked(db: Session, organisation_id: uuid.UUID, code: str) -> list[TemplateVersion]:
    lock_templates(db, organisation_id)
    versions = list(template_versions(db, organisation_id, code))
    require(bool(versions), "entry_unknown")
    return versions


def _keep(
    db: Session,
    organisation_id: uuid.UUID,
    present: Settings,
    made: Settings,
    by: uuid.UUID,
    now: dt.datetime,
) -> None:
    gone = set(present.document["formats"]).difference(made.document["formats"])
    require(not gone & formats_counted(present.document["rule"]), "format_counted")
    keep_template(db, organisation_id, read_template(made.document), by=by, now=now)
