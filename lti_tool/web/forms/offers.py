"""The forms that were kept, offered on the first page after the next launch: gone on with, or declined.

Going on sends the kept fields to the form's own address with a button that only shows them
(:data:`lti_tool.web.forms.controls.KEPT`): nothing is done until the person sends the form themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.forms import kept
from lti_tool.web import wording
from lti_tool.web.access import allows
from lti_tool.web.forms import controls
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, current_services, reading, transaction
from schemas.display import KeptFormForm
from schemas.form_schema import read_form

blueprint = Blueprint("kept_forms", __name__, url_prefix="/l/<launch_key>")


@dataclass(frozen=True)
class OfferedForm:
    """A kept form as a page offers it."""

    digest: str
    name: str
    """What it was for, in words."""
    action: str
    fields: tuple[tuple[str, str], ...]


def offer_kept_forms() -> None:
    """Find the forms to offer on the present page; ``base.html`` shows those of ``g.kept_forms``.

    Those that an earlier launch offered are deleted.
    """
    person_id = g.launch.person_id
    if person_id is None or g.launch.course_id is None:
        return
    with reading() as db:
        found = kept.kept_forms(db, current_services().vault, g.launch, utcnow())
    if found.offered_before:
        with transaction() as db:
            for digest in found.offered_before:
                kept.delete_kept_form(db, digest, person_id)
    root = launch_url_for("home.home")
    g.kept_forms = [
        OfferedForm(
            offer.digest,
            wording.form_name(dict(offer.content.fields).get(controls.FORM_ID, "")),
            root + offer.content.below,
            offer.content.fields,
        )
        for offer in found.offers
    ]


@blueprint.post("/kept-forms/decline")
@allows(Action.DECLINE_KEPT_FORM)
def decline() -> ResponseReturnValue:
    """Delete a kept form that its person does not want. Declining twice changes nothing."""
    form = read_form(KeptFormForm(), request.form.items(multi=True))
    person_id = current_principal().person_id
    if person_id is not None:
        with transaction() as db:
            kept.delete_kept_form(db, form["kept"], person_id)
    return redirect(launch_url_for("home.home"))
