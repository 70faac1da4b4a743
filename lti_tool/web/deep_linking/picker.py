"""The content picker: a tutor adds activities to a course, and the platform gets the signed answer.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0. The page is under the launch's own address, like
every page after a launch.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, g, make_response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.deep_linking.response import (
    ContentRequest,
    DeepLinkingRefused,
    ResourceLinksNotAccepted,
    read_settings,
    resource_link,
    return_to,
    signed_response,
)
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.actions import choose_activity
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.roles import Role
from lti_tool.outbound.origins import origin_of
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.deep_linking.offer import Offer, current_offer
from lti_tool.web.deep_linking.steps import (
    Step,
    beginning_of,
    chosen_in,
    other_step,
    step_of_request,
)
from lti_tool.web.forms.bound import Form, blank_form, sent_form
from lti_tool.web.forms.offers import offer_kept_forms
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.refusal_pages import record, reference
from lti_tool.web.services import current_principal, current_services
from schemas.content_items import APART, BEGINNINGS, ActivityChoiceForm

blueprint = Blueprint("deep_linking", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/deep-linking")
@allows(Action.CHOOSE_CONTENT)
def choose() -> ResponseReturnValue:
    """Offer the activities, with titles to change, a programme, and a group."""
    content_request = _content_request()
    offer = current_offer()
    offer_kept_forms()
    proposed = {
        "title": _("Reverse mentoring"),
        "mentee_title": _("Reverse mentoring: I want to learn"),
        "mentor_title": _("Reverse mentoring: I can teach"),
        "template": offer.values[0],
        "role_view": "both",
        "gradebook": "yes",
        "begin": BEGINNINGS[0],
    }
    form = blank_form(_schema(content_request, offer), proposed, id="activity")
    return _page(form, content_request, offer)


@blueprint.post("/deep-linking")
@allows(Action.CHOOSE_CONTENT)
def answer() -> ResponseReturnValue:
    """Keep the choice, and send it to the platform: a page whose form goes there by itself."""
    content_request = _content_request()
    offer = current_offer()
    form = sent_form(_schema(content_request, offer), id="activity")
    elsewhere = other_step(form, offer)
    if elsewhere is not None:
        return _page(elsewhere[0], content_request, offer, elsewhere[1])
    return form.submit(
        lambda db, values: _keep(db, values, offer, form.submission_id),
        then=launch_url_for("deep_linking.choose"),
        show=lambda shown: _page(shown, content_request, offer, step_of_request()),
        answer=lambda: _answer(
            content_request, _items(content_request, offer, form.read(), form.submission_id)
        ),
    )


@blueprint.post("/deep-linking/cancel")
@allows(Action.CHOOSE_CONTENT)
def cancel() -> ResponseReturnValue:
    """Choose nothing: the platform gets an answer without activities (§4.5), and closes its dialog."""
    return _answer(_content_request(), [], message=_("Nothing was added."))


def _content_request() -> ContentRequest:
    return read_settings(g.launch.deep_linking, g.launch.registration)


def _schema(content_request: ContentRequest, offer: Offer) -> ActivityChoiceForm:
    # Where the platform names no course nothing is kept, and two activities could not find their common group.
    several = content_request.takes_several and g.launch.course_id is not None
    return ActivityChoiceForm(offer.values, several=several, today=utcnow().date())


def _items(
    content_request: ContentRequest, offer: Offer, values: Mapping[str, Any], content_id: uuid.UUID
) -> list[dict[str, Any]]:
    """The activities that were chosen. Sent twice, the form names the same ones."""
    chosen = values["role_view"]
    title = _title(offer, values)
    roles: dict[Role | None, str] = {Role(chosen) if chosen in tuple(Role) else None: title}
    if chosen == APART:
        roles = {Role.MENTEE: values["mentee_title"], Role.MENTOR: values["mentor_title"]}
    texts = {
        None: _("Learn from each other, in pairs."),
        Role.MENTEE: _("For those who learn: a colleague shows you new tools and ways of working, in pairs."),
        Role.MENTOR: _("For those who teach: show a colleague what comes easily to you, in pairs."),
    }
    registration = g.launch.registration
    platform = platform_of(registration.issuer, registration.platform_family)
    return [
        resource_link(
            title=title,
            text=texts[role],
            launch_url=f"{current_services().config.base_url}/lti/launch",
            content_id=content_id,
            template=offer.chosen(values["template"]).template.code,
            role=None if role is None else role.value,
            line_item=content_request.takes_line_item and values["gradebook"] == "yes",
            review=platform.takes_submission_review,
        )
        for role, title in roles.items()
    ]


def _title(offer: Offer, values: Mapping[str, Any]) -> str:
    """What an activity is called in its course: as its programme, where that was named and the activity was not."""
    answers = beginning_of(values).answers
    usual = offer.chosen(values["template"]).document["title"][current_language()]
    title = str(values["title"])
    name = answers.name if answers is not None else None
    return name if name and name != usual and title == _("Reverse mentoring") else title


def _answer(
    content_request: ContentRequest,
    items: list[dict[str, Any]],
    *,
    message: str | None = None,
    error_message: str | None = None,
) -> ResponseReturnValue:
    """The page that takes the signed answer to the platform."""
    launch = g.launch
    response = signed_response(
        registration=launch.registration,
        deployment_id=launch.deployment.deployment_id,
        request=content_request,
        items=items,
        key=current_services().keys.signing_key(),
        message=message,
        error_message=error_message,
    )
    g.form_origins = _form_origins(content_request)
    return render_template(
        "deep_linking/answer.html",
        return_url=content_request.return_url,
        response=response,
        count=len(items),
        publishing_advice=_publishing_advice() if items else None,
    )


def _keep(db: Session, values: Mapping[str, Any], offer: Offer, content_id: uuid.UUID) -> None:
    """Keep a choice that the link itself does not carry, for the first launch of the activity.

    A link may be copied or edited in the LMS, so it says nothing that could open somebody else's group.
    """
    launch, principal = g.launch, current_principal()
    programme, beginning = offer.chosen(values["template"]).programme_id, beginning_of(values)
    if launch.course_id is None:
        # The page offers none of these where the platform names no course.
        if values["group"] is not None or programme is not None or beginning != Beginning():
            raise NotAllowed("not_own_group")
        return
    choose_activity(
        db,
        content_id=content_id,
        course_id=launch.course_id,
        organisation_id=principal.organisation_id or abort(403),
        cohort_id=values["group"],
        programme_id=programme,
        role_view="both" if values["role_view"] == APART else values["role_view"],
        graded=values["gradebook"] == "yes",
        beginning=beginning,
        chosen_by=principal.person_id or abort(403),
        now=utcnow(),
    )


def _form_origins(content_request: ContentRequest) -> list[str]:
    """Browsers hold a form to its origins through redirects too, so the platform's own are all named."""
    own = [origin_of(content_request.return_url), *g.launch.registration.frame_origins]
    return list(dict.fromkeys(origin for origin in own if origin))


def _page(
    form: Form, content_request: ContentRequest, offer: Offer, step: Step = Step.TEMPLATE
) -> ResponseReturnValue:
    if not form.given.get("template"):
        form.given = {**form.given, "template": offer.values[0]}
    html = render_template(
        "deep_linking/questions.html" if step is Step.QUESTIONS else "deep_linking/choose.html",
        form=form,
        chosen=chosen_in(form, offer),
        offer=offer,
        takes_several=isinstance(form.schema, ActivityChoiceForm) and form.schema.several,
        takes_line_item=content_request.takes_line_item,
        in_course=g.launch.course_id is not None,
        course_title=course_title(),
        teaches=current_principal().role == CourseRole.TUTOR,
        publishing_advice=_publishing_advice(),
    )
    return html, form.status


def _publishing_advice() -> str | None:
    """What a teacher has to know where the platform hides from learners what is added here."""
    registration = g.launch.registration
    advice = platform_of(registration.issuer, registration.platform_family).publishing_advice
    return None if advice is None else advice.text


@blueprint.errorhandler(DeepLinkingRefused)
def _refused(error: DeepLinkingRefused) -> ResponseReturnValue:
    """Why nothing can be added here; with a way back to the platform where its address is known to be its own."""
    record(error)
    way_back, response = _way_back(error), None
    if way_back is not None:
        response = signed_response(
            registration=g.launch.registration,
            deployment_id=g.launch.deployment.deployment_id,
            request=way_back,
            items=[],
            key=current_services().keys.signing_key(),
            error_message=_("This place does not take activities. Nothing was added."),
        )
        g.form_origins = _form_origins(way_back)
    page = render_template(
        "deep_linking/refused.html",
        reason=error.reason,
        reference=reference(),
        return_url=way_back.return_url if way_back is not None else None,
        response=response,
    )
    return make_response(page, error.status)


def _way_back(error: DeepLinkingRefused) -> ContentRequest | None:
    if not isinstance(error, ResourceLinksNotAccepted):
        return None
    try:
        return return_to(g.launch.deep_linking, g.launch.registration)
    except DeepLinkingRefused:
        return None
