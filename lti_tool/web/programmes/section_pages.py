"""The page of each part of the set-up, and of each entry of a part that is a list.

A form carries the version of the settings that its page showed. Where somebody else has changed the same part since,
the page shows what changed beside what was typed, and asks again; nothing that was typed is lost.
"""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.rule import read_draft
from lti_tool.mentoring.completion.rule_sentence import clauses_counting
from lti_tool.mentoring.programmes.kpis import COMPUTED, all_kpis
from lti_tool.mentoring.programmes.merging import Difference, merged
from lti_tool.mentoring.programmes.questions import frozen_questions
from lti_tool.mentoring.programmes.readiness import Section, state_of
from lti_tool.mentoring.programmes.section_entries import ENTRIES, NEW
from lti_tool.mentoring.programmes.section_form import SectionForm, View
from lti_tool.mentoring.programmes.sections import (
    WHOLE,
    all_questionnaires,
    frozen_days,
    section_form,
)
from lti_tool.mentoring.programmes.setting_up import (
    SetUp,
    remove_entry,
    save_section,
    settings_at,
)
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.programmes import wording
from lti_tool.web.programmes.current import cohort_here, set_up_here, standing_of
from lti_tool.web.services import current_principal, reading
from schemas import choices
from schemas.mentoring_forms import FormSchema

blueprint = Blueprint("programme_sections", __name__, url_prefix="/l/<launch_key>/programme")

FORM_ID = "programme-part"
_PARTS = "any(" + ", ".join(section for section in Section if section is not Section.RULE) + ")"
_WITH_FORM = "any(" + ", ".join(WHOLE) + ")"
_LISTS = "any(" + ", ".join(ENTRIES) + ")"


@blueprint.get(f"/<{_PARTS}:section>")
@allows(Action.SET_UP, about=cohort_of_launch)
def show(section: str) -> ResponseReturnValue:
    """A part as it is."""
    with reading() as db:
        present = set_up_here(db)
    return _page(_Part(Section(section), present))


@blueprint.post(f"/<{_WITH_FORM}:section>")
@allows(Action.SET_UP, about=cohort_of_launch)
def save(section: str) -> ResponseReturnValue:
    """Keep what was typed."""
    return _save(Section(section))


@blueprint.get(f"/<{_LISTS}:section>/<entry>")
@allows(Action.SET_UP, about=cohort_of_launch)
def show_entry(section: str, entry: str) -> ResponseReturnValue:
    """An entry of a list as it is, or a new one."""
    with reading() as db:
        present = set_up_here(db)
    return _page(_Part(Section(section), present, entry))


@blueprint.post(f"/<{_LISTS}:section>/<entry>")
@allows(Action.SET_UP, about=cohort_of_launch)
def save_entry(section: str, entry: str) -> ResponseReturnValue:
    """Keep an entry."""
    return _save(Section(section), entry)


@blueprint.post(f"/<{_LISTS}:section>/<entry>/remove")
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


class _Part:
    """A part of the set-up on its page, or an entry of one."""

    def __init__(self, section: Section, present: SetUp, entry: str | None = None) -> None:
        self.section, self.present, self.entry = section, present, entry
        self.standing = standing_of(present)
        self.form: SectionForm | None = None
        if entry is not None or section in WHOLE:
            self.form = section_form(section, present.settings, self.standing, entry)

    @property
    def view(self) -> View | None:
        """What its form shows."""
        return self.form.read(self.present.settings) if self.form is not None else {}

    @property
    def back(self) -> str:
        """Where one comes from."""
        if self.entry is not None:
            return launch_url_for("programme_sections.show", section=str(self.section))
        return launch_url_for("programme.tasks")


def _save(section: Section, entry: str | None = None) -> ResponseReturnValue:
    cohort_id = cohort_here()
    with reading() as db:
        part = _Part(section, set_up_here(db), entry)
    made_of = part.form or abort(404)

    def keep(db: Session, values: Values) -> None:
        save_section(
            db,
            cohort_id=cohort_id,
            section=section,
            form=made_of,
            values=values,
            standing=part.standing,
            by=current_principal().person_id,
            now=utcnow(),
        )

    return sent_form(made_of.schema, id=FORM_ID).submit(
        keep, then=part.back, done="section_saved", show=lambda form: _page(part, form)
    )


def _filled(part: _Part, view: View) -> Form:
    """The form of a part with these texts in its fields."""
    schema = (part.form or abort(404)).schema
    given = {name: texts[0] if texts else "" for name, texts in view.items()}
    form = blank_form(schema, {**given, "made_from": str(part.present.number)}, id=FORM_ID)
    form.content = [(name, text) for name, texts in view.items() for text in texts]
    return form


def _page(part: _Part, form: Form | None = None) -> ResponseReturnValue:
    """The page of a part. ``form``: what was sent, where it was not kept."""
    differences: list[Difference] = []
    status = 200
    if form is not None and form.refusal_code == "settings_changed":
        status = form.status
        form, differences = _beside_changes(part, form)
    elif form is not None:
        status = form.status
    elif part.form is not None:
        view = part.view
        if view is None:
            abort(404)
        form = _filled(part, view)
    present, document = part.present, part.present.settings.document
    lacks = present.missing(part.standing.today)
    html = render_template(
        _template(part),
        form=form,
        part=part,
        section=part.section,
        entry=part.entry,
        is_new=part.entry is not None and part.entry.split(".")[-1] == NEW,
        present=present,
        document=document,
        title=wording.own(document["title"]),
        standing=part.standing,
        state=state_of(part.section, document, lacks, started=part.standing.started),
        differences=differences,
        own_words=wording,
        frozen_days=frozen_days(present.settings.days, part.standing),
        is_own_kpi=part.entry not in COMPUTED,
        kpis=all_kpis(document, part.standing.standard),
        questionnaires=all_questionnaires(document, part.standing.standard),
        chosen_phases=[asked["phase"] for asked in document["questionnaires"]],
        frozen_questions=frozen_questions(document, part.standing),
        formats=choices.SESSION_FORMATS,
        counted=_conditions_by_format(present),
        course_title=course_title(),
        done=flash_message(),
    )
    return html, status


def _conditions_by_format(present: SetUp) -> dict[str, list[str]]:
    """The programme's formats that the completion rule names, each with the conditions that do, in words."""
    counted = [code for code in present.settings.document["formats"] if code in present.counted_formats]
    rule = read_draft(present.rule) if counted else None
    return {code: clauses_counting(rule, code) for code in counted} if rule is not None else {}


def _template(part: _Part) -> str:
    return "programmes/entry.html" if part.entry is not None else f"programmes/{part.section}.html"


def _beside_changes(part: _Part, form: Form) -> tuple[Form, list[Difference]]:
    """The form with what was typed and what somebody else has saved since, and the fields that differ."""
    made_of = part.form or abort(404)
    with reading() as db:
        part.present = set_up_here(db)
        seen = settings_at(db, part.present, form.read()["made_from"])
    view, differences = merged(made_of.read(seen), part.view, _typed(form))
    return _filled(part, view), differences


def _typed(form: Form) -> View:
    """What was sent, by field, in the shape of a view."""
    typed: dict[str, tuple[str, ...]] = {}
    for name, field in form.schema.fields.items():
        if name != "made_from":
            found = tuple(
                value.replace("\r\n", "\n").strip() for given, value in form.content if given == name
            )
            # A box that is not ticked is not sent.
            may_be_left_out = isinstance(field, fields.Boolean | fields.List)
            typed[name] = found or (() if may_be_left_out else ("",))
    return typed
