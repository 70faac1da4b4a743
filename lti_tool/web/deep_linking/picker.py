"""The content picker: a tutor adds the activity to a course, and the platform gets the signed answer.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0. The page is under the launch's own address, like
every page after a launch.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, g, make_response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.deep_linking.response import (
    ContentRequest,
    DeepLinkingRefused,
    read_settings,
    resource_link,
    signed_response,
)
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.actions import choose_activity
from lti_tool.mentoring.programmes.queries import Group, groups_to_share
from lti_tool.mentoring.programmes.template import DEFAULT_TEMPLATE, load_template, template_codes
from lti_tool.outbound.origins import origin_of
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, blank_form, sent_form
from lti_tool.web.forms.offers import offer_kept_forms
from lti_tool.web.language import day
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.refusal_pages import record, reference
from lti_tool.web.services import current_principal, current_services, reading
from schemas.content_items import ActivityChoiceForm

blueprint = Blueprint("deep_linking", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/deep-linking")
@allows(Action.ADD_ACTIVITY)
def choose() -> ResponseReturnValue:
    """Offer the activity, with a title to change, a programme, and a group."""
    read_settings(g.launch.deep_linking, g.launch.registration)
    offer_kept_forms()
    proposed = {"title": _("Reverse mentoring"), "template": DEFAULT_TEMPLATE, "role_view": "both"}
    return _page(blank_form(ActivityChoiceForm(_templates()), proposed, id="activity"))


@blueprint.post("/deep-linking")
@allows(Action.ADD_ACTIVITY)
def answer() -> ResponseReturnValue:
    """Keep the choice, and send it to the platform: a page whose form goes there by itself."""
    content_request = read_settings(g.launch.deep_linking, g.launch.registration)
    form = sent_form(ActivityChoiceForm(_templates()), id="activity")
    return form.submit(
        lambda db, values: _keep(db, values, form.submission_id),
        then=launch_url_for("deep_linking.choose"),
        show=_page,
        answer=lambda: _answer(content_request, form.read(), form.submission_id),
    )


def _answer(
    content_request: ContentRequest, values: Mapping[str, Any], content_id: uuid.UUID
) -> ResponseReturnValue:
    """The page that takes the signed answer to the platform. Sent twice, it names the same activity."""
    launch, services = g.launch, current_services()
    item = resource_link(
        title=values["title"],
        text=_("Learn from each other, in pairs."),
        launch_url=f"{services.config.base_url}/lti/launch",
        content_id=content_id,
        template=values["template"],
        line_item=content_request.takes_line_item,
        review=platform_of(
            launch.registration.issuer, launch.registration.platform_family
        ).takes_submission_review,
    )
    response = signed_response(
        registration=launch.registration,
        deployment_id=launch.deployment.deployment_id,
        request=content_request,
        items=[item],
        key=services.keys.signing_key(),
    )
    g.form_origins = _form_origins(content_request)
    return render_template(
        "deep_linking/answer.html",
        return_url=content_request.return_url,
        response=response,
        publishing_advice=_publishing_advice(),
    )


def _keep(db: Session, values: Mapping[str, Any], content_id: uuid.UUID) -> None:
    """Keep a choice that the link itself does not carry, for the first launch of the activity.

    A link may be copied or edited in the LMS, so it says nothing that could open somebody else's group.
    """
    launch, principal = g.launch, current_principal()
    if launch.course_id is None:
        # The page offers neither choice where the platform names no course.
        if values["group"] is not None or values["role_view"] != "both":
            raise NotAllowed("not_own_group")
        return
    choose_activity(
        db,
        content_id=content_id,
        course_id=launch.course_id,
        organisation_id=principal.organisation_id or abort(403),
        cohort_id=values["group"],
        role_view=values["role_view"],
        chosen_by=principal.person_id or abort(403),
        now=utcnow(),
    )


def _form_origins(content_request: ContentRequest) -> list[str]:
    """Browsers hold a form to its origins through redirects too, so the platform's own are all named."""
    own = [origin_of(content_request.return_url), *g.launch.registration.frame_origins]
    return list(dict.fromkeys(origin for origin in own if origin))


def _templates() -> list[str]:
    """The codes of the programmes to choose from, the default one first."""
    return sorted(template_codes(), key=lambda code: code != DEFAULT_TEMPLATE)


def _groups() -> list[tuple[uuid.UUID, str]]:
    """The groups that the tutor can share, and what to call each."""
    principal = current_principal()
    if principal.organisation_id is None or principal.person_id is None:
        return []
    with reading() as db:
        groups = groups_to_share(db, principal.organisation_id, principal.person_id)
        links = sa.select(ResourceLink.id, ResourceLink.title).where(
            ResourceLink.id.in_([group.resource_link_id for group in groups])
        )
        titles = dict(db.execute(links).all())
    return [(group.cohort_id, _group_name(group, titles.get(group.resource_link_id))) for group in groups]


def _group_name(group: Group, activity: str | None) -> str:
    activity = activity or _("Reverse mentoring")
    if group.course_title is None:
        return _("The group of “%(activity)s”, since %(day)s", activity=activity, day=day(group.starts_on))
    return _(
        "The group of “%(activity)s” in %(course)s, since %(day)s",
        activity=activity,
        course=group.course_title,
        day=day(group.starts_on),
    )


def _page(form: Form) -> ResponseReturnValue:
    html = render_template(
        "deep_linking/choose.html",
        form=form,
        templates=[load_template(code) for code in _templates()],
        in_course=g.launch.course_id is not None,
        groups=_groups(),
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
    record(error)
    page = render_template("deep_linking/refused.html", reason=error.reason, reference=reference())
    return make_response(page, error.status)
