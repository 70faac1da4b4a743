"""The page of each part of the set-up of a programme, and of each entry of a part that is a list."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.rule import read_draft
from lti_tool.mentoring.completion.rule_sentence import clauses_counting
from lti_tool.mentoring.programmes.readiness import Section, state_of
from lti_tool.mentoring.programmes.section_entries import ENTRIES
from lti_tool.mentoring.programmes.sections import WHOLE, section_form
from lti_tool.mentoring.programmes.setting_up import SetUp, remove_entry, save_section, settings_at
from lti_tool.mentoring.programmes.settings import Settings
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.owner import figures
from lti_tool.web.programmes import wording
from lti_tool.web.programmes.current import cohort_here, set_up_here, standing_of
from lti_tool.web.programmes.part_page import FORM_ID, Part, part_page
from lti_tool.web.services import current_principal, reading
from schemas.form_schema import FormSchema

blueprint = Blueprint("programme_sections", __name__, url_prefix="/l/<launch_key>/programme")

PARTS = "any(" + ", ".join(section for section in Section if section is not Section.RULE) + ")"
WITH_FORM = "any(" + ", ".join(WHOLE) + ")"
LISTS = "any(" + ", ".join(ENTRIES) + ")"
"""Of addresses: the parts with a page, those with a form, and those with entries."""


@blueprint.get(f"/<{PARTS}:section>")
@allows(Action.SET_UP, about=cohort_of_launch)
def show(section: str) -> ResponseReturnValue:
    """A part as it is."""
    return part_page(_part(section))


@blueprint.post(f"/<{WITH_FORM}:section>")
@allows(Action.SET_UP, about=cohort_of_launch)
def save(section: str) -> ResponseReturnValue:
    """Keep what was typed."""
    return _save(_part(section))


@blueprint.get(f"/<{LISTS}:section>/<entry>")
@allows(Action.SET_UP, about=cohort_of_launch)
def show_entry(section: str, entry: str) -> ResponseReturnValue:
    """An entry of a list as it is, or a new one."""
    return part_page(_part(section, entry))


@blueprint.post(f"/<{LISTS}:section>/<entry>")
@allows(Action.SET_UP, about=cohort_of_launch)
def save_entry(section: str, entry: str) -> ResponseReturnValue:
    """Keep an entry."""
    return _save(_part(section, entry))


@blueprint.post(f"/<{LISTS}:section>/<entry>/remove")
@allows(Action.SET_UP, about=cohort_of_launch)
def remove(section: str, entry: str) -> ResponseReturnValue:
    """Take an entry out of its list."""
    cohort_id, part = cohort_here(), Section(section)
    with reading() as db:
        standing = standing_of(set_up_here(db))

    def save_removal(db: Session, _values: Values) -> None:
        remove_entry(
            db,
            cohort_id=cohort_id,
            section=part,
            code=entry,
            standing=standing,
            by=current_principal().person_id,
            now=utcnow(),
        )

    back = launch_url_for("programme_sections.show", section=section)
    return sent_form(FormSchema()).submit(save_removal, then=back, done="entry_removed")


def _part(section: str, entry: str | None = None) -> _ProgrammePart:
    with reading() as db:
        return _ProgrammePart(Section(section), set_up_here(db), entry)


class _ProgrammePart(Part):
    """A part of the set-up of the programme of this activity."""

    def __init__(self, section: Section, present: SetUp, entry: str | None = None) -> None:
        super().__init__(section, standing_of(present), entry)
        self._show(present)
        self.form = None
        if entry is not None or section in WHOLE:
            self.form = section_form(section, present.settings, self.standing, entry)
        self.counted = _conditions_by_format(present)
        lacks = present.missing(self.standing.today)
        self.state = state_of(section, present.settings.document, lacks, started=self.standing.started)
        title = wording.own(present.settings.document["title"])
        if entry is not None:
            self.back = launch_url_for("programme_sections.show", section=str(section))
            self.back_words = wording.said(wording.TITLES, section)
        else:
            self.back = launch_url_for("programme.tasks")
            if present.is_draft:
                self.back_words, self.back_words_short = _("Set-up of %(title)s", title=title), _("Set-up")
            else:
                self.back_words, self.back_words_short = (
                    _("Settings of %(title)s", title=title),
                    _("Settings"),
                )

    def _show(self, present: SetUp) -> None:
        self.settings, self.number = present.settings, present.number
        self.changed_by, self.started_at = present.changed_by, present.started_at
        self.is_changed_by_me = present.changed_by_id == current_principal().person_id

    @property
    def under_way(self) -> int:
        """How many people take part in the group and have not completed yet."""
        with reading() as db:
            cohorts = figures.cohorts_of(db, current_principal().programme_id or abort(404), 0)
        here = cohort_here()
        return next(each.people - each.completed for each in cohorts if each.id == here)

    def entry_address(self, entry: str) -> str:
        """The page of an entry of the part."""
        return launch_url_for("programme_sections.show_entry", section=str(self.section), entry=entry)

    def remove_address(self, entry: str) -> str:
        """Where an entry is taken out."""
        return launch_url_for("programme_sections.remove", section=str(self.section), entry=entry)

    @property
    def rule_address(self) -> str:
        """The page of the completion rule."""
        return launch_url_for("rule_editor.edit")

    def at(self, number: int | None) -> Settings:
        """The settings as another version had them, after those of now were read again."""
        with reading() as db:
            present = set_up_here(db)
            self._show(present)
            return settings_at(db, present, number)


def _conditions_by_format(present: SetUp) -> Mapping[str, list[str]]:
    """The programme's formats that the completion rule names, each with the conditions that do, in words."""
    counted = [code for code in present.settings.document["formats"] if code in present.counted_formats]
    rule = read_draft(present.rule) if counted else None
    return {code: clauses_counting(rule, code) for code in counted} if rule is not None else {}


def _save(part: _ProgrammePart) -> ResponseReturnValue:
    cohort_id, made_of = cohort_here(), part.form or abort(404)

    def keep(db: Session, values: Values) -> None:
        save_section(
            db,
            cohort_id=cohort_id,
            section=part.section,
            form=made_of,
            values=values,
            standing=part.standing,
            by=current_principal().person_id,
            now=utcnow(),
        )

    return sent_form(made_of.schema, id=FORM_ID).submit(
        keep, then=part.next_page, done="section_saved", show=lambda form: part_page(part, form)
    )
