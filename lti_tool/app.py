"""The web application: its parts are put together here, and nothing connects at import."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit

import jinja2
from flask import Flask, has_request_context, request
from werkzeug.sansio.utils import get_host

from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.health_checks.environment import is_loopback
from lti_tool.identity.policy import Action
from lti_tool.logging import describe_lines
from lti_tool.web import (
    client_address,
    course_page,
    errors,
    home,
    language,
    launch_session,
    new_choice,
    published_pages,
    rate_limits,
    refusal_pages,
    security,
    session_check,
    sign_out,
    time_zone,
    way_back,
)
from lti_tool.web.application import MAX_REQUEST_BYTES, Application, NoSession
from lti_tool.web.deep_linking import picker
from lti_tool.web.forms import controls, offers
from lti_tool.web.journey_drawing import labels
from lti_tool.web.launch import login_and_launch
from lti_tool.web.learner import (
    about_me,
    agreement,
    answers,
    feedback,
    objectives,
    other_group,
    own_profile,
    picture,
    proposal,
    reflections,
    refusal,
    reminder,
    sessions,
    switched_role,
    undo,
)
from lti_tool.web.learner import home as learner_home
from lti_tool.web.owner import access_page, audit, group_in_address, human_resources
from lti_tool.web.owner import programmes as owner_programmes
from lti_tool.web.programmes import (
    rule_editor,
    scale_page,
    section_pages,
    task_list,
    template_pages,
    template_parts,
    template_rule,
)
from lti_tool.web.public import canvas_configuration, health, key_set, landing, profile
from lti_tool.web.services import current_application, current_request
from lti_tool.web.setup import registration, setup
from lti_tool.web.tutor import (
    cohort,
    grades,
    history,
    leaving,
    line_items,
    messages,
    moving,
    opening,
    pair_changes,
    pair_page,
    pairing,
    people_import,
    preview,
    print_list,
    reminders,
    review,
    waiting_copies,
)
from lti_tool.web.tutor import objectives as tutor_objectives

PAGES: Final[tuple[ModuleType, ...]] = (
    landing,
    health,
    key_set,
    canvas_configuration,
    profile,
    setup,
    registration,
    login_and_launch,
    picker,
    home,
    course_page,
    new_choice,
    session_check,
    sign_out,
    offers,
    learner_home,
    switched_role,
    other_group,
    own_profile,
    about_me,
    answers,
    refusal,
    agreement,
    proposal,
    reminder,
    undo,
    sessions,
    objectives,
    reflections,
    feedback,
    picture,
    cohort,
    grades,
    line_items,
    opening,
    task_list,
    section_pages,
    template_pages,
    scale_page,
    history,
    pair_page,
    tutor_objectives,
    waiting_copies,
    leaving,
    pair_changes,
    moving,
    pairing,
    people_import,
    messages,
    reminders,
    print_list,
    review,
    preview,
    rule_editor,
    template_parts,
    template_rule,
    audit,
    owner_programmes,
    access_page,
    human_resources,
)
"""The modules whose ``blueprint`` the application serves."""

TEMPLATES: Final = Path(__file__).parent / "web"
"""Each area of the web keeps its templates in ``<area>/templates/<area>/``; what all share is in ``templates/``."""


def create_app(config: Config, services: Services | None = None) -> Flask:
    """Make the WSGI application for ``config``; ``services`` when its parts are made already."""
    app = Application("lti_tool", static_url_path="/static", template_folder=None)
    origin = urlsplit(config.base_url)
    app.host = get_host(origin.scheme, origin.netloc)
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=86400,
    )
    app.jinja_loader = jinja2.FileSystemLoader(sorted(TEMPLATES.rglob("templates")))
    app.session_interface = NoSession()
    app.extensions["tandem"] = services or make_services(config)
    # Flask documents this as the way to put something around an application.
    app.wsgi_app = security.FixedOriginMiddleware(app.wsgi_app, config.base_url)  # type: ignore[method-assign]
    app.before_request(_begin_request)
    client_address.init_app(app, config.trusted_proxies, is_public=not is_loopback(config.base_url))
    rate_limits.init_app(app, config)
    security.init_app(app)
    # The session comes first: the language of a page is that of its launch.
    for part in (
        launch_session,
        time_zone,
        language,
        labels,
        way_back,
        published_pages,
        controls,
        errors,
        refusal_pages,
    ):
        part.init_app(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    group_in_address.init_app(app)
    vars(app.view_functions["static"])["policy_action"] = Action.READ_PUBLIC_PAGES
    return app


def _begin_request() -> None:
    """Say where the language of a page, and the fields of log lines, come from when one of them is needed.

    A view that takes a file takes a larger body (:func:`lti_tool.web.security.takes_file`).
    """
    asked = current_request()
    most_bytes = getattr(current_application().view_functions.get(asked.endpoint or ""), "most_bytes", None)
    if most_bytes is not None:
        asked.max_content_length = most_bytes
    language.choose_when_needed()
    describe_lines(_request_fields)


def _request_fields() -> dict[str, object]:
    """What every log line of a request has: the reference, which any error page shows too, and what was asked."""
    if not has_request_context():
        return {}
    return {
        "reference": refusal_pages.reference(),
        "method": request.method,
        "endpoint": request.endpoint,
    }
