"""Who has which right to a programme: its owners, the teachers who may use it, and who reads it for human resources."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes import rights
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.owner import figures
from lti_tool.web.owner.asked import programme_asked
from lti_tool.web.owner.human_resources import link_address
from lti_tool.web.services import current_principal, reading
from schemas.form_schema import FormSchema
from schemas.programme_rights import LinkIdForm, NewHrLinkForm, OwnerForm, ReaderForm, ShareForm

blueprint = Blueprint(
    "programme_access", __name__, url_prefix="/l/<launch_key>/owner/programmes/<uuid:programme_id>/access"
)


@dataclass(frozen=True)
class NewLink:
    """A link for human resources that was just made."""

    address: str
    made_for: str
    """Whom it is for, in its maker's words."""


@blueprint.get("")
@allows(Action.VIEW_PROGRAMME, about=programme_asked)
def show(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Who has which right, and what can be changed about it."""
    return _page(programme_id)


def _page(
    programme_id: uuid.UUID, form: Form | None = None, hr_link: NewLink | None = None
) -> ResponseReturnValue:
    principal, now = current_principal(), utcnow()
    organisation_id = principal.organisation_id or abort(404)
    with reading() as db:
        record = figures.programme_record(db, programme_id)
        shown = {
            "owners": figures.owners_of(db, programme_id),
            "possible_owners": figures.possible_owners(db, programme_id),
            "shares": figures.shares_of(db, programme_id),
            "courses": figures.courses_to_share_with(db, organisation_id, programme_id),
            "readers": figures.readers_of(db, programme_id),
            "links": (links := figures.open_links_of(db, programme_id, now)),
            "makers": figures.names_of(db, {link.made_by for link in links}),
        }
    html = render_template(
        "owner/access.html",
        programme=record,
        **shown,
        me=principal.person_id,
        form=form,
        owner_form=form if form is not None and form.id == "owner" else _owner_form(programme_id),
        share_form=form if form is not None and form.id == "share" else _share_form(programme_id),
        link_form=form if form is not None and form.id == "new-hr-link" else _link_form(programme_id),
        hr_link=hr_link,
        hr_days=rights.HR_LINK_LASTS.days,
        done=flash_message(),
        course_title=course_title(),
    )
    return html, form.status if form is not None else 200


def _owner_form(programme_id: uuid.UUID) -> Form:
    action = launch_url_for("programme_access.add_owner", programme_id=programme_id)
    return blank_form(OwnerForm(), id="owner", action=action)


def _share_form(programme_id: uuid.UUID) -> Form:
    action = launch_url_for("programme_access.share", programme_id=programme_id)
    return blank_form(ShareForm(), id="share", action=action)


def _link_form(programme_id: uuid.UUID) -> Form:
    action = launch_url_for("programme_access.make_hr_link", programme_id=programme_id) + "#hr"
    return blank_form(NewHrLinkForm(), id="new-hr-link", action=action)


def _here(programme_id: uuid.UUID) -> str:
    return launch_url_for("programme_access.show", programme_id=programme_id)


@blueprint.post("/owners")
@allows(Action.NAME_OWNERS, about=programme_asked)
def add_owner(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Name another owner, among the tutors of the programme's courses."""

    def save(db: Session, values: Values) -> None:
        rights.name_tutor_as_owner(db, programme_id=programme_id, person_id=values["person_id"], now=utcnow())

    form = sent_form(OwnerForm(), id="owner")
    return form.submit(
        save, then=_here(programme_id), done="owner_named", show=lambda shown: _page(programme_id, shown)
    )


@blueprint.post("/owners/end")
@allows(Action.NAME_OWNERS, about=programme_asked)
def give_up(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Give up one's own ownership, which another owner goes on with."""
    person_id = current_principal().person_id or abort(403)

    def save(db: Session, _values: Values) -> None:
        rights.give_up_ownership(db, programme_id=programme_id, person_id=person_id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"), done="ownership_ended")


@blueprint.post("/shares")
@allows(Action.SHARE_PROGRAMME, about=programme_asked)
def share(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Let the teachers of one more course, or all of the company, use the programme."""
    organisation_id = current_principal().organisation_id or abort(404)

    def save(db: Session, values: Values) -> None:
        course_id = values["course_id"]
        is_known = course_id is None or figures.is_course_of(db, course_id, organisation_id)
        require(is_known, "not_a_course_here")
        rights.share(db, programme_id=programme_id, course_id=course_id, now=utcnow())

    form = sent_form(ShareForm(), id="share")
    return form.submit(
        save, then=_here(programme_id), done="programme_shared", show=lambda shown: _page(programme_id, shown)
    )


@blueprint.post("/shares/end")
@allows(Action.SHARE_PROGRAMME, about=programme_asked)
def end_share(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Take that back."""

    def save(db: Session, values: Values) -> None:
        rights.end_share(db, programme_id=programme_id, course_id=values["course_id"], now=utcnow())

    return sent_form(ShareForm()).submit(save, then=_here(programme_id), done="share_ended")


@blueprint.post("/hr-links")
@allows(Action.GRANT_HR, about=programme_asked)
def make_hr_link(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Create a link for human resources, and show it: nobody can read it again."""
    person_id = current_principal().person_id or abort(403)
    made: list[NewLink] = []

    def save(db: Session, values: Values) -> None:
        secret = rights.make_hr_link(db, programme_id=programme_id, made_by=person_id, now=utcnow(), **values)
        made.append(NewLink(link_address(secret), values["made_for"]))

    def answer() -> ResponseReturnValue:
        """The page with the link; sent once more, the form makes none, and the page shows none."""
        return _page(programme_id, hr_link=made[0] if made else None)

    form = sent_form(NewHrLinkForm(), id="new-hr-link")
    return form.submit(
        save, then=_here(programme_id), answer=answer, show=lambda shown: _page(programme_id, shown)
    )


@blueprint.post("/hr-links/end")
@allows(Action.GRANT_HR, about=programme_asked)
def withdraw_hr_link(programme_id: uuid.UUID) -> ResponseReturnValue:
    """Take back a link that nobody has used."""

    def save(db: Session, values: Values) -> None:
        rights.withdraw_hr_link(db, programme_id=programme_id, link_id=values["link_id"], now=utcnow())

    return sent_form(LinkIdForm()).submit(save, then=_here(programme_id), done="hr_link_withdrawn")


@blueprint.post("/hr-readers/end")
@allows(Action.GRANT_HR, about=programme_asked)
def end_hr_reading(programme_id: uuid.UUID) -> ResponseReturnValue:
    """End that somebody reads the programme for human resources."""

    def save(db: Session, values: Values) -> None:
        rights.end_hr_reading(db, programme_id=programme_id, person_id=values["person_id"], now=utcnow())

    return sent_form(ReaderForm()).submit(save, then=_here(programme_id), done="hr_reading_ended")
