"""“About me”: what a participant says of themselves to their partner, and how to reach them."""

from __future__ import annotations

import dataclasses
from urllib.parse import quote

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.profiles import queries
from lti_tool.mentoring.profiles.actions import save_profile
from lti_tool.mentoring.profiles.queries import Profile
from lti_tool.mentoring.programmes.tutor_queries import TutorRecord, tutor_of_cohort
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_participant
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import participant_of_request
from lti_tool.web.services import reading
from lti_tool.web.shown_settings import current_settings
from lti_tool.web.wording import first_name
from schemas.learner_forms import AboutMeForm
from schemas.session_forms import MINUTES_DEFAULT

blueprint = Blueprint("about_me", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/about-me")
@allows(Action.DESCRIBE_ONESELF, about=participant_of_request)
def show() -> ResponseReturnValue:
    """The form, with what they have said so far."""
    participant = current_participant() or abort(404)
    with reading() as db:
        known = queries.profile(db, participant.id)
    return _page(blank_form(AboutMeForm(), dataclasses.asdict(known), id="about-me"))


def _page(form: Form) -> ResponseReturnValue:
    participant = current_participant() or abort(404)
    with reading() as db:
        tutor = tutor_of_cohort(db, participant.cohort_id)
    html = render_template(
        "learner/about_me.html",
        form=form,
        tutor=tutor,
        course_title=g.launch.course.title,
    )
    return html, form.status


@blueprint.post("/about-me")
@allows(Action.DESCRIBE_ONESELF, about=participant_of_request)
def save() -> ResponseReturnValue:
    """Keep what they say, in place of what they said before."""
    participant = current_participant() or abort(404)

    def keep(db: Session, values: Values) -> None:
        save_profile(db, participant_id=participant.id, profile=Profile(**values), now=utcnow())

    return sent_form(AboutMeForm(), id="about-me").submit(
        keep, then=launch_url_for("own_profile.show"), done="profile_saved", show=_page
    )


@blueprint.app_template_global()
def first_date_message(me: PersonCard, partner: PersonCard) -> str:
    """A text in which one of a pair suggests a first meeting to the other, to be copied or sent; in their language."""
    return _letter(
        me,
        partner,
        _(
            "We are partners in the reverse mentoring programme, and I am looking forward to it. Shall we start with "
            "%(minutes)s minutes next week, in person or by video? Tell me which days suit you, and I’ll fit "
            "around you.",
            minutes=_advised_minutes(),
        ),
    )


@blueprint.app_template_global()
def next_date_message(me: PersonCard, partner: PersonCard) -> str:
    """The same for a meeting after the first."""
    return _letter(
        me,
        partner,
        _(
            "Shall we meet again, for %(minutes)s minutes next week, in person or by video? Tell me which days suit "
            "you, and I’ll fit around you.",
            minutes=_advised_minutes(),
        ),
    )


@blueprint.app_template_global()
def message_to_tutor(
    me: PersonCard, tutor: TutorRecord, step: str = "", partner: PersonCard | None = None
) -> str:
    """The beginning of a text in which a participant writes to the tutor about where they are: ``step``, a code."""
    name = first_name(partner) if partner is not None else ""
    about = {
        "stop": _("I would like to pause, or stop, my mentoring with %(name)s.", name=name),
        "paused": _("I am writing about my mentoring with %(name)s, which is on hold.", name=name),
        "ended": _(
            "My mentoring with %(name)s has ended, and I would like to carry on with somebody else.",
            name=name,
        ),
        "partner_left": _(
            "%(name)s is no longer in the course, and I would like to carry on with somebody else.", name=name
        ),
        "wait_for_pair": _("I am waiting for a partner in the reverse mentoring programme."),
    }.get(step, _("I have a question about the reverse mentoring programme."))
    closing = _("Thank you,")
    greeting = _("Hello %(name)s,", name=tutor.called)
    return "\n\n".join((greeting, about, f"{closing}\n{first_name(me)}" if me.name else closing))


@blueprint.app_template_global("advised_minutes")
def _advised_minutes() -> int:
    """How long a meeting is advised to be in the programme of the present launch."""
    own = current_settings()
    return own.minutes if own is not None else MINUTES_DEFAULT


def _letter(me: PersonCard, partner: PersonCard, text: str) -> str:
    """``text`` between a greeting and a signature, with the names that are known."""
    greeting = _("Hello %(name)s,", name=first_name(partner)) if partner.name else _("Hello,")
    closing = _("See you soon,")
    return "\n\n".join((greeting, text, f"{closing}\n{first_name(me)}" if me.name else closing))


@blueprint.app_template_global()
def mail_address(address: str, *, subject: str, body: str) -> str:
    """A ``mailto:`` address with a subject and a body (RFC 6068)."""
    lines = body.replace("\n", "\r\n")
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
