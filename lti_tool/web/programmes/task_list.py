"""The list of what a tutor sets up, what is still missing, and the start.

The pattern is GOV.UK's task list (https://design-system.service.gov.uk/components/task-list/): the parts in any order,
each with its state, saved as one goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Blueprint, abort, current_app, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action, Relation
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.completion.queries import read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.completion.rule_warnings import warnings
from lti_tool.mentoring.enrolment.people.queries import count_awaited
from lti_tool.mentoring.enrolment.queries import people_in_cohorts
from lti_tool.mentoring.programmes.beginning import start_cohort
from lti_tool.mentoring.programmes.readiness import Missing, Section, State, frame_of, state_of
from lti_tool.mentoring.programmes.setting_up import SetUp
from lti_tool.mentoring.programmes.template import ProgrammeTemplate, UnknownTemplateError
from lti_tool.mentoring.programmes.template_queries import find_template
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_cohort_id, current_unplaced_cohort
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.forms.offers import offer_kept_forms
from lti_tool.web.language import number
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.programmes import rule_wording, summaries, wording
from lti_tool.web.programmes.current import cohort_here, set_up_here, standing_of
from lti_tool.web.programmes.drawings import progress_drawing
from lti_tool.web.services import current_principal, reading
from lti_tool.web.tutor.opening import choice_page
from schemas.form_schema import FormSchema
from schemas.problem import ShapeError

blueprint = Blueprint("programme", __name__, url_prefix="/l/<launch_key>/programme")

RULE_PAGE = "rule_editor.edit"
"""The endpoint of the page on which the completion rule is changed."""


@dataclass(frozen=True)
class Task:
    """One line of the list."""

    section: Section | None
    """None for what is no part of the settings."""
    title: str
    summary: str
    state: State
    address: str | None
    warning: str = ""
    """What is to be said of it although it is done."""
    is_of_template: bool = False
    """Whether it is as the template has it, and nobody has changed it."""


@dataclass(frozen=True)
class Group:
    """Some of the lines, under a heading."""

    title: str
    tasks: list[Task]


def page(form: Form | None = None) -> ResponseReturnValue:
    """The list. ``form``: the start, where it was refused."""
    with reading() as db:
        present = set_up_here(db)
        template = _template(db, present)
    standing = standing_of(present)
    lacks = present.missing(standing.today)
    groups = [
        Group(_(title), [_task(section, present, lacks, template) for section in sections])
        for title, sections in wording.GROUPS
    ]
    groups[-1].tasks.append(_people(present))
    waiting = [(wording.lack(each), _task(each.section, present, lacks)) for each in lacks]
    if current_unplaced_cohort() is not None:
        waiting.append(_to_place())
    # What is optional and empty is no step to be taken.
    shown = [task for group in groups for task in group.tasks if task.state is not State.OPTIONAL]
    done = sum(task.state in (State.DONE, State.FROZEN) for task in shown)
    html = render_template(
        "programmes/tasks.html",
        present=present,
        saved_by=present.changed_by if present.changed_by_id != current_principal().person_id else "",
        title=wording.own(present.settings.document["title"]),
        template_name=template.title.text(current_language()) if template is not None else "",
        groups=groups,
        lacks=waiting,
        needed=len(shown),
        done_count=done,
        drawing=progress_drawing(done, len(shown), is_ready=not waiting),
        is_pilot=present.is_pilot,
        start=form or blank_form(FormSchema(), action=launch_url_for("programme.start")),
        example_of=partial(_example_of, present),
        course_title=course_title(),
        done=flash_message(),
    )
    return html, form.status if form is not None else 200


def _example_of(present: SetUp, role: str) -> str:
    """The example of a participant's page: an owner's where the address names the group, whom the tutor's refuses."""
    if g.get("group_id") is not None:
        return launch_url_for("owner.example", programme_id=present.programme_id, role=role)
    return launch_url_for("preview.show", role=role)


def _to_place() -> tuple[tuple[str, str], Task]:
    """What a group lacks that no activity opens: what to do about it and why, and where."""
    task = Task(None, _("An activity"), "", State.TO_DO, launch_url_for("home.home"))
    return (_("Give it an activity, in the learning platform."), _("Nobody can open the group before.")), task


def _task(
    section: Section, present: SetUp, lacks: Sequence[Missing], template: ProgrammeTemplate | None = None
) -> Task:
    document = present.settings.document
    is_of_template = template is not None and present.is_draft and _is_unchanged(section, present, template)
    if section is Section.RULE:
        address = launch_url_for(RULE_PAGE) if RULE_PAGE in current_app.view_functions else None
        summary = rule_sentence(present.rule)
    else:
        address = launch_url_for("programme_sections.show", section=str(section))
        summary = summaries.summary(section, present.settings) or summaries.unsaid(
            section, started=not present.is_draft
        )
    state = state_of(section, document, lacks, started=not present.is_draft)
    warning = _warning(present) if section is Section.RULE and state is State.DONE else ""
    return Task(section, _(wording.TITLES[section]), summary, state, address, warning, is_of_template)


def _warning(present: SetUp) -> str:
    """The gravest that is to be said of the completion rule beside the rhythm and the days; empty for none."""
    try:
        rule = read_rule(present.rule) if present.rule else None
    except ShapeError:
        return ""
    frame = frame_of(present.settings.document, present.settings.days)
    found = warnings(rule, frame) if rule is not None else []
    return rule_wording.warning(found[0]) if found else ""


def _is_unchanged(section: Section, present: SetUp, template: ProgrammeTemplate) -> bool:
    if section is Section.RULE:
        return present.rule == template.rule_document()
    made, now = template.document(), present.settings.document
    # Days are counted for each programme, and its name and goal are asked before the list is first seen.
    return section in _KEYS and all(made.get(key) == now.get(key) for key in _KEYS[section])


_KEYS: Final[Mapping[Section, Sequence[str]]] = {
    Section.BUDGET: ("budget",),
    Section.ROLES: ("role_names",),
    Section.SKILLS: ("skills",),
    Section.OBJECTIVES: ("objectives",),
    Section.FORMATS: ("formats", "format_names"),
    Section.RHYTHM: ("rhythm",),
    Section.KPIS: ("kpis",),
    Section.QUESTIONNAIRES: ("questionnaires",),
    Section.VISIBILITY: ("visibility",),
}
"""Where each part stands in a template and in the settings."""


def _people(present: SetUp) -> Task:
    """The way to the lists of people; they join by themselves, too."""
    with reading() as db:
        count, taking_part = (
            people_in_cohorts(db, [present.cohort_id], with_invited=each).get(present.cohort_id, 0)
            for each in (True, False)
        )
        awaited = count_awaited(db, present.cohort_id)
    invited = count - taking_part
    here = ngettext("%(num)s participant", "%(num)s participants", taking_part, num=number(taking_part))
    asked = ngettext("%(num)s invited", "%(num)s invited", invited, num=number(invited))
    expected = ngettext(
        "%(num)s from a list, awaited", "%(num)s from a list, awaited", awaited, num=number(awaited)
    )
    if count or awaited:
        counts = ((here, taking_part), (asked, invited), (expected, awaited))
        summary = " · ".join(text for text, people in counts if people)
    elif present.is_draft:
        summary = _("They can be added from a list now, and join by themselves after the start")
    else:
        summary = _("They join by themselves, or are added from a list")
    address = launch_url_for("people_import.index")
    return Task(None, _("People"), summary, State.DONE if count or awaited else State.OPTIONAL, address)


def rule_sentence(rule: object | None) -> str:
    """The completion rule in a sentence; empty for one that cannot be read."""
    try:
        return sentence_for_tutor(read_rule(rule)) if rule else ""
    except ShapeError:
        return ""


def _template(db: Session, present: SetUp) -> ProgrammeTemplate | None:
    """The template that the programme was made from; None for one that is no more."""
    try:
        return find_template(db, present.organisation_id, present.template).template
    except UnknownTemplateError:
        return None


def to_set_up(**_arguments: Any) -> Relation:
    """How whoever asks stands to the cohort of the launch; as its tutor, where a teacher's activity opens none yet."""
    if current_cohort_id() is None:
        return Relation(teaches=current_principal().role == CourseRole.TUTOR)
    return cohort_of_launch()


@blueprint.get("")
@allows(Action.SET_UP, about=to_set_up)
def tasks() -> ResponseReturnValue:
    """The list; for an activity that is not open yet, the choice of its programme."""
    if current_cohort_id() is None:
        if g.launch.resource_link_id is None or g.launch.course_id is None:
            abort(404)
        return choice_page()
    # It is the first page of whoever sets a programme up.
    offer_kept_forms()
    return page()


@blueprint.post("/start")
@allows(Action.SET_UP, about=cohort_of_launch)
def start() -> ResponseReturnValue:
    """Let the cohort run."""
    cohort_id = cohort_here()

    def save(db: Session, _values: Values) -> None:
        start_cohort(db, cohort_id=cohort_id, now=utcnow())

    return sent_form(FormSchema()).submit(
        save, then=launch_url_for("home.home"), done="programme_started", show=page
    )
