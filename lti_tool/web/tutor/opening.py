"""A tutor's first launch of an activity opens what it stands for.

The tutor is asked first where the activity is a duplicate, and where it was added without the content picker, so that
nobody has chosen its programme.
"""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.launch.opened_launch import LaunchLink
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.programmes.actions import Choice, CopyAnswer, open_placement, require_own
from lti_tool.mentoring.programmes.copies import Original, original_in_course
from lti_tool.mentoring.programmes.models import RoleView
from lti_tool.mentoring.programmes.queries import PlacementRecord, placement_record
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    ProgrammeTemplate,
    UnknownTemplateError,
    load_template,
)
from lti_tool.mentoring.programmes.template_queries import find_template
from lti_tool.web.access import allows
from lti_tool.web.deep_linking.offer import Offer, current_offer
from lti_tool.web.deep_linking.steps import (
    Step,
    beginning_of,
    chosen_in,
    other_step,
    step_of_request,
)
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading
from schemas.choices import COPY_ANSWERS
from schemas.content_items import BEGINNINGS, ProgrammeChoiceForm
from schemas.tutor_forms import DuplicateForm

blueprint = Blueprint("opening", __name__, url_prefix="/l/<launch_key>")


def open_activity(
    db: Session,
    answer: CopyAnswer | None = None,
    *,
    choice: Choice | None = None,
    template: ProgrammeTemplate | None = None,
) -> PlacementRecord:
    """What the activity of the present launch opens, opened now if it is not yet.

    ``template``: that of a new programme, where the tutor chooses it now. Raises :class:`IsDuplicate` and
    :class:`NothingChosen`.
    """
    return open_link(db, g.launch.resource_link, answer, choice=choice, template=template)


def open_link(
    db: Session,
    link: LaunchLink | ResourceLink,
    answer: CopyAnswer | None = None,
    *,
    choice: Choice | None = None,
    template: ProgrammeTemplate | None = None,
) -> PlacementRecord:
    """The same for any activity in the course of the present launch."""
    principal = current_principal()
    placement = open_placement(
        db,
        organisation_id=principal.organisation_id or abort(403),
        course_id=g.launch.course_id,
        resource_link_id=link.id,
        content_id=link.content_id,
        only_role=link.only_role,
        template=template or template_of(db, link),
        opened_by=principal.person_id,
        now=utcnow(),
        answer=answer,
        choice=choice,
    )
    return placement_record(placement)


def template_of(db: Session, link: LaunchLink | ResourceLink) -> ProgrammeTemplate | None:
    """The template that the link names, which the content picker wrote there or an administrator.

    The company's own ones come before those that come with the tool. It is the usual one where the content picker named
    none, as its first version did, or one that is no more. None for a link that somebody else made and that names none.
    """
    try:
        return find_template(db, current_principal().organisation_id, link.template or "").template
    except UnknownTemplateError:
        return load_template(DEFAULT_TEMPLATE) if link.content_id is not None else None


def choice_page(
    form: Form | None = None, offer: Offer | None = None, step: Step = Step.TEMPLATE
) -> ResponseReturnValue:
    """Ask what an activity opens that was added without the content picker; with ``form``, what is wrong with it."""
    launch, offer = g.launch, offer or current_offer()
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    if form is None:
        proposed = {"template": offer.values[0], "role_view": "both", "begin": BEGINNINGS[0]}
        action = launch_url_for("opening.choose")
        form = blank_form(_schema(offer), proposed, id="programme", action=action)
    if not form.given.get("template"):
        form.given = {**form.given, "template": offer.values[0]}
    html = render_template(
        "tutor/choose_beginning.html" if step is Step.QUESTIONS else "tutor/choose_programme.html",
        form=form,
        chosen=chosen_in(form, offer),
        offer=offer,
        joined=next((each for each in offer.groups if str(each.cohort_id) == form.given.get("group")), None),
        activity_title=launch.resource_link.title,
        course_title=launch.course.title,
        only_role=launch.resource_link.only_role,
        has_line_item=launch.resource_link.line_item_url is not None,
        line_item_advice=lms.line_item_advice_for(launch.resource_link.scopes).text,
        is_course_itself=lms.is_course_itself(
            launch.course.context_id, launch.resource_link.resource_link_id
        ),
    )
    return html, form.status


@blueprint.post("/programme")
@allows(Action.ADD_ACTIVITY)
def choose() -> ResponseReturnValue:
    """Open what the tutor chose. Whoever chooses later finds what the first has opened."""
    if g.launch.resource_link_id is None or g.launch.course_id is None:
        abort(404)
    offer, principal = current_offer(), current_principal()

    def save(db: Session, values: Values) -> None:
        choice = Choice(
            principal.person_id or abort(403),
            RoleView(values["role_view"]),
            values["group"],
            offer.chosen(values["template"]).programme_id,
            beginning_of(values),
        )
        require_own(db, choice, principal.organisation_id or abort(403))
        open_activity(db, choice=choice, template=offer.chosen(values["template"]).template)

    form = sent_form(_schema(offer), id="programme")
    elsewhere = other_step(form, offer, asks_who_joins=not g.launch.resource_link.only_role)
    if elsewhere is not None:
        return choice_page(elsewhere[0], offer, elsewhere[1])
    return form.submit(
        save,
        then=launch_url_for("home.home"),
        show=lambda shown: choice_page(shown, offer, _step_of(shown)),
    )


def _step_of(form: Form) -> Step:
    """The step at which a form is shown again: where what is wrong with it was asked."""
    if form.refusal or {"template", "group"}.intersection(form.problems):
        return Step.TEMPLATE
    return Step.QUESTIONS if form.problems else step_of_request()


def _schema(offer: Offer) -> ProgrammeChoiceForm:
    return ProgrammeChoiceForm(offer.values, today=utcnow().date())


def duplicate_page(original: Original, form: Form | None = None) -> ResponseReturnValue:
    """Ask which group a duplicate opens; with ``form``, what is wrong with the answer that was sent."""
    form = form or blank_form(DuplicateForm(), action=launch_url_for("opening.answer"))
    with reading() as db:
        link = db.get(ResourceLink, original.resource_link_id)
    html = render_template(
        "tutor/duplicate.html",
        form=form,
        chosen=to_confirm(form),
        original_title=link.title if link is not None else None,
        course_title=g.launch.course.title,
    )
    return html, form.status


def to_confirm(form: Form) -> str | None:
    """The answer of a form that was sent without a word that it is final; None where there is none."""
    answer = form.given.get("answer")
    return answer if answer in COPY_ANSWERS and form.given.get("confirmed") != "yes" else None


@blueprint.post("/duplicate")
@allows(Action.ADD_ACTIVITY)
def answer() -> ResponseReturnValue:
    """Open what the tutor chose for a duplicate. Whoever answers later finds what the first has opened."""
    if g.launch.resource_link_id is None or g.launch.course_id is None:
        abort(404)

    def save(db: Session, values: Values) -> None:
        open_activity(db, CopyAnswer(values["answer"]))

    form = sent_form(DuplicateForm())
    if to_confirm(form) is not None:
        return _ask_again(form)
    return form.submit(save, then=launch_url_for("home.home"), show=_ask_again)


def _ask_again(form: Form) -> ResponseReturnValue:
    link = g.launch.resource_link
    with reading() as db:
        original = original_in_course(
            db,
            content_id=link.content_id,
            course_id=g.launch.course_id,
            resource_link_id=link.id,
            role=RoleView(link.only_role) if link.only_role else None,
        )
    return redirect(launch_url_for("home.home")) if original is None else duplicate_page(original, form)
