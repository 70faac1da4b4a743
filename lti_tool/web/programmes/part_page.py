"""The page of a part of some settings, or of an entry of a part that is a list: those of a programme, or of a template.

A form carries the version of the settings that its page showed. Where somebody else has changed the same part since,
the page shows what changed beside what was typed, and asks again; nothing that was typed is lost.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields

from lti_tool.mentoring.programmes.kpis import COMPUTED, all_kpis
from lti_tool.mentoring.programmes.merging import Difference, merged
from lti_tool.mentoring.programmes.questions import frozen_questions
from lti_tool.mentoring.programmes.readiness import Section, State
from lti_tool.mentoring.programmes.section_entries import NEW
from lti_tool.mentoring.programmes.section_form import SectionForm, Standing, View
from lti_tool.mentoring.programmes.sections import all_questionnaires, frozen_days
from lti_tool.mentoring.programmes.settings import Settings
from lti_tool.translation import current_language
from lti_tool.web.forms.bound import Form, blank_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title
from lti_tool.web.programmes import wording
from schemas import choices

FORM_ID = "programme-part"


class Part(ABC):
    """A part of the settings on its page, or an entry of one."""

    settings: Settings
    number: int
    """The version of the settings."""
    changed_by: str | None
    """The name of who made it, as far as it is known."""
    is_changed_by_me = False
    """Whether whoever asks made it: in another tab."""
    started_at: dt.datetime | None = None
    """When what it is set up for started; None as long as it has not."""
    form: SectionForm | None
    counted: Mapping[str, Sequence[str]]
    """The formats that the completion rule names, each with the conditions that do, in words."""
    state: State
    back: str
    """Where one comes from."""
    back_words: str
    """What that is called."""
    back_words_short: str = ""
    """The same where there is little room; empty where it is short enough."""
    is_template = False
    """Whether the settings are those of a company's own template."""

    def __init__(self, section: Section, standing: Standing, entry: str | None) -> None:
        if section is Section.QUESTIONNAIRES and entry is not None and "." not in entry:
            abort(404)  # a question is named by its questionnaire, too
        self.section, self.standing, self.entry = section, standing, entry

    @property
    def view(self) -> View | None:
        """What its form shows."""
        return self.form.read(self.settings) if self.form is not None else {}

    @property
    def template(self) -> str:
        """Of its page."""
        return "programmes/entry.html" if self.entry is not None else f"programmes/{self.section}.html"

    @property
    def under_way(self) -> int:
        """How many people have begun by these settings and not completed yet."""
        return 0

    @property
    def next_page(self) -> str:
        """Where one goes once it is saved: back, or by the button that asks for it on to a new entry of it."""
        return self.entry_address(NEW) if request.form.get("go_to") == NEW else self.back

    @abstractmethod
    def entry_address(self, entry: str) -> str:
        """The page of an entry of the part."""

    @abstractmethod
    def remove_address(self, entry: str) -> str:
        """Where an entry is taken out."""

    @property
    @abstractmethod
    def rule_address(self) -> str:
        """The page of the completion rule."""

    @abstractmethod
    def at(self, number: int | None) -> Settings:
        """The settings as another version had them, after those of now were read again."""


def part_page(part: Part, form: Form | None = None) -> ResponseReturnValue:
    """The page of a part. ``form``: what was sent, where it was not kept."""
    differences: list[Difference] = []
    status = 200
    if form is not None and form.refusal_code == "settings_changed":
        status = form.status
        form, differences = _beside_changes(part, form)
    elif form is not None:
        for name in ("name", "title"):
            form.say_at_field(f"{name}_{current_language()}", "entry_exists")
        status = form.status
    elif part.form is not None:
        view = part.view
        if view is None:
            abort(404)
        form = _filled(part, view)
    document = part.settings.document
    html = render_template(
        part.template,
        form=form,
        part=part,
        section=part.section,
        entry=part.entry,
        is_new=part.entry is not None and part.entry.split(".")[-1] == NEW,
        document=document,
        standing=part.standing,
        state=part.state,
        differences=differences,
        own_words=wording,
        frozen_days=frozen_days(part.settings.days, part.standing),
        is_own_kpi=part.entry not in COMPUTED,
        under_way=part.under_way if form is not None and "ends_earlier" in form.problems else None,
        kpis=all_kpis(document, part.standing.standard),
        questionnaires=all_questionnaires(document, part.standing.standard),
        chosen_phases=[asked["phase"] for asked in document["questionnaires"]],
        frozen_questions=frozen_questions(document, part.standing),
        formats=choices.SESSION_FORMATS,
        counted=part.counted,
        course_title=course_title(),
        done=flash_message(),
    )
    return html, status


def _filled(part: Part, view: View) -> Form:
    """The form of a part with these texts in its fields."""
    schema = (part.form or abort(404)).schema
    given = {name: texts[0] if texts else "" for name, texts in view.items()}
    form = blank_form(schema, {**given, "made_from": str(part.number)}, id=FORM_ID)
    form.content = [(name, text) for name, texts in view.items() for text in texts]
    return form


def _beside_changes(part: Part, form: Form) -> tuple[Form, list[Difference]]:
    """The form with what was typed and what somebody else has saved since, and the fields that differ."""
    made_of = part.form or abort(404)
    seen = part.at(form.read()["made_from"])
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
