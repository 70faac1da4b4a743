"""A tutor's first launch of an activity opens what it stands for; of a duplicate the tutor is asked first."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.actions import CopyAnswer, open_placement
from lti_tool.mentoring.programmes.copies import Original, original_in_course
from lti_tool.mentoring.programmes.models import RoleView
from lti_tool.mentoring.programmes.queries import PlacementRecord, placement_record
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    ProgrammeTemplate,
    UnknownTemplateError,
    load_template,
)
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading
from schemas.mentoring_forms import DuplicateForm

blueprint = Blueprint("opening", __name__, url_prefix="/l/<launch_key>")


def open_activity(db: Session, answer: CopyAnswer | None = None) -> PlacementRecord:
    """What the activity of the present launch opens, opened now if it is not yet. Raises :class:`IsDuplicate`."""
    principal, link = current_principal(), g.launch.resource_link
    placement = open_placement(
        db,
        organisation_id=principal.organisation_id or abort(403),
        course_id=g.launch.course_id,
        resource_link_id=link.id,
        content_id=link.content_id,
        only_role=link.only_role,
        template=_template(link.template),
        opened_by=principal.person_id,
        now=utcnow(),
        answer=answer,
    )
    return placement_record(placement)


def _template(code: str | None) -> ProgrammeTemplate:
    """The template that the tutor chose in the content picker; the usual one where none was, or is no more."""
    try:
        return load_template(code or DEFAULT_TEMPLATE)
    except UnknownTemplateError:
        return load_template(DEFAULT_TEMPLATE)


def duplicate_page(original: Original, form: Form | None = None) -> ResponseReturnValue:
    """Ask which group a duplicate opens; with ``form``, what is wrong with the answer that was sent."""
    form = form or blank_form(DuplicateForm(), action=launch_url_for("opening.answer"))
    with reading() as db:
        link = db.get(ResourceLink, original.resource_link_id)
    html = render_template(
        "tutor/duplicate.html",
        form=form,
        original_title=link.title if link is not None else None,
        course_title=g.launch.course.title,
    )
    return html, form.status


@blueprint.post("/duplicate")
@allows(Action.ADD_ACTIVITY)
def answer() -> ResponseReturnValue:
    """Open what the tutor chose for a duplicate. Whoever answers later finds what the first has opened."""
    if g.launch.resource_link_id is None or g.launch.course_id is None:
        abort(404)

    def save(db: Session, values: Values) -> None:
        open_activity(db, CopyAnswer(values["answer"]))

    return sent_form(DuplicateForm()).submit(save, then=launch_url_for("home.home"), show=_ask_again)


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
