"""The content picker: a tutor adds the activity to a course, and the platform gets the signed answer.

The page lives under the launch's own address, like every page after a launch.
"""

from __future__ import annotations

import uuid

from flask import Blueprint, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lti_tool.lti.deep_linking import (
    ContentRequest,
    DeepLinkingRefused,
    read_settings,
    resource_link,
    signed_response,
)
from lti_tool.lti.origins import origin_of
from lti_tool.mentoring.programme_templates import DEFAULT_TEMPLATE, load_template, template_codes
from lti_tool.tool import current_tool
from lti_tool.views.launch_sessions import require_tutor
from lti_tool.views.refusals import record, reference
from schemas.content_items import ActivityChoiceForm
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("deep_linking", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/deep-linking")
@require_tutor
def choose() -> ResponseReturnValue:
    """Offer the one activity there is, with a title to change."""
    read_settings(g.launch.deep_linking, g.launch.registration)
    return _choice(_("Reverse mentoring"), {})


@blueprint.post("/deep-linking")
@require_tutor
def answer() -> ResponseReturnValue:
    """Send the choice to the platform: a page whose form goes there by itself."""
    launch = g.launch
    asked = read_settings(launch.deep_linking, launch.registration)
    try:
        form = ActivityChoiceForm(_templates()).read(request.form.to_dict())
    except ShapeError as error:
        return make_response(_choice(request.form.get("title", ""), error.problems), 400)
    tool = current_tool()
    item = resource_link(
        title=form["title"],
        text=_("Learn from each other, in pairs."),
        launch_url=f"{tool.config.base_url}/lti/launch",
        content_id=uuid.uuid4(),
        template=form["template"],
        line_item=asked.takes_line_item,
    )
    response = signed_response(
        registration=launch.registration,
        deployment_id=launch.deployment.deployment_id,
        request=asked,
        items=[item],
        key=tool.keys.signing_key(),
    )
    g.form_origins = _form_origins(asked)
    return render_template("deep_linking/answer.html", return_url=asked.return_url, response=response)


def _form_origins(asked: ContentRequest) -> list[str]:
    """Browsers hold a form to its origins through redirects too, so the platform's own are all named."""
    own = [origin_of(asked.return_url), *g.launch.registration.frame_origins]
    return list(dict.fromkeys(origin for origin in own if origin))


def _templates() -> list[str]:
    """The programmes to choose from, the usual one first."""
    return sorted(template_codes(), key=lambda code: code != DEFAULT_TEMPLATE)


def _choice(title: str, problems: dict[str, list[Problem]]) -> str:
    return render_template(
        "deep_linking/choose.html",
        title=title,
        problems=problems,
        templates=[load_template(code) for code in _templates()],
        chosen=request.form.get("template", DEFAULT_TEMPLATE),
    )


@blueprint.errorhandler(DeepLinkingRefused)
def _refused(error: DeepLinkingRefused) -> ResponseReturnValue:
    record(error)
    page = render_template("deep_linking/refused.html", reason=error.reason, reference=reference())
    return make_response(page, error.status)
