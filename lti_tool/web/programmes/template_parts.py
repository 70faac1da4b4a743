"""Changing a company's own template on pages, part by part: each save is its next version."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Person, display_name
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.queries import read_rule
from lti_tool.mentoring.completion.rule_sentence import clauses_counting, sentence_for_tutor
from lti_tool.mentoring.programmes.readiness import Section, State, missing, state_of
from lti_tool.mentoring.programmes.section_form import Standing
from lti_tool.mentoring.programmes.sections import WHOLE
from lti_tool.mentoring.programmes.settings import Document, Settings
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    UnknownTemplateError,
    load_template,
    read_template,
)
from lti_tool.mentoring.programmes.template_actions import may_change
from lti_tool.mentoring.programmes.template_queries import (
    find_template,
    template_versions,
)
from lti_tool.mentoring.programmes.template_sections import (
    remove_template_entry,
    save_template_section,
    settings_of,
    template_form,
)
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, company_of_launch
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.programmes import summaries, wording
from lti_tool.web.programmes.part_page import FORM_ID, Part, part_page
from lti_tool.web.programmes.section_pages import LISTS, PARTS, WITH_FORM
from lti_tool.web.programmes.task_list import Group, Task
from lti_tool.web.services import current_principal, reading
from schemas.form_schema import FormSchema

blueprint = Blueprint("template_parts", __name__, url_prefix="/l/<launch_key>/programme/templates/<code>")


@blueprint.get("/parts")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def tasks(code: str) -> ResponseReturnValue:
    """The parts of the template, each with what it holds."""
    with reading() as db:
        record = own_record(db, code)
        changed_by = name_of(db, record.changed_by)
    settings = settings_of(record.document, utcnow().date())
    groups = [
        Group(_(title), [_task(code, section, settings) for section in sections])
        for title, sections in wording.GROUPS
    ]
    return render_template(
        "programmes/template_tasks.html",
        record=record,
        title=wording.own(record.document["title"]),
        groups=groups,
        changed_by=changed_by if record.changed_by != current_principal().person_id else None,
        done=flash_message(),
    )


def _task(code: str, section: Section, settings: Settings) -> Task:
    document = settings.document
    if section is Section.RULE:
        address = launch_url_for("template_rule.show", code=code)
        summary = sentence_for_tutor(read_rule(document["rule"]))
    else:
        address = launch_url_for("template_parts.show", code=code, section=str(section))
        summary = _summary(section, settings) or summaries.unsaid(section, is_template=True)
    return Task(section, _(wording.TITLES[section]), summary, _state(section, settings), address)


def _summary(section: Section, settings: Settings) -> str:
    document = settings.document
    if section is Section.DATES:
        return _dates(document)
    if section is Section.GOAL and not wording.own(document["goal"]):
        return _("“%(title)s”; the goal is left open", title=wording.own(document["title"]))
    return summaries.summary(section, settings)


def _dates(document: Document) -> str:
    dates = document["dates"]
    months = ngettext("%(num)s month", "%(num)s months", dates["duration_months"])
    after = ngettext(
        "follow-up %(num)s day after the end",
        "follow-up %(num)s days after the end",
        dates["follow_up_after_days"],
    )
    return f"{months} · {after}"


def _state(section: Section, settings: Settings) -> State:
    """How far a part is: what is left open is for whoever makes a programme from the template."""
    lacks = missing(settings.document, settings.document["rule"], settings.days, utcnow().date())
    found = state_of(section, settings.document, lacks, started=False)
    return found if found is State.DONE else State.OPTIONAL


@blueprint.get(f"/parts/<{PARTS}:section>")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def show(code: str, section: str) -> ResponseReturnValue:
    """A part as it is."""
    return part_page(_part(code, section))


@blueprint.post(f"/parts/<{WITH_FORM}:section>")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def save(code: str, section: str) -> ResponseReturnValue:
    """Keep what was typed."""
    return _save(_part(code, section))


@blueprint.get(f"/parts/<{LISTS}:section>/<entry>")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def show_entry(code: str, section: str, entry: str) -> ResponseReturnValue:
    """An entry of a list as it is, or a new one."""
    return part_page(_part(code, section, entry))


@blueprint.post(f"/parts/<{LISTS}:section>/<entry>")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def save_entry(code: str, section: str, entry: str) -> ResponseReturnValue:
    """Keep an entry."""
    return _save(_part(code, section, entry))


@blueprint.post(f"/parts/<{LISTS}:section>/<entry>/remove")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def remove(code: str, section: str, entry: str) -> ResponseReturnValue:
    """Take an entry out of its list."""

    def save_removal(db: Session, _values: Values) -> None:
        remove_template_entry(
            db,
            organisation_id=organisation(),
            code=code,
            section=Section(section),
            entry=entry,
            by=person(),
            now=utcnow(),
        )

    back = launch_url_for("template_parts.show", code=code, section=section)
    return sent_form(FormSchema()).submit(save_removal, then=back, done="entry_removed")


def _save(part: _TemplatePart) -> ResponseReturnValue:
    made_of = part.form or abort(404)

    def keep(db: Session, values: Values) -> None:
        save_template_section(
            db,
            organisation_id=organisation(),
            code=part.code,
            form=made_of,
            values=values,
            by=person(),
            now=utcnow(),
        )

    return sent_form(made_of.schema, id=FORM_ID).submit(
        keep, then=part.next_page, done="section_saved", show=lambda form: part_page(part, form)
    )


@dataclass(frozen=True)
class OwnRecord:
    """A company's own template in its latest version, for whoever changes it."""

    code: str
    number: int
    changed_at: dt.datetime
    changed_by: uuid.UUID | None
    document: Document


def own_record(db: Session, code: str) -> OwnRecord:
    """The company's own template of a code, for who made it: everybody else is led to making a copy.

    404 where the company has none, and none comes with the tool.
    """
    try:
        record = find_template(db, organisation(), code)
    except UnknownTemplateError:
        abort(404)
    authors = [version.created_by for version in template_versions(db, organisation(), code)]
    if record.number is None or record.changed_at is None or not may_change(code, authors, person()):
        abort(redirect(launch_url_for("templates.ask_copy", code=code)))
    return OwnRecord(code, record.number, record.changed_at, record.changed_by, record.template.document())


def organisation() -> uuid.UUID:
    """The company whose template it is."""
    return current_principal().organisation_id or abort(403)


def person() -> uuid.UUID:
    """Whoever changes it."""
    return current_principal().person_id or abort(403)


def name_of(db: Session, person_id: uuid.UUID | None) -> str | None:
    """What somebody is called, as far as the platform shares it."""
    found = db.get(Person, person_id) if person_id is not None else None
    return display_name(found) if found is not None else None


def _part(code: str, section: str, entry: str | None = None) -> _TemplatePart:
    with reading() as db:
        return _TemplatePart(db, code, Section(section), entry)


class _TemplatePart(Part):
    """A part of a company's own template."""

    state = State.DONE
    is_template = True

    def __init__(self, db: Session, code: str, section: Section, entry: str | None) -> None:
        standing = Standing(
            today=utcnow().date(),
            language=current_language(),
            started=False,
            owns=True,
            standard=load_template(DEFAULT_TEMPLATE).document(),
        )
        super().__init__(section, standing, entry)
        self.code = code
        self._read(db)
        self.form = None
        if entry is not None or section in WHOLE:
            self.form = template_form(section, self.settings, standing, entry)
        rule = read_rule(self.settings.document["rule"])
        by_format = {each: clauses_counting(rule, each) for each in self.settings.document["formats"]}
        self.counted = {each: clauses for each, clauses in by_format.items() if clauses}
        if entry is not None:
            self.back = launch_url_for("template_parts.show", code=code, section=str(section))
            self.back_words = wording.said(wording.TITLES, section)
        else:
            self.back = launch_url_for("template_parts.tasks", code=code)
            title = wording.own(self.settings.document["title"])
            self.back_words, self.back_words_short = _("Template “%(title)s”", title=title), _("Template")

    def _read(self, db: Session) -> None:
        record = own_record(db, self.code)
        self.settings, self.number = settings_of(record.document, self.standing.today), record.number
        self.changed_by = name_of(db, record.changed_by)
        self.is_changed_by_me = record.changed_by == current_principal().person_id

    @property
    def template(self) -> str:
        """Of its page: a template has days and a line of its own."""
        if self.entry is None and self.section in (Section.GOAL, Section.DATES):
            return f"programmes/template_{self.section}.html"
        return super().template

    def entry_address(self, entry: str) -> str:
        """The page of an entry of the part."""
        return launch_url_for(
            "template_parts.show_entry", code=self.code, section=str(self.section), entry=entry
        )

    def remove_address(self, entry: str) -> str:
        """Where an entry is taken out."""
        return launch_url_for("template_parts.remove", code=self.code, section=str(self.section), entry=entry)

    @property
    def rule_address(self) -> str:
        """The page of the completion rule."""
        return launch_url_for("template_rule.show", code=self.code)

    def at(self, number: int | None) -> Settings:
        """The settings as another version had them, after those of now were read again."""
        with reading() as db:
            self._read(db)
            versions = template_versions(db, organisation(), self.code)
        found = next((each.document for each in versions if each.number == number), None)
        if found is None:
            return self.settings
        return settings_of(read_template(found).document(), self.standing.today)
